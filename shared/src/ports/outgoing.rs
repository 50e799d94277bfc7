//! Calls to other systems over HTTP.

use std::time::Duration;

use async_trait::async_trait;

use super::{Deadline, secrets::SecretError};

/// Most octets that are read of an answer.
pub const MAX_REPLY_OCTETS: usize = 1024 * 1024;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Get,
    Post,
    Patch,
}

/// How a call proves itself. Every secret is a name for [`Secrets`](super::secrets::Secrets).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The secret's text in a header.
    ApiKey { header: String, secret: String },
    /// The secret is JSON: `{"username": …, "password": …}`.
    Basic { secret: String },
    /// OAuth 2.0 client credentials (RFC 6749 section 4.4). The secret is JSON: `{"client_id": …, "client_secret": …}`. The
    /// token is kept until it is about to expire.
    ClientCredentials {
        token_url: String,
        scope: Option<String>,
        secret: String,
    },
    /// A client certificate. The secret is PEM: the certificate chain and the private key (PKCS #8).
    ClientCertificate { secret: String },
}

/// One request. Its `Debug` would show personal data, so it has none.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    pub method: Method,
    /// Complete, every value in it percent-encoded.
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    /// In order; a client certificate may stand beside another one.
    pub credentials: Vec<Credential>,
    /// Whether the other side must not act on it twice: it has a connection of its own, and is not sent again when that breaks.
    pub once: bool,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// An answer, whatever its status. Redirections are answers as well: they are never followed.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// How long to wait before the next call, where the answer says it in seconds (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// At most [`MAX_REPLY_OCTETS`].
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("octets", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no answer. The texts name hosts and faults of the connection, never a path, a query or a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    #[error("there was no answer in time")]
    TimedOut,
    /// Not HTTPS, or an address inside of a network that the host is not allowed to be in.
    #[error("the call is not permitted: {0}")]
    NotPermitted(String),
    /// No connection was made, and nothing was sent.
    #[error("the call failed: {0}")]
    Connection(String),
    /// The connection broke once it was made: the other side may have acted on the call.
    #[error("the call failed: {0}")]
    Broken(String),
    #[error("the answer has more than {MAX_REPLY_OCTETS} octets")]
    TooLong,
    #[error("{0}")]
    Secret(#[from] SecretError),
    /// The token endpoint did not give a token.
    #[error("there is no token: {0}")]
    Token(String),
}

impl OutgoingError {
    /// The stable name in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TimedOut | Self::Secret(SecretError::TimedOut(_)) => "timed-out",
            Self::NotPermitted(_) => "not-permitted",
            Self::Connection(_) | Self::Broken(_) => "connection",
            Self::TooLong => "too-long",
            Self::Secret(_) => "secret",
            Self::Token(_) => "token",
        }
    }
}

#[async_trait]
pub trait Outgoing: Send + Sync {
    /// Sends a request and reads the answer. MUST return by the deadline, follow no redirection, read at most
    /// [`MAX_REPLY_OCTETS`], and connect only to public addresses or to hosts that the deployment names.
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError>;
}
