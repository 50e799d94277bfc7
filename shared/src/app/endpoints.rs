//! Endpoints from the operators' side: who is told of events, by which secret, and what was told in vain.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use ring::rand::{Random, SystemRandom, generate};
use serde_json::json;

use super::webhooks::sender::{Sender, Sent};
use crate::{
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState, MAX_ENDPOINTS},
        event::{EventFilter, EventId, Hour},
        webhook::{Attempt, DeadWebhook, SigningKey, SigningKeys},
    },
    ports::{
        StoreError,
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
    pub async fn add(&self, new: NewEndpoint) -> Result<(Endpoint, SigningKey), EndpointError> {
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
        self.store.put(&endpoint).await?;
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

    pub async fn enable(&self, id: &EndpointId) -> Result<(), EndpointError> {
        self.set(id, EndpointState::Enabled).await
    }

    pub async fn disable(&self, id: &EndpointId) -> Result<(), EndpointError> {
        self.set(id, EndpointState::Disabled(self.clock.now()))
            .await
    }

    async fn set(&self, id: &EndpointId, state: EndpointState) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let next = Endpoint {
            state,
            revision: endpoint.revision + 1,
            ..endpoint
        };
        Ok(self.store.put(&next).await?)
    }

    /// Its secret stays: a name of Secrets Manager is free again only days after it was deleted.
    pub async fn remove(&self, id: &EndpointId) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        Ok(self.store.remove(&endpoint).await?)
    }

    /// A new key, with which messages are signed from now on beside the newest one so far.
    pub async fn rotate(&self, id: &EndpointId) -> Result<SigningKey, EndpointError> {
        let endpoint = self.find(id).await?;
        let keys = self.sender.keys(&endpoint).await?;
        let key = SigningKey::new(&random()?);
        self.keep(&endpoint, &keys.with(key.clone())).await?;
        Ok(key)
    }

    /// Ends a rotation: the newest key alone signs.
    pub async fn drop_old(&self, id: &EndpointId) -> Result<(), EndpointError> {
        let endpoint = self.find(id).await?;
        let keys = self.sender.keys(&endpoint).await?;
        if keys.older.is_none() {
            return Err(EndpointError::OneSecret);
        }
        let newest = SigningKeys {
            older: None,
            ..keys
        };
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
    pub async fn replay(
        &self,
        endpoint: &Endpoint,
        queue: &dyn TaskQueue,
    ) -> Result<usize, EndpointError> {
        let Endpoint { id, state, .. } = endpoint;
        if *state != EndpointState::Enabled {
            return Err(EndpointError::NotEnabled(id.clone(), state.name()));
        }
        let dead = self.list(id).await?;
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
