//! AWS Secrets Manager as far as reading a secret needs it: `GetSecretValue` of AWS JSON 1.1. Whoever signs a request is
//! believed. The secrets are those that the systems beside it expect, and open nothing else.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::has_header;
use crate::Simulator;

pub(super) const CRM_KEY: &str = "local-crm-key";
pub(super) const ERP_USERNAME: &str = "connector";
pub(super) const ERP_PASSWORD: &str = "local-erp-password";
pub(super) const IDENTITY_KEY: &str = "local-identity-key";

const TARGET: &str = "x-amz-target";
const GET_SECRET_VALUE: &str = "secretsmanager.GetSecretValue";
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The address of an endpoint ends with a slash or not, as whoever configures it likes.
pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/secrets", post(answer))
        .route("/secrets/", post(answer))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
}

async fn answer(headers: HeaderMap, body: Bytes) -> Response {
    match value(&headers, &body) {
        Ok(value) => respond(StatusCode::OK, &value),
        Err((kind, message)) => {
            let body = json!({ "__type": kind, "message": message });
            (
                [(ERROR_TYPE, kind)],
                respond(StatusCode::BAD_REQUEST, &body),
            )
                .into_response()
        }
    }
}

/// Kind and message of the error.
fn value(headers: &HeaderMap, body: &[u8]) -> Result<Value, (&'static str, &'static str)> {
    if !has_header(headers, TARGET, GET_SECRET_VALUE) {
        let message = "this simulator knows GetSecretValue and nothing else";
        return Err(("UnknownOperationException", message));
    }
    let asked: GetSecretValue = serde_json::from_slice(body)
        .map_err(|_| ("SerializationException", "expected the text SecretId"))?;
    let secret = secret(&asked.secret_id).ok_or((
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
    ))?;
    Ok(json!({
        "ARN": format!("arn:aws:secretsmanager:local:000000000000:secret:{}", asked.secret_id),
        "Name": asked.secret_id,
        "SecretString": secret,
        "VersionStages": ["AWSCURRENT"],
    }))
}

fn secret(id: &str) -> Option<String> {
    match id {
        "signup-connectors/crm" => Some(CRM_KEY.to_owned()),
        "signup-connectors/erp" => {
            let pair = json!({ "username": ERP_USERNAME, "password": ERP_PASSWORD });
            Some(pair.to_string())
        }
        "signup-connectors/identity" => Some(IDENTITY_KEY.to_owned()),
        _ => None,
    }
}

fn respond(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    (status, content_type, body.to_string()).into_response()
}
