//! Microsoft Graph as far as provisioning needs it (PROTOCOL 3.3, 7), under `/graph/v1.0`.

mod disturbance;
mod error;
mod filter;
mod invitations;
mod query;
mod user;
mod users;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, State, rejection::PathRejection},
    http::{self, HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
    routing::any,
};
use serde_json::{Map, Value};

pub(crate) use self::disturbance::no_answer;
use self::{
    disturbance::Disturbance,
    error::{GraphError, Hint, Ids},
    query::Query,
    user::Selection,
};
use crate::{Simulator, clock, directory::Account, model::TenantKind};

/// Largest body of a request.
const MAX_BODY_OCTETS: usize = 1024 * 1024;

pub fn router() -> Router<Arc<Simulator>> {
    let disturbance = Arc::new(Disturbance::default());
    let serve = move |State(simulator): State<Arc<Simulator>>, path, request| {
        serve(simulator, Arc::clone(&disturbance), path, request)
    };
    Router::new().route("/graph/v1.0/{*path}", any(serve))
}

async fn serve(
    simulator: Arc<Simulator>,
    disturbance: Arc<Disturbance>,
    path: Result<Path<String>, PathRejection>,
    request: http::Request<Body>,
) -> Response {
    let ids = Ids::of(request.headers());
    let path = path.map_err(|error| GraphError::unreadable(error.body_text()));
    let outcome = match path {
        Ok(Path(path)) => disturbed(&simulator, &disturbance, &path, request).await,
        Err(error) => Err(error),
    };
    let mut response = outcome.unwrap_or_else(|error| error.response(&ids));
    ids.stamp(&mut response);
    response
}

/// Serves a request of a known caller, with what the switches of the moment do to it.
async fn disturbed(
    simulator: &Simulator,
    disturbance: &Disturbance,
    path: &str,
    request: http::Request<Body>,
) -> Result<Response, GraphError> {
    let faults = simulator.faults.now().graph;
    tokio::time::sleep(faults.latency).await;
    authorise(simulator, request.headers())?;
    disturbance.before(&faults)?;
    let writes = request.method() != Method::GET;
    let context = Request {
        simulator,
        hidden_after_creation: faults.hidden_after_creation,
    };
    let response = dispatch(&context, path, request).await?;
    tokio::time::sleep(disturbance.lateness(&faults)).await;
    if writes && disturbance.loses_answer(&faults) {
        return Ok(no_answer());
    }
    Ok(response)
}

fn authorise(simulator: &Simulator, headers: &HeaderMap) -> Result<(), GraphError> {
    let bearer = headers.get(header::AUTHORIZATION).map(HeaderValue::to_str);
    let bearer = bearer
        .and_then(Result::ok)
        .and_then(|value| value.split_once(' '));
    let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"));
    let caller = match bearer {
        Some((_, token)) => simulator.tokens.graph_caller(token.trim()),
        None => Err("Access token is empty."),
    };
    caller.map(drop).map_err(|problem| {
        GraphError::new(
            StatusCode::UNAUTHORIZED,
            "InvalidAuthenticationToken",
            problem,
        )
        .with_hint(Hint::Authenticate)
    })
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resource<'p> {
    Users,
    User(&'p str),
    AppRoleAssignments(&'p str),
    Members(&'p str),
    Invitations,
}

impl<'p> Resource<'p> {
    fn at(path: &'p str) -> Result<Self, GraphError> {
        let segments: Vec<_> = path.split('/').collect();
        match segments.as_slice() {
            ["users"] => Ok(Self::Users),
            ["users", id] => Ok(Self::User(id)),
            ["users", id, "appRoleAssignments"] => Ok(Self::AppRoleAssignments(id)),
            ["groups", id, "members", "$ref"] => Ok(Self::Members(id)),
            ["invitations"] => Ok(Self::Invitations),
            other => {
                let segment = other.last().copied().unwrap_or_default();
                let message = format!("Resource not found for the segment '{segment}'.");
                Err(GraphError::unreadable(message))
            }
        }
    }

    const fn methods(self) -> &'static str {
        match self {
            Self::Users => "GET, POST",
            Self::User(_) => "GET, PATCH, DELETE",
            Self::AppRoleAssignments(_) | Self::Members(_) | Self::Invitations => "POST",
        }
    }
}

async fn dispatch(
    context: &Request<'_>,
    path: &str,
    request: http::Request<Body>,
) -> Result<Response, GraphError> {
    let resource = Resource::at(path)?;
    let query = Query::of(request.uri())?;
    match (resource, request.method().as_str()) {
        (Resource::Users, "GET") => users::list(context, query),
        (Resource::Users, "POST") => users::create(context, object(request).await?),
        (Resource::User(id), "GET") => users::get(context, id, &query),
        (Resource::User(id), "PATCH") => users::update(context, id, &object(request).await?),
        (Resource::User(id), "DELETE") => users::delete(context, id),
        (Resource::AppRoleAssignments(id), "POST") => {
            users::assign_role(context, id, &object(request).await?)
        }
        (Resource::Members(id), "POST") => users::add_member(context, id, &object(request).await?),
        (Resource::Invitations, "POST") => invitations::create(context, object(request).await?),
        (resource, _) => Err(GraphError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
        .with_hint(Hint::Allow(resource.methods()))),
    }
}

/// The body of a write.
async fn object(request: http::Request<Body>) -> Result<Map<String, Value>, GraphError> {
    let (parts, body) = request.into_parts();
    media_type(&parts.headers)?;
    let octets = to_bytes(body, MAX_BODY_OCTETS).await.map_err(|_| {
        GraphError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            format!("The request body is larger than {MAX_BODY_OCTETS} bytes."),
        )
    })?;
    serde_json::from_slice(&octets).map_err(|_| {
        GraphError::unreadable(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    })
}

fn media_type(headers: &HeaderMap) -> Result<(), GraphError> {
    let found = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str);
    let Some(found) = found.and_then(Result::ok) else {
        return Err(GraphError::bad(
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        ));
    };
    let essence = found.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(GraphError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "UnsupportedMediaType",
        format!("The media type '{essence}' is not supported; send application/json."),
    ))
}

/// What the answers to a request depend on beside the request itself.
#[derive(Debug)]
struct Request<'s> {
    simulator: &'s Simulator,
    /// How long an account is not found after it was created.
    hidden_after_creation: Duration,
}

impl Request<'_> {
    /// The root of the API.
    fn base_url(&self) -> String {
        format!("{}/graph/v1.0", self.simulator.origin)
    }

    /// An account that is there for callers.
    fn account(&self, id: &str) -> Result<Account, GraphError> {
        let account = self.simulator.directory.get(id);
        let account = account.filter(|account| self.sees(account));
        account.ok_or_else(|| GraphError::not_found(id))
    }

    fn sees(&self, account: &Account) -> bool {
        let age = clock::now().duration_since(account.created).unsigned_abs();
        account.tenant == TenantKind::Workforce && age >= self.hidden_after_creation
    }

    /// An account as the whole of an answer.
    fn entity(&self, selection: &Selection, account: &Account) -> Value {
        let mut entity = selection.of(account, &self.simulator.config);
        let context = format!(
            "{}/$metadata#users{}/$entity",
            self.base_url(),
            selection.context()
        );
        entity.insert("@odata.context".to_owned(), context.into());
        Value::Object(entity)
    }
}
