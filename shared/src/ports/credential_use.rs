//! When a connector credential was last used, so that an operator knows which one to retire.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Deadline, StoreError};
use crate::domain::caller::Slot;

#[async_trait]
pub trait CredentialUse: Send + Sync {
    /// MUST NOT move the time backwards.
    async fn record(
        &self,
        slot: Slot,
        credential_id: &str,
        at: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}
