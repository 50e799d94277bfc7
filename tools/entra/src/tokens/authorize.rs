//! The authorization endpoint (RFC 6749 4.1.1, RFC 7636, OpenID Connect Core 3.1.2) and the page on which somebody is
//! chosen instead of signing in.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use reqwest::Url;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    answer::send_on, authority::Authority, codes::Grant, lock, oauth_error::OAuthError,
    parameters::Parameters,
};
use crate::{
    Simulator, clock,
    config::{Application, TestPerson},
    pages::page,
};

/// Length of an S256 challenge: 32 octets in base64url.
const CHALLENGE_LENGTH: usize = 43;

/// A request that may be answered at its redirect URI.
#[derive(Debug)]
struct AuthorizationRequest<'c> {
    application: &'c Application,
    /// As registered, which is octet by octet as requested.
    redirect_uri: String,
    reply: Reply,
    nonce: Option<String>,
    challenge: String,
    scope: String,
}

/// Where the client gets its answer, and what it knows it by.
#[derive(Debug)]
struct Reply {
    redirect_to: Url,
    state: Option<String>,
}

/// Who learns what is wrong.
#[derive(Debug)]
enum Refusal {
    /// The person only: the address may be anybody's.
    Shown(OAuthError),
    SentOn(Box<Reply>, OAuthError),
}

#[derive(Template)]
#[template(path = "tokens/choose.html")]
struct ChoosePage<'p> {
    application: &'p Application,
    people: &'p [TestPerson],
}

#[derive(Template)]
#[template(path = "tokens/refused.html")]
struct RefusedPage {
    error: &'static str,
    description: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    /// The object id of a person, or [`CANCEL`].
    choice: String,
}

/// The choice of somebody who goes back.
const CANCEL: &str = "cancel";

/// Shows who can sign in.
pub(super) async fn show(
    _: Authority,
    State(simulator): State<Arc<Simulator>>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let applications = &simulator.config.applications;
    match AuthorizationRequest::read(query, applications) {
        Ok(request) => page(
            StatusCode::OK,
            &ChoosePage {
                application: request.application,
                people: &simulator.config.people,
            },
        ),
        Err(refusal) => refusal.answer(),
    }
}

/// Sends the person back with a code, or without.
pub(super) async fn choose(
    authority: Authority,
    State(simulator): State<Arc<Simulator>>,
    Query(query): Query<Vec<(String, String)>>,
    Form(Choice { choice }): Form<Choice>,
) -> Response {
    let config = &simulator.config;
    let request = match AuthorizationRequest::read(query, &config.applications) {
        Ok(request) => request,
        Err(refusal) => return refusal.answer(),
    };
    if choice == CANCEL {
        let declined = "User declined to consent to access the app.";
        let error = OAuthError::new("access_denied", 65_004, declined);
        return request.reply.with_error(&error);
    }
    let Some(person) = config.people.iter().find(|person| person.id == choice) else {
        let unknown = "The user account does not exist in the directory.";
        return Refusal::Shown(OAuthError::new("invalid_request", 50_034, unknown)).answer();
    };
    let grant = Grant {
        tenancy: authority.tenancy(),
        client_id: request.application.id.clone(),
        redirect_uri: request.redirect_uri,
        challenge: request.challenge,
        nonce: request.nonce,
        scope: request.scope,
        person_id: person.id.clone(),
    };
    let code = lock(&simulator.tokens.codes).issue(grant, clock::now().as_second());
    request.reply.with_code(&code)
}

impl<'c> AuthorizationRequest<'c> {
    fn read(
        query: Vec<(String, String)>,
        applications: &'c [Application],
    ) -> Result<Self, Refusal> {
        let parameters = Parameters::read(query).map_err(Refusal::Shown)?;
        let application = client(&parameters, applications).map_err(Refusal::Shown)?;
        let (redirect_uri, redirect_to) =
            redirect_uri(&parameters, application).map_err(Refusal::Shown)?;
        let reply = Reply {
            redirect_to,
            state: parameters.get("state").map(str::to_owned),
        };
        match wishes(&parameters) {
            Ok((challenge, scope)) => Ok(Self {
                application,
                redirect_uri: redirect_uri.to_owned(),
                reply,
                nonce: parameters.get("nonce").map(str::to_owned),
                challenge: challenge.to_owned(),
                scope: scope.to_owned(),
            }),
            Err(error) => Err(Refusal::SentOn(Box::new(reply), error)),
        }
    }
}

impl Reply {
    fn with_code(self, code: &str) -> Response {
        // Entra adds it to every code; a client that insists on known parameters fails here as it would there.
        let session = Uuid::new_v4().to_string();
        self.send(&[("code", code), ("session_state", &session)])
    }

    fn with_error(self, error: &OAuthError) -> Response {
        let description = error.description();
        self.send(&[("error", error.error), ("error_description", &description)])
    }

    fn send(self, parameters: &[(&str, &str)]) -> Response {
        let state = self.state.as_deref().map(|state| ("state", state));
        let all: Vec<_> = parameters.iter().copied().chain(state).collect();
        send_on(self.redirect_to, &all)
    }
}

impl Refusal {
    fn answer(self) -> Response {
        match self {
            Self::SentOn(reply, error) => reply.with_error(&error),
            Self::Shown(error) => page(
                StatusCode::BAD_REQUEST,
                &RefusedPage {
                    error: error.error,
                    description: error.description(),
                },
            ),
        }
    }
}

fn client<'c>(
    parameters: &Parameters,
    applications: &'c [Application],
) -> Result<&'c Application, OAuthError> {
    let id = parameters.require("client_id")?;
    let found = applications.iter().find(|one| one.id == id);
    found.ok_or_else(|| OAuthError::unknown_application(id))
}

fn redirect_uri<'p>(
    parameters: &'p Parameters,
    application: &Application,
) -> Result<(&'p str, Url), OAuthError> {
    let wanted = parameters.require("redirect_uri")?;
    let registered = application.redirect_uris.iter().any(|one| one == wanted);
    match Url::parse(wanted) {
        Ok(url) if registered => Ok((wanted, url)),
        _ => {
            let id = &application.id;
            let problem = format!(
                "The redirect URI '{wanted}' specified in the request does not match the redirect URIs configured for \
                 the application '{id}'."
            );
            Err(OAuthError::new("invalid_request", 50_011, problem))
        }
    }
}

/// The code challenge and the scope, if the request asks for what is served here.
fn wishes(parameters: &Parameters) -> Result<(&str, &str), OAuthError> {
    if parameters.require("response_type")? != "code" {
        let problem = "Only the response_type 'code' is enabled for the application.";
        return Err(OAuthError::new(
            "unsupported_response_type",
            700_054,
            problem,
        ));
    }
    if parameters
        .get("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        let problem = "Only the response_mode 'query' is supported.";
        return Err(OAuthError::new("invalid_request", 90_023, problem));
    }
    let scope = parameters.require("scope")?;
    if !scope.split(' ').any(|one| one == "openid") {
        let problem = format!(
            "The provided value for the input parameter 'scope' is not valid: '{scope}' is without 'openid'."
        );
        return Err(OAuthError::new("invalid_scope", 70_011, problem));
    }
    if parameters.get("prompt") == Some("none") {
        let problem = "A silent sign-in request was sent but no user is signed in.";
        return Err(OAuthError::new("login_required", 50_058, problem));
    }
    Ok((code_challenge(parameters)?, scope))
}

/// Only S256: `plain` protects nothing when the request is read by others (RFC 7636 7.2).
fn code_challenge(parameters: &Parameters) -> Result<&str, OAuthError> {
    let challenge = parameters.require("code_challenge")?;
    let base64url = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if parameters.get("code_challenge_method") != Some("S256") {
        let problem = "The code_challenge_method must be 'S256'.";
        return Err(OAuthError::new("invalid_request", 501_491, problem));
    }
    if challenge.len() != CHALLENGE_LENGTH || !challenge.chars().all(base64url) {
        let problem = "The code_challenge is no SHA-256 digest in base64url.";
        return Err(OAuthError::new("invalid_request", 501_491, problem));
    }
    Ok(challenge)
}
