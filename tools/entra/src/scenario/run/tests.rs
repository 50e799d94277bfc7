//! Through a deployment that answers what the test tells it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::{config::Authentication, exchange::Outcome, scenario::ScenarioFile};

/// What the deployment does with a request.
enum Script {
    Answer(u16, Value),
    /// It never answers.
    Hang,
}

use Script::{Answer as Says, Hang};

/// One request as it arrived.
#[derive(Debug)]
struct Arrived {
    path: String,
    authorization: Option<String>,
    body: Value,
}

#[derive(Clone, Default)]
struct Deployment {
    script: Arc<Mutex<VecDeque<Script>>>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

async fn respond(
    State(deployment): State<Deployment>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    deployment.arrived.lock().unwrap().push(Arrived {
        path: uri.path().to_owned(),
        authorization: authorization.map(|value| value.to_str().unwrap().to_owned()),
        body: serde_json::from_slice(&body).unwrap(),
    });
    let next = deployment.script.lock().unwrap().pop_front();
    match next.expect("a request more than the test expects") {
        Says(status, body) => (
            StatusCode::from_u16(status).unwrap(),
            [(header::CONTENT_TYPE, "application/json")],
            body.to_string(),
        )
            .into_response(),
        Hang => std::future::pending().await,
    }
}

/// Runs the one sign-up of a file through a deployment with that script.
async fn tried(file: &str, script: Vec<Script>) -> (Trial, Vec<Arrived>) {
    let deployment = Deployment::default();
    deployment.script.lock().unwrap().extend(script);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .fallback(respond)
        .with_state(deployment.clone());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let trial = run(file, base_url).await;
    server.abort();
    assert!(
        deployment.script.lock().unwrap().is_empty(),
        "too few requests"
    );
    let arrived = std::mem::take(&mut *deployment.arrived.lock().unwrap());
    (trial, arrived)
}

async fn run(file: &str, base_url: String) -> Trial {
    let file = ScenarioFile::parse(file).unwrap();
    let target = Target {
        base_url,
        connectors: Authentication::Basic {
            username: "connector".to_owned(),
            password: "secret".to_owned(),
        },
    };
    let runner = Runner {
        caller: &Caller::new().unwrap(),
        target: &target,
        tenant: &file.tenant,
    };
    runner.run(&file.sign_ups[0], Some("a.b.c")).await
}

/// A sign-up with these lines before and after its person.
fn scenario(head: &str, tail: &str) -> String {
    format!(
        r#"
        [[sign-up]]
        name = "A person"
        {head}
        [sign-up.person]
        email = "johnsmith@example.com"
        subject = "0123456789"
        display-name = "John Smith"
        {tail}
        "#
    )
}

const PARTNER: &str = "tenant = \"workforce\"\nprovider = \"facebook\"";
const CUSTOMER: &str = "tenant = \"b2c\"\nprovider = \"google\"";
const EXTERNAL: &str = "tenant = \"external\"\nprovider = \"google\"";

fn goes_on() -> Script {
    with_claims(&json!({}))
}

fn with_claims(claims: &Value) -> Script {
    let mut body = json!({ "version": "1.0.0", "action": "Continue" });
    let members = body.as_object_mut().unwrap();
    members.extend(claims.as_object().unwrap().clone());
    Says(200, body)
}

fn blocks(message: &str) -> Script {
    let body = json!({ "version": "1.0.0", "action": "ShowBlockPage", "userMessage": message });
    Says(200, body)
}

fn corrects(message: &str) -> Script {
    let body = json!({
        "version": "1.0.0", "status": 400, "action": "ValidationError", "userMessage": message
    });
    Says(400, body)
}

fn extension_answers(event: &str, action: &str, members: &Value) -> Script {
    let mut action = json!({ "@odata.type": format!("microsoft.graph.{action}") });
    action
        .as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    Says(
        200,
        json!({ "data": {
            "@odata.type": format!("microsoft.graph.on{event}ResponseData"), "actions": [action]
        } }),
    )
}

#[tokio::test]
async fn a_sign_up_that_gets_in_passes_both_steps() {
    let file = scenario(
        &format!("{PARTNER}\nuser-flow = \"partners\"\nlanguage = \"sv-SE\""),
        r#"
        [sign-up.attributes]
        city = "Seattle"
        extension_Number = 7
        [sign-up.expect]
        after-federation = "continue"
        before-creating-user = "continue"
        "#,
    );
    let (trial, arrived) = tried(&file, vec![goes_on(), goes_on()]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    assert_eq!(trial.sign_up.stage, Stage::SignedIn { created: true });
    let paths: Vec<_> = arrived.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/connectors/partners/after-federation",
            "/connectors/partners/before-creating-user"
        ]
    );
    // connector:secret
    assert_eq!(
        arrived[0].authorization.as_deref(),
        Some("Basic Y29ubmVjdG9yOnNlY3JldA==")
    );
    assert_eq!(
        arrived[1].body,
        json!({
            "email": "johnsmith@example.com",
            "identities": [{ "signInType": "federated", "issuer": "facebook.com", "issuerAssignedId": "0123456789" }],
            "displayName": "John Smith",
            "city": "Seattle",
            "extension_00001111aaaa2222bbbb3333cccc4444_Number": 7,
            "ui_locales": "sv-SE",
        })
    );
}

#[tokio::test]
async fn a_blocked_person_is_asked_about_no_further() {
    let file = scenario(
        CUSTOMER,
        r#"
        [sign-up.expect]
        after-federation = "block"
        before-creating-user = "not-called"
        before-token = "not-called"
        message = "registrera"
        "#,
    );
    let (trial, _) = tried(&file, vec![blocks("Du kan inte registrera dig.")]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
}

#[tokio::test]
async fn what_differs_is_told_with_what_was_found_and_expected() {
    let file = scenario(
        CUSTOMER,
        r#"
        [[sign-up.correction]]
        city = "Seattle"
        [sign-up.expect]
        after-federation = "continue"
        before-creating-user = "continue"
        before-token = "not-called"
        message = "registrera"
        claims = { jobTitle = "Supplier" }
        "#,
    );
    let (trial, _) = tried(&file, vec![blocks("Nej.")]).await;
    assert_eq!(
        trial.differences,
        [
            "after-federation: found block, expected continue",
            "before-creating-user: found not-called, expected continue",
            "corrections: found 0 that the deployment asked for, expected 1",
            "message: found `Nej.`, expected one with `registrera`",
            "claims.jobTitle: found none, expected \"Supplier\"",
        ]
    );
}

#[tokio::test]
async fn each_validation_error_is_answered_with_the_next_correction() {
    let file = scenario(
        PARTNER,
        r#"
        [sign-up.attributes]
        city = "?"
        country = "Sweden"
        [[sign-up.correction]]
        city = "!"
        [[sign-up.correction]]
        city = "Uppsala"
        [sign-up.expect]
        before-creating-user = "continue"
        message = "another"
        "#,
    );
    let script = vec![
        goes_on(),
        corrects("a city"),
        corrects("another city"),
        goes_on(),
    ];
    let (trial, arrived) = tried(&file, script).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    let cities: Vec<_> = arrived.iter().map(|one| one.body["city"].clone()).collect();
    assert_eq!(json!(cities), json!([null, "?", "!", "Uppsala"]));
    assert_eq!(arrived[3].body["country"], "Sweden");
}

#[tokio::test]
async fn without_a_further_correction_the_validation_error_is_the_last_word() {
    let file = scenario(
        PARTNER,
        "[sign-up.expect]\nbefore-creating-user = \"invalid\"\nmessage = \"a city\"",
    );
    let (trial, _) = tried(&file, vec![goes_on(), corrects("a city")]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_that_entra_would_not_understand_is_rejected() {
    let file = scenario(PARTNER, "[sign-up.expect]\nafter-federation = \"rejected\"");
    for script in [
        Says(401, json!({})),
        Says(200, json!({ "version": "1.0.0", "action": "Allow" })),
        Says(500, json!({ "version": "1.0.0", "action": "Continue" })),
    ] {
        let (trial, _) = tried(&file, vec![script]).await;
        assert_eq!(trial.differences, Vec::<String>::new());
        assert!(matches!(trial.sign_up.stage, Stage::Failed { .. }));
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_asked_for_twice_and_rejected() {
    let file = scenario(
        &format!("{PARTNER}\ntime-out-ms = 500"),
        "[sign-up.expect]\nafter-federation = \"rejected\"",
    );
    let (trial, _) = tried(&file, vec![Hang, Hang]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    let exchanges = &trial.sign_up.calls[0].exchanges;
    let attempts: Vec<_> = exchanges.iter().map(|one| one.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    assert!(
        exchanges
            .iter()
            .all(|one| matches!(one.outcome, Outcome::TimedOut { .. }))
    );
}

#[tokio::test]
async fn the_retry_after_a_time_out_sends_the_same_and_counts() {
    let file = scenario(
        &format!("{PARTNER}\ntime-out-ms = 500"),
        "[sign-up.expect]\nafter-federation = \"block\"",
    );
    let (trial, arrived) = tried(&file, vec![Hang, blocks("No.")]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    assert_eq!(arrived[0].body, arrived[1].body);
}

#[tokio::test]
async fn a_deployment_that_is_not_there_is_not_what_rejected_means() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let file = scenario(PARTNER, "[sign-up.expect]\nafter-federation = \"rejected\"");
    let trial = run(&file, base_url).await;
    assert_eq!(
        trial.differences,
        ["after-federation: found unreachable, expected rejected"]
    );
}

#[tokio::test]
async fn the_attribute_page_is_prefilled_and_what_is_typed_wins() {
    let file = scenario(
        CUSTOMER,
        r#"
        [sign-up.attributes]
        city = "Seattle"
        [sign-up.expect]
        before-token = "continue"
        claims = { city = "Redmond", extension_Tier = 3, postalCode = "98052" }
        "#,
    );
    let prefilled = with_claims(&json!({ "city": "Redmond", "postalCode": "98052" }));
    let script = vec![
        prefilled,
        goes_on(),
        with_claims(&json!({ "extension_Tier": 3 })),
    ];
    let (trial, arrived) = tried(&file, script).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    assert_eq!(arrived[1].body["city"], "Seattle");
    assert_eq!(arrived[1].body["postalCode"], "98052");
    assert_eq!(arrived[2].path, "/connectors/before-token");
    assert!(matches!(trial.sign_up.stage, Stage::Token(_)));
}

#[tokio::test]
async fn a_claim_counts_with_exactly_its_value() {
    let file = scenario(
        PARTNER,
        "[sign-up.expect]\nclaims = { jobTitle = \"Supplier\" }",
    );
    let script = vec![with_claims(&json!({ "jobTitle": "supplier" })), goes_on()];
    let (trial, _) = tried(&file, script).await;
    assert_eq!(
        trial.differences,
        ["claims.jobTitle: found \"supplier\", expected \"Supplier\""]
    );
}

#[tokio::test]
async fn b2c_does_not_ask_about_a_local_account_before_the_attribute_page() {
    let file = scenario(
        "tenant = \"b2c\"\nprovider = \"local\"",
        "[sign-up.expect]\nafter-federation = \"not-called\"\nbefore-creating-user = \"block\"",
    );
    let (trial, arrived) = tried(&file, vec![blocks("No.")]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    assert_eq!(arrived[0].path, "/connectors/before-creating-user");
}

#[tokio::test]
async fn an_external_tenant_calls_the_extensions_with_a_token() {
    let file = scenario(
        &format!("{EXTERNAL}\nuser-flow = \"customers\""),
        r#"
        [sign-up.expect]
        before-token = "continue"
        claims = { roles = ["buyer"], tier = "gold" }
        "#,
    );
    let script = vec![
        extension_answers(
            "AttributeCollectionStart",
            "attributeCollectionStart.continueWithDefaultBehavior",
            &json!({}),
        ),
        extension_answers(
            "AttributeCollectionSubmit",
            "attributeCollectionSubmit.continueWithDefaultBehavior",
            &json!({}),
        ),
        extension_answers(
            "TokenIssuanceStart",
            "tokenIssuanceStart.provideClaimsForToken",
            &json!({ "claims": { "roles": ["buyer"], "tier": "gold" } }),
        ),
    ];
    let (trial, arrived) = tried(&file, script).await;
    assert_eq!(trial.differences, Vec::<String>::new());
    let paths: Vec<_> = arrived.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/extensions/customers/attribute-collection-start",
            "/extensions/customers/attribute-collection-submit",
            "/extensions/customers/token-issuance-start",
        ]
    );
    assert!(
        arrived
            .iter()
            .all(|one| one.authorization.as_deref() == Some("Bearer a.b.c"))
    );
}

#[tokio::test]
async fn the_messages_of_fields_and_titles_are_seen_too() {
    let start = || {
        extension_answers(
            "AttributeCollectionStart",
            "attributeCollectionStart.continueWithDefaultBehavior",
            &json!({}),
        )
    };
    let file = scenario(
        EXTERNAL,
        "[sign-up.attributes]\ncity = \"?\"\n[sign-up.expect]\nmessage = \"no such city\"",
    );
    let invalid = extension_answers(
        "AttributeCollectionSubmit",
        "attributeCollectionSubmit.showValidationError",
        &json!({ "message": "Please correct", "attributeErrors": { "city": "no such city" } }),
    );
    let (trial, _) = tried(&file, vec![start(), invalid]).await;
    assert_eq!(trial.differences, Vec::<String>::new());

    let file = scenario(EXTERNAL, "[sign-up.expect]\nmessage = \"Not here\"");
    let block = extension_answers(
        "AttributeCollectionSubmit",
        "attributeCollectionSubmit.showBlockPage",
        &json!({ "title": "Not here", "message": "You cannot sign up" }),
    );
    let (trial, _) = tried(&file, vec![start(), block]).await;
    assert_eq!(trial.differences, Vec::<String>::new());
}
