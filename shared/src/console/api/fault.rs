//! Why a program does not get what it asked for (RFC 9457).

use axum::{
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    app::requests::RequestError,
    console::problem::{Cause, Problem},
};

#[derive(Debug)]
pub(in crate::console) struct ApiFault {
    status: StatusCode,
    /// The stable name.
    code: &'static str,
    detail: String,
    /// For the log, where it says more.
    cause: Option<String>,
}

#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Problem")
)]
pub(super) struct FaultBody<'f> {
    title: &'f str,
    status: u16,
    /// What was found, and what was expected.
    detail: &'f str,
    /// `bad-request`, `unauthorized`, `no-role`, `beyond-scope`, `not-found`, `changed-meanwhile`, `refused` or `unavailable`.
    code: &'f str,
}

impl ApiFault {
    fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            cause: None,
        }
    }

    pub(super) fn bad_request(detail: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", detail)
    }

    /// The code says what is wrong with the token.
    pub(super) fn unauthorized(code: &str) -> Self {
        let detail = format!(
            "found {code}, expected a valid access token for the console's application in `Authorization: Bearer`"
        );
        let fault = Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
        let cause = Some(format!("unauthorized: {code}"));
        Self { cause, ..fault }
    }

    pub(super) fn no_role() -> Self {
        let detail = "the token names no role of the console";
        Self::new(StatusCode::FORBIDDEN, "no-role", detail)
    }

    pub(in crate::console) fn administrators_only() -> Self {
        let detail = "found no role `Administrator`, expected it";
        Self::new(StatusCode::FORBIDDEN, "no-role", detail)
    }

    pub(super) fn beyond_scope() -> Self {
        let detail = "numbers are for those who may see every request";
        Self::new(StatusCode::FORBIDDEN, "beyond-scope", detail)
    }

    pub(super) fn not_found() -> Self {
        let detail =
            "it never was, the time for which it is kept is over, or it is not one of yours";
        Self::new(StatusCode::NOT_FOUND, "not-found", detail)
    }

    pub(in crate::console) fn unavailable(cause: &str) -> Self {
        let detail = "try again in a few minutes";
        let fault = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
        let cause = Some(format!("unavailable: {cause}"));
        Self { cause, ..fault }
    }
}

impl From<RequestError> for ApiFault {
    fn from(error: RequestError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        match &error {
            RequestError::Unknown => Self::not_found(),
            RequestError::ChangedMeanwhile { .. } => conflict("changed-meanwhile"),
            RequestError::Refused(_)
            | RequestError::NoSuchVersion { .. }
            | RequestError::StaysClosed { .. } => conflict("refused"),
            RequestError::Store(_) | RequestError::Keys(_) => Self::unavailable(&error.to_string()),
        }
    }
}

/// What stands before a page stands before an answer, too.
impl From<Problem> for ApiFault {
    fn from(problem: Problem) -> Self {
        Self::unavailable(&problem.cause())
    }
}

impl IntoResponse for ApiFault {
    fn into_response(self) -> Response {
        let body = FaultBody {
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
        };
        let Ok(body) = serde_json::to_vec(&body) else {
            return self.status.into_response();
        };
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let is_unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let challenge = is_unauthorized.then_some((header::WWW_AUTHENTICATE, "Bearer"));
        let challenge = AppendHeaders(challenge);
        let mut response = (self.status, kind, challenge, body).into_response();
        let cause = self.cause.unwrap_or_else(|| self.code.to_owned());
        response.extensions_mut().insert(Cause(cause));
        response
    }
}
