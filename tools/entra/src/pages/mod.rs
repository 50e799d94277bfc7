//! What a person sees: the user flows, and beside them the wire.

mod attribute_form;
mod guard;
mod home;
mod person_form;
mod record;
mod sign_up;
mod stages;
mod steps;
mod texts;
mod user_flow;
mod wire;

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};

pub use self::guard::protect;
use crate::Simulator;

pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/", get(home::show))
        .route("/flows/{flow}", get(user_flow::show))
        .route("/flows/{flow}/start", post(user_flow::start))
        .route("/sign-ups/{id}", get(sign_up::show))
        .route("/sign-ups/{id}/identity", post(sign_up::identity))
        .route("/sign-ups/{id}/code", post(sign_up::code))
        .route("/sign-ups/{id}/new-code", post(sign_up::new_code))
        .route("/sign-ups/{id}/attributes", post(sign_up::attributes))
        .route("/sign-ups/{id}/token", post(sign_up::token))
        .route("/simulator/sign-ups/{id}", get(record::show))
        .route("/static/style.css", get(style))
        .route("/static/icon.svg", get(icon))
}

/// A rendered page; templates only fail when a value cannot be formatted.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, [(header::CACHE_CONTROL, "no-store")], Html(text)).into_response(),
        Err(error) => {
            let problem = format!("the page could not be rendered: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, problem).into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "flow/missing.html")]
struct Missing<'s> {
    sentence: &'s str,
}

/// The page instead of one that is not there.
pub fn missing(sentence: &str) -> Response {
    page(StatusCode::NOT_FOUND, &Missing { sentence })
}

async fn style() -> impl IntoResponse {
    file(
        "text/css; charset=utf-8",
        include_str!("../../static/style.css"),
    )
}

async fn icon() -> impl IntoResponse {
    file("image/svg+xml", include_str!("../../static/icon.svg"))
}

fn file(content_type: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text)
}
