//! Secrets of other systems, by name.

use std::fmt;

use async_trait::async_trait;

use super::Deadline;

/// A secret's text. It shows itself to nobody who prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a secret could not be had; names it, never shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("there is no secret `{0}`")]
    Absent(String),
    #[error("the secret `{name}` cannot be read: {problem}")]
    Unavailable { name: String, problem: String },
    #[error("the secret `{0}` was not read in time")]
    TimedOut(String),
    /// It is there, and has another form than its use needs.
    #[error("the secret `{name}` has another form: expected {expected}")]
    Form {
        name: String,
        expected: &'static str,
    },
}

#[async_trait]
pub trait Secrets: Send + Sync {
    /// A secret by its name under the deployment's prefix. MAY answer from memory for a few minutes; MUST return by the
    /// deadline.
    async fn secret(&self, name: &str, deadline: Deadline) -> Result<Secret, SecretError>;

    /// Forgets what is in memory: the other side refused it, so it may have been rotated.
    fn forget(&self, name: &str);
}
