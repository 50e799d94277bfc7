//! Why somebody is not told.

use crate::{
    app::sealing::SealingError,
    ports::{StoreError, data_keys::DataKeyError, mailer::MailError, secrets::SecretError},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Untold {
    /// An earlier message has seen to it.
    Before,
    /// Who applied is erased.
    Erased,
    NoAddress,
    /// The mail service will never take this mail.
    Rejected(String),
    /// What is stored of the applicant cannot be read by anybody.
    Broken(String),
    Later(String),
    /// The message says nothing.
    Unreadable,
}

impl Untold {
    /// The stable name in logs and metrics.
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Erased => "erased",
            Self::NoAddress => "no-address",
            Self::Rejected(_) => "rejected",
            Self::Broken(_) => "broken",
            Self::Later(_) => "later",
            Self::Unreadable => "unreadable",
        }
    }

    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Rejected(problem) | Self::Broken(problem) | Self::Later(problem) => {
                Some(problem.clone())
            }
            Self::Before | Self::Erased | Self::NoAddress | Self::Unreadable => None,
        }
    }

    /// Whether the message has to come again.
    pub(super) const fn is_put_back(&self) -> bool {
        matches!(self, Self::Later(_) | Self::Unreadable)
    }
}

impl From<StoreError> for Untold {
    fn from(error: StoreError) -> Self {
        Self::Later(error.detail().unwrap_or_else(|| error.code().to_owned()))
    }
}

impl From<SecretError> for Untold {
    fn from(error: SecretError) -> Self {
        Self::Later(error.to_string())
    }
}

impl From<SealingError> for Untold {
    fn from(error: SealingError) -> Self {
        let problem = error.to_string();
        match error {
            SealingError::Key(DataKeyError::TimedOut | DataKeyError::Unavailable(_)) => {
                Self::Later(problem)
            }
            SealingError::Key(DataKeyError::NotOurs) | SealingError::Broken => {
                Self::Broken(problem)
            }
        }
    }
}

impl From<MailError> for Untold {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Rejected(cause) => Self::Rejected(cause),
            MailError::Unavailable(_) | MailError::TimedOut => Self::Later(error.to_string()),
        }
    }
}
