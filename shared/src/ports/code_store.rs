//! Invitation codes, for the operator.

use async_trait::async_trait;

use super::{StoreError, list_store::Cursor};
use crate::domain::{
    audit::Record,
    code::{CodeDigest, InvitationCode},
};

/// Most codes in one call: with their record as many as a transaction of DynamoDB takes.
pub const MAX_BATCH: usize = 99;

/// The number of parts in which [`CodeStore::part`] gives all codes.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait CodeStore: Send + Sync {
    /// Adds up to [`MAX_BATCH`] codes with the record of it, all or nothing. [`StoreError::Conflict`] when one of them is there
    /// already.
    async fn create(&self, codes: &[InvitationCode], record: &Record) -> Result<(), StoreError>;

    /// Consistent.
    async fn find_code(&self, digest: &CodeDigest) -> Result<Option<InvitationCode>, StoreError>;

    /// Makes a code useless from now on, for those as well who have used it and come again, with the record of it. `false`
    /// when there is none.
    async fn revoke(&self, digest: &CodeDigest, record: &Record) -> Result<bool, StoreError>;

    /// All codes of one part of the table, page by page. Consistent.
    async fn part(
        &self,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<InvitationCode>, Option<Cursor>), StoreError>;
}
