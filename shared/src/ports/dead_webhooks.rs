//! What endpoints were told in vain, until an operator has it told again.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{endpoint::EndpointId, event::EventId, webhook::DeadWebhook};

#[async_trait]
pub trait DeadWebhooks: Send + Sync {
    /// Keeps one, in the place of an earlier one of the same event.
    async fn bury(&self, dead: &DeadWebhook) -> Result<(), StoreError>;

    /// Those of an endpoint in the order of events' ids, after this one, page by page. Consistent.
    async fn buried(
        &self,
        endpoint: &EndpointId,
        after: Option<&EventId>,
    ) -> Result<DeadPage, StoreError>;

    /// Forgets one, whether it is there or not.
    async fn unbury(&self, dead: &DeadWebhook) -> Result<(), StoreError>;
}

#[derive(Debug)]
pub struct DeadPage {
    pub dead: Vec<DeadWebhook>,
    /// After which the next page begins; `None` on the last one.
    pub next: Option<EventId>,
}
