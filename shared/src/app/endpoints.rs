//! Endpoints from the operators' side: who is told of events, by which secret, and what was told in vain.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use ring::rand::{Random, SystemRandom, generate};
use serde_json::json;

use super::{
    audit::of_setting,
    webhooks::sender::{Sender, Sent},
};
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        endpoint::{Endpoint, EndpointId, EndpointState, MAX_ENDPOINTS},
        event::{EventFilter, EventId, Hour},
        webhook::{Attempt, DeadWebhook, SigningKey, SigningKeys},
    },
    ports::{
        StoreError,
        audit_store::AuditKeeper,
        clock::Clock,
        dead_webhooks::DeadWebhooks,
        delivery_log::DeliveryReader,
        endpoint_store::EndpointStore,
        event_bus::{MAX_BATCH, SinkError, Task, TaskQueue},
        secret_store::SecretStore,
        secrets::{Secret, SecretError},
    },
};

/// The kind of a message that tells of nothing.
const TEST: &str = "webhook.test";

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("there is no endpoint `{0}`: see `signupctl endpoint list`")]
    Unknown(EndpointId),
    #[error("there are {MAX_ENDPOINTS} endpoints, which are the most: remove one")]
    TooMany,
    #[error("no random numbers can be had")]
    NoRandomness,
    #[error("`{0}` is {1}, and nothing would be sent: run `signupctl endpoint enable {0}` first")]
    NotEnabled(EndpointId, &'static str),
    #[error(
        "it has one secret only: `signupctl endpoint rotate-secret` makes another one beside it"
    )]
    OneSecret,
    #[error("it is removed, but its secret stays ({0})")]
    SecretStays(SecretError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the queue before the webhooks: {0}")]
    Queue(#[from] SinkError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes endpoints.
pub struct Endpoints {
    pub store: Arc<dyn EndpointStore>,
    pub secrets: Arc<dyn SecretStore>,
    /// Reads secrets, and sends messages that are tests.
    pub sender: Sender,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Endpoints")
    }
}

/// What an operator says of an endpoint.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    pub url: String,
    pub kinds: Vec<EventFilter>,
    pub fields: Vec<String>,
    pub note: String,
}

impl Endpoints {
    /// The key is kept before the endpoint: one without a key would be sent nothing.
    pub async fn add(
        &self,
        new: NewEndpoint,
        by: &str,
    ) -> Result<(Endpoint, SigningKey), EndpointError> {
        if self.store.endpoints().await?.len() >= MAX_ENDPOINTS {
            return Err(EndpointError::TooMany);
        }
        let NewEndpoint {
            url,
            kinds,
            fields,
            note,
        } = new;
        let endpoint = Endpoint {
            id: EndpointId::new(u64::from_be_bytes(random()?)),
            url,
            kinds,
            fields,
            state: EndpointState::Enabled,
            note,
            created_at: self.clock.now(),
            revision: 1,
        };
        let key = SigningKey::new(&random()?);
        let keys = SigningKeys {
            newest: key.clone(),
            older: None,
        };
        self.keep(&endpoint, &keys).await?;
        let record = self.record(SettingAction::EndpointAdd, &endpoint.id, by);
        self.store.put(&endpoint, Some(&record)).await?;
        Ok((endpoint, key))
    }

    pub async fn list(&self) -> Result<Vec<Endpoint>, EndpointError> {
        Ok(self.store.endpoints().await?)
    }

    pub async fn find(&self, id: &EndpointId) -> Result<Endpoint, EndpointError> {
        let all = self.store.endpoints().await?;
        let found = all.into_iter().find(|endpoint| endpoint.id == *id);
        found.ok_or_else(|| EndpointError::Unknown(id.clone()))
    }

    pub async fn enable(&self, id: &EndpointId, by: &str) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let enabled = Endpoint {
            state: EndpointState::Enabled,
            ..endpoint
        };
        self.change(enabled, SettingAction::EndpointEnable, by)
            .await
    }

    pub async fn disable(&self, id: &EndpointId, by: &str) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let disabled = Endpoint {
            state: EndpointState::Disabled(self.clock.now()),
            ..endpoint
        };
        self.change(disabled, SettingAction::EndpointDisable, by)
            .await
    }

    /// Puts an endpoint in the place of the one before, if nobody else has meanwhile.
    async fn change(
        &self,
        endpoint: Endpoint,
        action: SettingAction,
        by: &str,
    ) -> Result<(), EndpointError> {
        let next = Endpoint {
            revision: endpoint.revision + 1,
            ..endpoint
        };
        let record = self.record(action, &next.id, by);
        Ok(self.store.put(&next, Some(&record)).await?)
    }

    fn record(&self, action: SettingAction, id: &EndpointId, by: &str) -> Record {
        let signature = Signature::new(by, self.clock.now());
        of_setting(&signature, SettingChange::of(action, id.as_str()))
    }

    /// Its secret goes after it: one without a secret would fail at everything that it is to be told.
    pub async fn remove(&self, id: &EndpointId, by: &str) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let record = self.record(SettingAction::EndpointRemove, id, by);
        self.store.remove(&endpoint, &record).await?;
        let discarded = self.secrets.discard(&id.secret()).await;
        discarded.map_err(EndpointError::SecretStays)
    }

    /// A new key, with which messages are signed from now on beside the newest one so far. No transaction reaches the key, so it
    /// is recorded before; with a revision of its own, so that of two who rotate at once one hears of it.
    pub async fn rotate(&self, id: &EndpointId, by: &str) -> Result<SigningKey, EndpointError> {
        let endpoint = self.find(id).await?;
        let keys = self.sender.keys(&endpoint).await?;
        let key = SigningKey::new(&random()?);
        self.change(endpoint.clone(), SettingAction::EndpointRotateSecret, by)
            .await?;
        self.keep(&endpoint, &keys.with(key.clone())).await?;
        Ok(key)
    }

    /// Ends a rotation: the newest key alone signs. Recorded as [`rotate`](Self::rotate) is.
    pub async fn drop_old(&self, id: &EndpointId, by: &str) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let keys = self.sender.keys(&endpoint).await?;
        if keys.older.is_none() {
            return Err(EndpointError::OneSecret);
        }
        let newest = SigningKeys {
            older: None,
            ..keys
        };
        self.change(endpoint.clone(), SettingAction::EndpointDropSecret, by)
            .await?;
        self.keep(&endpoint, &newest).await
    }

    async fn keep(&self, endpoint: &Endpoint, keys: &SigningKeys) -> Result<(), EndpointError> {
        let secret = Secret::new(keys.stored());
        Ok(self.secrets.keep(&endpoint.id.secret(), &secret).await?)
    }

    /// Sends a message that tells of nothing, whatever the state of the endpoint.
    pub async fn test(&self, id: &EndpointId) -> Result<Sent, EndpointError> {
        let endpoint = self.find(id).await?;
        let now = self.clock.now();
        let chance: [u8; 16] = random()?;
        let message = EventId::derive(now, &[TEST.as_bytes(), &chance]);
        let body =
            json!({ "id": message, "version": 1, "timestamp": now, "type": TEST, "data": {} });
        let sent = self
            .sender
            .send(&endpoint, message.as_str(), body.to_string());
        Ok(sent.await?)
    }
}

/// Most days that a log can be read back.
const LOG_DAYS: i64 = 30;

/// The attempts to tell an endpoint of what happened since then, the oldest event first.
pub async fn attempts_since(
    log: &dyn DeliveryReader,
    endpoint: &EndpointId,
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Attempt>, StoreError> {
    let earliest = now.saturating_sub(SignedDuration::from_hours(24 * LOG_DAYS));
    let mut hour = Hour::of(since.max(earliest.unwrap_or(since)));
    let mut attempts = Vec::new();
    while hour.start() <= now {
        attempts.extend(log.attempts_in(endpoint, hour).await?);
        hour = hour.next();
    }
    Ok(attempts)
}

/// What was told in vain.
pub struct DeadLetters {
    pub dead: Arc<dyn DeadWebhooks>,
    pub audit: Arc<dyn AuditKeeper>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeadLetters")
    }
}

impl DeadLetters {
    pub async fn list(&self, endpoint: &EndpointId) -> Result<Vec<DeadWebhook>, StoreError> {
        let mut page = self.dead.buried(endpoint, None).await?;
        let mut dead = page.dead;
        while let Some(after) = page.next {
            page = self.dead.buried(endpoint, Some(&after)).await?;
            dead.append(&mut page.dead);
        }
        Ok(dead)
    }

    /// Has all of an endpoint told again from the first attempt on. Each stays until its task is in the queue. How many they are.
    /// No transaction reaches the queue, so it is recorded before.
    pub async fn replay(
        &self,
        endpoint: &Endpoint,
        queue: &dyn TaskQueue,
        by: &str,
    ) -> Result<usize, EndpointError> {
        let Endpoint { id, state, .. } = endpoint;
        if *state != EndpointState::Enabled {
            return Err(EndpointError::NotEnabled(id.clone(), state.name()));
        }
        let dead = self.list(id).await?;
        if dead.is_empty() {
            return Ok(0);
        }
        let change = SettingChange::of(SettingAction::EndpointReplay, id.as_str());
        let signature = Signature::new(by, self.clock.now());
        let record = of_setting(&signature, change.with_count(dead.len()));
        self.audit.keep_record(&record).await?;
        for batch in dead.chunks(MAX_BATCH) {
            self.replay_batch(batch, queue).await?;
        }
        Ok(dead.len())
    }

    async fn replay_batch(
        &self,
        batch: &[DeadWebhook],
        queue: &dyn TaskQueue,
    ) -> Result<(), EndpointError> {
        let due = self.clock.now().as_millisecond();
        let tasks: Vec<Task> = batch
            .iter()
            .map(|dead| Task {
                endpoint: dead.endpoint.clone(),
                event: dead.event.clone(),
                attempts: 0,
                due,
            })
            .collect();
        let sent = queue.send(&tasks, Duration::ZERO).await;
        for (dead, sent) in batch.iter().zip(sent) {
            sent?;
            self.dead.unbury(dead).await?;
        }
        Ok(())
    }
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], EndpointError> {
    let random = generate(&SystemRandom::new()).map(Random::expose);
    random.map_err(|_| EndpointError::NoRandomness)
}
