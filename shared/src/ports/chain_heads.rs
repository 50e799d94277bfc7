//! Where the audit chain ends. The objects decide what is in the chain; the heads say where to look, and what has to be there.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};

use super::StoreError;
use crate::domain::chain::Head;

/// The end of the whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    pub head: Head,
    /// When the first segment of all was written.
    pub began_at: Timestamp,
}

#[async_trait]
pub trait ChainHeads: Send + Sync {
    /// Consistent; `None` before the first segment.
    async fn newest(&self) -> Result<Option<Newest>, StoreError>;

    /// The last segment of a day. Consistent.
    async fn head(&self, day: Date) -> Result<Option<Head>, StoreError>;

    /// Moves on to a segment that was written then, where the head is one before it.
    async fn advance(&self, head: &Head, at: Timestamp) -> Result<(), StoreError>;
}
