//! The directory, for the operator.

use async_trait::async_trait;

use super::{StoreError, list_store::Cursor};
use crate::domain::{
    audit::Signature,
    directory::{ClaimsSubject, DirectoryRecord},
};

/// Most records or subjects in one call: with what is recorded of them as many as a transaction of DynamoDB takes.
pub const MAX_BATCH: usize = 99;

/// The number of parts in which [`DirectoryStore::part`] gives all records.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait DirectoryStore: Send + Sync {
    /// The records of up to [`MAX_BATCH`] subjects. Consistent.
    async fn find(&self, subjects: &[ClaimsSubject]) -> Result<Vec<DirectoryRecord>, StoreError>;

    /// Puts up to [`MAX_BATCH`] records in the place of those of the same subjects, and records who did, in one transaction or,
    /// for large ones, in several that each tell of their own.
    async fn put(
        &self,
        records: &[DirectoryRecord],
        signature: &Signature,
    ) -> Result<(), StoreError>;

    /// Removes the records of up to [`MAX_BATCH`] subjects, and records who did, in one transaction. [`StoreError::Conflict`]
    /// when one of them is not there.
    async fn remove(
        &self,
        subjects: &[ClaimsSubject],
        signature: &Signature,
    ) -> Result<(), StoreError>;

    /// All records of one part of the table, page by page. Consistent.
    async fn part(
        &self,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<DirectoryRecord>, Option<Cursor>), StoreError>;
}
