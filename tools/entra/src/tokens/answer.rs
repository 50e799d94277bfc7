//! Answers that are no pages.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use reqwest::Url;
use serde_json::Value;

/// A JSON document that nobody may keep: keys rotate, tokens are secrets (RFC 6749 5.1).
pub(super) fn json(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ];
    (status, headers, value.to_string()).into_response()
}

/// Sends a browser on, with parameters behind those that the address has already (RFC 6749 4.1.2).
pub(super) fn send_on(mut address: Url, parameters: &[(&str, &str)]) -> Response {
    if !parameters.is_empty() {
        address.query_pairs_mut().extend_pairs(parameters);
    }
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (headers, Redirect::to(address.as_str())).into_response()
}
