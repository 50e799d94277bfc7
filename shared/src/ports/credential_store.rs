//! The two live connector credentials, for the operator.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::caller::{Credential, Slot};

#[async_trait]
pub trait CredentialStore: Send + Sync {
    /// Every live credential, with the time of its last use.
    async fn list(&self) -> Result<Vec<Credential>, StoreError>;

    /// Puts a credential into its slot. [`StoreError::Conflict`] when the slot is taken.
    async fn create(&self, credential: &Credential) -> Result<(), StoreError>;

    /// Empties a slot. [`StoreError::Conflict`] when the slot holds another credential by now.
    async fn retire(&self, slot: Slot, credential_id: &str) -> Result<(), StoreError>;
}
