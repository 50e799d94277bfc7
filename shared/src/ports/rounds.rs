//! Rounds through the queues of requests, which go on where they stopped.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::approval::{RequestId, State};

/// Where a round is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub began_at: Timestamp,
    /// The request after which it goes on; `None` when it is over.
    pub after: Option<RequestId>,
}

#[async_trait]
pub trait Rounds: Send + Sync {
    /// Where the latest round through the queue of a state is; `None` before the first one.
    async fn place(&self, state: State) -> Result<Option<Place>, StoreError>;

    async fn keep(&self, state: State, place: &Place) -> Result<(), StoreError>;
}
