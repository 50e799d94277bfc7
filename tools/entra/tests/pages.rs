//! The user flows as a browser goes through them, with a deployment on a loopback port that answers by a script.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Request, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use local_entra::{
    Simulator,
    config::{Config, Deployment},
    faults::{CallFaults, FirstAttempt, Switches},
};
use reqwest::Url;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify};
use tower::ServiceExt;

const EXAMPLE: &str = include_str!("../../../examples/local-entra.toml");

/// The example without the event of one-time codes, which only some tests are about.
fn without_codes() -> String {
    let lines = EXAMPLE.lines().filter(|line| !line.starts_with("otp-send"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What the deployment answers, in turn, and what it was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Scripted>>,
    asked: Mutex<Vec<Asked>>,
    /// Somebody is waiting for a held answer.
    arrived: Notify,
    released: Notify,
}

struct Scripted {
    status: u16,
    content_type: &'static str,
    body: String,
    held: bool,
}

#[derive(Debug, Clone)]
struct Asked {
    path: String,
    authorization: String,
    body: Value,
}

async fn answer(
    State(script): State<Arc<Script>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    script.asked.lock().unwrap().push(Asked {
        path: uri.path().to_owned(),
        authorization: authorization
            .map_or_else(String::new, |value| value.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&body).unwrap(),
    });
    let scripted = script.answers.lock().unwrap().pop_front();
    let scripted = scripted.unwrap_or_else(|| panic!("nobody expected a call of {uri}"));
    if scripted.held {
        script.arrived.notify_one();
        script.released.notified().await;
    }
    let status = StatusCode::from_u16(scripted.status).unwrap();
    let content_type = [(header::CONTENT_TYPE, scripted.content_type)];
    (status, content_type, scripted.body).into_response()
}

/// The simulator and the deployment that it calls.
struct World {
    simulator: Arc<Simulator>,
    script: Arc<Script>,
}

/// What came back, read whole.
struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Page {
    #[track_caller]
    fn has(&self, expected: &str) -> &Self {
        assert!(
            self.text.contains(expected),
            "`{expected}` is not in\n{}",
            self.text
        );
        self
    }

    #[track_caller]
    fn lacks(&self, unexpected: &str) -> &Self {
        assert!(
            !self.text.contains(unexpected),
            "`{unexpected}` is in\n{}",
            self.text
        );
        self
    }
}

impl World {
    async fn new() -> Self {
        Self::with(&without_codes()).await
    }

    async fn with(file: &str) -> Self {
        let script = Arc::new(Script::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut config = Config::parse(file, &Deployment { base_url }).unwrap();
        for flow in &mut config.user_flows {
            for endpoint in flow.endpoints.values_mut() {
                // A busy machine is no reason for another attempt.
                endpoint.time_out = Duration::from_secs(20);
            }
        }
        let simulator = Simulator::new("http://127.0.0.1:7000".to_owned(), config).unwrap();
        Self { simulator, script }
    }

    /// The next answer of the deployment.
    fn answers(&self, status: u16, body: &Value) {
        self.answers_raw(status, "application/json", &body.to_string());
    }

    fn answers_raw(&self, status: u16, content_type: &'static str, body: &str) {
        self.script.answers.lock().unwrap().push_back(Scripted {
            status,
            content_type,
            body: body.to_owned(),
            held: false,
        });
    }

    /// The one after those before it comes when it is released.
    fn answers_when_released(&self, body: &Value) {
        self.answers(200, body);
        self.script.answers.lock().unwrap().back_mut().unwrap().held = true;
    }

    fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    async fn send(&self, request: Request<Body>) -> Page {
        let response = self.simulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Page {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Page {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    /// Where a form leads.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let url = Url::parse_with_params("http://x/", fields).unwrap();
        let form = url.query().unwrap_or_default().to_owned();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form));
        let page = self.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text);
        page.headers[header::LOCATION].to_str().unwrap().to_owned()
    }

    /// The address of a new sign-up, which is at its provider.
    async fn start(&self, flow: &str, provider: &str, language: &str) -> String {
        let fields = [("provider", provider), ("lang", language)];
        self.post(&format!("/flows/{flow}/start"), &fields).await
    }

    /// Posts to a part of a sign-up and shows the page to which that leads.
    async fn submit(&self, at: &str, part: &str, fields: &[(&str, &str)]) -> Page {
        let location = self.post(&format!("{at}/{part}"), fields).await;
        assert_eq!(location, at);
        let page = self.get(at).await;
        assert_eq!(page.status, StatusCode::OK);
        page
    }

    /// The sign-up as tests see it.
    async fn record(&self, at: &str) -> Value {
        let page = self.get(&format!("/simulator{at}")).await;
        serde_json::from_str(&page.text).unwrap()
    }

    /// The code in the last mail to an address.
    fn code(&self, to: &str) -> String {
        let mails = self.simulator.mail.to(Some(to));
        let text = mails.first().unwrap().content.text.clone().unwrap();
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert_eq!(digits.len(), 8, "{text}");
        digits
    }
}

fn proceed() -> Value {
    json!({ "version": "1.0.0", "action": "Continue" })
}

/// An extension's answer with one action of an event.
fn action(event: &str, name: &str, members: &Value) -> Value {
    let mut action = members.clone();
    action["@odata.type"] = json!(format!("microsoft.graph.{event}.{name}"));
    let data = if event == "tokenIssuanceStart" {
        "microsoft.graph.onTokenIssuanceStartResponseData".to_owned()
    } else if event == "OtpSend" {
        "microsoft.graph.OnOtpSendResponseData".to_owned()
    } else {
        let capitals = event.replacen('a', "A", 1);
        format!("microsoft.graph.on{capitals}ResponseData")
    };
    json!({ "data": { "@odata.type": data, "actions": [action] } })
}

fn started() -> Value {
    action(
        "attributeCollectionStart",
        "continueWithDefaultBehavior",
        &json!({}),
    )
}

const JOHN: [(&str, &str); 5] = [
    ("email", "johnsmith@fabrikam.com"),
    ("subject", "10000000000000000042"),
    ("displayName", "John Smith"),
    ("givenName", "John"),
    ("surname", "Smith"),
];

#[tokio::test]
async fn the_first_page_offers_every_flow_and_tells_its_steps() {
    let world = World::new().await;
    let page = world.get("/").await;
    page.has("href=\"/flows/partners\"")
        .has("href=\"/flows/shop\"")
        .has("href=\"/flows/customers\"")
        .has("Workforce tenant")
        .has("Azure AD B2C")
        .has("External tenant")
        .has("After federating with an identity provider")
        .has("/extensions/attribute-collection-submit")
        .has("OnTokenIssuanceStart")
        .lacks("Faults are switched on");
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none'"));

    world.simulator.faults.set(Switches {
        calls: CallFaults {
            twice: true,
            ..CallFaults::default()
        },
        ..Switches::default()
    });
    world.get("/").await.has("Faults are switched on");
}

#[tokio::test]
async fn a_flow_offers_its_providers_and_sends_nothing_yet() {
    let world = World::new().await;
    let page = world.get("/flows/partners").await;
    page.has("<h1>Create account</h1>")
        .has("value=\"google\"")
        .has("Continue with a work or school account")
        .lacks("value=\"local\"")
        .has("Nothing was sent yet")
        .has("value=\"captured\" checked");
    world.get("/flows/shop").await.has("value=\"local\"");
}

#[tokio::test]
async fn a_federated_person_signs_up_in_a_workforce_tenant() {
    let world = World::new().await;
    let at = world.start("partners", "google", "sv-SE").await;
    world
        .get(&at)
        .await
        .has("<html lang=\"sv-SE\">")
        .has("<h1>Google</h1>")
        .has("John Smith")
        .has("Nothing was sent yet")
        .has("Next is “After federating with an identity provider”: POST http://127.0.0.1:");

    let prefill = json!({ "version": "1.0.0", "action": "Continue", "postalCode": "12349" });
    world.answers(200, &prefill);
    world
        .submit(&at, "identity", &JOHN)
        .await
        .has("<h1>Lägg till uppgifter</h1>")
        .has("value=\"johnsmith@fabrikam.com\" readonly")
        .has("name=\"displayName\" type=\"text\" value=\"John Smith\"")
        .has("name=\"postalCode\" type=\"text\" value=\"12349\"")
        .has("Supplier number")
        .has("<strong class=\"badge\">Continue</strong>")
        .has("postalCode is now: 12349");

    world.answers(200, &proceed());
    let typed = [
        ("displayName", "John Smith"),
        ("city", ""),
        ("postalCode", "12350"),
    ];
    world
        .submit(&at, "attributes", &typed)
        .await
        .has("Ditt konto har skapats")
        .has("A workforce tenant calls nothing before it sends the token.");

    let asked = world.asked();
    let paths: Vec<_> = asked.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/connectors/after-federation",
            "/connectors/before-creating-user"
        ]
    );
    assert!(asked[0].authorization.starts_with("Basic "));
    assert_eq!(asked[0].body["identities"][0]["issuer"], "google.com");
    assert_eq!(asked[0].body["ui_locales"], "sv-SE");
    assert_eq!(asked[1].body["postalCode"], "12350");
    assert_eq!(asked[1].body.get("city"), None);

    let record = world.record(&at).await;
    assert_eq!(
        record["stage"],
        json!({ "name": "signed-in", "created": true })
    );
    assert_eq!(record["calls"][1]["step"], "before-creating-user");
    assert_eq!(record["calls"][1]["verdict"], "continue");
    assert_eq!(record["calls"][1]["status"], 200);
    assert_eq!(record["calls"][1]["request"]["postalCode"], "12350");
    let account = record["account"].as_str().unwrap();
    assert!(world.simulator.directory.get(account).is_some());

    let page = world.submit(&at, "token", &[]).await;
    page.has("Du är inloggad i Partner portal")
        .has(&format!("href=\"/directory/{account}\""))
        .has("<pre>ey");
    assert_eq!(world.record(&at).await["stage"]["claims"]["oid"], account);
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn claims_of_the_token_step_are_marked() {
    let world = World::new().await;
    let at = world.start("customers", "facebook", "en-US").await;
    world.answers(200, &started());
    world.submit(&at, "identity", &JOHN).await;
    let submit = "attributeCollectionSubmit";
    world.answers(
        200,
        &action(submit, "continueWithDefaultBehavior", &json!({})),
    );
    world
        .submit(&at, "attributes", &[("displayName", "John")])
        .await;
    let claims = json!({ "claims": { "customerGrade": "gold" } });
    world.answers(
        200,
        &action("tokenIssuanceStart", "provideClaimsForToken", &claims),
    );
    let page = world.submit(&at, "token", &[]).await;
    page.has("You are signed in to Customer shop")
        .has("gold <span class=\"tag\">from the deployment</span>");
    assert_eq!(
        world.record(&at).await["stage"]["fromDeployment"],
        json!(["customerGrade"])
    );
    assert!(world.asked()[2].authorization.starts_with("Bearer "));
    // Newest first, and credentials only in part.
    let place = |step: &str| page.text.find(&format!("<h3>{step}</h3>")).unwrap();
    assert!(place("OnTokenIssuanceStart") < place("OnAttributeCollectionSubmit"));
    assert!(place("OnAttributeCollectionSubmit") < place("OnAttributeCollectionStart"));
    page.lacks(&world.asked()[2].authorization).has("Bearer ey");
}

#[tokio::test]
async fn somebody_who_has_an_account_is_signed_in_without_a_sign_up() {
    let world = World::new().await;
    for stage in ["attributes", "signed-in"] {
        let at = world.start("partners", "google", "en-US").await;
        if stage == "attributes" {
            world.answers(200, &proceed());
        }
        let page = world.submit(&at, "identity", &JOHN).await;
        assert_eq!(world.record(&at).await["stage"]["name"], stage);
        if stage == "attributes" {
            world.answers(200, &proceed());
            world
                .submit(&at, "attributes", &[("displayName", "John")])
                .await;
        } else {
            page.has("You already have an account")
                .has("You are signed in as johnsmith@fabrikam.com");
        }
    }
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn an_address_is_proved_by_the_code_of_a_mail() {
    let world = World::new().await;
    let at = world.start("partners", "email-code", "de-DE").await;
    let address = "a+b@example.com";
    let page = world.submit(&at, "identity", &[("email", address)]).await;
    page.has("Code eingeben")
        .has("href=\"/inbox?to=a%2Bb%40example.com\"");
    let mails = world.simulator.mail.to(Some(address));
    assert_eq!(
        mails[0].content.subject,
        "Ihr Prüfcode für das Konto bei contoso"
    );
    assert_eq!(
        mails[0].content.from,
        "account-security-noreply@contoso.example"
    );
    let code = world.code(address);
    page.lacks(&code);

    let wrong = if code == "00000000" {
        "00000001"
    } else {
        "00000000"
    };
    world
        .submit(&at, "code", &[("code", wrong)])
        .await
        .has("Dieser Code ist nicht richtig")
        .has("aria-describedby=\"wrong\"");
    assert!(!world.record(&at).await.to_string().contains(&code));

    world
        .submit(&at, "new-code", &[])
        .await
        .lacks("Dieser Code ist nicht richtig");
    assert_eq!(world.simulator.mail.to(Some(address)).len(), 2);
    assert_eq!(world.asked().len(), 0);
    world.answers(200, &proceed());
    let code = format!(" {} ", world.code(address));
    world
        .submit(&at, "code", &[("code", &code)])
        .await
        .has("Details hinzufügen");
    let asked = &world.asked()[0];
    assert_eq!(asked.body["identities"][0]["issuer"], "mail");
    assert_eq!(asked.body["identities"][0]["issuerAssignedId"], address);
}

#[tokio::test]
async fn the_deployment_sends_the_code_where_the_flow_says_so() {
    let file = EXAMPLE.replace("otp-send-fallback = true", "");
    let world = World::with(&file).await;
    let at = world.start("customers", "email-code", "en-US").await;
    world.get(&at).await.has("Next is “OnOtpSend”");
    world.answers(
        200,
        &action("OtpSend", "continueWithDefaultBehavior", &json!({})),
    );
    world
        .submit(&at, "identity", &[("email", "a@example.com")])
        .await
        .has("Enter code");
    let code = world.asked()[0].body["data"]["otpContext"]["oneTimeCode"].clone();
    assert_eq!(code.as_str().unwrap().len(), 8);

    // What it refuses to send is not sent, and the person waits for it in vain.
    world.answers_raw(500, "text/plain", "no");
    let page = world.submit(&at, "new-code", &[]).await;
    page.has("Enter code").has("1003002").has("Rejected");
    assert!(world.simulator.mail.to(None).is_empty());

    world.answers(200, &started());
    let code = world.asked()[1].body["data"]["otpContext"]["oneTimeCode"].clone();
    let code = code.as_str().unwrap().to_owned();
    world
        .submit(&at, "code", &[("code", &code)])
        .await
        .has("Add details");
}

#[tokio::test]
async fn microsoft_sends_the_code_that_the_deployment_did_not_where_the_flow_says_so() {
    let world = World::with(EXAMPLE).await;
    let at = world.start("customers", "email-code", "sv-SE").await;
    world.answers_raw(502, "text/plain", "");
    world
        .submit(&at, "identity", &[("email", "a@example.com")])
        .await
        .has("1003002");
    let mails = world.simulator.mail.to(Some("a@example.com"));
    let [mail] = mails.as_slice() else {
        panic!("{} mails", mails.len());
    };
    let asked = world.asked()[0].body["data"]["otpContext"]["oneTimeCode"].clone();
    let text = mail.content.text.as_deref().unwrap();
    assert!(text.contains(asked.as_str().unwrap()), "{text}");
}

#[tokio::test]
async fn a_local_account_of_b2c_skips_the_first_step_and_keeps_its_password_to_itself() {
    let world = World::new().await;
    let at = world.start("shop", "local", "en-US").await;
    world
        .get(&at)
        .await
        .has("this step is not called for local accounts in B2C");
    world
        .submit(&at, "identity", &[("email", "a@example.com")])
        .await;
    let code = world.code("a@example.com");
    let page = world.submit(&at, "code", &[("code", &code)]).await;
    page.has("name=\"new-password\" type=\"password\" value=\"\"")
        .has("Nothing was sent yet");
    assert_eq!(world.asked().len(), 0);

    let password = ("new-password", "correct horse");
    let fields = [
        ("displayName", "A"),
        password,
        ("repeat-password", "correct house"),
    ];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("The passwords do not match.")
        .lacks("correct horse");
    world.answers(200, &proceed());
    let fields = [
        ("displayName", "A"),
        password,
        ("repeat-password", "correct horse"),
    ];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("Your account was created");
    let asked = world.asked();
    assert_eq!(asked[0].path, "/connectors/before-creating-user");
    assert!(!asked[0].body.to_string().contains("correct horse"));
    assert!(
        !world
            .record(&at)
            .await
            .to_string()
            .contains("correct horse")
    );
}

#[tokio::test]
async fn the_page_refuses_by_itself_what_it_can_judge() {
    let world = World::new().await;
    let at = world.start("shop", "google", "fr-FR").await;
    world.answers(200, &proceed());
    world.submit(&at, "identity", &JOHN).await;
    let loyalty = "extension_00001111aaaa2222bbbb3333cccc4444_LoyaltyNumber";
    let fields = [("displayName", " "), ("city", "Lyon"), (loyalty, "douze")];
    let page = world.submit(&at, "attributes", &fields).await;
    page.has("role=\"alert\"")
        .has("Corrigez les champs signalés")
        .has("<a href=\"#field-displayName\">Nom d’affichage</a>: Cette information est obligatoire.")
        .has("aria-invalid=\"true\" aria-describedby=\"field-displayName-error\"")
        .has("id=\"field-displayName-error\"")
        .has("Entrez un nombre entier.")
        .has("value=\"douze\"")
        .has("value=\"Lyon\"");
    assert_eq!(world.asked().len(), 1);

    world.answers(200, &proceed());
    let fields = [("displayName", "J"), (loyalty, "12")];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("Votre compte a été créé");
    let body = &world.asked()[1].body;
    assert_eq!(body[loyalty], 12);
    let newsletter = "extension_00001111aaaa2222bbbb3333cccc4444_Newsletter";
    assert_eq!(body[newsletter], false);
}

#[tokio::test]
async fn the_message_of_a_connector_leaves_the_person_on_the_page() {
    let world = World::new().await;
    let at = world.start("partners", "google", "en-US").await;
    world.answers(200, &proceed());
    world.submit(&at, "identity", &JOHN).await;
    let error = json!({
        "version": "1.0.0", "status": 400, "action": "ValidationError",
        "userMessage": "Please enter a valid Postal Code.",
    });
    world.answers(400, &error);
    let fields = [("displayName", "John"), ("postalCode", "??")];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("Please enter a valid Postal Code.")
        .has("Validation error")
        .has("value=\"??\"")
        .lacks("aria-invalid");
    world.answers(200, &proceed());
    let fields = [("displayName", "John"), ("postalCode", "12345")];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("Your account was created");
    let calls = world.record(&at).await["calls"].clone();
    let verdicts: Vec<_> = calls
        .as_array()
        .unwrap()
        .iter()
        .map(|call| &call["verdict"])
        .collect();
    assert_eq!(verdicts, ["continue", "validation-error", "continue"]);
}

#[tokio::test]
async fn an_extension_marks_single_fields() {
    let world = World::new().await;
    let at = world.start("customers", "google", "en-US").await;
    world.answers(200, &started());
    world.submit(&at, "identity", &JOHN).await;
    let year = "extension_00001111aaaa2222bbbb3333cccc4444_GraduationYear";
    let errors = json!({
        "message": "Please fix the below errors to proceed.",
        "attributeErrors": { "city": "City cannot contain any numbers", year: "Too early" },
    });
    let submit = "attributeCollectionSubmit";
    world.answers(200, &action(submit, "showValidationError", &errors));
    let fields = [("displayName", "John"), ("city", "Paris 1"), (year, "1066")];
    let page = world.submit(&at, "attributes", &fields).await;
    page.has("Please fix the below errors to proceed.")
        .has("<p class=\"error\" id=\"field-city-error\">City cannot contain any numbers</p>")
        .has("aria-describedby=\"field-city-error\"")
        .has("<a href=\"#field-city\">City</a>: City cannot contain any numbers")
        .has("Too early")
        .has("value=\"Paris 1\"")
        .has("value=\"1066\"");
    world.answers(
        200,
        &action(submit, "continueWithDefaultBehavior", &json!({})),
    );
    let fields = [("displayName", "John"), ("city", "Paris")];
    world
        .submit(&at, "attributes", &fields)
        .await
        .has("Your account was created");
}

#[rstest]
#[case::connector(
    "partners",
    json!({ "version": "1.0.0", "action": "ShowBlockPage", "userMessage": "Not yet." }),
    "You can’t sign up here"
)]
#[case::extension(
    "customers",
    action("attributeCollectionStart", "showBlockPage", &json!({ "title": "Hold tight...", "message": "Not yet." })),
    "Hold tight..."
)]
#[tokio::test]
async fn a_block_page_leads_nowhere(
    #[case] flow: &str,
    #[case] answer: Value,
    #[case] heading: &str,
) {
    let world = World::new().await;
    let at = world.start(flow, "google", "en-US").await;
    world.answers(200, &answer);
    let page = world.submit(&at, "identity", &JOHN).await;
    page.has(&format!("<h1>{heading}</h1>"))
        .has("<p class=\"message\">Not yet.</p>")
        .has("Start over")
        .lacks("<form")
        .has("<strong class=\"badge\">Block</strong>");
    for part in ["identity", "attributes", "token", "code", "new-code"] {
        world.submit(&at, part, &JOHN).await.has("Not yet.");
    }
    assert_eq!(world.record(&at).await["stage"]["name"], "blocked");
    assert_eq!(world.asked().len(), 1);
}

#[rstest]
#[case::workforce(
    "partners",
    "<h1>Something went wrong</h1>",
    "its wording is not documented"
)]
#[case::b2c("shop", "<p class=\"message\">AADB2C90075</p>", "AADB2C90075")]
#[case::external("customers", "<p class=\"message\">AADSTS1100001</p>", "1003002")]
#[tokio::test]
async fn an_answer_that_is_not_understood_ends_in_the_error_page_of_that_tenant(
    #[case] flow: &str,
    #[case] page: &str,
    #[case] wire: &str,
) {
    let world = World::new().await;
    let at = world.start(flow, "google", "en-US").await;
    world.answers_raw(502, "text/html", "<h1>Bad gateway</h1>");
    let shown = world.submit(&at, "identity", &JOHN).await;
    let (person, column) = shown.text.split_once("<aside").unwrap();
    assert!(person.contains(page), "{person}");
    assert!(column.contains(wire), "{column}");
    assert!(column.contains("&#60;h1&#62;Bad gateway"), "{column}");
    assert!(column.contains("502"), "{column}");
    let record = world.record(&at).await;
    assert!(person.contains(record["correlationId"].as_str().unwrap()));
    assert!(person.contains(record["calls"][0]["at"].as_str().unwrap()));
    // The explanation is for the engineer only.
    let explanation = record["calls"][0]["explanation"].as_str().unwrap();
    assert!(!person.contains(explanation));
    assert_eq!(record["calls"][0]["verdict"], "rejected");
    assert_eq!(record["stage"]["name"], "failed");
}

#[tokio::test]
async fn every_attempt_is_shown_with_what_was_done_to_it() {
    let world = World::new().await;
    world.simulator.faults.set(Switches {
        calls: CallFaults {
            first_attempt: FirstAttempt::Dropped,
            ..CallFaults::default()
        },
        ..Switches::default()
    });
    let at = world.start("partners", "google", "en-US").await;
    world.answers(200, &proceed());
    let page = world.submit(&at, "identity", &JOHN).await;
    page.has("Attempt 1")
        .has("Attempt 2")
        .has("On purpose:")
        .has("Add details");
    let attempts = world.record(&at).await["calls"][0]["attempts"].clone();
    assert_eq!(attempts[0]["status"], Value::Null);
    assert!(attempts[0]["injected"].is_string());
    assert_eq!(attempts[1]["status"], 200);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn hostile_values_are_text_everywhere() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";
    let world = World::new().await;
    let at = world.start("customers", "google", "en-US").await;
    world.answers(
        200,
        &action(
            "attributeCollectionStart",
            "setPrefillValues",
            &json!({
                "inputs": { "city": hostile },
            }),
        ),
    );
    let person: Vec<_> = JOHN.iter().map(|(name, _)| (*name, hostile)).collect();
    let harmless = |page: &Page| {
        page.lacks("<script")
            .lacks("<img")
            .lacks("'alert")
            .has("&#60;script&#62;");
    };
    harmless(&world.submit(&at, "identity", &person).await);

    let submit = "attributeCollectionSubmit";
    world.answers(
        200,
        &action(
            submit,
            "showValidationError",
            &json!({
                "message": hostile, "attributeErrors": { "city": hostile },
            }),
        ),
    );
    let fields = [("displayName", hostile), ("city", hostile)];
    harmless(&world.submit(&at, "attributes", &fields).await);

    world.answers(
        200,
        &action(
            submit,
            "showBlockPage",
            &json!({
                "title": hostile, "message": hostile,
            }),
        ),
    );
    harmless(&world.submit(&at, "attributes", &fields).await);

    let at = world.start("shop", "google", "en-US").await;
    world.answers_raw(200, "text/html", hostile);
    harmless(&world.submit(&at, "identity", &person).await);
    let page = world
        .get(&format!("/flows/shop?lang={}", "%22%3E%3Cscript%3E"))
        .await;
    page.lacks("\"><script>").has("<html lang=\"en-US\">");
}

#[tokio::test]
async fn a_reload_repeats_nothing_and_neither_does_an_old_form() {
    let world = World::new().await;
    let at = world.start("partners", "google", "en-US").await;
    world
        .submit(&at, "attributes", &[("displayName", "John")])
        .await
        .has("<h1>Google</h1>");
    world.answers(200, &proceed());
    world.submit(&at, "identity", &JOHN).await;
    for _ in 0..3 {
        world.get(&at).await.has("Add details");
    }
    world
        .submit(&at, "identity", &JOHN)
        .await
        .has("Add details");
    world.submit(&at, "token", &[]).await.has("Add details");
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_call() {
    let world = World::new().await;
    let at = world.start("partners", "google", "en-US").await;
    world.answers_when_released(&proceed());
    let path = format!("{at}/identity");
    let (_, _, ()) = tokio::join!(world.post(&path, &JOHN), world.post(&path, &JOHN), async {
        world.script.arrived.notified().await;
        world.script.released.notify_one();
    });
    assert_eq!(world.asked().len(), 1);
    assert_eq!(world.record(&at).await["stage"]["name"], "attributes");
}

#[tokio::test]
async fn a_browser_that_hangs_up_stops_nothing() {
    let world = World::new().await;
    let at = world.start("partners", "google", "en-US").await;
    world.answers_when_released(&proceed());
    let path = format!("{at}/identity");
    tokio::select! {
        _ = world.post(&path, &JOHN) => panic!("the answer was not released"),
        () = world.script.arrived.notified() => {}
    }
    world.script.released.notify_one();
    // Shown as soon as the call came to its end.
    world.get(&at).await.has("Add details");
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn a_conflict_in_the_directory_is_told_beside_the_page() {
    let world = World::new().await;
    for provider in ["google", "facebook"] {
        let at = world.start("shop", provider, "en-US").await;
        world.answers(200, &proceed());
        world.submit(&at, "identity", &JOHN).await;
        world.answers(200, &proceed());
        let page = world
            .submit(&at, "attributes", &[("displayName", "John")])
            .await;
        if provider == "facebook" {
            page.has("having trouble signing you in")
                .has("another one has the same proxyAddresses");
        }
    }
}

/// Language tag, heading of the attribute page, label of a built-in attribute.
const LANGUAGES: [(&str, &str, &str); 10] = [
    ("en-US", "Add details", "Display name"),
    ("sv-SE", "Lägg till uppgifter", "Visningsnamn"),
    ("nl-NL", "Gegevens toevoegen", "Weergavenaam"),
    ("fr-FR", "Ajouter des informations", "Nom d’affichage"),
    ("zh-TW", "新增詳細資料", "顯示名稱"),
    ("de-DE", "Details hinzufügen", "Anzeigename"),
    ("es-ES", "Agregar detalles", "Nombre para mostrar"),
    ("pt-PT", "Adicionar detalhes", "Nome a apresentar"),
    ("it-IT", "Aggiungi dettagli", "Nome visualizzato"),
    ("ja-JP", "詳細の追加", "表示名"),
];

#[tokio::test]
async fn the_pages_speak_the_language_that_the_deployment_is_told() {
    let world = World::new().await;
    for (tag, heading, label) in LANGUAGES {
        let html = format!("<html lang=\"{tag}\">");
        let page = world.get(&format!("/flows/customers?lang={tag}")).await;
        page.has(&html)
            .has(&format!("value=\"{tag}\" lang=\"{tag}\" selected"));
        let at = world.start("customers", "entra", tag).await;
        world.answers(200, &started());
        world
            .submit(&at, "identity", &JOHN)
            .await
            .has(&html)
            .has(&format!("<h1>{heading}</h1>"))
            .has(label)
            .has("<aside class=\"wire\" lang=\"en\"");
        let asked = world.asked();
        let client = &asked.last().unwrap().body["data"]["authenticationContext"]["client"];
        let locale = client["locale"].as_str().unwrap();
        assert_eq!(locale.to_lowercase(), tag.to_lowercase());
    }
}

#[tokio::test]
async fn the_form_of_the_requests_can_be_chosen() {
    let world = World::new().await;
    let fields = [("provider", "email-code"), ("form", "documented")];
    let at = world.post("/flows/customers/start", &fields).await;
    world
        .submit(&at, "identity", &[("email", "a@example.com")])
        .await;
    world.answers(200, &started());
    let code = world.code("a@example.com");
    world.submit(&at, "code", &[("code", &code)]).await;
    assert_eq!(world.record(&at).await["form"], "documented");
    let identities = &world.asked()[0].body["data"]["userSignUpInfo"]["identities"];
    assert_eq!(identities[0]["signInType"], "email");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    for path in [
        "/flows/nothing",
        "/sign-ups/nothing",
        "/simulator/sign-ups/nothing",
    ] {
        assert_eq!(
            world.get(path).await.status,
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_provider_that_the_flow_does_not_offer_starts_nothing() {
    let world = World::new().await;
    for provider in ["local", "nobody"] {
        let request = Request::post("/flows/partners/start")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("provider={provider}")));
        let page = world.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_code_needs_an_address() {
    let world = World::new().await;
    let at = world.start("partners", "email-code", "en-US").await;
    world
        .submit(&at, "identity", &[("email", "  ")])
        .await
        .has("<h1>Your email address</h1>");
    assert!(world.simulator.mail.to(None).is_empty());
}
