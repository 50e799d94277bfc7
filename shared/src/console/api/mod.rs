//! The same desk for programs: JSON under a bearer token of Entra. No cookie counts here, so there is no form to forge.

mod bodies;
mod fault;
#[cfg(feature = "schema")]
mod openapi;

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::{
        Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use self::bodies::{Audited, Counts, Decided, Details, Listed, Summary};
pub(super) use self::fault::ApiFault;
#[cfg(feature = "schema")]
pub use self::openapi::openapi;
use super::{
    Console,
    audit::PAGE,
    desk::{Seen, Wish},
    pages::{Asked, AuditAsked, Words},
    roles::Approver,
    soon,
};
use crate::{
    domain::approval::{Action, RequestId},
    http::{Expected, bearer_token, verified},
};

/// Where every address of it begins.
pub(super) const API: &str = "/api/";

const REQUESTS: &str = "/api/requests";
const COUNTS: &str = "/api/requests/counts";
const REQUEST: &str = "/api/requests/{id}";
const AUDIT: &str = "/api/audit";
const DECISIONS: &str = "/api/requests/{id}/decisions";

/// The claims that tell who calls.
#[derive(Deserialize)]
struct AccessToken {
    /// The application that got the token. An ID token, which has the same audience, names none.
    azp: Option<String>,
    oid: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

pub(super) fn router() -> Router<Arc<Console>> {
    Router::new()
        .route(REQUESTS, get(list))
        .route(COUNTS, get(counts))
        .route(REQUEST, get(show))
        .route(DECISIONS, post(decide))
        .route(AUDIT, get(audit))
        .route("/api/{*rest}", get(nothing))
}

async fn nothing() -> ApiFault {
    ApiFault::not_found()
}

async fn list(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, ApiFault> {
    let approver = console.caller(&headers).await?;
    let Query(asked) = asked.map_err(|error| ApiFault::bad_request(error.body_text()))?;
    asked.check().map_err(ApiFault::bad_request)?;
    let (requests, next) = console.desk.page(&approver, &asked.wanted()).await?;
    Ok(json(&Listed {
        requests: requests.iter().map(Summary::of).collect(),
        next: next.map(|id| id.to_string()),
    }))
}

async fn counts(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
) -> Result<Response, ApiFault> {
    let approver = console.caller(&headers).await?;
    if !approver.covers_all() {
        return Err(ApiFault::beyond_scope());
    }
    let counts = console.desk.counts(&approver).await?;
    Ok(json(&Counts::of(&counts)))
}

async fn show(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiFault> {
    let approver = console.caller(&headers).await?;
    let id = RequestId::parse(&id).ok_or_else(ApiFault::not_found)?;
    let dossier = console.desk.dossier(&approver, &id).await?;
    Ok(json(&Details::of(&dossier)))
}

async fn decide(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ApiFault> {
    let approver = console.caller(&headers).await?;
    let id = RequestId::parse(&id).ok_or_else(ApiFault::not_found)?;
    let body = body.map_err(|error| ApiFault::bad_request(error.body_text()))?;
    let decided: Decided = serde_json::from_slice(&body)
        .map_err(|error| ApiFault::bad_request(format!("the body cannot be read: {error}")))?;
    let version = decided.version;
    let seen = Seen { id, version };
    let request = console
        .desk
        .decide(&approver, &seen, decided.wish()?)
        .await?;
    Ok(json(&Summary::of(&request)))
}

async fn audit(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    asked: Result<Query<AuditAsked>, QueryRejection>,
) -> Result<Response, ApiFault> {
    let approver = console.caller(&headers).await?;
    let Query(asked) = asked.map_err(|error| ApiFault::bad_request(error.body_text()))?;
    let wanted = asked.strictly(console.clock.now());
    let wanted = wanted.map_err(ApiFault::bad_request)?;
    let page = console.desk.look_back(&approver, &wanted, PAGE).await?;
    Ok(json(&Audited::of(&wanted, &page)))
}

fn json(body: &impl Serialize) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    match serde_json::to_vec(body) {
        Ok(body) => (kind, body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Decided {
    fn wish(self) -> Result<Wish, ApiFault> {
        const ACTIONS: &str = "`action`: expected one of `approve`, `deny`, `reopen`, `retry`";
        const LENGTH: &str = "`reason` and `message`: expected at most 1,000 characters each";
        let words = Words::typed(None, self.reason.as_deref(), self.message.as_deref());
        let words = words.ok_or_else(|| ApiFault::bad_request(LENGTH.to_owned()))?;
        let action = Action::parse(&self.action);
        Ok(Wish {
            action: action.ok_or_else(|| ApiFault::bad_request(ACTIONS.to_owned()))?,
            reason: words.reason(),
            message: words.message(),
        })
    }
}

impl Console {
    /// Whoever calls, if an access token for the console's application says so.
    async fn caller(&self, headers: &HeaderMap) -> Result<Approver, ApiFault> {
        let token = headers.get(header::AUTHORIZATION);
        let token = token.and_then(|header| bearer_token(header.as_bytes()));
        let token = token.ok_or_else(|| ApiFault::unauthorized("no-bearer-token"))?;
        let deadline = soon();
        let credentials = self.credentials(deadline).await?;
        let expected = Expected {
            issuers: &[self.settings.issuer()],
            audiences: &[credentials.client_id],
            tenant_id: &self.settings.tenant_id,
        };
        let now = self.clock.now();
        let token: AccessToken = verified(token, expected, &self.callers, now, deadline)
            .await
            .map_err(ApiFault::unauthorized)?;
        token.approver()
    }
}

impl AccessToken {
    fn approver(self) -> Result<Approver, ApiFault> {
        let application = self
            .azp
            .ok_or_else(|| ApiFault::unauthorized("no-access-token"))?;
        let id = self
            .oid
            .ok_or_else(|| ApiFault::unauthorized("no-object-id"))?;
        let name = self.preferred_username.or(self.name);
        let name = name.unwrap_or(application);
        Approver::new(&id, &name, &self.roles).ok_or_else(ApiFault::no_role)
    }
}
