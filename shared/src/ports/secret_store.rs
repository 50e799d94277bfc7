//! Keeping secrets that an operator's command makes.

use async_trait::async_trait;

use super::secrets::{Secret, SecretError};

#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Keeps a secret under its name below the deployment's prefix, in the place of the one before.
    async fn keep(&self, name: &str, secret: &Secret) -> Result<(), SecretError>;

    /// Deletes a secret that nobody needs any more; one that is not there is no fault.
    async fn discard(&self, name: &str) -> Result<(), SecretError>;
}
