//! Asking a provider who a person is.

use async_trait::async_trait;
use serde_json::Value;

use super::{Deadline, outgoing::Credential};
use crate::domain::verification::VerificationOutcome;

/// The provider and how its answers are read.
#[derive(Debug, Clone, PartialEq)]
pub enum Provider {
    /// Any JSON API. Pointers are JSON Pointers (RFC 6901) into its answer.
    Http {
        outcome: String,
        verified: Vec<String>,
        failed: Vec<String>,
        refer: Vec<String>,
        reference: Option<String>,
    },
    /// IDology `ExpectID` (XML). The secret is JSON: `{"username": …, "password": …}`.
    Idology { secret: String },
    /// Experian `CrossCore` (JSON signed with HMAC-SHA256). The secret is JSON: `{"tenant_id": …, "request_type": …, "hmac_key": …}`.
    Experian { secret: String },
    /// Arkose Labs: the private key is the secret's text.
    Arkose { secret: String },
    /// reCAPTCHA `siteverify`: the secret key is the secret's text. A score below `minimum_score` fails.
    Recaptcha {
        secret: String,
        minimum_score: Option<f64>,
        /// The only host name whose tokens count.
        hostname: Option<String>,
    },
}

/// One question about one person. Its values are personal data.
#[derive(Clone, PartialEq)]
pub struct Inquiry {
    pub provider: Provider,
    pub url: String,
    pub credentials: Vec<Credential>,
    /// What the provider is told, by the provider's own names; nothing that is empty.
    pub fields: Vec<(String, String)>,
    /// The body of a JSON API, filled.
    pub body: Option<Value>,
    /// The token of a bot check.
    pub token: Option<String>,
    /// Names the attempt to the provider, where it takes such a name.
    pub attempt: String,
}

impl std::fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inquiry")
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// What a provider answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// [`VerificationOutcome::Unavailable`] for every answer that says nothing about the person.
    pub outcome: VerificationOutcome,
    /// The provider's own reference; at most 100 characters, letters, digits and `-_.:` only.
    pub reference: Option<String>,
    /// Why it is unavailable: a kind, never a value.
    pub problem: Option<String>,
    /// Of an unavailable one: whether the provider may have made the check, and so must not be asked again at once. False only
    /// when it is certain that it has not: nothing was sent, or it refused.
    pub may_have_happened: bool,
}

#[async_trait]
pub trait Verifier: Send + Sync {
    /// MUST return by the deadline; whatever fails is an outcome.
    async fn verify(&self, inquiry: &Inquiry, deadline: Deadline) -> Verified;
}
