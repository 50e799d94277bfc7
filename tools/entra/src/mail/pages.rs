//! The inbox.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;
use uuid::Uuid;

use super::Message;
use crate::{Simulator, pages::page};

/// A mail's HTML part inherits this in its frame, whose sandbox forbids scripts and forms besides: it may have styles, and
/// loads nothing from elsewhere.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/inbox", get(list))
        .route("/inbox/clear", post(clear))
        .route("/inbox/{id}", get(show))
        .route("/simulator/mails", get(mails))
}

#[derive(Template)]
#[template(path = "mail/inbox.html")]
struct Inbox {
    to: String,
    messages: Vec<Arc<Message>>,
    /// Everybody who has mail, to choose from.
    recipients: BTreeSet<String>,
    /// Whether one was asked for that is not here.
    missing: bool,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct MessagePage {
    message: Arc<Message>,
}

/// `?to=` keeps the mails to one address.
#[derive(Debug, Default, Deserialize)]
struct Filter {
    #[serde(default)]
    to: String,
}

impl Filter {
    fn address(&self) -> Option<&str> {
        let address = self.to.trim();
        (!address.is_empty()).then_some(address)
    }
}

async fn list(State(sim): State<Arc<Simulator>>, Query(filter): Query<Filter>) -> Response {
    page(StatusCode::OK, &inbox(&sim, filter))
}

async fn show(State(sim): State<Arc<Simulator>>, Path(id): Path<String>) -> Response {
    let found = Uuid::try_parse(&id).ok().and_then(|id| sim.mail.find(id));
    let Some(message) = found else {
        let inbox = Inbox {
            missing: true,
            ..inbox(&sim, Filter::default())
        };
        return page(StatusCode::NOT_FOUND, &inbox);
    };
    let policy = [(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)];
    (policy, page(StatusCode::OK, &MessagePage { message })).into_response()
}

async fn clear(State(sim): State<Arc<Simulator>>) -> Redirect {
    sim.mail.clear();
    Redirect::to("/inbox")
}

async fn mails(State(sim): State<Arc<Simulator>>, Query(filter): Query<Filter>) -> Response {
    let messages = sim.mail.to(filter.address());
    Json(
        messages
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&Message>>(),
    )
    .into_response()
}

fn inbox(sim: &Simulator, filter: Filter) -> Inbox {
    let everything = sim.mail.to(None);
    let recipients = everything
        .iter()
        .flat_map(|message| message.content.to.iter().cloned());
    Inbox {
        messages: sim.mail.to(filter.address()),
        recipients: recipients.collect(),
        to: filter.to,
        missing: false,
    }
}
