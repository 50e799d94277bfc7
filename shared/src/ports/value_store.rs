//! Sets of allowed values, for the operator.

use async_trait::async_trait;

use super::{StoreError, list_store::Cursor};
use crate::domain::{
    audit::Signature,
    value_set::{Member, SetName, SetValue},
};

/// Most members in one call: with their set and what is recorded of them as many as a transaction of DynamoDB takes.
pub const MAX_BATCH: usize = 98;

/// The number of parts in which [`ValueStore::part`] gives a whole set.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait ValueStore: Send + Sync {
    /// The names of all sets.
    async fn sets(&self) -> Result<Vec<SetName>, StoreError>;

    /// The members among up to [`MAX_BATCH`] values. Consistent.
    async fn find(&self, set: &SetName, values: &[SetValue]) -> Result<Vec<Member>, StoreError>;

    /// Puts up to [`MAX_BATCH`] members of one set, and records who did, in one transaction.
    async fn put(
        &self,
        set: &SetName,
        members: &[Member],
        signature: &Signature,
    ) -> Result<(), StoreError>;

    /// Removes up to [`MAX_BATCH`] values, and records who did, in one transaction. [`StoreError::Conflict`] when one of them is
    /// not there.
    async fn remove(
        &self,
        set: &SetName,
        values: &[SetValue],
        signature: &Signature,
    ) -> Result<(), StoreError>;

    /// All members in one part of a set, page by page. Consistent.
    async fn part(
        &self,
        set: &SetName,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<Member>, Option<Cursor>), StoreError>;
}
