//! What the use cases need from the world: one trait for each capability, so that the ports a
//! function holds and the statements of its IAM role say the same thing.

pub mod accounts;
pub mod answer_store;
pub mod approval_requests;
pub mod attempts;
pub mod audit_chain;
pub mod audit_store;
pub mod chain_heads;
pub mod clock;
pub mod code_redeemer;
pub mod code_store;
pub mod credential_store;
pub mod credential_use;
pub mod data_keys;
pub mod dead_letters;
pub mod dead_webhooks;
pub mod delivery_log;
pub mod directory_store;
pub mod disposable_reader;
pub mod disposable_store;
pub mod endpoint_store;
pub mod event_bus;
pub mod event_log;
pub mod guest_rounds;
pub mod guests;
pub mod journal;
pub mod key_source;
pub mod key_store;
pub mod list_store;
pub mod listed_domains;
pub mod mailer;
pub mod notice_deliveries;
pub mod objects;
pub mod otp_deliveries;
pub mod outgoing;
pub mod policy_reader;
pub mod policy_store;
pub mod redelivery;
pub mod reminders;
pub mod request_store;
pub mod rounds;
pub mod secret_store;
pub mod secrets;
pub mod sign_up_reader;
pub mod table_changes;
pub mod value_store;
pub mod verifier;

use jiff::Timestamp;
use tokio::time::Instant;

/// The moment by which a request must be answered; every look-up gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// The time that is left; zero when it has passed.
    pub fn left(self) -> std::time::Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// How long somebody has a piece of work to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Drawn at random, so that its holder knows its own lease again.
    pub holder: u64,
    pub from: Timestamp,
    /// Milliseconds count.
    pub until: Timestamp,
}

/// Why the table did not do what was asked. "Not found" is never an error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The deadline came first.
    #[error("the table did not answer in time")]
    TimedOut,
    /// DynamoDB said to slow down, and went on saying so.
    #[error("the table throttled the request")]
    Throttled,
    /// A condition did not hold: somebody else was faster.
    #[error("the item has changed in the meantime")]
    Conflict,
    /// An item that this version cannot read.
    #[error("the item `{key}` cannot be read: {problem}")]
    Corrupt { key: String, problem: String },
    /// Anything else: no connection, no permission, no table.
    #[error("the table cannot be used: {0}")]
    Unavailable(String),
}

impl StoreError {
    /// What an operator needs beside the code: AWS's own error code, the fault of the connection, or which
    /// item is corrupt. Nothing of an item's content.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Unavailable(cause) => Some(cause.clone()),
            Self::Corrupt { key, .. } => Some(key.clone()),
            Self::TimedOut | Self::Throttled | Self::Conflict => None,
        }
    }

    /// The stable name in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TimedOut => "timed-out",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::Corrupt { .. } => "corrupt",
            Self::Unavailable(_) => "unavailable",
        }
    }
}
