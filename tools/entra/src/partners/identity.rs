//! The identity provider: whether a person is known, decided by the surname, so that whoever types it chooses.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
    routing::post,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{Answer, Partner, has_header, secrets::IDENTITY_KEY};
use crate::Simulator;

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new().route("/partners/identity/checks", post(check))
}

/// Whatever else a request says changes nothing.
#[derive(Debug, Deserialize)]
struct Check {
    name: String,
}

async fn check(
    State(sim): State<Arc<Simulator>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorized = has_header(&headers, "x-api-key", IDENTITY_KEY);
    let answer = Answer::guarded(authorized, || checked(&body));
    sim.partners
        .answer(Partner::Identity, Method::POST, &uri, answer)
        .await
}

fn checked(body: &[u8]) -> Answer {
    let Ok(Check { name }) = serde_json::from_slice(body) else {
        let expected = "expected a JSON object with the text `name`";
        return Answer::error(StatusCode::BAD_REQUEST, expected);
    };
    let id = format!("chk-{}", Uuid::new_v4());
    Answer::ok(json!({ "decision": decision(&name), "id": id }))
}

fn decision(name: &str) -> &'static str {
    let surname = name.split_whitespace().next_back().unwrap_or_default();
    match surname.to_lowercase().as_str() {
        "refer" => "MANUAL",
        "fail" => "FAIL",
        _ => "PASS",
    }
}
