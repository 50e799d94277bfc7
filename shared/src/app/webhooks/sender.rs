//! Sending one message to an endpoint, signed.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    domain::{
        endpoint::Endpoint,
        webhook::{Outcome, PATIENCE, SigningKeys},
    },
    ports::{
        Deadline,
        clock::Clock,
        outgoing::{Call, Method, Outgoing},
        secrets::{SecretError, Secrets},
    },
};

/// How long a secret may take.
const SECRET_TAKES: Duration = Duration::from_secs(5);

/// Sends messages.
#[derive(Clone)]
pub struct Sender {
    pub outgoing: Arc<dyn Outgoing>,
    pub secrets: Arc<dyn Secrets>,
    pub clock: Arc<dyn Clock>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub outcome: Outcome,
    pub latency: Duration,
    /// What the endpoint asks for.
    pub retry_after: Option<Duration>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sender")
    }
}

impl Sender {
    /// Sends a message of this id. Nothing is sent without the endpoint's keys.
    pub async fn send(
        &self,
        endpoint: &Endpoint,
        id: &str,
        body: String,
    ) -> Result<Sent, SecretError> {
        let keys = self.keys(endpoint).await?;
        let call = self.call(endpoint, &keys, id, body);
        let started = Instant::now();
        let answered = self
            .outgoing
            .call(&call, Deadline(started + PATIENCE))
            .await;
        let retry_after = answered.as_ref().ok().and_then(|reply| reply.retry_after);
        let outcome = match answered {
            Ok(reply) => Outcome::Answered(reply.status),
            Err(error) => Outcome::Unanswered(error.code().to_owned()),
        };
        Ok(Sent {
            outcome,
            latency: started.elapsed(),
            retry_after,
        })
    }

    /// The live keys of an endpoint.
    pub async fn keys(&self, endpoint: &Endpoint) -> Result<SigningKeys, SecretError> {
        let name = endpoint.id.secret();
        let deadline = Deadline(Instant::now() + SECRET_TAKES);
        let secret = self.secrets.secret(&name, deadline).await?;
        SigningKeys::parse(secret.reveal()).ok_or(SecretError::Form {
            name,
            expected: SigningKeys::FORM,
        })
    }

    /// The time is that of the attempt, not that of the event.
    fn call(&self, endpoint: &Endpoint, keys: &SigningKeys, id: &str, body: String) -> Call {
        let now = self.clock.now();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.as_second().to_string()),
            ("webhook-signature", keys.signature(id, now, &body)),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        Call {
            method: Method::Post,
            url: endpoint.url.clone(),
            headers: headers.into(),
            body: Some(body.into_bytes()),
            credentials: Vec::new(),
            once: false,
        }
    }
}
