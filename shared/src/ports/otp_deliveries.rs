//! Which one-time codes are sent, so that a request and its retry send one mail between them.

use async_trait::async_trait;
use jiff::Timestamp;

pub use super::Lease;
use super::{Deadline, StoreError};
use crate::domain::one_time_code::DeliveryId;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Somebody sends it, and gives up at that time.
    Sending { until: Timestamp },
    /// The mail service has it.
    Sent,
}

/// Every method MUST return by the deadline.
#[async_trait]
pub trait OtpDeliveries: Send + Sync {
    /// Takes a delivery for oneself; the sender gives up by the end of its lease. `false` when it is sent, or somebody else's lease has not ended.
    async fn begin(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<bool, StoreError>;

    /// Consistent.
    async fn delivery(
        &self,
        id: &DeliveryId,
        deadline: Deadline,
    ) -> Result<Option<Delivery>, StoreError>;

    /// Notes that the mail service has it.
    async fn sent(&self, id: &DeliveryId, deadline: Deadline) -> Result<(), StoreError>;

    /// Ends the lease before its time; nothing when the delivery is somebody else's by now.
    async fn release(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}
