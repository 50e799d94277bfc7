//! AWS Secrets Manager, with what it answered kept in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use tokio::{
    sync::Mutex as AsyncMutex,
    time::{Instant, timeout_at},
};

use super::{
    aws::{Connection, Fault, Manners},
    signed::Signed,
};
use crate::ports::{
    Deadline,
    clock::Clock,
    secret_store::SecretStore,
    secrets::{Secret, SecretError, Secrets},
};

/// How long a secret counts as current.
const FRESH_FOR: SignedDuration = SignedDuration::from_mins(5);

/// How long an old one stands in while a new one cannot be had.
const USABLE_FOR: SignedDuration = SignedDuration::from_hours(1);

/// How soon a new one is tried again then.
const RETRY: SignedDuration = SignedDuration::from_secs(30);

/// For how many days a deleted secret can be had back: the fewest that there can be.
const RECOVERABLE_DAYS: i64 = 7;

const MAX_NAME: usize = 128;

const SERVICE: &str = "secretsmanager";

/// Secrets of one deployment.
///
/// Ages are told by the time of day: while Lambda has an instance frozen, its own clock may stand still.
pub struct SecretsManager {
    prefix: String,
    clock: Arc<dyn Clock>,
    service: Signed,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// Where the secrets are.
#[derive(Debug, Clone)]
pub struct SecretsSettings {
    pub connection: Connection,
    /// What stands before every name, without the slash between.
    pub prefix: String,
}

#[derive(Default)]
struct Slot {
    kept: Mutex<Option<Kept>>,
    /// Held while a secret is read, so that many waiting calls cause one request.
    reading: AsyncMutex<()>,
}

#[derive(Clone)]
struct Kept {
    secret: Secret,
    fresh_until: Timestamp,
    usable_until: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GetSecretValue {
    secret_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretValue {
    secret_string: Option<String>,
}

/// The token is the same in each try, so that a try whose answer was lost makes no second version.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CreateSecret<'s> {
    name: String,
    secret_string: &'s str,
    client_request_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PutSecretValue<'s> {
    secret_id: String,
    secret_string: &'s str,
    client_request_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteSecret {
    secret_id: String,
    recovery_window_in_days: i64,
}

/// Whether a text can be a name, or a prefix of names: letters, digits and `/_+=.@-`, at most 128.
pub fn is_name(text: &str) -> bool {
    let known = |octet: u8| octet.is_ascii_alphanumeric() || b"/_+=.@-".contains(&octet);
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(known)
}

impl SecretsManager {
    pub fn new(settings: SecretsSettings, clock: Arc<dyn Clock>) -> Self {
        let SecretsSettings { connection, prefix } = settings;
        let service = Signed::new(&connection, SERVICE, Manners::WITHIN_A_DECISION);
        Self::made(prefix, clock, service)
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub fn of(config: &SdkConfig, prefix: String, clock: Arc<dyn Clock>) -> Self {
        let service = Signed::configured(config, "Secrets Manager", SERVICE);
        Self::made(prefix, clock, service)
    }

    fn made(prefix: String, clock: Arc<dyn Clock>, service: Signed) -> Self {
        Self {
            prefix,
            clock,
            service,
            slots: Mutex::default(),
        }
    }

    /// The name under which it is kept.
    pub fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }

    /// Reads a secret and keeps it, unless another call did so while this one waited.
    async fn renew(&self, name: &str, slot: &Slot) -> Result<Secret, SecretError> {
        let _reading = slot.reading.lock().await;
        if let Some(secret) = slot.fresh(self.clock.now()) {
            return Ok(secret);
        }
        let secret = self.read(name).await?;
        slot.keep(&secret, self.clock.now());
        Ok(secret)
    }

    async fn read(&self, name: &str) -> Result<Secret, SecretError> {
        let secret_id = self.full_name(name);
        let answered: SecretValue = self
            .call(name, "GetSecretValue", &GetSecretValue { secret_id })
            .await?;
        let text = answered.secret_string.ok_or_else(|| SecretError::Form {
            name: name.to_owned(),
            expected: "a text, not octets",
        })?;
        Ok(Secret::new(text))
    }

    async fn put(&self, name: &str, secret: &Secret) -> Result<IgnoredAny, SecretError> {
        let asked = PutSecretValue {
            secret_id: self.full_name(name),
            secret_string: secret.reveal(),
            client_request_token: token(),
        };
        self.call(name, "PutSecretValue", &asked).await
    }

    async fn create(&self, name: &str, secret: &Secret) -> Result<IgnoredAny, SecretError> {
        let asked = CreateSecret {
            name: self.full_name(name),
            secret_string: secret.reveal(),
            client_request_token: token(),
        };
        self.call(name, "CreateSecret", &asked).await
    }

    async fn delete(&self, name: &str) -> Result<IgnoredAny, SecretError> {
        let asked = DeleteSecret {
            secret_id: self.full_name(name),
            recovery_window_in_days: RECOVERABLE_DAYS,
        };
        self.call(name, "DeleteSecret", &asked).await
    }

    async fn call<A: DeserializeOwned>(
        &self,
        name: &str,
        operation: &str,
        asked: &impl Serialize,
    ) -> Result<A, SecretError> {
        let target = format!("{SERVICE}.{operation}");
        let answered = self.service.call(&target, asked).await;
        answered.map_err(|fault| failure(name, fault))
    }
}

impl std::fmt::Debug for SecretsManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretsManager")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Secrets for SecretsManager {
    async fn secret(&self, name: &str, deadline: Deadline) -> Result<Secret, SecretError> {
        if !is_name(name) {
            return Err(SecretError::Unavailable {
                name: name.to_owned(),
                problem: "its name has other characters than letters, digits and /_+=.@-, or more than 128"
                    .to_owned(),
            });
        }
        let slot = self.slot(name);
        let now = self.clock.now();
        if let Some(secret) = slot.fresh(now) {
            return Ok(secret);
        }
        let stale = slot.usable(now);
        let read = timeout_at(patience(stale.as_ref(), deadline), self.renew(name, &slot)).await;
        match read.unwrap_or_else(|_| Err(SecretError::TimedOut(name.to_owned()))) {
            Err(error) if is_outage(&error) => {
                slot.postpone(now);
                stale.ok_or(error)
            }
            Err(error) => {
                slot.forget();
                Err(error)
            }
            Ok(secret) => Ok(secret),
        }
    }

    fn forget(&self, name: &str) {
        self.slot(name).forget();
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn keep(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        let kept = match self.put(name, secret).await {
            Err(SecretError::Absent(_)) => self.create(name, secret).await,
            put => put,
        };
        self.forget(name);
        kept.map(|_| ())
    }

    async fn discard(&self, name: &str) -> Result<(), SecretError> {
        let deleted = self.delete(name).await;
        self.forget(name);
        match deleted {
            Ok(_) | Err(SecretError::Absent(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Slot {
    fn fresh(&self, now: Timestamp) -> Option<Secret> {
        self.kept_if(|kept| now < kept.fresh_until)
    }

    fn usable(&self, now: Timestamp) -> Option<Secret> {
        self.kept_if(|kept| now < kept.usable_until)
    }

    fn kept_if(&self, condition: impl Fn(&Kept) -> bool) -> Option<Secret> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.as_ref().filter(|kept| condition(kept))?;
        Some(kept.secret.clone())
    }

    fn keep(&self, secret: &Secret, now: Timestamp) {
        let kept = Kept {
            secret: secret.clone(),
            fresh_until: now + FRESH_FOR,
            usable_until: now + USABLE_FOR,
        };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
    }

    /// Lets the old secret count as current for a while, so that not every call waits for an outage.
    fn postpone(&self, now: Timestamp) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_mut() {
            kept.fresh_until = kept.usable_until.min(now + RETRY).max(kept.fresh_until);
        }
    }

    fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Whoever has an old secret keeps half of the time for the call itself.
fn patience(stale: Option<&Secret>, deadline: Deadline) -> Instant {
    match stale {
        Some(_) => Instant::now() + deadline.left() / 2,
        None => deadline.0,
    }
}

fn is_outage(error: &SecretError) -> bool {
    match error {
        SecretError::Unavailable { .. } | SecretError::TimedOut(_) => true,
        SecretError::Absent(_) | SecretError::Form { .. } => false,
    }
}

/// What tells one change from another, of 32 characters and more.
fn token() -> String {
    let chance = fastrand::u128(..);
    format!("{chance:032x}")
}

fn failure(name: &str, fault: Fault) -> SecretError {
    let name = name.to_owned();
    let problem = match fault {
        Fault::TimedOut => return SecretError::TimedOut(name),
        Fault::Service(Some(code)) if code == "ResourceNotFoundException" => {
            return SecretError::Absent(name);
        }
        Fault::Service(code) => code.unwrap_or_else(|| "unknown error".to_owned()),
        Fault::Other(problem) => problem,
    };
    SecretError::Unavailable { name, problem }
}
