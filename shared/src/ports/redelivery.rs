//! Bringing requests to their accounts once more.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::approval::ApprovalRequest;

#[async_trait]
pub trait Redelivery: Send + Sync {
    /// Has a request delivered to get its account as if it was just approved, and changes nothing else of it. `false` when it
    /// is no longer as it was seen, or was brought again after `not_since` already.
    async fn bring_again(
        &self,
        request: &ApprovalRequest,
        at: Timestamp,
        not_since: Timestamp,
    ) -> Result<bool, StoreError>;
}
