//! AWS Secrets Manager as far as reading a secret needs it: `GetSecretValue` of AWS JSON 1.1. Whoever signs a request is
//! believed. The secrets are those that the systems beside it, Graph and the sign-in expect, and open nothing else.

use std::sync::Arc;

use axum::{
    Router, body::Bytes, extract::State, http::HeaderMap, response::Response, routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::aws_json::{self, Fault};
use crate::{
    Simulator,
    config::{Application, Config},
};

pub(super) const CRM_KEY: &str = "local-crm-key";
pub(super) const ERP_USERNAME: &str = "connector";
pub(super) const ERP_PASSWORD: &str = "local-erp-password";
pub(super) const IDENTITY_KEY: &str = "local-identity-key";

/// What an approval console seals its cookies with, and what links in mails are signed with.
const COOKIE_KEY: &[u8; 32] = b"local-cookie-key-of-32-octets!!!";
const LINK_KEY: &[u8; 32] = b"local-link-key--of-32-octets!!!!";

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
        "signup-connectors/graph" => {
            credential(config, |one| !one.signs_people_in()).map(|client| client.to_string())
        }
        "signup-connectors/console" => console(config),
        "signup-connectors/links" => Some(json!({ "key": STANDARD.encode(LINK_KEY) }).to_string()),
        _ => None,
    }
}

fn console(config: &Config) -> Option<String> {
    let mut client = credential(config, Application::signs_people_in)?;
    client
        .as_object_mut()?
        .insert("cookie_key".to_owned(), STANDARD.encode(COOKIE_KEY).into());
    Some(client.to_string())
}

/// That of the first application of a kind that has one.
fn credential(config: &Config, is_wanted: impl Fn(&Application) -> bool) -> Option<Value> {
    let mut applications = config.applications.iter().filter(|one| is_wanted(one));
    applications.find_map(|application| {
        let secret = application.secret.as_ref()?;
        Some(json!({ "client_id": application.id, "client_secret": secret }))
    })
}
