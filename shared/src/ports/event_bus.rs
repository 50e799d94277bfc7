//! Where events are told to many: a bus, a topic, and the queue before the webhooks.

use std::time::Duration;

use async_trait::async_trait;

use crate::domain::{
    endpoint::EndpointId,
    event::{EventId, KeptEvent},
};

/// Why something was not taken. The texts name services and codes, never what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SinkError {
    #[error("there was no answer in time")]
    TimedOut,
    /// It asked to slow down.
    #[error("it is throttled")]
    Throttled,
    /// The service's own error code: no permission, no such bus.
    #[error("it was refused: {0}")]
    Refused(String),
    #[error("it cannot be reached: {0}")]
    Unavailable(String),
}

/// Most events in one call to a bus.
pub const MAX_BATCH: usize = 10;

/// A bus of the deployment (Amazon `EventBridge`).
#[async_trait]
pub trait EventBus: Send + Sync {
    /// Tells up to [`MAX_BATCH`] events. What became of each, in their order: some may be taken and others not.
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>>;
}

/// A topic that pushes to phones, mailboxes and queues (Amazon SNS).
#[async_trait]
pub trait Topic: Send + Sync {
    /// The same for a topic.
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>>;
}

/// An event that an endpoint is to be told.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Task {
    pub endpoint: EndpointId,
    pub event: EventId,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// When it is to be tried, in milliseconds since 1970; a queue may bring it earlier.
    #[serde(default)]
    pub due: i64,
}

/// The queue before the webhooks (Amazon SQS).
#[async_trait]
pub trait TaskQueue: Send + Sync {
    /// Sends up to [`MAX_BATCH`] tasks, to be received after a while of 15 minutes at most. What became of each, in their
    /// order.
    async fn send(&self, tasks: &[Task], after: Duration) -> Vec<Result<(), SinkError>>;
}
