//! Bodies that cannot be read, and bodies that came to the wrong endpoint.

use serde_json::{Value, json};
use shared::domain::sign_up::{Protocol, Step};

use crate::harness::{Event, Function, Surface, Verdict, World, connector_body, extension_body};

/// Stands in every bad body and in no log line.
const PRIVATE: &str = "private.person@example.com";

/// A sign-up step of a connector shows a page; everything else has a status for it.
async fn assert_malformed(function: &Function, event: &Event, surface: Surface, fault: &str) {
    let answer = function.send(event).await;
    assert_eq!(answer.line["fault"], fault, "{surface:?}: {answer:?}");
    if surface.protocol == Protocol::Connector && surface.step != Step::BeforeToken {
        let page = answer.block_page();
        assert!(
            page.starts_with("We couldn’t understand the request."),
            "{page}"
        );
        let reference = answer.line["reference"].as_str().unwrap();
        assert!(page.contains(reference), "{page}");
        assert_eq!(answer.line["outcome"], "block");
        assert_eq!(answer.line["reason"], "malformed");
    } else {
        answer.assert_refused(400, "malformed");
    }
    assert_eq!(answer.line["level"], "WARN");
    function.hides(&[PRIVATE.to_owned(), "private.person".to_owned()], 0);
}

#[tokio::test]
async fn what_is_no_json_never_lets_anybody_in() {
    let world = World::new().await;
    let bomb = format!(
        "{{\"email\":\"{PRIVATE}\",\"x\":{}1{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let mut not_utf8 = format!("{{\"email\":\"{PRIVATE}").into_bytes();
    not_utf8.extend(b"\xff\xfe\"}");
    let table: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "truncated at ."),
        (b" \n".to_vec(), "truncated at ."),
        (b"null".to_vec(), "wrong-type at ."),
        (format!("\"{PRIVATE}\"").into(), "wrong-type at ."),
        (b"5".to_vec(), "wrong-type at ."),
        (b"true".to_vec(), "wrong-type at ."),
        (bomb.into(), "nested-too-deeply at ."),
        (not_utf8, "not-utf8 at ."),
        (format!("email={PRIVATE}").into(), "syntax at ."),
        (
            format!("\u{feff}{{\"email\":\"{PRIVATE}\"}}").into(),
            "syntax at .",
        ),
    ];
    for step in Step::ALL {
        let function = world.start(step).await;
        let before = world.proxy.count("BatchGetItem");
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            for (body, fault) in &table {
                let event = Event::post(&surface.path()).body(body.clone());
                let event = world.authenticated(surface, event);
                assert_malformed(&function, &event, surface, fault).await;
                assert_malformed(&function, &event.base64(), surface, fault).await;
            }
            let event = world.authenticated(surface, Event::post(&surface.path()));
            let nothing = event.without_body();
            assert_malformed(&function, &nothing, surface, "truncated at .").await;
        }
        assert_eq!(
            world.proxy.count("BatchGetItem"),
            before,
            "nothing was looked up"
        );
    }
}

#[tokio::test]
async fn an_array_is_no_request() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            for body in [
                json!([]),
                json!([surface.body(PRIVATE)]),
                json!([null, null]),
                // The members' values in their order.
                json!([surface.body(PRIVATE)["type"], surface.body(PRIVATE)["data"]]),
                json!([
                    "microsoft.graph.authenticationEvent.attributeCollectionSubmit",
                    null
                ]),
            ] {
                let event = Event::post(&surface.path()).json(&body);
                let event = world.authenticated(surface, event);
                assert_malformed(&function, &event, surface, "wrong-type at .").await;
            }
        }
    }
}

#[tokio::test]
async fn a_body_cut_off_anywhere_never_lets_anybody_in() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            let body = surface.body(PRIVATE).to_string();
            for length in (1..body.len()).step_by(37) {
                let part = body.get(..length).unwrap();
                let event = Event::post(&surface.path()).body(part);
                let answer = function.send(&world.authenticated(surface, event)).await;
                assert_ne!(answer.line["outcome"], "continue", "{part}");
                let fault = answer.line["fault"].as_str().unwrap();
                assert!(fault.starts_with("truncated at ."), "{fault}");
            }
            function.hides(&[PRIVATE.to_owned()], 0);
        }
    }
}

#[tokio::test]
async fn a_wrong_type_is_told_with_its_path_and_without_its_content() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
    for (path, value, fault) in [
        ("/email", json!(5), "wrong-type at .email"),
        ("/email", json!([PRIVATE]), "wrong-type at .email"),
        ("/email", json!({ PRIVATE: 1 }), "wrong-type at .email"),
        ("/identities", json!(PRIVATE), "wrong-type at .identities"),
        (
            "/identities",
            json!([PRIVATE]),
            "wrong-type at .identities[0]",
        ),
        (
            "/identities",
            json!([["federated", "mail", PRIVATE]]),
            "wrong-type at .identities[0]",
        ),
        (
            "/identities",
            json!([{}, { "issuer": 7 }]),
            "wrong-type at .identities[1].issuer",
        ),
        ("/city", json!([PRIVATE]), "wrong-type at .city"),
        ("/ui_locales", json!(["sv-SE"]), "wrong-type at .ui_locales"),
        ("/step", json!(2), "wrong-type at .step"),
    ] {
        let mut body = connector_body(Step::BeforeCreatingUser, PRIVATE);
        *body.pointer_mut("/email").unwrap() = json!(PRIVATE);
        set(&mut body, path, value);
        let event = Event::post(&surface.path()).json(&body);
        let event = event.basic(&world.connector);
        assert_malformed(&function, &event, surface, fault).await;
    }

    let surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);
    for (path, value, fault) in [
        ("/type", json!(1), "wrong-type at .type"),
        ("/data", json!(PRIVATE), "wrong-type at .data"),
        (
            "/data",
            json!([null, null, null, null]),
            "wrong-type at .data",
        ),
        ("/data", Value::Null, "wrong-type at .data"),
        ("/data/tenantId", json!(1), "wrong-type at .data.tenantId"),
        (
            "/data/userSignUpInfo",
            json!(PRIVATE),
            "wrong-type at .data.userSignUpInfo",
        ),
        (
            "/data/userSignUpInfo",
            json!({ "identities": 7 }),
            "wrong-type at .data.userSignUpInfo.identities",
        ),
        (
            "/data/userSignUpInfo",
            json!({ "attributes": { PRIVATE: PRIVATE } }),
            "wrong-type at .data.userSignUpInfo.attributes.*",
        ),
        (
            "/data/userSignUpInfo",
            json!({ "attributes": { PRIVATE: { "value": { PRIVATE: 1 } } } }),
            "wrong-type at .data.userSignUpInfo.attributes.*.value",
        ),
        (
            "/data/authenticationContext/client",
            json!({ "locale": 1 }),
            "wrong-type at .data.authenticationContext.client.locale",
        ),
    ] {
        let mut body = extension_body(Step::BeforeCreatingUser, PRIVATE);
        set(&mut body, path, value);
        let event = Event::post(&surface.path()).json(&body);
        let event = world.authenticated(surface, event);
        assert_malformed(&function, &event, surface, fault).await;
    }
}

/// Puts a value where a JSON pointer leads, whether or not something is there.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value;
}

#[tokio::test]
async fn a_member_that_stands_twice_never_lets_anybody_in() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let connector = [
        r#"{"email":"a@good.example","email":"private.person@example.com"}"#,
        r#"{"email":"a@good.example","city":"x","city":"y"}"#,
        r#"{"email":"a@good.example","extension_a_X":"x","extension_a_X":"y"}"#,
        r#"{"email":"a@good.example","identities":[],"identities":[]}"#,
        r#"{"email":"a@good.example","identities":[{"issuer":"mail","issuer":"facebook.com"}]}"#,
        r#"{"step":"PostAttributeCollection","email":"a@good.example","step":"PostFederationSignup"}"#,
    ];
    let surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
    for body in connector {
        let event = Event::post(&surface.path()).body(body);
        let answer = function.send(&event.basic(&world.connector)).await;
        assert_ne!(answer.verdict(), Verdict::Continue, "{body}");
        assert_eq!(answer.line["reason"], "malformed", "{body}");
    }

    let event_type = r#""type":"microsoft.graph.authenticationEvent.attributeCollectionSubmit""#;
    let info = |info: &str| format!(r#"{{{event_type},"data":{{"userSignUpInfo":{info}}}}}"#);
    let extension = [
        format!(r#"{{{event_type},{event_type},"data":{{}}}}"#),
        format!(
            r#"{{{event_type},"data":{{"userSignUpInfo":{{"attributes":{{"email":{{"value":"a@good.example"}}}}}}}},"data":{{}}}}"#
        ),
        info(
            r#"{"attributes":{"email":{"value":"a@good.example"},"email":{"value":"private.person@example.com"}}}"#,
        ),
        info(
            r#"{"attributes":{"email":{"value":"a@good.example","value":"private.person@example.com"}}}"#,
        ),
        info(
            r#"{"attributes":{"email":{"value":"a@good.example"}},"attributes":{"email":{"value":"a@b.example"}}}"#,
        ),
        info(
            r#"{"attributes":{"email":{"value":"a@good.example"}},"identities":[{"issuer":"mail","issuer":"x"}]}"#,
        ),
    ];
    let surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);
    for body in extension {
        let event = Event::post(&surface.path()).body(body.clone());
        let answer = function.send(&world.authenticated(surface, event)).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.assert_refused(400, "malformed");
    }
}

#[tokio::test]
async fn more_identities_than_one_read_can_look_up_let_nobody_in() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let identities = |count: usize| -> Value {
        let identity = |number| json!({ "issuer": "facebook.com", "issuerAssignedId": format!("{number:010}") });
        (0..count).map(identity).collect()
    };
    let addresses: Value = (0..4)
        .map(|number| json!({ "issuer": "mail", "issuerAssignedId": format!("a{number}@x.example") }))
        .collect();
    let connector = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
    let extension = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);
    for (surface, member, fault) in [
        (connector, "/identities", "too-many at .identities"),
        (
            extension,
            "/data/userSignUpInfo/identities",
            "too-many at .data.userSignUpInfo.identities",
        ),
    ] {
        let event = |identities: &Value| {
            let mut body = surface.body("a@good.example");
            set(&mut body, member, identities.clone());
            world.authenticated(surface, Event::post(&surface.path()).json(&body))
        };
        let enough = function.send(&event(&identities(10))).await;
        assert_eq!(enough.verdict(), Verdict::Continue);
        assert_malformed(&function, &event(&identities(11)), surface, fault).await;
        assert_malformed(&function, &event(&identities(3000)), surface, fault).await;
        assert_malformed(&function, &event(&addresses), surface, fault).await;
    }
}

#[tokio::test]
async fn a_request_of_another_step_is_a_wiring_mistake_that_lets_nobody_in() {
    let world = World::new().await;
    let names = [
        (Step::AfterFederation, "PostFederationSignup"),
        (Step::BeforeCreatingUser, "PostAttributeCollection"),
        (Step::BeforeToken, "PreTokenIssuance"),
    ];
    for step in Step::ALL {
        let function = world.start(step).await;
        let before = world.proxy.count("BatchGetItem");
        let connector = Surface::new(step, Protocol::Connector);
        for name in [
            "PostFederationSignup",
            "PostAttributeCollection",
            "PreTokenIssuance",
            "Other",
        ] {
            if names.contains(&(step, name)) {
                continue;
            }
            let mut body = connector_body(step, PRIVATE);
            body["step"] = json!(name);
            body["ui_locales"] = json!("sv-SE");
            let event = Event::post(&connector.path()).json(&body);
            let answer = function.send(&event.basic(&world.connector)).await;
            if step == Step::BeforeToken {
                answer.assert_refused(400, "miswired");
            } else {
                let page = answer.block_page();
                assert!(page.starts_with("Den här registreringssidan är inte rätt inställd."));
                assert_eq!(answer.line["reason"], "miswired");
            }
            assert_eq!(answer.line["level"], "ERROR", "an operator must see it");
            assert!(
                answer.line["message"]
                    .as_str()
                    .unwrap()
                    .contains("wiring mistake")
            );
        }
        let extension = Surface::new(step, Protocol::Extension);
        let others = Step::ALL
            .into_iter()
            .filter(|other| *other != step)
            .map(|other| extension_body(other, PRIVATE));
        let mut without_type = extension_body(step, PRIVATE);
        without_type["type"] = Value::Null;
        without_type["data"]["@odata.type"] = Value::Null;
        let mut contradictory = extension_body(step, PRIVATE);
        contradictory["data"]["@odata.type"] = json!("microsoft.graph.onOtpSendCalloutData");
        let mut otp = extension_body(step, PRIVATE);
        otp["type"] = json!("microsoft.graph.authenticationEvent.emailOtpSend");
        for body in others.chain([without_type, contradictory, otp, json!({})]) {
            let event = Event::post(&extension.path()).json(&body);
            let answer = function.send(&world.authenticated(extension, event)).await;
            answer.assert_refused(400, "miswired");
            assert_eq!(answer.line["level"], "ERROR");
        }
        assert_eq!(
            world.proxy.count("BatchGetItem"),
            before,
            "no rule of the wrong step was run"
        );
    }
}

#[tokio::test]
async fn the_step_of_the_body_is_compared_without_case_and_with_its_older_name() {
    let world = World::new().await;
    for (step, name) in [
        (Step::AfterFederation, "postfederationsignup"),
        (Step::BeforeCreatingUser, "POSTATTRIBUTECOLLECTION"),
        (Step::BeforeToken, "PreTokenApplicationClaims"),
    ] {
        let function = world.start(step).await;
        let surface = Surface::new(step, Protocol::Connector);
        let mut body = connector_body(step, "a@good.example");
        body["step"] = json!(name);
        let event = Event::post(&surface.path()).json(&body);
        let answer = function.send(&event.basic(&world.connector)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
    }
}

#[tokio::test]
async fn unknown_members_of_any_shape_are_accepted_and_never_come_back() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            let known = function.send(&world.event(surface, "a@good.example")).await;
            let mut body = surface.body("a@good.example");
            for (name, value) in [
                ("futureText", json!("some text")),
                ("futureList", json!([1, [2], { "a": null }])),
                ("futureObject", json!({ "nested": { "deeper": true } })),
                ("futureNumber", json!(1.5)),
                ("futureNull", Value::Null),
            ] {
                body[name] = value.clone();
                if surface.protocol == Protocol::Extension {
                    body["data"][name] = value.clone();
                    body["data"]["authenticationContext"][name] = value;
                }
            }
            let event = Event::post(&surface.path()).json(&body);
            let answer = function.send(&world.authenticated(surface, event)).await;
            assert_eq!(answer.verdict(), Verdict::Continue);
            assert_eq!(answer.body, known.body);
        }
    }
}
