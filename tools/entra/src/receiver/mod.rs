//! A receiver of webhooks: whatever is sent to it is kept and shown.

mod pages;
mod signature;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::{self, Body, Bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, request::Parts},
    routing::any,
};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

pub use self::signature::Signature;
use self::signature::WEBHOOK_ID;
use crate::{Simulator, clock, recent::Recent};

/// The largest body that is taken: 1 MiB. A larger one is answered 413.
pub const MAX_BODY_OCTETS: usize = 1024 * 1024;

/// How many requests are kept.
const KEPT: usize = 1_000;

/// All requests that came in, newest first.
#[derive(Debug, Default)]
pub struct Receiver(Recent<Received, KEPT>);

/// One request and how it was answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    pub id: Uuid,
    pub received: Timestamp,
    /// What stands after `/receiver/`: one of several receivers.
    pub name: String,
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case, in the order of the wire, but those of the same name one after the other.
    pub headers: Vec<(String, String)>,
    /// What is not UTF-8 is replaced.
    pub body: String,
    /// Whether the body was too large, or broke off, and is not kept.
    pub incomplete: bool,
    pub webhook_id: Option<String>,
    /// What the body says that it is: its `type`.
    pub event: Option<String>,
    /// Of a request that has one.
    pub signature: Option<Signature>,
    /// Which time this `webhook-id` came to this receiver: 1, or more for a repeat.
    pub attempt: usize,
    /// The status that it was answered with.
    pub answered: u16,
}

/// What came to one name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub requests: usize,
    /// Those whose `webhook-id` had come before.
    pub repeats: usize,
}

impl Received {
    pub const fn is_repeat(&self) -> bool {
        self.attempt > 1
    }
}

impl Receiver {
    pub fn all(&self) -> Vec<Arc<Received>> {
        self.0.all()
    }

    pub fn find(&self, id: Uuid) -> Option<Arc<Received>> {
        self.0.find(|received| received.id == id)
    }

    pub fn clear(&self) {
        self.0.clear();
    }

    /// By name.
    pub fn counts(&self) -> BTreeMap<String, Count> {
        let mut counts = BTreeMap::<String, Count>::new();
        for received in self.all() {
            let count = counts.entry(received.name.clone()).or_default();
            count.requests += 1;
            count.repeats += usize::from(received.is_repeat());
        }
        counts
    }

    fn keep(
        &self,
        name: String,
        parts: &Parts,
        body: Option<&Bytes>,
        signature: Option<Signature>,
        answered: StatusCode,
    ) {
        let webhook_id = parts.headers.get(WEBHOOK_ID);
        let webhook_id = webhook_id.map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        let received = clock::now();
        self.0.add(|kept| {
            let same = |one: &&Arc<Received>| one.name == name && one.webhook_id == webhook_id;
            // The newest of them knows how many there were, even those that are no longer kept.
            let before = webhook_id.as_ref().and_then(|_| kept.iter().find(same));
            Received {
                id: Uuid::new_v4(),
                received,
                attempt: before.map_or(1, |before| before.attempt + 1),
                name,
                method: parts.method.to_string(),
                path: parts.uri.to_string(),
                headers: headers(&parts.headers),
                body: body
                    .map(|body| String::from_utf8_lossy(body).into_owned())
                    .unwrap_or_default(),
                incomplete: body.is_none(),
                webhook_id: webhook_id.clone(),
                event: body.and_then(|body| event(body)),
                signature,
                answered: answered.as_u16(),
            }
        });
    }
}

fn event(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body.get("type")?.as_str().map(str::to_owned)
}

fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
        .collect()
}

/// The receivers themselves and their pages.
pub fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/receiver/{*name}", any(receive))
        .merge(pages::router())
}

/// Keeps a request before it is answered: a sender that gave up has been heard all the same.
async fn receive(
    State(sim): State<Arc<Simulator>>,
    Path(name): Path<String>,
    request: Request<Body>,
) -> StatusCode {
    let (parts, body) = request.into_parts();
    let body = body::to_bytes(body, MAX_BODY_OCTETS).await.ok();
    let faults = sim.faults.now().receiver;
    let status = match body {
        Some(_) => StatusCode::from_u16(faults.status).unwrap_or(StatusCode::NO_CONTENT),
        None => StatusCode::PAYLOAD_TOO_LARGE,
    };
    let keys = sim.partners.webhook_keys();
    let signature = body
        .as_ref()
        .and_then(|body| Signature::of(&parts.headers, body, &keys, clock::now()));
    sim.receiver
        .keep(name, &parts, body.as_ref(), signature, status);
    tokio::time::sleep(faults.latency).await;
    status
}
