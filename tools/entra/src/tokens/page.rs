//! The page about tokens: issuers, keys, and what the next extension token looks like.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    authority::{IssuerForm, Tenancy},
    extension_token::{ExtensionToken, Spoilt},
    jwt,
    keys::SigningKey,
    lock, trial,
};
use crate::{Simulator, config::Application, pages::page};

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/tokens", get(show))
        .route("/tokens/rotate", post(rotate))
        .route("/tokens/withdraw", post(withdraw))
        .route("/tokens/extension", post(set_extension_token))
        .route("/simulator/extension-token", get(extension_token))
}

#[derive(Template)]
#[template(path = "tokens/tokens.html")]
struct TokensPage<'p> {
    issuers: Vec<IssuerRow>,
    keys: Vec<KeyRow>,
    /// Those with a key to withdraw.
    rotated: Vec<Tenancy>,
    set: ExtensionToken,
    audience: &'p str,
    token: Shown,
    /// Who can be signed in to by way of trial.
    trial: Option<&'p Application>,
    trial_address: String,
}

struct IssuerRow {
    name: &'static str,
    issuer: String,
    document: String,
}

struct KeyRow {
    tenancy: &'static str,
    kid: String,
    since: String,
    signs: bool,
}

/// A token for people to read.
pub(super) struct Shown {
    pub(super) token: String,
    pub(super) header: String,
    pub(super) claims: String,
}

impl Shown {
    pub(super) fn new(token: String) -> Self {
        let parts = jwt::parts(&token);
        let pretty = |part: Option<&jwt::Claims>| {
            let value = part.cloned().map_or(Value::Null, Value::Object);
            format!("{value:#}")
        };
        Self {
            header: pretty(parts.as_ref().map(|parts| &parts.header)),
            claims: pretty(parts.as_ref().map(|parts| &parts.claims)),
            token,
        }
    }
}

async fn show(State(simulator): State<Arc<Simulator>>) -> Response {
    let tokens = &simulator.tokens;
    let issuers = IssuerForm::ALL.map(|form| IssuerRow {
        name: form.name(),
        issuer: tokens.addresses.issuer(form),
        document: tokens.addresses.document(form),
    });
    let sets = Tenancy::ALL.map(|tenancy| (tenancy, tokens.keys(tenancy)));
    let keys = sets.iter().flat_map(|(tenancy, keys)| {
        let published = keys.published().enumerate();
        published.map(|(place, key)| key_row(*tenancy, key, place == 0))
    });
    let rotated = sets.iter().filter(|(_, keys)| keys.previous.is_some());
    // Unlocked before the page is made, for the token below reads it too.
    let set = lock(&tokens.extension_token).clone();
    page(
        StatusCode::OK,
        &TokensPage {
            issuers: issuers.into(),
            keys: keys.collect(),
            rotated: rotated.map(|(tenancy, _)| *tenancy).collect(),
            set,
            audience: &tokens.extension_audience,
            token: Shown::new(tokens.for_extension()),
            trial: trial::application(&simulator),
            trial_address: trial::redirect_uri(&simulator),
        },
    )
}

fn key_row(tenancy: Tenancy, key: &SigningKey, signs: bool) -> KeyRow {
    KeyRow {
        tenancy: tenancy.name(),
        kid: key.public.kid.clone(),
        since: key.since.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        signs,
    }
}

#[derive(Debug, Deserialize)]
struct KeysOf {
    tenant: String,
}

async fn rotate(
    State(simulator): State<Arc<Simulator>>,
    Form(KeysOf { tenant }): Form<KeysOf>,
) -> Response {
    let Some(tenancy) = Tenancy::from_key(&tenant) else {
        return no_such(&tenant);
    };
    let made = tokio::task::spawn_blocking(SigningKey::generate).await;
    match made.map_err(|error| error.to_string()) {
        Ok(key) => {
            lock(simulator.tokens.key_set(tenancy)).rotate(key);
            back()
        }
        Err(problem) => failed(problem),
    }
}

async fn withdraw(
    State(simulator): State<Arc<Simulator>>,
    Form(KeysOf { tenant }): Form<KeysOf>,
) -> Response {
    let Some(tenancy) = Tenancy::from_key(&tenant) else {
        return no_such(&tenant);
    };
    lock(simulator.tokens.key_set(tenancy)).withdraw_previous();
    back()
}

#[derive(Debug, Deserialize)]
struct Switches {
    issuer: String,
    #[serde(default)]
    app_id_uri_host: String,
    /// Empty for a token that is right.
    #[serde(default)]
    spoilt: String,
}

async fn set_extension_token(
    State(simulator): State<Arc<Simulator>>,
    Form(switches): Form<Switches>,
) -> Response {
    let Some(issuer) = IssuerForm::from_key(&switches.issuer) else {
        return no_such(&switches.issuer);
    };
    let spoilt = Spoilt::from_key(&switches.spoilt);
    if spoilt.is_none() && !switches.spoilt.is_empty() {
        return no_such(&switches.spoilt);
    }
    *lock(&simulator.tokens.extension_token) = ExtensionToken {
        issuer,
        app_id_uri_host: switches.app_id_uri_host.trim().to_owned(),
        spoilt,
    };
    back()
}

/// The next token by itself, for programs.
async fn extension_token(State(simulator): State<Arc<Simulator>>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, simulator.tokens.for_extension()).into_response()
}

fn back() -> Response {
    Redirect::to("/tokens").into_response()
}

fn no_such(found: &str) -> Response {
    (
        StatusCode::BAD_REQUEST,
        format!("there is no choice `{found}`"),
    )
        .into_response()
}

fn failed(problem: String) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, problem).into_response()
}
