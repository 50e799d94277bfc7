//! The partner systems, their secrets, and what goes wrong with them on purpose.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::BodyExt;
use local_entra::{
    Simulator,
    config::{Config, Deployment},
    partners::{Condition, Conditions, KEY_ID},
};
use rstest::rstest;
use serde_json::{Value, json};
use tower::ServiceExt;

const CRM: &str = "/partners/crm/people?email=ann%40fabrikam.com";

fn simulator() -> Arc<Simulator> {
    let deployment = Deployment {
        base_url: "http://127.0.0.1:9000".to_owned(),
    };
    let config = Config::parse(
        include_str!("../../../examples/local-entra.toml"),
        &deployment,
    );
    Simulator::new("http://127.0.0.1:7000".to_owned(), config.unwrap()).unwrap()
}

async fn respond(sim: &Arc<Simulator>, request: Request<Body>) -> Response {
    sim.router().oneshot(request).await.unwrap()
}

async fn send(sim: &Arc<Simulator>, request: Request<Body>) -> (StatusCode, String) {
    let (parts, body) = respond(sim, request).await.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(body.to_vec()).unwrap())
}

async fn json_of(sim: &Arc<Simulator>, request: Request<Body>) -> (u16, Value) {
    let (status, body) = send(sim, request).await;
    (status.as_u16(), serde_json::from_str(&body).unwrap())
}

async fn page(sim: &Arc<Simulator>) -> String {
    let request = Request::get("/partners").body(Body::empty()).unwrap();
    send(sim, request).await.1
}

/// A secret as the SDK asks for it.
async fn secret(sim: &Arc<Simulator>, id: &str) -> (u16, Value) {
    let request = Request::post("/secrets/")
        .header("x-amz-target", "secretsmanager.GetSecretValue")
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .body(Body::from(json!({ "SecretId": id }).to_string()));
    json_of(sim, request.unwrap()).await
}

async fn secret_text(sim: &Arc<Simulator>, name: &str) -> String {
    let (status, body) = secret(sim, &format!("signup-connectors/{name}")).await;
    assert_eq!(status, 200, "{body}");
    body["SecretString"].as_str().unwrap().to_owned()
}

async fn asked(sim: &Arc<Simulator>, path: &str) -> Request<Body> {
    let key = secret_text(sim, "crm").await;
    let request = Request::get(path).header("x-api-key", key);
    request.body(Body::empty()).unwrap()
}

fn switch_crm(sim: &Arc<Simulator>, crm: Condition) {
    sim.partners.set(Conditions {
        crm,
        ..Conditions::default()
    });
}

#[tokio::test]
async fn the_crm_knows_a_person_and_nobody_else() {
    let sim = simulator();
    let company = json!({ "name": "Fabrikam", "number": "C-4711", "tier": "gold" });
    let person = json!({ "email": "ann@fabrikam.com", "title": "Buyer", "company": company });
    let request = asked(&sim, CRM).await;
    assert_eq!(
        json_of(&sim, request).await,
        (200, json!({ "person": person }))
    );
    let request = asked(&sim, "/partners/crm/people?email=ann%40unknown.example").await;
    assert_eq!(json_of(&sim, request).await.0, 404);
    let request = Request::get(CRM).body(Body::empty()).unwrap();
    assert_eq!(json_of(&sim, request).await.0, 401, "without the key");
}

#[rstest]
#[case::known("S-1001", 200)]
#[case::also_known("S-1003", 200)]
#[case::unknown("S-1004", 404)]
#[case::another_form("s-1001", 404)]
#[tokio::test]
async fn the_erp_knows_three_numbers(#[case] number: &str, #[case] status: u16) {
    use base64::{Engine, prelude::BASE64_STANDARD};

    let sim = simulator();
    let pair: Value = serde_json::from_str(&secret_text(&sim, "erp").await).unwrap();
    let text = |name: &str| pair[name].as_str().unwrap().to_owned();
    let basic = BASE64_STANDARD.encode(format!("{}:{}", text("username"), text("password")));
    let path = format!("/partners/erp/suppliers/{number}");
    let request = Request::get(&path)
        .header(header::AUTHORIZATION, format!("Basic {basic}"))
        .body(Body::empty());
    assert_eq!(json_of(&sim, request.unwrap()).await.0, status);
    let request = Request::get(&path).body(Body::empty()).unwrap();
    assert_eq!(json_of(&sim, request).await.0, 401);
}

#[rstest]
#[case("Ann Berg", "PASS")]
#[case("Ann  REFER", "MANUAL")]
#[case("Fail", "FAIL")]
#[case("Fail Berg", "PASS")]
#[tokio::test]
async fn the_surname_decides_a_check(#[case] name: &str, #[case] decision: &str) {
    let sim = simulator();
    let key = secret_text(&sim, "identity").await;
    let request = Request::post("/partners/identity/checks")
        .header("x-api-key", key)
        .body(Body::from(
            json!({ "name": name, "country": "SE" }).to_string(),
        ));
    let (status, body) = json_of(&sim, request.unwrap()).await;
    assert_eq!((status, &body["decision"]), (200, &json!(decision)));
    assert!(body["id"].as_str().unwrap().starts_with("chk-"));
}

#[tokio::test]
async fn a_check_without_a_name_is_refused() {
    let sim = simulator();
    let key = secret_text(&sim, "identity").await;
    let request = Request::post("/partners/identity/checks")
        .header("x-api-key", key)
        .body(Body::from("[]"));
    assert_eq!(json_of(&sim, request.unwrap()).await.0, 400);
}

#[tokio::test]
async fn the_credential_for_graph_is_a_secret() {
    let (status, body) = secret(&simulator(), "signup-connectors/graph").await;
    assert_eq!(status, 200);
    let client: Value = serde_json::from_str(body["SecretString"].as_str().unwrap()).unwrap();
    let expected = json!({
        "client_id": "c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52",
        "client_secret": "local-graph-secret",
    });
    assert_eq!(client, expected);
}

#[tokio::test]
async fn the_console_has_its_credential_and_the_key_of_its_cookies() {
    let text = secret_text(&simulator(), "console").await;
    let console: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(console["client_id"], "5f1b1c3e-6a0d-4c39-9d3a-0c8f6c2f7b11");
    assert_eq!(console["client_secret"], "local-console-secret");
    let links: Value = serde_json::from_str(&secret_text(&simulator(), "links").await).unwrap();
    for key in [&console["cookie_key"], &links["key"]] {
        let octets = STANDARD.decode(key.as_str().unwrap()).unwrap();
        assert_eq!(octets.len(), 32);
    }
}

#[tokio::test]
async fn what_secrets_manager_does_not_know_has_its_documented_error() {
    let sim = simulator();
    let (status, body) = secret(&sim, "signup-connectors/nobody").await;
    let kind = json!("ResourceNotFoundException");
    assert_eq!((status, &body["__type"]), (400, &kind));
    let request = Request::post("/secrets")
        .header("x-amz-target", "secretsmanager.RestoreSecret")
        .body(Body::from("{}"));
    let (status, body) = json_of(&sim, request.unwrap()).await;
    assert_eq!(
        (status, &body["__type"]),
        (400, &json!("UnknownOperationException"))
    );
}

/// Another operation of Secrets Manager.
async fn change_secret(sim: &Arc<Simulator>, operation: &str, body: Value) -> (u16, Value) {
    let request = Request::post("/secrets/")
        .header("x-amz-target", format!("secretsmanager.{operation}"))
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .body(Body::from(body.to_string()));
    json_of(sim, request.unwrap()).await
}

#[tokio::test]
async fn a_secret_is_made_once_and_then_changed() {
    let sim = simulator();
    let name = "signup-connectors/webhooks/ep_0123456789abcdef";
    let change = |secret: &str| json!({ "SecretId": name, "SecretString": secret });
    let (status, body) = change_secret(&sim, "PutSecretValue", change("one")).await;
    let absent = json!("ResourceNotFoundException");
    assert_eq!((status, &body["__type"]), (400, &absent));
    let made = json!({ "Name": name, "SecretString": "one" });
    let (status, body) = change_secret(&sim, "CreateSecret", made.clone()).await;
    assert_eq!((status, &body["Name"]), (200, &json!(name)));
    assert_eq!(secret(&sim, name).await.1["SecretString"], "one");
    let (status, body) = change_secret(&sim, "CreateSecret", made).await;
    let exists = json!("ResourceExistsException");
    assert_eq!((status, &body["__type"]), (400, &exists));
    let (status, _) = change_secret(&sim, "PutSecretValue", change("two")).await;
    assert_eq!(status, 200);
    assert_eq!(secret(&sim, name).await.1["SecretString"], "two");
    let deleted = json!({ "SecretId": name, "RecoveryWindowInDays": 7 });
    let (status, _) = change_secret(&sim, "DeleteSecret", deleted.clone()).await;
    assert_eq!(status, 200);
    let (status, body) = change_secret(&sim, "DeleteSecret", deleted).await;
    assert_eq!((status, &body["__type"]), (400, &absent));
}

/// An operation of the key service as the SDK asks for it.
async fn kms(sim: &Arc<Simulator>, operation: &str, body: Value) -> (u16, Value) {
    let request = Request::post("/keys/")
        .header("x-amz-target", format!("TrentService.{operation}"))
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .body(Body::from(body.to_string()));
    json_of(sim, request.unwrap()).await
}

#[tokio::test]
async fn a_data_key_is_unwrapped_in_its_context_alone_and_after_a_restart() {
    let context = json!({ "request": "one" });
    let wanted = json!({ "KeyId": KEY_ID, "KeySpec": "AES_256", "EncryptionContext": context });
    let (status, made) = kms(&simulator(), "GenerateDataKey", wanted).await;
    assert_eq!(status, 200, "{made}");

    let sim = simulator();
    let wrapped = |context: Value| json!({ "CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context });
    let (status, unwrapped) = kms(&sim, "Decrypt", wrapped(context)).await;
    assert_eq!((status, &unwrapped["Plaintext"]), (200, &made["Plaintext"]));
    for other in [json!({ "request": "two" }), json!({})] {
        let (status, body) = kms(&sim, "Decrypt", wrapped(other)).await;
        let kind = json!("InvalidCiphertextException");
        assert_eq!((status, &body["__type"]), (400, &kind));
    }
}

#[rstest]
#[case::key("GenerateDataKey", json!({ "KeyId": "alias/other", "KeySpec": "AES_256" }), "NotFoundException")]
#[case::spec("GenerateDataKey", json!({ "KeyId": KEY_ID, "KeySpec": "AES_128" }), "ValidationException")]
#[case::key_of_decrypt("Decrypt", json!({ "KeyId": "other", "CiphertextBlob": "AA==" }), "NotFoundException")]
#[case::no_base64("Decrypt", json!({ "CiphertextBlob": "?" }), "InvalidCiphertextException")]
#[case::short("Decrypt", json!({ "CiphertextBlob": "AA==" }), "InvalidCiphertextException")]
#[case::members("Decrypt", json!({}), "SerializationException")]
#[case::operation("Encrypt", json!({}), "UnknownOperationException")]
#[tokio::test]
async fn what_kms_refuses_has_its_documented_error(
    #[case] operation: &str,
    #[case] body: Value,
    #[case] kind: &str,
) {
    let (status, body) = kms(&simulator(), operation, body).await;
    assert_eq!((status, &body["__type"]), (400, &json!(kind)));
}

#[rstest]
#[case::failing(Condition::Failing, 500, "")]
#[case::garbage(Condition::Garbage, 200, "<!doctype html><title>Maintenance</title>")]
#[tokio::test]
async fn a_bad_answer_is_given_as_it_is_switched(
    #[case] condition: Condition,
    #[case] status: u16,
    #[case] body: &str,
) {
    let sim = simulator();
    switch_crm(&sim, condition);
    let request = asked(&sim, CRM).await;
    let (found, text) = send(&sim, request).await;
    assert_eq!((found.as_u16(), text.as_str()), (status, body));
}

#[tokio::test]
async fn a_system_that_is_down_breaks_its_answer_off() {
    let sim = simulator();
    switch_crm(&sim, Condition::Down);
    let request = asked(&sim, CRM).await;
    let body = respond(&sim, request).await.into_body();
    assert!(body.collect().await.is_err());
}

#[rstest]
#[case(Condition::Slow)]
#[case(Condition::Hanging)]
#[tokio::test]
async fn a_late_answer_is_not_there_yet_and_the_call_is_shown(#[case] condition: Condition) {
    let sim = simulator();
    switch_crm(&sim, condition);
    let request = asked(&sim, CRM).await;
    let answer = tokio::time::timeout(Duration::from_millis(50), respond(&sim, request)).await;
    assert!(answer.is_err());
    assert!(page(&sim).await.contains("GET /partners/crm/people?email="));
}

#[tokio::test]
async fn the_form_switches_each_system_and_shows_it() {
    let sim = simulator();
    let empty = page(&sim).await;
    assert!(empty.contains("Everything works.") && empty.contains("Nobody called."));
    let saved = Request::post("/partners")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("crm=slow&erp=working&identity=down"));
    assert_eq!(send(&sim, saved.unwrap()).await.0, StatusCode::SEE_OTHER);
    let expected = json!({ "crm": "slow", "erp": "working", "identity": "down" });
    let read = || {
        let request = Request::get("/simulator/partners").body(Body::empty());
        json_of(&sim, request.unwrap())
    };
    assert_eq!(read().await, (200, expected));
    let shown = page(&sim).await;
    assert!(shown.contains("CRM, Identity provider."), "{shown}");
    assert!(shown.contains(r#"value="down" selected"#));

    let reset = Request::post("/partners/reset")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&sim, reset).await.0, StatusCode::SEE_OTHER);
    assert_eq!(sim.partners.conditions(), Conditions::default());
}

#[rstest]
#[case::unknown_system(r#"{"erm": "down"}"#)]
#[case::unknown_condition(r#"{"erp": "tired"}"#)]
#[tokio::test]
async fn a_wrong_document_changes_nothing(#[case] document: &str) {
    let sim = simulator();
    let request = Request::put("/simulator/partners")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(document.to_owned()));
    assert!(send(&sim, request.unwrap()).await.0.is_client_error());
    assert_eq!(sim.partners.conditions(), Conditions::default());
}
