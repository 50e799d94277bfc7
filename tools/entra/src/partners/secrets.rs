//! AWS Secrets Manager as far as reading, keeping and deleting a secret needs it: `GetSecretValue`, `CreateSecret`,
//! `PutSecretValue` and `DeleteSecret` of AWS JSON 1.1. Whoever signs a request is believed. The secrets are those that the
//! systems beside it, Graph and the sign-in expect, and those that were made here, which are gone when the process ends.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

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

/// The endpoint that leads to the receiver here, and what its webhooks are signed with.
pub const ENDPOINT_ID: &str = "ep_10ca100000000001";
const WEBHOOK_KEY: &[u8; 32] = b"local-webhook-key-of-32-octets!!";

/// Below it are the secrets of endpoints.
const WEBHOOKS: &str = "signup-connectors/webhooks/";

const ABSENT: Fault = (
    "ResourceNotFoundException",
    "Secrets Manager can't find the specified secret.",
);
const EXISTS: Fault = (
    "ResourceExistsException",
    "The operation failed because the secret already exists.",
);

/// The secrets that were made here, by their names.
#[derive(Debug, Default)]
pub(super) struct Made(Mutex<BTreeMap<String, String>>);

impl Made {
    /// What webhooks are signed with, of the endpoint that leads here and of those that were added.
    pub(super) fn webhook_keys(&self) -> Vec<Vec<u8>> {
        let made = self.lock();
        let endpoints = made.iter().filter(|(name, _)| name.starts_with(WEBHOOKS));
        let made = endpoints.flat_map(|(_, secret)| keys(secret));
        made.chain([WEBHOOK_KEY.to_vec()]).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSecret {
    name: String,
    secret_string: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue {
    secret_id: String,
    secret_string: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteSecret {
    secret_id: String,
}

async fn answer(
    State(simulator): State<Arc<Simulator>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (made, config) = (&simulator.partners.secrets, &simulator.config);
    aws_json::respond(match aws_json::target(&headers) {
        "secretsmanager.GetSecretValue" => read(&body).and_then(|asked| get(&asked, made, config)),
        "secretsmanager.CreateSecret" => read(&body).and_then(|asked| create(asked, made, config)),
        "secretsmanager.PutSecretValue" => read(&body).and_then(|asked| put(asked, made)),
        "secretsmanager.DeleteSecret" => read(&body).and_then(|asked| delete(&asked, made)),
        _ => Err((
            "UnknownOperationException",
            "this simulator knows GetSecretValue, CreateSecret, PutSecretValue and DeleteSecret and nothing else",
        )),
    })
}

fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Fault> {
    let message = "expected the members of the operation, texts among them";
    serde_json::from_slice(body).map_err(|_| ("SerializationException", message))
}

fn get(asked: &GetSecretValue, made: &Made, config: &Config) -> Result<Value, Fault> {
    let id = &asked.secret_id;
    let made = made.lock().get(id).cloned();
    let secret = made.or_else(|| secret(id, config)).ok_or(ABSENT)?;
    Ok(json!({
        "ARN": arn(id),
        "Name": id,
        "SecretString": secret,
        "VersionStages": ["AWSCURRENT"],
    }))
}

fn create(asked: CreateSecret, made: &Made, config: &Config) -> Result<Value, Fault> {
    let mut made = made.lock();
    if made.contains_key(&asked.name) || secret(&asked.name, config).is_some() {
        return Err(EXISTS);
    }
    let answer = named(&asked.name);
    made.insert(asked.name, asked.secret_string);
    Ok(answer)
}

/// Those of the configuration stay as they are.
fn put(asked: PutSecretValue, made: &Made) -> Result<Value, Fault> {
    let mut made = made.lock();
    let secret = made.get_mut(&asked.secret_id).ok_or(ABSENT)?;
    *secret = asked.secret_string;
    Ok(named(&asked.secret_id))
}

/// At once, whatever window is asked for. Those of the configuration stay as they are.
fn delete(asked: &DeleteSecret, made: &Made) -> Result<Value, Fault> {
    let id = &asked.secret_id;
    made.lock().remove(id).ok_or(ABSENT)?;
    Ok(named(id))
}

fn named(id: &str) -> Value {
    json!({ "ARN": arn(id), "Name": id })
}

fn arn(id: &str) -> String {
    format!("arn:aws:secretsmanager:local:000000000000:secret:{id}")
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
        id if id.strip_prefix(WEBHOOKS) == Some(ENDPOINT_ID) => {
            let key = format!("whsec_{}", STANDARD.encode(WEBHOOK_KEY));
            Some(json!({ "keys": [key] }).to_string())
        }
        "signup-connectors/links" => Some(json!({ "key": STANDARD.encode(LINK_KEY) }).to_string()),
        _ => None,
    }
}

/// Those of an endpoint's secret.
fn keys(secret: &str) -> Vec<Vec<u8>> {
    let secret: Value = serde_json::from_str(secret).unwrap_or_default();
    let keys = secret.get("keys").and_then(Value::as_array);
    let keys = keys.into_iter().flatten().filter_map(Value::as_str);
    let keys = keys.filter_map(|key| key.strip_prefix("whsec_"));
    keys.filter_map(|key| STANDARD.decode(key).ok()).collect()
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
