//! Errors in Graph's shape, and the ids that each answer carries.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{clock, directory::Conflict};

/// The media type of Graph's answers.
pub(super) const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// An answer that says what was wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GraphError {
    pub(super) status: StatusCode,
    /// As documented or observed, such as `Request_BadRequest`.
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Property and what is wrong with it.
    details: Option<(String, &'static str)>,
    hint: Option<Hint>,
}

/// What a header tells the caller beside the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hint {
    /// A bearer token is missing or not good.
    Authenticate,
    /// These methods are there.
    Allow(&'static str),
    /// The request may be sent again after so many seconds.
    RetryAfter(u64),
}

impl Hint {
    fn header(self) -> (HeaderName, HeaderValue) {
        match self {
            Self::Authenticate => (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Self::Allow(methods) => (header::ALLOW, HeaderValue::from_static(methods)),
            Self::RetryAfter(seconds) => (header::RETRY_AFTER, HeaderValue::from(seconds)),
        }
    }
}

impl GraphError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
            hint: None,
        }
    }

    /// What directory objects say to a request with a fault.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_BadRequest", message)
    }

    pub(super) fn invalid_value(property: &str) -> Self {
        let message =
            format!("Invalid value specified for property '{property}' of resource 'User'.");
        Self::bad(message).with_detail(property, "InvalidValue")
    }

    pub(super) fn required(property: &str) -> Self {
        Self::bad(format!(
            "Property {property} value is required but is empty or missing."
        ))
    }

    /// PROTOCOL 7.
    pub(super) fn conflict(conflict: Conflict) -> Self {
        let property = conflict.property();
        Self::bad(format!(
            "Another object with the same value for property {property} already exists."
        ))
        .with_detail(property, "ObjectConflict")
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "Request_ResourceNotFound",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Request_UnsupportedQuery", message)
    }

    /// What the front of Graph says to a request that it cannot pass on.
    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    pub(super) fn with_detail(mut self, target: &str, code: &'static str) -> Self {
        self.details = Some((target.to_owned(), code));
        self
    }

    pub(super) fn with_hint(mut self, hint: Hint) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(super) fn response(self, ids: &Ids) -> Response {
        let mut error = json!({
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": clock::now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": ids.request,
                "client-request-id": ids.client,
            },
        });
        if let (Some((target, code)), Some(error)) = (self.details, error.as_object_mut()) {
            let message = &self.message;
            let details = json!([{"code": code, "message": message, "target": target}]);
            error.insert("details".to_owned(), details);
        }
        let mut response = answer(self.status, &json!({"error": error}));
        response.headers_mut().extend(self.hint.map(Hint::header));
        response
    }
}

/// An answer with a body.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, JSON)], body.to_string()).into_response()
}

/// What a request is called in logs, at Graph and at the caller.
#[derive(Debug)]
pub(super) struct Ids {
    request: String,
    /// The caller's own, or that of Graph.
    client: String,
}

impl Ids {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let request = Uuid::new_v4().to_string();
        let client = headers.get("client-request-id").map(HeaderValue::to_str);
        let client = client.and_then(Result::ok).unwrap_or(&request).to_owned();
        Self { request, client }
    }

    pub(super) fn stamp(&self, response: &mut Response) {
        let ids = [
            ("request-id", &self.request),
            ("client-request-id", &self.client),
        ];
        for (name, id) in ids {
            if let Ok(id) = HeaderValue::from_str(id) {
                response.headers_mut().insert(name, id);
            }
        }
    }
}
