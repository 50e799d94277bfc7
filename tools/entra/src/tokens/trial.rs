//! A client of the sign-in, for seeing what a console of the operator would get.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use reqwest::Url;
use serde_json::Value;

use super::{
    answer::send_on,
    authority::{Authority, Tenancy},
    codes::{self, Redemption},
    grants, jwt, lock,
    oauth_error::OAuthError,
    page::Shown,
    parameters::Parameters,
};
use crate::{Simulator, clock, config::Application, pages::page};

/// Where the code comes back.
const DONE: &str = "/sign-in/done";

/// What was asked for, by the state that comes back with the code.
#[derive(Debug, Default)]
pub(super) struct Trials(BTreeMap<String, Trial>);

#[derive(Debug)]
struct Trial {
    client_id: String,
    nonce: String,
    verifier: String,
    started: i64,
}

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/sign-in/start", get(start))
        .route(DONE, get(done))
}

pub(super) fn redirect_uri(simulator: &Simulator) -> String {
    format!("{}{DONE}", simulator.tokens.addresses.origin())
}

/// The first application that may be sent its codes here.
pub(super) fn application(simulator: &Simulator) -> Option<&Application> {
    let here = redirect_uri(simulator);
    let mut all = simulator.config.applications.iter();
    all.find(|one| one.redirect_uris.contains(&here))
}

#[derive(Template)]
#[template(path = "tokens/done.html")]
struct DonePage {
    end: End,
}

/// How a trial ended.
enum End {
    Tokens {
        id: Shown,
        access: Shown,
    },
    Error {
        error: String,
        description: String,
    },
    /// A code for somebody else's request, who has the verifier to it.
    Code {
        code: String,
        state: Option<String>,
    },
}

async fn start(State(simulator): State<Arc<Simulator>>) -> Response {
    let addresses = &simulator.tokens.addresses;
    let endpoint = format!(
        "{}/oauth2/v2.0/authorize",
        addresses.base(&Authority::Workforce)
    );
    let (Some(application), Ok(url)) = (application(&simulator), Url::parse(&endpoint)) else {
        let missing = format!(
            "no application has the redirect URI {}",
            redirect_uri(&simulator)
        );
        return (StatusCode::NOT_FOUND, missing).into_response();
    };
    let state = codes::random();
    let trial = Trial {
        client_id: application.id.clone(),
        nonce: codes::random(),
        verifier: codes::random(),
        started: clock::now().as_second(),
    };
    let response = send_on(
        url,
        &[
            ("client_id", &application.id),
            ("response_type", "code"),
            ("redirect_uri", &redirect_uri(&simulator)),
            ("scope", "openid profile email"),
            ("state", &state),
            ("nonce", &trial.nonce),
            ("code_challenge", &codes::challenge(&trial.verifier)),
            ("code_challenge_method", "S256"),
        ],
    );
    lock(&simulator.tokens.trials).start(state, trial);
    response
}

impl Trials {
    fn start(&mut self, state: String, trial: Trial) {
        let oldest = trial.started.saturating_sub(codes::LIFETIME);
        self.0.retain(|_, known| known.started > oldest);
        self.0.insert(state, trial);
    }
}

async fn done(
    State(simulator): State<Arc<Simulator>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let end = Parameters::read(query).map_or_else(
        |error| End::failed(&error),
        |given| finish(&simulator, &given),
    );
    let status = match &end {
        End::Error { .. } => StatusCode::BAD_REQUEST,
        End::Tokens { .. } | End::Code { .. } => StatusCode::OK,
    };
    page(status, &DonePage { end })
}

fn finish(simulator: &Simulator, given: &Parameters) -> End {
    let state = given.get("state");
    let trial = state.and_then(|state| lock(&simulator.tokens.trials).0.remove(state));
    if let Some(error) = given.get("error") {
        return End::Error {
            error: error.to_owned(),
            description: given
                .get("error_description")
                .unwrap_or_default()
                .to_owned(),
        };
    }
    let code = match given.require("code") {
        Ok(code) => code,
        Err(error) => return End::failed(&error),
    };
    let Some(trial) = trial else {
        return End::Code {
            code: code.to_owned(),
            state: state.map(str::to_owned),
        };
    };
    let redemption = Redemption {
        tenancy: Tenancy::Workforce,
        client_id: &trial.client_id,
        code,
        redirect_uri: &redirect_uri(simulator),
        verifier: &trial.verifier,
    };
    match grants::exchange(simulator, redemption, clock::now().as_second()) {
        Ok(tokens) => End::exchanged(&tokens, &trial.nonce),
        Err(error) => End::failed(&error),
    }
}

impl End {
    fn failed(error: &OAuthError) -> Self {
        Self::Error {
            error: error.error.to_owned(),
            description: error.description(),
        }
    }

    fn exchanged(tokens: &Value, nonce: &str) -> Self {
        let token = |name| {
            tokens
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let id_token = token("id_token");
        let parts = jwt::parts(&id_token);
        let found = parts.as_ref().and_then(|parts| parts.claims.get("nonce"));
        if found.and_then(Value::as_str) != Some(nonce) {
            return Self::Error {
                error: "nonce".to_owned(),
                description: "the id token is not the answer to this request".to_owned(),
            };
        }
        Self::Tokens {
            id: Shown::new(id_token),
            access: Shown::new(token("access_token")),
        }
    }
}
