//! Events and endpoints in a table, the function as it is deployed but for Lambda and its queue, and a receiver.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use local::engine::{Engine, create_table};
use local_entra::{Simulator, partners::KEY_ID};
use shared::{
    adapters::{
        dynamodb::{Connection, Table},
        secrets::{SecretsManager, SecretsSettings},
    },
    app::webhooks::Webhooks,
    compose,
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{EntryFact, Event, EventFilter, Fact, KeptEvent, Personal},
        list::Effect,
        webhook::{Attempt, DeadWebhook, SigningKey, SigningKeys},
    },
    ports::{
        Deadline,
        clock::Clock,
        dead_webhooks::DeadWebhooks,
        delivery_log::DeliveryReader,
        endpoint_store::{EndpointReader, EndpointStore},
        event_bus::Task,
        event_log::EventKeeper,
        journal::{Notice, WebhookSent},
        secret_store::SecretStore,
        secrets::Secret,
    },
    testkit::{FixedClock, Remembered},
};
use tokio::time::Instant;

use crate::{queue::Queue, servers::Server};

pub(crate) const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);
pub(crate) const PATH: &str = "/hooks/one";
const TABLE: &str = "webhooks";

pub(crate) struct World {
    pub(crate) store: Arc<Table>,
    pub(crate) webhooks: Webhooks,
    pub(crate) queue: Arc<Queue>,
    pub(crate) receiver: Server,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) journal: Arc<Remembered>,
    pub(crate) entra: Arc<Simulator>,
    pub(crate) engine: Engine,
    secrets: SecretsManager,
}

impl World {
    pub(crate) async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, TABLE).await.unwrap();
        let entra = Simulator::of_example(|_| {}).await.unwrap();
        let receiver = Server::start().await;
        let clock = Arc::new(FixedClock::at(NOW));
        let journal = Arc::new(Remembered::default());
        let settings = settings(&engine, &entra, &receiver);
        let settings = settings
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let (now, log) = (Arc::clone(&clock), Arc::clone(&journal));
        let mut webhooks = compose::webhooks(&settings, now as _, log as _).unwrap();
        let queue = Arc::new(Queue::new(Arc::clone(&clock)));
        webhooks.queue = Arc::clone(&queue) as _;
        let secrets = SecretsSettings {
            connection: Connection {
                endpoint: Some(format!("{}/secrets", entra.origin)),
                ..engine.connection()
            },
            prefix: "signup-connectors".to_owned(),
        };
        let secrets = SecretsManager::new(secrets, Arc::clone(&clock) as _);
        Self {
            store: Arc::new(Table::new(client, TABLE)),
            webhooks,
            queue,
            receiver,
            clock,
            journal,
            entra,
            engine,
            secrets,
        }
    }

    /// An endpoint of the receiver that wants everything.
    pub(crate) async fn endpoint(&self) -> Endpoint {
        self.endpoint_at(&self.receiver.url(PATH), &[]).await
    }

    pub(crate) async fn endpoint_at(&self, url: &str, fields: &[&str]) -> Endpoint {
        let endpoint = Endpoint {
            id: EndpointId::new(fastrand::u64(..)),
            url: url.to_owned(),
            kinds: vec![EventFilter::parse("*").unwrap()],
            fields: fields.iter().map(|&field| field.to_owned()).collect(),
            state: EndpointState::Enabled,
            note: String::new(),
            created_at: NOW,
            revision: 1,
        };
        self.put(&endpoint).await;
        self.has_keys(&endpoint, &keys()).await;
        endpoint
    }

    pub(crate) async fn put(&self, endpoint: &Endpoint) {
        EndpointStore::put(&*self.store, endpoint, None)
            .await
            .unwrap();
    }

    pub(crate) async fn has_keys(&self, endpoint: &Endpoint, keys: &SigningKeys) {
        let secret = Secret::new(keys.stored());
        let kept = self.secrets.keep(&endpoint.id.secret(), &secret).await;
        kept.unwrap();
    }

    /// The endpoint as it is in the table now.
    pub(crate) async fn state(&self, endpoint: &Endpoint) -> EndpointState {
        let all = self.store.endpoints().await.unwrap();
        let found = all.into_iter().find(|one| one.id == endpoint.id);
        found.unwrap().state
    }

    /// An event that tells of nobody.
    pub(crate) async fn event(&self, number: u32) -> KeptEvent {
        let event = Event::new(self.clock.now(), entry_added(), &[&number.to_be_bytes()]);
        self.kept(&event, Personal::default()).await
    }

    pub(crate) async fn kept(&self, event: &Event, personal: Personal) -> KeptEvent {
        let kept = KeptEvent::new(event, personal).unwrap();
        let until = NOW + SignedDuration::from_hours(24);
        assert!(self.store.keep(&kept, until).await.unwrap());
        kept
    }

    /// Tells an endpoint of a new event, and says whether the message is done with.
    pub(crate) async fn tell(&self, endpoint: &Endpoint, number: u32) -> bool {
        let event = self.event(number).await;
        self.take(&[task(endpoint, &event)]).await[0]
    }

    pub(crate) async fn take(&self, tasks: &[Task]) -> Vec<bool> {
        let tasks: Vec<_> = tasks.iter().cloned().map(Some).collect();
        self.webhooks.take(&tasks).await
    }

    /// The lines of the log, in order.
    pub(crate) fn lines(&self) -> Vec<WebhookSent> {
        let notices = self.journal.notices().into_iter();
        notices
            .filter_map(|notice| match notice {
                Notice::WebhookSent(sent) => Some(sent),
                _ => None,
            })
            .collect()
    }

    /// Outcome, and answer or problem, of each line of the log.
    pub(crate) fn told(&self) -> Vec<(&'static str, String)> {
        let lines = self.lines().into_iter();
        lines
            .map(|line| {
                let detail = line.answer.or(line.problem);
                (line.outcome, detail.unwrap_or_default())
            })
            .collect()
    }

    pub(crate) async fn attempts(&self, endpoint: &Endpoint, event: &KeptEvent) -> Vec<Attempt> {
        let attempts = self.store.attempts_for(&endpoint.id, &event.id).await;
        attempts.unwrap()
    }

    pub(crate) async fn buried(&self, endpoint: &Endpoint) -> Vec<DeadWebhook> {
        self.store.buried(&endpoint.id, None).await.unwrap().dead
    }

    pub(crate) fn sent(&self) -> usize {
        self.receiver.count(PATH)
    }
}

pub(crate) fn task(endpoint: &Endpoint, event: &KeptEvent) -> Task {
    Task {
        endpoint: endpoint.id.clone(),
        event: event.id.clone(),
        attempts: 0,
        due: 0,
    }
}

pub(crate) fn keys() -> SigningKeys {
    SigningKeys {
        newest: SigningKey::new(&[1; 32]),
        older: None,
    }
}

pub(crate) fn entry_added() -> Fact {
    Fact::EntryAdded(EntryFact {
        list: "default".to_owned(),
        matcher: "domain",
        effect: Effect::Deny,
        replaces: None,
        expires_at: None,
    })
}

/// More time than anything here takes.
pub(crate) fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(5))
}

fn settings(engine: &Engine, entra: &Simulator, receiver: &Server) -> [(&'static str, String); 11] {
    let origin = &entra.origin;
    [
        ("TABLE_NAME", TABLE.to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint()),
        ("AWS_ENDPOINT_URL_KMS", format!("{origin}/keys")),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            format!("{origin}/secrets"),
        ),
        ("REQUESTS_KEY", KEY_ID.to_owned()),
        ("PRIVATE_HOSTS", receiver.authority()),
        ("WEBHOOKS_QUEUE_URL", "http://127.0.0.1:9/queue".to_owned()),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9".to_owned()),
    ]
}
