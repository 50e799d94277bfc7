//! The two live connector credentials, for the operator.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    audit::Record,
    caller::{Credential, Slot},
};

#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// Every live credential, with the time of its last use.
    async fn list(&self) -> Result<Vec<Credential>, StoreError>;

    /// Puts a credential into its slot, with the record of it. [`StoreError::Conflict`] when the slot is taken.
    async fn create(&self, credential: &Credential, record: &Record) -> Result<(), StoreError>;

    /// Empties a slot, with the record of it. [`StoreError::Conflict`] when the slot holds another credential by now.
    async fn retire(
        &self,
        slot: Slot,
        credential_id: &str,
        record: &Record,
    ) -> Result<(), StoreError>;
}
