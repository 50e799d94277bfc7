//! The log of what endpoints were told, and when.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    endpoint::EndpointId,
    event::{EventId, Hour},
    webhook::Attempt,
};

/// Writing it.
#[async_trait]
pub trait DeliveryLog: Send + Sync {
    /// Notes an attempt, in the place of an earlier one of the same number for the same event.
    async fn note(&self, attempt: &Attempt) -> Result<(), StoreError>;
}

/// Reading it. Attempts are in the order of events' ids, and of their numbers.
#[async_trait]
pub trait DeliveryReader: Send + Sync {
    /// Attempts to tell an endpoint of what happened in an hour.
    async fn attempts_in(
        &self,
        endpoint: &EndpointId,
        hour: Hour,
    ) -> Result<Vec<Attempt>, StoreError>;

    /// Attempts to tell it of one event.
    async fn attempts_for(
        &self,
        endpoint: &EndpointId,
        event: &EventId,
    ) -> Result<Vec<Attempt>, StoreError>;
}
