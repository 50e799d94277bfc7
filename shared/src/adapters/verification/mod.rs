//! Identity providers and bot checks: what each is asked, and what its answers mean.

pub mod arkose;
pub mod experian;
pub mod http;
pub mod idology;
pub mod recaptcha;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use crate::{
    domain::verification::VerificationOutcome,
    ports::{
        Deadline,
        clock::Clock,
        outgoing::{Call, Method, Outgoing, OutgoingError, Reply},
        secrets::{SecretError, Secrets},
        verifier::{Inquiry, Provider, Verified, Verifier},
    },
    wire::{Object, parse},
};

/// Longest reference that is kept.
const MAX_REFERENCE: usize = 100;

/// What an answer says about the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub outcome: VerificationOutcome,
    pub reference: Option<String>,
}

impl Finding {
    fn new(outcome: VerificationOutcome, reference: Option<&str>) -> Self {
        Self {
            outcome,
            reference: reference.and_then(sanitised),
        }
    }
}

/// Why nothing is known about the person. The text is a kind and shows no value: others see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("{}", .0.code())]
    NoAnswer(#[from] OutgoingError),
    #[error("status-{0}")]
    Status(u16),
    /// Not JSON, or JSON of another form than documented.
    #[error("not-json")]
    Json,
    /// Not XML, or XML of another form than documented.
    #[error("not-xml")]
    Xml,
    /// A word that the documentation of the provider, or the configuration, does not have.
    #[error("unknown-outcome")]
    UnknownOutcome,
    /// The provider does not know the username, password or key.
    #[error("credentials-refused")]
    CredentialsRefused,
    /// The provider says that it could not check anybody.
    #[error("provider-error")]
    ProviderError,
    /// The configuration has a field for which the provider has no place.
    #[error("unknown-field")]
    UnknownField,
}

impl Problem {
    /// False only when it is certain that the provider has checked nobody: the request was not sent, or was refused.
    const fn may_have_happened(&self) -> bool {
        match self {
            Self::NoAnswer(error) => matches!(
                error,
                OutgoingError::TimedOut | OutgoingError::Broken(_) | OutgoingError::TooLong
            ),
            Self::Status(status) => !matches!(status, 300..=499 | 503),
            Self::CredentialsRefused | Self::UnknownField => false,
            Self::Json | Self::Xml | Self::UnknownOutcome | Self::ProviderError => true,
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Self {
        Self::NoAnswer(error.into())
    }
}

/// Asks providers over HTTP.
pub struct Verification {
    outgoing: Arc<dyn Outgoing>,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verification").finish_non_exhaustive()
    }
}

impl Verification {
    pub fn new(
        outgoing: Arc<dyn Outgoing>,
        secrets: Arc<dyn Secrets>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            outgoing,
            secrets,
            clock,
        }
    }

    async fn ask(&self, inquiry: &Inquiry, deadline: Deadline) -> Result<Finding, Problem> {
        let call = self.call(inquiry, deadline).await?;
        let reply = self.outgoing.call(&call, deadline).await?;
        let finding = read(&inquiry.provider, &reply);
        if let (Err(Problem::CredentialsRefused), Some(name)) =
            (&finding, secret_name(&inquiry.provider))
        {
            self.secrets.forget(name);
        }
        finding
    }

    async fn call(&self, inquiry: &Inquiry, deadline: Deadline) -> Result<Call, Problem> {
        match &inquiry.provider {
            Provider::Http { .. } => Ok(http::call(inquiry)),
            Provider::Idology { secret } => {
                let login = self.secret_object(secret, idology::LOGIN, deadline).await?;
                Ok(idology::call(inquiry, &login))
            }
            Provider::Experian { secret } => {
                let account = self
                    .secret_object(secret, experian::ACCOUNT, deadline)
                    .await?;
                experian::call(inquiry, &account, self.clock.now())
            }
            Provider::Arkose { secret } => {
                let key = self.secrets.secret(secret, deadline).await?;
                Ok(arkose::call(inquiry, &key))
            }
            Provider::Recaptcha { secret, .. } => {
                let key = self.secrets.secret(secret, deadline).await?;
                Ok(recaptcha::call(inquiry, &key))
            }
        }
    }

    /// A secret that is a JSON object.
    async fn secret_object<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
        deadline: Deadline,
    ) -> Result<T, SecretError> {
        let secret = self.secrets.secret(name, deadline).await?;
        // The error of the parser would show the secret.
        object(secret.reveal().as_bytes()).map_err(|_| SecretError::Form {
            name: name.to_owned(),
            expected,
        })
    }
}

#[async_trait]
impl Verifier for Verification {
    async fn verify(&self, inquiry: &Inquiry, deadline: Deadline) -> Verified {
        match self.ask(inquiry, deadline).await {
            Ok(Finding { outcome, reference }) => Verified {
                outcome,
                reference,
                problem: None,
                may_have_happened: false,
            },
            Err(problem) => Verified {
                outcome: VerificationOutcome::Unavailable,
                reference: None,
                may_have_happened: problem.may_have_happened(),
                problem: Some(problem.to_string()),
            },
        }
    }
}

/// What an answer means, whatever its octets are.
pub fn read(provider: &Provider, reply: &Reply) -> Result<Finding, Problem> {
    match provider {
        Provider::Http {
            outcome,
            verified,
            failed,
            refer,
            reference,
        } => http::Words {
            outcome,
            verified,
            failed,
            refer,
            reference: reference.as_deref(),
        }
        .read(accepted(reply)?),
        Provider::Idology { .. } => idology::read(accepted(reply)?),
        Provider::Experian { .. } => experian::read(accepted(reply)?),
        Provider::Arkose { .. } => arkose::read(arkose::accepted(reply)?),
        Provider::Recaptcha {
            minimum_score,
            hostname,
            ..
        } => recaptcha::read(accepted(reply)?, *minimum_score, hostname.as_deref()),
    }
}

/// The body of an answer that succeeded as HTTP has it.
fn accepted(reply: &Reply) -> Result<&[u8], Problem> {
    match reply.status {
        200..=299 => Ok(&reply.body),
        401 | 403 => Err(Problem::CredentialsRefused),
        status => Err(Problem::Status(status)),
    }
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    parse(body, &[]).map_err(|_| Problem::Json)
}

/// An answer whose members are those of a struct.
fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    json::<Object<T>>(body).map(|object| object.0)
}

/// Without one a bot check says that it has not been passed.
fn token(inquiry: &Inquiry) -> &str {
    inquiry.token.as_deref().unwrap_or_default()
}

fn secret_name(provider: &Provider) -> Option<&str> {
    match provider {
        Provider::Http { .. } => None,
        Provider::Idology { secret }
        | Provider::Experian { secret }
        | Provider::Arkose { secret }
        | Provider::Recaptcha { secret, .. } => Some(secret),
    }
}

/// The characters of a reference that logs and tables take.
fn sanitised(reference: &str) -> Option<String> {
    let kept: String = reference
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.:".contains(*c))
        .take(MAX_REFERENCE)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

fn post(inquiry: &Inquiry, content_type: &str, body: Vec<u8>) -> Call {
    Call {
        method: Method::Post,
        url: inquiry.url.clone(),
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: Some(body),
        credentials: inquiry.credentials.clone(),
        once: true,
    }
}

fn post_json(inquiry: &Inquiry, body: Vec<u8>) -> Call {
    post(inquiry, "application/json", body)
}

/// A form as browsers send it.
fn post_form<'a>(inquiry: &Inquiry, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Call {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    post(
        inquiry,
        "application/x-www-form-urlencoded",
        body.into_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_short_and_plain() {
        assert_eq!(sanitised("2073386242").as_deref(), Some("2073386242"));
        assert_eq!(
            sanitised("RB-00_1.2:3\n<b>ä").as_deref(),
            Some("RB-00_1.2:3b")
        );
        assert_eq!(sanitised(" \"'"), None);
        assert_eq!(
            sanitised(&"7".repeat(200)).map(|kept| kept.len()),
            Some(100)
        );
    }

    #[test]
    fn only_success_has_a_body_to_read() {
        let outcome = |status| {
            accepted(&Reply {
                status,
                retry_after: None,
                body: b"{}".to_vec(),
            })
            .map(<[u8]>::len)
        };
        assert_eq!(outcome(200), Ok(2));
        assert_eq!(outcome(204), Ok(2));
        assert_eq!(outcome(302), Err(Problem::Status(302)));
        assert_eq!(outcome(401), Err(Problem::CredentialsRefused));
        assert_eq!(outcome(403), Err(Problem::CredentialsRefused));
        assert_eq!(outcome(503), Err(Problem::Status(503)));
    }
}
