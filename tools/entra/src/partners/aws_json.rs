//! What the stand-ins for services of AWS have in common: AWS JSON 1.1.

use axum::{
    http::{HeaderMap, HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

const TARGET: &str = "x-amz-target";
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Kind and message of an error.
pub(super) type Fault = (&'static str, &'static str);

/// Service and operation that a request names; nothing for a request that names none.
pub(super) fn target(headers: &HeaderMap) -> &str {
    let target = headers.get(TARGET);
    target.and_then(|text| text.to_str().ok()).unwrap_or("")
}

pub(super) fn respond(answer: Result<Value, Fault>) -> Response {
    match answer {
        Ok(body) => json(StatusCode::OK, &body),
        Err((kind, message)) => {
            let body = json!({ "__type": kind, "message": message });
            let response = json(StatusCode::BAD_REQUEST, &body);
            ([(ERROR_TYPE, kind)], response).into_response()
        }
    }
}

fn json(status: StatusCode, body: &Value) -> Response {
    let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    (status, content_type, body.to_string()).into_response()
}
