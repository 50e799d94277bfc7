//! What is noted beside requests, once each.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::approval::{ApprovalRequest, Mark, RequestId};

#[async_trait]
pub trait Reminders: Send + Sync {
    /// Those of these marks that are there already; one that was just made may be missing.
    async fn marked(
        &self,
        wanted: &[(RequestId, Mark)],
    ) -> Result<HashSet<(RequestId, Mark)>, StoreError>;

    /// Makes a mark, which is kept as long as the request may be. `false` when it is there already: of several who make the
    /// same one has made it.
    async fn mark(
        &self,
        request: &ApprovalRequest,
        mark: Mark,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
}
