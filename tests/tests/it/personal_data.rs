//! What a person typed and what proves a caller stand in no log line.
//!
//! The harness checks every request of every test for the values that it sent (`Function::send`). Here
//! every path through a function is taken with values that are easy to recognise, in names as well.

use serde_json::{Value, json};
use shared::domain::{
    list::Effect,
    sign_up::{Protocol, Step},
};

use crate::harness::{
    Authority, Event, Fault, Function, Surface, World, connector_body, extension_body,
};

/// Everything that must not be found, in the spellings in which it may come.
const SECRETS: [&str; 18] = [
    "990017263990017263",
    "gudrun.lindqvist",
    "lindqvist.example",
    "Lindqvist",
    "Gudrun",
    "subject-0192837465",
    "Kungsgatan 17",
    "Sundbyberg",
    "ZIP-17263",
    "secret-attribute-value",
    "198.51.100.42",
    "203.0.113.77",
    "a-password-to-find",
    "AttributeOfGudrun",
    "correlation-of-gudrun",
    "application-of-gudrun",
    "a-secret-that-never-is-logged",
    "a-session-token-that-never-is-logged",
];

const ADDRESS: &str = "gudrun.lindqvist+shop@mail.lindqvist.example";

fn connector(step: Step) -> Value {
    let mut body = connector_body(step, ADDRESS);
    for (name, value) in [
        ("displayName", json!("Gudrun Lindqvist")),
        ("givenName", json!("Gudrun")),
        ("streetAddress", json!("Kungsgatan 17")),
        ("city", json!("Sundbyberg")),
        ("postalCode", json!("ZIP-17263")),
        ("client_id", json!("application-of-gudrun")),
        ("objectId", json!("subject-0192837465")),
        (
            "extension_a_AttributeOfGudrun",
            json!("secret-attribute-value"),
        ),
        (
            "extension_a_gudrun.lindqvist@lindqvist.example",
            json!(990_017_263_990_017_263_i64),
        ),
        (
            "gudrun.lindqvist@lindqvist.example",
            json!({ "Lindqvist": ["Gudrun"] }),
        ),
        (
            "identities",
            json!([
                { "issuer": "facebook.com", "issuerAssignedId": "subject-0192837465" },
                { "issuer": "mail", "issuerAssignedId": ADDRESS },
                { "issuer": "Lindqvist", "issuerAssignedId": "gudrun.lindqvist@lindqvist.example" },
            ]),
        ),
    ] {
        body[name] = value;
    }
    body
}

fn extension(step: Step) -> Value {
    let mut body = extension_body(step, ADDRESS);
    let context = &mut body["data"]["authenticationContext"];
    context["correlationId"] = json!("correlation-of-gudrun");
    context["client"]["ip"] = json!("198.51.100.42");
    context["client"]["locale"] = json!("sv-se Gudrun");
    context["clientServicePrincipal"]["appId"] = json!("application-of-gudrun");
    context["clientServicePrincipal"]["displayName"] = json!("Gudrun Lindqvist");
    context["user"] = json!({
        "displayName": "Gudrun Lindqvist",
        "id": "subject-0192837465",
        "mail": ADDRESS,
        "userPrincipalName": ADDRESS,
    });
    body["data"]["userSignUpInfo"] = json!({
        "attributes": {
            "email": { "value": ADDRESS },
            "displayName": { "value": "Gudrun Lindqvist" },
            "city": { "value": "Sundbyberg" },
            "extension_a_AttributeOfGudrun": { "value": "secret-attribute-value" },
            "extension_a_gudrun.lindqvist@lindqvist.example": { "value": 990_017_263_990_017_263_i64 },
        },
        "identities": [
            { "signInType": "email", "issuer": "Lindqvist", "issuerAssignedId": ADDRESS },
            { "issuer": "facebook.com", "issuerAssignedId": "subject-0192837465" },
        ],
    });
    body
}

/// The body with one value after the other replaced by something of another type.
fn spoiled(body: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    collect(body, String::new(), &mut pointers);
    pointers
        .into_iter()
        .flat_map(|pointer| {
            let with = |value: Value| {
                let mut body = body.clone();
                *body.pointer_mut(&pointer).unwrap() = value;
                body
            };
            [
                with(json!(990_017_263_990_017_263_i64)),
                with(json!(["Gudrun Lindqvist", 1])),
                with(json!({ "gudrun.lindqvist@lindqvist.example": "Lindqvist" })),
                with(json!("Gudrun Lindqvist")),
                with(Value::Null),
            ]
        })
        .collect()
}

fn collect(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(member, format!("{pointer}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    if !pointer.is_empty() {
        found.push(pointer);
    }
}

#[tokio::test]
async fn no_path_through_a_function_logs_what_was_sent() {
    let world = World::bare().await;
    let password = "a-password-to-find";
    world
        .credentials()
        .create_with("connector", password.to_owned(), "tests")
        .await
        .unwrap();
    // Whatever decides, it disagrees: by other outcomes, attributes and fields to correct.
    let candidate = json!({
        "default": "allow",
        "lists": [],
        "attribute": {
            "city": { "normalise": ["upper-case"] },
            "postalCode": { "max-length": 3 },
        },
        "rule": [{
            "id": "fails",
            "when": "attributes.jobTitle > 3",
            "effect": "deny",
            "on-error": "ignore",
        }],
    });
    world.shadow(&candidate).await;
    let authority = Authority::new("authority of Lindqvist");
    let certificate = authority.client("Gudrun Lindqvist");
    let settings = world
        .settings()
        .set("USER_FLOWS", r#"{"open":{"on_unavailable":"continue"}}"#);
    for (matcher, effect) in [
        (None, Effect::Allow),
        (Some("lindqvist.example"), Effect::Review),
        (Some(ADDRESS), Effect::Deny),
    ] {
        if let Some(matcher) = matcher {
            world.list(&[(matcher, effect)]).await;
        }
        for step in Step::ALL {
            let function = Function::start(step, &settings).await;
            let events = events(&world, step, password, &certificate.pem());
            for event in &events {
                answer_hides(&function, event).await;
            }
            for fault in [Fault::Drop, Fault::THROTTLED, Fault::InternalServerError] {
                world.proxy.always("BatchGetItem", fault);
                for event in events.iter().take(6) {
                    answer_hides(&function, event).await;
                }
                world.proxy.heal();
            }
            assert!(function.lines().len() > events.len());
            let secrets: Vec<String> = SECRETS.map(str::to_owned).to_vec();
            function.hides(&secrets, 0);
            let disagreements = function
                .lines()
                .iter()
                .any(|line| line.contains("\"shadow_disagreements\":1"));
            assert_eq!(disagreements, step.is_sign_up());
        }
    }
}

/// Whatever the answer is, it does not repeat what was sent either.
async fn answer_hides(function: &Function, event: &Event) {
    let answer = function.send(event).await;
    for secret in SECRETS {
        assert!(!answer.body.contains(secret), "`{secret}` in {answer:?}");
    }
}

fn events(world: &World, step: Step, password: &str, certificate: &str) -> Vec<Event> {
    let login = crate::harness::Login {
        password: password.to_owned(),
        ..world.connector.clone()
    };
    let token = world.entra.token().text();
    let by_connector = Surface::new(step, Protocol::Connector);
    let by_extension = Surface::new(step, Protocol::Extension);
    let (one, other) = (connector(step), extension(step));
    let mut events = Vec::new();
    for (surface, body) in [(by_connector, &one), (by_extension, &other)] {
        for path in [
            surface.path(),
            surface.path_of("open"),
            surface.path_of("wrong"),
        ] {
            let bare = Event::post(&path)
                .json(body)
                .header("x-forwarded-for", "198.51.100.42")
                .query("login_hint=gudrun.lindqvist%40lindqvist.example");
            let proven = match surface.protocol {
                Protocol::Connector => bare.clone().basic(&login),
                Protocol::Extension => bare.clone().bearer(&token),
            };
            events.insert(0, proven.clone());
            events.extend([
                bare.clone(),
                bare.clone().certificate(certificate),
                bare.clone()
                    .header("authorization", "Basic Gudrun Lindqvist"),
                bare.clone().bearer("gudrun.lindqvist.Lindqvist"),
                bare.clone().bearer(
                    &world
                        .entra
                        .token()
                        .claim("sub", ADDRESS)
                        .claim("aud", ADDRESS)
                        .text(),
                ),
                bare.basic(&crate::harness::Login {
                    username: "gudrun.lindqvist".to_owned(),
                    ..login.clone()
                }),
                proven
                    .clone()
                    .header("content-type", "text/gudrun.lindqvist"),
                proven.clone().body("x".repeat(300_000)),
                Event::new(
                    "GET",
                    &surface.path_of("gudrun.lindqvist@lindqvist.example"),
                ),
            ]);
            let text = body.to_string();
            for length in (1..text.len()).step_by(101) {
                let part = text.as_bytes().get(..length).unwrap();
                events.push(proven.clone().body(part));
            }
            for bad in spoiled(body) {
                events.push(proven.clone().json(&bad));
            }
            let mut not_utf8 = text.into_bytes();
            not_utf8.push(0xff);
            events.push(proven.clone().body(not_utf8));
            // Both protocols' bodies at each other's door.
            let swapped = if surface == by_connector {
                &other
            } else {
                &one
            };
            events.push(proven.json(swapped));
        }
    }
    events
}
