//! What goes wrong with a request for a token, in the words of RFC 6749 and with Entra's numbers.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::answer;
use crate::clock;

/// An error code of OAuth with what Entra says to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OAuthError {
    /// Of RFC 6749 4.1.2.1 or 5.2.
    pub(super) error: &'static str,
    /// The number of an AADSTS error.
    pub(super) number: u32,
    problem: String,
}

impl OAuthError {
    pub(super) fn new(error: &'static str, number: u32, problem: impl Into<String>) -> Self {
        Self {
            error,
            number,
            problem: problem.into(),
        }
    }

    /// No application of the tenant has that id.
    pub(super) fn unknown_application(id: &str) -> Self {
        let problem = format!("Application with identifier '{id}' was not found in the directory.");
        Self::new("unauthorized_client", 700_016, problem)
    }

    /// As `error_description` has it.
    pub(super) fn description(&self) -> String {
        format!("AADSTS{}: {}", self.number, self.problem)
    }

    fn status(&self) -> StatusCode {
        if self.error == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        }
    }
}

/// The answer of the token endpoint (RFC 6749 5.2), with the further members that Entra's has.
impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let timestamp = clock::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let [trace, correlation] = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.to_string());
        let description = format!(
            "{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            self.description(),
        );
        let body = json!({
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": timestamp,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        let status = self.status();
        let mut response = answer::json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"token\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
