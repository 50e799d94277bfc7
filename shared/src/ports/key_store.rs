//! Entra's signing keys in the table, where every function finds them at its start.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::{audit::Record, key_set::SigningKeys};

#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Replaces the stored keys of all issuers, with the record of it.
    async fn save(
        &self,
        keys: &SigningKeys,
        fetched_at: Timestamp,
        record: &Record,
    ) -> Result<(), StoreError>;
}
