//! Identity verification: what a provider found out about a person, and the evidence that is kept of it.

use jiff::Timestamp;

use super::{digest, source::SourceName};

/// What a provider said, or that it could not be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerificationOutcome {
    Verified,
    Failed,
    /// Somebody must look at it.
    Refer,
    /// An outage, never the person's fault.
    Unavailable,
}

impl VerificationOutcome {
    pub const ALL: [Self; 4] = [Self::Verified, Self::Failed, Self::Refer, Self::Unavailable];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Refer => "refer",
            Self::Unavailable => "unavailable",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == text)
    }
}

/// One attempt of one person at one verification: the same for Entra's retry, another one for other answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptKey(String);

impl AttemptKey {
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest::hexadecimal(parts))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is kept of a verification; never what the person answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub verification: SourceName,
    /// The kind of provider: `idology`, `experian`, …
    pub provider: String,
    pub outcome: VerificationOutcome,
    /// The provider's own reference of the check.
    pub reference: Option<String>,
    pub at: Timestamp,
}
