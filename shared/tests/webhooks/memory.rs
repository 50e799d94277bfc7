//! What the function needs beside its queue, in memory: for many thousands of tasks, and for times that nobody waits for.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
};

use async_trait::async_trait;
use jiff::Timestamp;
use shared::{
    adapters::dynamodb::{Connection, Table},
    app::{
        breakers::Breakers,
        webhooks::{Content, Webhooks, sender::Sender},
    },
    domain::{
        audit::Record,
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{Event, EventFilter, EventId, Hour, KeptEvent, Personal},
        source::{AnswerKey, Breaker, KeptAnswer, SourceName},
        webhook::{Attempt, DeadWebhook, SigningKey, SigningKeys},
    },
    ports::{
        Deadline, StoreError,
        answer_store::AnswerStore,
        dead_webhooks::{DeadPage, DeadWebhooks},
        delivery_log::DeliveryLog,
        endpoint_store::{EndpointReader, EndpointStore},
        event_log::{EventLog, EventPage},
        journal::Journal,
        outgoing::Outgoing,
        secrets::{Secret, SecretError, Secrets},
        sign_up_reader::{Facts, SignUpReader, Wanted},
    },
    testkit::{FixedClock, Keyring},
};

use crate::{queue::Queue, world::entry_added};

#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) endpoints: Mutex<BTreeMap<EndpointId, Endpoint>>,
    pub(crate) events: Mutex<HashMap<EventId, KeptEvent>>,
    pub(crate) dead: Mutex<Vec<DeadWebhook>>,
    breakers: Mutex<HashMap<SourceName, Breaker>>,
    /// Of 100 events that are wanted, so many are not given in time.
    pub(crate) late_percent: AtomicU8,
}

impl Memory {
    pub(crate) fn endpoint(&self, url: &str, number: u64, kinds: &str, at: Timestamp) -> Endpoint {
        let endpoint = Endpoint {
            id: EndpointId::new(number),
            url: url.to_owned(),
            kinds: vec![EventFilter::parse(kinds).unwrap()],
            fields: Vec::new(),
            state: EndpointState::Enabled,
            note: String::new(),
            created_at: at,
            revision: 1,
        };
        let mut endpoints = self.endpoints.lock().unwrap();
        endpoints.insert(endpoint.id.clone(), endpoint.clone());
        endpoint
    }

    pub(crate) fn event(&self, number: u32, at: Timestamp) -> KeptEvent {
        let event = Event::new(at, entry_added(), &[&number.to_be_bytes()]);
        let kept = KeptEvent::new(&event, Personal::default()).unwrap();
        let mut events = self.events.lock().unwrap();
        events.insert(kept.id.clone(), kept.clone());
        kept
    }

    /// The function over this memory.
    pub(crate) fn webhooks(
        self: &Arc<Self>,
        queue: &Arc<Queue>,
        outgoing: Arc<dyn Outgoing>,
        clock: &Arc<FixedClock>,
        journal: Arc<dyn Journal>,
    ) -> Webhooks {
        Webhooks {
            endpoints: Arc::clone(self) as _,
            events: Arc::clone(self) as _,
            content: Content {
                requests: Arc::new(unused_table()),
                keys: Arc::new(Keyring::default()),
            },
            sender: Sender {
                outgoing,
                secrets: Arc::new(OneKey),
                clock: Arc::clone(clock) as _,
            },
            queue: Arc::clone(queue) as _,
            log: Arc::clone(self) as _,
            dead: Arc::clone(self) as _,
            reader: Arc::clone(self) as _,
            breakers: Breakers {
                store: Arc::clone(self) as _,
                clock: Arc::clone(clock) as _,
            },
            clock: Arc::clone(clock) as _,
            journal,
            in_flight: 5,
        }
    }
}

/// Nobody here is told of people.
fn unused_table() -> Table {
    let nowhere = Connection {
        region: "local".to_owned(),
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        access_key_id: "local".to_owned(),
        secret_access_key: "local".to_owned(),
        session_token: None,
    };
    Table::new(nowhere.client(), "nowhere")
}

/// The same for every endpoint.
struct OneKey;

#[async_trait]
impl Secrets for OneKey {
    async fn secret(&self, _: &str, _: Deadline) -> Result<Secret, SecretError> {
        let keys = SigningKeys {
            newest: SigningKey::new(&[1; 32]),
            older: None,
        };
        Ok(Secret::new(keys.stored()))
    }

    fn forget(&self, _: &str) {}
}

#[async_trait]
impl EndpointReader for Memory {
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        Ok(self.endpoints.lock().unwrap().values().cloned().collect())
    }
}

#[async_trait]
impl EndpointStore for Memory {
    async fn put(&self, endpoint: &Endpoint, _: Option<&Record>) -> Result<(), StoreError> {
        let mut endpoints = self.endpoints.lock().unwrap();
        let before = endpoints.get(&endpoint.id).map_or(0, |one| one.revision);
        if before + 1 != endpoint.revision {
            return Err(StoreError::Conflict);
        }
        endpoints.insert(endpoint.id.clone(), endpoint.clone());
        Ok(())
    }

    async fn remove(&self, endpoint: &Endpoint, _: &Record) -> Result<(), StoreError> {
        self.endpoints.lock().unwrap().remove(&endpoint.id);
        Ok(())
    }
}

#[async_trait]
impl EventLog for Memory {
    async fn hour(&self, _: Hour, _: Option<&EventId>) -> Result<EventPage, StoreError> {
        Err(StoreError::Unavailable("nobody asks for hours".to_owned()))
    }

    async fn event(&self, id: &EventId) -> Result<Option<KeptEvent>, StoreError> {
        if fastrand::u8(..100) < self.late_percent.load(Ordering::Relaxed) {
            return Err(StoreError::TimedOut);
        }
        Ok(self.events.lock().unwrap().get(id).cloned())
    }
}

#[async_trait]
impl DeliveryLog for Memory {
    async fn note(&self, _: &Attempt) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl DeadWebhooks for Memory {
    async fn bury(&self, dead: &DeadWebhook) -> Result<(), StoreError> {
        self.dead.lock().unwrap().push(dead.clone());
        Ok(())
    }

    async fn buried(&self, _: &EndpointId, _: Option<&EventId>) -> Result<DeadPage, StoreError> {
        let dead = self.dead.lock().unwrap().clone();
        Ok(DeadPage { dead, next: None })
    }

    async fn unbury(&self, dead: &DeadWebhook) -> Result<(), StoreError> {
        self.dead.lock().unwrap().retain(|one| one != dead);
        Ok(())
    }
}

#[async_trait]
impl AnswerStore for Memory {
    async fn keep(&self, _: &AnswerKey, _: &KeptAnswer, _: Deadline) -> Result<(), StoreError> {
        Ok(())
    }

    async fn set_breaker(
        &self,
        name: &SourceName,
        next: &Breaker,
        _: Deadline,
    ) -> Result<(), StoreError> {
        let mut breakers = self.breakers.lock().unwrap();
        let before = breakers.get(name).map_or(0, |one| one.version);
        if before + 1 != next.version {
            return Err(StoreError::Conflict);
        }
        breakers.insert(name.clone(), next.clone());
        Ok(())
    }
}

#[async_trait]
impl SignUpReader for Memory {
    async fn read(&self, wanted: Wanted<'_>, _: Deadline) -> Result<Facts, StoreError> {
        let breakers = self.breakers.lock().unwrap();
        let mut facts = Facts::default();
        for name in &wanted.looked_up.breakers {
            let found = breakers.get(name).cloned();
            let found = found.map(|breaker| (name.clone(), breaker));
            facts.found.breakers.extend(found);
        }
        Ok(facts)
    }
}
