//! Entra's signing keys, from Entra.

use async_trait::async_trait;

use super::Deadline;
use crate::domain::key_set::SigningKey;

/// Why the keys could not be had; for the log.
#[derive(Debug, thiserror::Error)]
#[error("the signing keys of `{issuer}` cannot be fetched: {problem}")]
pub struct KeySourceError {
    pub issuer: String,
    pub problem: String,
}

#[async_trait]
pub trait KeySource: Send + Sync {
    /// The keys that a trusted issuer publishes now, found through its OpenID discovery document.
    async fn fetch(
        &self,
        issuer: &str,
        deadline: Deadline,
    ) -> Result<Vec<SigningKey>, KeySourceError>;
}
