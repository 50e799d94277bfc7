//! The directory, for the operator.

use async_trait::async_trait;

use super::{StoreError, list_store::Cursor};
use crate::domain::directory::{ClaimsSubject, DirectoryRecord};

/// Most records or subjects in one call.
pub const MAX_BATCH: usize = 100;

/// The number of parts in which [`DirectoryStore::part`] gives all records.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// The records of up to [`MAX_BATCH`] subjects. Consistent.
    async fn find(&self, subjects: &[ClaimsSubject]) -> Result<Vec<DirectoryRecord>, StoreError>;

    /// Puts up to [`MAX_BATCH`] records in the place of those of the same subjects. The same again changes nothing.
    async fn put(&self, records: &[DirectoryRecord]) -> Result<(), StoreError>;

    /// Removes the records of up to [`MAX_BATCH`] subjects; nothing when they are not there.
    async fn remove(&self, subjects: &[ClaimsSubject]) -> Result<(), StoreError>;

    /// All records of one part of the table, page by page. Consistent.
    async fn part(
        &self,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<DirectoryRecord>, Option<Cursor>), StoreError>;
}
