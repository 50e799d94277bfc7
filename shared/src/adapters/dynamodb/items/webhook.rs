//! What is kept of events that endpoints were told.

use std::time::Duration;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{SCHEMA, corrupt, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::{
        endpoint::EndpointId,
        event::{EventId, EventKind},
        webhook::{Attempt, DeadWebhook, Outcome},
    },
    ports::StoreError,
};

/// How long an attempt can be looked up.
const ATTEMPTS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long what was told in vain can be told again.
const DEAD_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One attempt. Times are in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct WebhookAttemptItem {
    schema: u32,
    endpoint: String,
    event: String,
    kind: String,
    number: u32,
    at: i64,
    /// The status of the answer, or the code of the problem.
    outcome: String,
    latency_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next: Option<i64>,
    ttl: i64,
}

impl From<&Attempt> for WebhookAttemptItem {
    fn from(attempt: &Attempt) -> Self {
        Self {
            schema: SCHEMA,
            endpoint: attempt.endpoint.to_string(),
            event: attempt.event.to_string(),
            kind: attempt.kind.name().to_owned(),
            number: attempt.number,
            at: attempt.at.as_millisecond(),
            outcome: attempt.outcome.to_string(),
            latency_ms: u64::try_from(attempt.latency.as_millis()).unwrap_or(u64::MAX),
            next: attempt.next.map(jiff::Timestamp::as_millisecond),
            ttl: attempt.at.as_second() + ATTEMPTS_KEPT.as_secs(),
        }
    }
}

impl WebhookAttemptItem {
    pub(in crate::adapters::dynamodb) fn attempt(self, key: &Key) -> Result<Attempt, StoreError> {
        Ok(Attempt {
            endpoint: endpoint(key, &self.endpoint)?,
            event: event(key, &self.event)?,
            kind: kind(key, &self.kind)?,
            number: self.number,
            at: instant(key, self.at)?,
            outcome: Outcome::parse(&self.outcome),
            latency: Duration::from_millis(self.latency_ms),
            next: self.next.map(|next| instant(key, next)).transpose()?,
        })
    }
}

/// What an endpoint was told in vain. `at` is in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct DeadWebhookItem {
    schema: u32,
    endpoint: String,
    event: String,
    kind: String,
    attempts: u32,
    outcome: String,
    at: i64,
    ttl: i64,
}

impl From<&DeadWebhook> for DeadWebhookItem {
    fn from(dead: &DeadWebhook) -> Self {
        Self {
            schema: SCHEMA,
            endpoint: dead.endpoint.to_string(),
            event: dead.event.to_string(),
            kind: dead.kind.name().to_owned(),
            attempts: dead.attempts,
            outcome: dead.outcome.to_string(),
            at: dead.at.as_millisecond(),
            ttl: dead.at.as_second() + DEAD_KEPT.as_secs(),
        }
    }
}

impl DeadWebhookItem {
    pub(in crate::adapters::dynamodb) fn dead(self, key: &Key) -> Result<DeadWebhook, StoreError> {
        Ok(DeadWebhook {
            endpoint: endpoint(key, &self.endpoint)?,
            event: event(key, &self.event)?,
            kind: kind(key, &self.kind)?,
            attempts: self.attempts,
            outcome: Outcome::parse(&self.outcome),
            at: instant(key, self.at)?,
        })
    }
}

fn endpoint(key: &Key, text: &str) -> Result<EndpointId, StoreError> {
    EndpointId::parse(text).ok_or_else(|| corrupt(key, "its endpoint"))
}

fn event(key: &Key, text: &str) -> Result<EventId, StoreError> {
    EventId::parse(text).ok_or_else(|| corrupt(key, "its event"))
}

fn kind(key: &Key, text: &str) -> Result<EventKind, StoreError> {
    EventKind::parse(text).ok_or_else(|| corrupt(key, "its kind"))
}
