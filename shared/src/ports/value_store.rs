//! Sets of allowed values, for the operator.

use async_trait::async_trait;

use super::{StoreError, list_store::Cursor};
use crate::domain::value_set::{Member, SetName, SetValue};

/// Most members in one call.
pub const MAX_BATCH: usize = 100;

/// The number of parts in which [`ValueStore::part`] gives a whole set.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait ValueStore: Send + Sync {
    /// The names of all sets.
    async fn sets(&self) -> Result<Vec<SetName>, StoreError>;

    /// The members among up to [`MAX_BATCH`] values. Consistent.
    async fn find(&self, set: &SetName, values: &[SetValue]) -> Result<Vec<Member>, StoreError>;

    /// Puts up to [`MAX_BATCH`] members of one set. The same again changes nothing.
    async fn put(&self, set: &SetName, members: &[Member]) -> Result<(), StoreError>;

    /// Removes up to [`MAX_BATCH`] values; nothing when they are not there.
    async fn remove(&self, set: &SetName, values: &[SetValue]) -> Result<(), StoreError>;

    /// All members in one part of a set, page by page. Consistent.
    async fn part(
        &self,
        set: &SetName,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<Member>, Option<Cursor>), StoreError>;
}
