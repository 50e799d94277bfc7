//! Published lists of disposable domains, for the operator. A version never changes once it is there.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{StoreError, policy_store::PolicyStore};
use crate::domain::{audit::Record, publication::CurrentPolicies};

/// A version of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisposableList {
    /// Counts up from 1.
    pub number: u32,
    /// The domains, one a line; at most [`MAX_TEXT_OCTETS`](super::policy_store::MAX_TEXT_OCTETS).
    pub text: String,
    /// The URL or file that it comes from.
    pub source: String,
    pub at: Timestamp,
}

/// Which version counts stands beside the current policies, so that functions learn of both with one item.
#[async_trait]
pub trait DisposableStore: PolicyStore {
    async fn disposable_list(&self, number: u32) -> Result<Option<DisposableList>, StoreError>;

    /// The versions in the table, the oldest first. Consistent.
    async fn numbers(&self) -> Result<Vec<u32>, StoreError>;

    /// Adds a version and makes it the one that counts, with the record of it, all or nothing. [`StoreError::Conflict`] when the version is there
    /// already, or the current ones are no longer those `seen`.
    async fn publish_list(
        &self,
        new: &DisposableList,
        seen: &CurrentPolicies,
        record: &Record,
    ) -> Result<(), StoreError>;

    /// Makes the built-in list count, with the record of it. [`StoreError::Conflict`] when the current ones are no longer those
    /// `seen`.
    async fn reset_list(&self, seen: &CurrentPolicies, record: &Record) -> Result<(), StoreError>;

    /// Deletes a version; nothing when it is not there.
    async fn delete_list(&self, number: u32) -> Result<(), StoreError>;
}
