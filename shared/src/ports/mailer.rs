//! Handing a mail over to a mail service.

use async_trait::async_trait;

use super::Deadline;
use crate::domain::mail::{Address, Mailbox};

/// A mail to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub to: Address,
    pub subject: String,
    pub html: String,
    pub text: String,
}

impl std::fmt::Debug for Message {
    /// What it says may be a credential.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Message(…)")
    }
}

/// Why a mail was not handed over. Services tell addresses in their own texts, so none of those is here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The service will not take this mail, or none from us.
    #[error("the mail service refused the mail: {0}")]
    Rejected(String),
    /// No connection, no permission, or no room now.
    #[error("the mail service cannot be used: {0}")]
    Unavailable(String),
    /// The deadline came first; the mail may have been taken.
    #[error("the mail service did not answer in time")]
    TimedOut,
}

impl MailError {
    /// The stable name in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rejected(_) => "mail-rejected",
            Self::Unavailable(_) => "mail-unavailable",
            Self::TimedOut => "mail-timed-out",
        }
    }

    /// What an operator needs beside the code: the service's own error code, or the fault of the connection.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Rejected(cause) | Self::Unavailable(cause) => Some(cause.clone()),
            Self::TimedOut => None,
        }
    }
}

#[async_trait]
pub trait Mailer: Send + Sync {
    /// Returns when the service has taken the mail over. MUST return by the deadline.
    async fn send(&self, message: &Message, deadline: Deadline) -> Result<(), MailError>;
}
