//! What the receiver got.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use uuid::Uuid;

use super::{Count, Received};
use crate::{Simulator, json_text, pages::page};

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/received", get(list))
        .route("/received/clear", post(clear))
        .route("/received/{id}", get(show))
        .route("/simulator/received", get(received))
}

#[derive(Template)]
#[template(path = "receiver/list.html")]
struct List<'s> {
    origin: &'s str,
    counts: BTreeMap<String, Count>,
    requests: Vec<Arc<Received>>,
    /// Whether one was asked for that is not here.
    missing: bool,
}

#[derive(Template)]
#[template(path = "receiver/request.html")]
struct RequestPage {
    /// For people: indented when it is JSON.
    body: String,
    request: Arc<Received>,
}

impl<'s> List<'s> {
    fn new(sim: &'s Simulator) -> Self {
        Self {
            origin: &sim.origin,
            counts: sim.receiver.counts(),
            requests: sim.receiver.all(),
            missing: false,
        }
    }
}

async fn list(State(sim): State<Arc<Simulator>>) -> Response {
    page(StatusCode::OK, &List::new(&sim))
}

async fn show(State(sim): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    let found = Uuid::try_parse(&id)
        .ok()
        .and_then(|id| sim.receiver.find(id));
    let Some(request) = found else {
        let list = List {
            missing: true,
            ..List::new(&sim)
        };
        return page(StatusCode::NOT_FOUND, &list);
    };
    let body = json_text::indented(&request.body).unwrap_or_else(|| request.body.clone());
    page(StatusCode::OK, &RequestPage { body, request })
}

async fn clear(State(sim): State<Arc<Simulator>>) -> Redirect {
    sim.receiver.clear();
    Redirect::to("/received")
}

async fn received(State(sim): State<Arc<Simulator>>) -> Response {
    let requests = sim.receiver.all();
    Json(
        requests
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&Received>>(),
    )
    .into_response()
}
