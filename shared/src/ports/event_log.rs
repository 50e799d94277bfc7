//! The log of events: each is kept before anybody is told.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::event::{EventId, Hour, KeptEvent};

/// Keeping events.
#[async_trait]
pub trait EventKeeper: Send + Sync {
    /// Keeps an event until then. `false` when one of its id is kept already, which stays as it is.
    async fn keep(&self, event: &KeptEvent, until: Timestamp) -> Result<bool, StoreError>;
}

/// Reading them again.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Events of an hour in the order of their ids, after this one, page by page. Consistent.
    async fn hour(&self, hour: Hour, after: Option<&EventId>) -> Result<EventPage, StoreError>;

    async fn event(&self, id: &EventId) -> Result<Option<KeptEvent>, StoreError>;
}

#[derive(Debug)]
pub struct EventPage {
    pub events: Vec<KeptEvent>,
    /// After which the next page begins; `None` on the last one.
    pub next: Option<EventId>,
}
