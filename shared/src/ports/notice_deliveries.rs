//! Which notices are sent, so that a message that comes twice sends one mail to each recipient.

use async_trait::async_trait;

pub use super::Lease;
use super::{Deadline, StoreError};
use crate::domain::approval::NoticeId;

/// Who is to send a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Ours,
    /// The mail service has it.
    Sent,
    /// Somebody is sending it, and their lease has not ended.
    SomebodyElses,
}

/// Every method MUST return by the deadline.
#[async_trait]
pub trait NoticeDeliveries: Send + Sync {
    /// Takes a notice for oneself, if it is neither sent nor somebody else's.
    async fn begin(
        &self,
        id: &NoticeId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Turn, StoreError>;

    /// Notes that it is done with.
    async fn sent(&self, id: &NoticeId, deadline: Deadline) -> Result<(), StoreError>;

    /// Ends the lease before its time; nothing when the notice is somebody else's by now.
    async fn release(
        &self,
        id: &NoticeId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}
