//! Tokens by client credentials (RFC 6749 section 4.4), kept until they are about to expire.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use reqwest::{
    StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde::Deserialize;
use tokio::sync::Mutex as AsyncMutex;

use super::{
    GuardedHttp,
    assertion::{self, Claim, assertion},
    credentials::{basic, json},
    exchange::Message,
};
use crate::ports::{
    Deadline,
    clock::Clock,
    outgoing::{Method, OutgoingError, Reply},
    secrets::{Secret, SecretError},
};

/// A token that ends so soon may end on its way.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How long a token is kept whose answer does not say how long it lives.
const UNSAID: SignedDuration = SignedDuration::from_mins(5);

/// Longer lives are cut, so that no sum leaves the calendar.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Errors that may be told (RFC 6749 section 5.2); any other text could be anything.
const ERRORS: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Calls with the same key share a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TokenKey {
    pub(super) url: String,
    pub(super) scope: Option<String>,
    pub(super) secret: String,
}

/// The tokens in memory. Ages are told by the time of day: while Lambda has an instance frozen, its own clock may stand still.
pub(super) struct Tokens {
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<TokenKey, Arc<Slot>>>,
}

#[derive(Default)]
struct Slot {
    kept: Mutex<Option<Token>>,
    /// Held while a token is fetched, so that many waiting calls cause one request.
    fetching: AsyncMutex<()>,
}

#[derive(Clone)]
struct Token {
    text: Secret,
    usable_until: Timestamp,
}

/// What a secret says of a client.
#[derive(Deserialize)]
#[serde(untagged)]
enum Client {
    /// Whoever has one need not have a password.
    Certificate {
        client_id: String,
        /// PEM: the certificate and its RSA key.
        certificate: String,
    },
    Password {
        client_id: String,
        client_secret: String,
    },
}

const FORM: &str = "JSON with the texts `client_id` and `client_secret`, or `client_id` and `certificate` (PEM with a certificate \
                    and its RSA key in PKCS #8)";

/// RFC 6749 section 5.1.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: String,
    expires_in: Option<Seconds>,
}

/// A number, as it has to be, or a text, as some servers have it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Tokens {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            slots: Mutex::default(),
        }
    }

    /// Forgets a token that was refused, unless it has been replaced in the meantime.
    pub(super) fn forget(&self, key: &TokenKey, refused: &Secret) {
        let slot = self.slot(key);
        let mut kept = slot.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|token| token.text == *refused) {
            *kept = None;
        }
    }

    fn slot(&self, key: &TokenKey) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(key.clone()).or_default())
    }
}

impl Slot {
    fn usable(&self, now: Timestamp) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let token = kept.as_ref().filter(|token| now < token.usable_until)?;
        Some(token.text.clone())
    }

    fn keep(&self, token: Token) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
    }
}

impl GuardedHttp {
    /// The token in memory, or a new one.
    pub(super) async fn token(
        &self,
        key: &TokenKey,
        deadline: Deadline,
    ) -> Result<Secret, OutgoingError> {
        let slot = self.tokens.slot(key);
        let now = || self.tokens.clock.now();
        if let Some(text) = slot.usable(now()) {
            return Ok(text);
        }
        let _fetching = slot.fetching.lock().await;
        if let Some(text) = slot.usable(now()) {
            return Ok(text);
        }
        let asked_at = now();
        let token = read(&self.fetch(key, deadline).await?, asked_at)?;
        let text = token.text.clone();
        slot.keep(token);
        Ok(text)
    }

    async fn fetch(&self, key: &TokenKey, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let reply = self.ask(key, deadline).await?;
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        // The client's secret may have been rotated.
        self.secrets.forget(&key.secret);
        self.ask(key, deadline).await
    }

    async fn ask(&self, key: &TokenKey, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let secret = self.secrets.secret(&key.secret, deadline).await?;
        let request = token_request(key, &secret, self.tokens.clock.now())?;
        self.exchange.send(&request).await
    }
}

fn token_request(key: &TokenKey, secret: &Secret, now: Timestamp) -> Result<Message, SecretError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if let Some(scope) = &key.scope {
        form.append_pair("scope", scope);
    }
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let has_no_proof = || SecretError::Form {
        name: key.secret.clone(),
        expected: FORM,
    };
    match json(&key.secret, secret, FORM)? {
        Client::Password {
            client_id,
            client_secret,
        } => {
            let proof = client_secret_basic(&client_id, &client_secret);
            headers.insert(AUTHORIZATION, proof.ok_or_else(has_no_proof)?);
        }
        Client::Certificate {
            client_id,
            certificate,
        } => {
            let claim = Claim {
                client_id: &client_id,
                token_url: &key.url,
                now,
            };
            let proof = assertion(&certificate, &claim).ok_or_else(has_no_proof)?;
            form.append_pair("client_id", &client_id);
            form.append_pair("client_assertion_type", assertion::TYPE);
            form.append_pair("client_assertion", &proof);
        }
    }
    Ok(Message {
        method: Method::Post,
        url: key.url.clone(),
        headers,
        body: Some(form.finish().into_bytes()),
        certificate: None,
        once: false,
    })
}

/// RFC 6749 section 2.3.1: both are form-encoded before they become user name and password.
fn client_secret_basic(id: &str, secret: &str) -> Option<HeaderValue> {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    basic(&encoded(id), &encoded(secret))
}

fn read(reply: &Reply, asked_at: Timestamp) -> Result<Token, OutgoingError> {
    if reply.status != StatusCode::OK {
        return Err(refused(reply));
    }
    let answer: TokenAnswer = serde_json::from_slice(&reply.body).map_err(|_| {
        problem("expected JSON with the texts `access_token` and `token_type` in the answer")
    })?;
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(problem("its type is not `Bearer`"));
    }
    Ok(Token {
        text: Secret::new(answer.access_token),
        usable_until: asked_at + kept_for(answer.expires_in.as_ref()),
    })
}

fn kept_for(expires_in: Option<&Seconds>) -> SignedDuration {
    let seconds = match expires_in {
        Some(Seconds::Number(number)) => Some(*number),
        Some(Seconds::Text(text)) => text.trim().parse().ok(),
        None => None,
    };
    let life = seconds.and_then(|seconds| SignedDuration::try_from_secs_f64(seconds).ok());
    life.map_or(UNSAID, |life| life.min(LONGEST) - MARGIN)
        .max(SignedDuration::ZERO)
}

fn refused(reply: &Reply) -> OutgoingError {
    let code = serde_json::from_slice::<Refusal>(&reply.body)
        .ok()
        .and_then(|refusal| ERRORS.iter().find(|known| **known == refusal.error));
    match code {
        Some(code) => problem(&format!("HTTP status {}, `{code}`", reply.status)),
        None => problem(&format!("HTTP status {}", reply.status)),
    }
}

fn problem(text: &str) -> OutgoingError {
    OutgoingError::Token(text.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unsaid("{}", 300)]
    #[case::an_hour(r#"{"expires_in":3600}"#, 3540)]
    #[case::a_fraction(r#"{"expires_in":90.5}"#, 30)]
    #[case::a_text(r#"{"expires_in":"3600"}"#, 3540)]
    #[case::another_text(r#"{"expires_in":"soon"}"#, 300)]
    #[case::the_margin(r#"{"expires_in":60}"#, 0)]
    #[case::over(r#"{"expires_in":-5}"#, 0)]
    #[case::too_long_to_be_true(r#"{"expires_in":1e300}"#, 300)]
    #[case::a_century(r#"{"expires_in":3155760000}"#, 86_340)]
    fn a_token_is_kept_a_minute_less_than_it_lives(#[case] answer: &str, #[case] seconds: i64) {
        #[derive(Deserialize)]
        struct Life {
            expires_in: Option<Seconds>,
        }
        let life: Life = serde_json::from_str(answer).unwrap();
        assert_eq!(kept_for(life.expires_in.as_ref()).as_secs(), seconds);
    }
}
