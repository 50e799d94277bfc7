//! AWS Secrets Manager as far as reading a secret needs it: `GetSecretValue` of AWS JSON 1.1. Whoever signs a request is
//! believed. The secrets are those that the systems beside it and Graph expect, and open nothing else.

use std::sync::Arc;

use axum::{
    Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::aws_json::{self, Fault};
use crate::{Simulator, config::Config};

pub(super) const CRM_KEY: &str = "local-crm-key";
pub(super) const ERP_USERNAME: &str = "connector";
pub(super) const ERP_PASSWORD: &str = "local-erp-password";
pub(super) const IDENTITY_KEY: &str = "local-identity-key";

/// "local links are signed with this", in Base64.
const LINK_KEY: &str = "bG9jYWwgbGlua3MgYXJlIHNpZ25lZCB3aXRoIHRoaXM=";

const GET_SECRET_VALUE: &str = "secretsmanager.GetSecretValue";

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

async fn answer(
    State(simulator): State<Arc<Simulator>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    aws_json::respond(value(&headers, &body, &simulator.config))
}

fn value(headers: &HeaderMap, body: &[u8], config: &Config) -> Result<Value, Fault> {
    if aws_json::target(headers) != GET_SECRET_VALUE {
        let message = "this simulator knows GetSecretValue and nothing else";
        return Err(("UnknownOperationException", message));
    }
    let asked: GetSecretValue = serde_json::from_slice(body)
        .map_err(|_| ("SerializationException", "expected the text SecretId"))?;
    let secret = secret(&asked.secret_id, config).ok_or((
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

fn secret(id: &str, config: &Config) -> Option<String> {
    match id {
        "signup-connectors/crm" => Some(CRM_KEY.to_owned()),
        "signup-connectors/erp" => {
            let pair = json!({ "username": ERP_USERNAME, "password": ERP_PASSWORD });
            Some(pair.to_string())
        }
        "signup-connectors/identity" => Some(IDENTITY_KEY.to_owned()),
        "signup-connectors/graph" => graph(config),
        "signup-connectors/links" => Some(json!({ "key": LINK_KEY }).to_string()),
        _ => None,
    }
}

/// The credential of the first application that has one.
fn graph(config: &Config) -> Option<String> {
    let mut applications = config.applications.iter();
    applications.find_map(|application| {
        let secret = application.secret.as_ref()?;
        let client = json!({ "client_id": application.id, "client_secret": secret });
        Some(client.to_string())
    })
}
