//! The same desk for programs.

use axum::http::{StatusCode, header};
use local_entra::model::TenantKind;
use rstest::rstest;
use serde_json::{Map, Value, json};
use shared::domain::approval::{Action, Actor, State};

use crate::world::{APPROVER, Answer, CLIENT, Case, World};

const SCRIPT: &str = "77776666-aaaa-9999-bbbb-8888cccc7777";

/// Claims of an access token for the console.
fn claims(roles: &[&str]) -> Map<String, Value> {
    let claims = json!({
        "aud": CLIENT, "azp": SCRIPT, "oid": APPROVER, "preferred_username": "alex@contoso.example", "roles": roles,
    });
    claims.as_object().unwrap().clone()
}

impl World {
    fn token(&self, claims: Map<String, Value>) -> String {
        self.entra.tokens.id_token(TenantKind::Workforce, claims)
    }

    pub(crate) async fn ask(&self, roles: &[&str], path: &str) -> Answer {
        self.call(&self.token(claims(roles)), path, None).await
    }

    async fn answer(&self, roles: &[&str], path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.call(&self.token(claims(roles)), path, Some(&body))
            .await
    }
}

pub(crate) fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

pub(crate) fn code(answer: &Answer) -> String {
    let kind = &answer.headers[header::CONTENT_TYPE];
    assert_eq!(kind, "application/problem+json");
    body(answer)["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn requests_are_listed_shown_and_counted() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let list = world.ask(&["Approver"], "/api/requests").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    let list = body(&list);
    assert_eq!(list["requests"][0]["id"], id.as_str());
    assert_eq!(list["next"], Value::Null);
    assert!(!list.to_string().contains("ann"));
    let path = format!("/api/requests/{id}");
    let shown = body(&world.ask(&["Approver"], &path).await);
    assert_eq!(shown["applicant"]["addresses"][0], "ann@partner.example");
    assert_eq!(shown["history"][0]["action"], "open");
    let counts = world.ask(&["Approver"], "/api/requests/counts").await;
    assert_eq!(body(&counts)["pending"], 1);
}

#[tokio::test]
async fn a_decision_is_about_the_version_that_was_seen() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let path = format!("/api/requests/{id}/decisions");
    let decision =
        json!({ "action": "deny", "version": 1, "reason": "unknown", "message": "Sorry." });
    let answer = world.answer(&["Approver"], &path, &decision).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(body(&answer)["state"], "denied");
    let history = world.history(&id).await;
    let signature = format!("alex@contoso.example ({APPROVER})");
    assert_eq!(history[1].by, Actor::Person(signature));
    assert_eq!(history[1].message.as_deref(), Some("Sorry."));
    let again = world.answer(&["Approver"], &path, &decision).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(code(&again), "changed-meanwhile");
}

#[rstest]
#[case::what_only_the_program_does(json!({ "action": "finish", "version": 1 }), "refused")]
#[case::no_action(json!({ "action": "delete", "version": 1 }), "bad-request")]
#[case::a_version_that_never_was(json!({ "action": "approve", "version": 7 }), "refused")]
#[case::no_version(json!({ "action": "approve" }), "bad-request")]
#[case::what_is_not_known(json!({ "action": "approve", "version": 1, "by": "eve" }), "bad-request")]
#[case::a_long_reason(json!({ "action": "deny", "version": 1, "reason": "é".repeat(1001) }), "bad-request")]
#[case::only_administrators(json!({ "action": "retry", "version": 1 }), "refused")]
#[tokio::test]
async fn what_is_no_decision_changes_nothing(#[case] decision: Value, #[case] expected: &str) {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let path = format!("/api/requests/{id}/decisions");
    let answer = world.answer(&["Approver"], &path, &decision).await;
    assert!(answer.status.is_client_error());
    assert_eq!(code(&answer), expected);
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn a_scope_holds_for_programs_too() {
    let world = World::new().await;
    let id = world.pending(Case::of("joe", "elsewhere.example")).await;
    let roles = ["Approver.domain:partner.example"];
    let list = body(&world.ask(&roles, "/api/requests").await);
    assert_eq!(list["requests"], json!([]));
    let shown = world.ask(&roles, &format!("/api/requests/{id}")).await;
    assert_eq!(shown.status, StatusCode::NOT_FOUND);
    assert_eq!(code(&shown), "not-found");
    let path = format!("/api/requests/{id}/decisions");
    let decision = json!({ "action": "approve", "version": 1 });
    let answer = world.answer(&roles, &path, &decision).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(world.request(&id).await.state, State::Pending);
    let counts = world.ask(&roles, "/api/requests/counts").await;
    assert_eq!(code(&counts), "beyond-scope");
}

#[rstest]
#[case::another_audience("aud", json!("99990000-aaaa-1111-bbbb-2222cccc3333"))]
#[case::an_id_token("azp", Value::Null)]
#[case::nobody("oid", Value::Null)]
#[tokio::test]
async fn a_token_is_for_the_console_and_of_somebody(#[case] claim: &str, #[case] value: Value) {
    let world = World::new().await;
    let mut claims = claims(&["Administrator"]);
    claims.insert(claim.to_owned(), value);
    let token = world.token(claims);
    let answer = world.call(&token, "/api/requests", None).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.headers[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(code(&answer), "unauthorized");
}

#[tokio::test]
async fn a_session_is_no_token_and_a_role_is_needed() {
    let world = World::new().await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser.get("/api/requests").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let answer = world.ask(&[], "/api/requests").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(code(&answer), "no-role");
    let forged = world.call("a.b.c", "/api/requests", None).await;
    assert_eq!(forged.status, StatusCode::UNAUTHORIZED);
}

#[rstest]
#[case::state("/api/requests?state=open", StatusCode::BAD_REQUEST)]
#[case::order("/api/requests?order=best", StatusCode::BAD_REQUEST)]
#[case::place("/api/requests?after=1", StatusCode::BAD_REQUEST)]
#[case::twice("/api/requests?state=denied&state=denied", StatusCode::BAD_REQUEST)]
#[case::no_id("/api/requests/1", StatusCode::NOT_FOUND)]
#[case::nothing("/api/lists", StatusCode::NOT_FOUND)]
#[tokio::test]
async fn what_is_not_understood_is_told(#[case] path: &str, #[case] expected: StatusCode) {
    let world = World::new().await;
    let answer = world.ask(&["Approver"], path).await;
    assert_eq!(answer.status, expected);
    code(&answer);
}

#[tokio::test]
async fn filters_and_states_are_as_in_the_queue() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    world.change(&id, Action::Deny, "eve").await;
    let all = ["Approver"];
    let path = "/api/requests?state=denied&domain=PARTNER.example&order=newest";
    let list = body(&world.ask(&all, path).await);
    assert_eq!(list["requests"][0]["state"], "denied");
}

#[test]
fn the_committed_description_is_that_of_the_types() {
    let committed = include_str!("../../../docs/openapi.json");
    let committed: Value = serde_json::from_str(committed).unwrap();
    assert!(
        committed == shared::console::openapi(),
        "docs/openapi.json is old; write it with `cargo run -p shared --example openapi > docs/openapi.json`"
    );
}
