//! Published policies, for the operator. A version never changes once it is there.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    audit::Record,
    publication::{CurrentPolicies, PolicyFlow, PolicyVersion, Publication},
};

/// Longest text of a version that fits, in octets: an item of the table has 400 KB, names included.
pub const MAX_TEXT_OCTETS: usize = 390 * 1024;

/// A version with its texts and what is prepared of it, each of at most [`MAX_TEXT_OCTETS`].
#[derive(Debug, Clone)]
pub struct NewVersion {
    pub publication: Publication,
    /// As it was written.
    pub source: String,
    /// The document as JSON: functions carry no parser of the source.
    pub document: String,
    /// The compiled policy as `policy::prepared` writes it, where that fits.
    pub prepared: Option<Vec<u8>>,
}

#[async_trait]
pub trait PolicyStore: Send + Sync {
    /// The versions that decide now. Consistent.
    async fn current(&self) -> Result<CurrentPolicies, StoreError>;

    /// Adds a version and replaces what is pointed at by `next`, with the record of it, all or nothing. [`StoreError::Conflict`]
    /// when the version is there already, or what is pointed at has no longer the revision of `next`, which is the one that it
    /// was made from.
    async fn publish(
        &self,
        new: &NewVersion,
        next: &CurrentPolicies,
        record: &Record,
    ) -> Result<(), StoreError>;

    /// Replaces what is pointed at by `next`, whose versions are there, with the record of it. [`StoreError::Conflict`] as for
    /// `publish`.
    async fn point(&self, next: &CurrentPolicies, record: &Record) -> Result<(), StoreError>;

    /// Published versions, the newest first, at most `limit` and only those older than `before`. Consistent.
    async fn history(
        &self,
        flow: &PolicyFlow,
        before: Option<u32>,
        limit: u16,
    ) -> Result<Vec<Publication>, StoreError>;

    /// A version as it was written.
    async fn source(&self, version: &PolicyVersion) -> Result<Option<String>, StoreError>;
}
