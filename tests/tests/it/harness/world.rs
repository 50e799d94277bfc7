//! One deployment for one test: its own table behind a faulty network, its own Entra, and whichever
//! functions the test starts.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use local::engine::{Engine, create_table};
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    app::{
        credentials::Credentials,
        lists::Lists,
        publications::{Draft, Publications},
    },
    domain::{
        audit::Signature,
        key_set::SigningKeys,
        list::{Effect, ListEntry, ListName, Matcher},
        publication::PolicyFlow,
        sign_up::{Protocol, Step},
    },
    ports::{clock::Clock, key_store::KeyStore, list_store::Change},
    testkit,
};

use super::{
    entra::Entra,
    event::Event,
    faults::Proxy,
    keys::{KeyService, REQUESTS_KEY},
    requests::Surface,
    runtime::{Function, Settings},
};

pub(crate) const TABLE: &str = "signup-connectors";

/// A connector credential with its password.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    pub(crate) id: String,
    pub(crate) username: String,
    pub(crate) password: String,
}

pub(crate) struct World {
    /// What the functions reach the table through.
    pub(crate) proxy: Proxy,
    pub(crate) entra: Entra,
    /// The credential of [`Self::event`].
    pub(crate) connector: Login,
    /// Past the proxy, for what an operator does.
    pub(crate) client: Client,
    keys: KeyService,
    table: Arc<Table>,
    _engine: Engine,
}

impl World {
    /// With one live credential, and Entra's keys in the table.
    pub(crate) async fn new() -> Self {
        let mut world = Self::bare().await;
        world.connector = world.create_credential("connector").await;
        world.store_keys(SystemClock.now()).await;
        world
    }

    /// With an empty table.
    pub(crate) async fn bare() -> Self {
        Self::over(Engine::in_memory().await.unwrap()).await
    }

    /// With an empty table of that engine.
    pub(crate) async fn over(engine: Engine) -> Self {
        let client = engine.connection().client();
        create_table(&client, TABLE).await.unwrap();
        Self {
            proxy: Proxy::before(engine.endpoint()).await,
            entra: Entra::start().await,
            keys: KeyService::start().await,
            connector: Login {
                id: String::new(),
                username: "connector".to_owned(),
                password: "of-nobody".to_owned(),
            },
            table: Arc::new(Table::new(client.clone(), TABLE)),
            client,
            _engine: engine,
        }
    }

    /// The settings that a deployment always has, and trust in this world's Entra.
    pub(crate) fn settings(&self) -> Settings {
        let settings = Settings::default()
            .set("TABLE_NAME", TABLE)
            .set("AWS_ENDPOINT_URL_DYNAMODB", self.proxy.url())
            .set("REQUESTS_KEY", REQUESTS_KEY)
            .set("AWS_ENDPOINT_URL_KMS", self.keys.url())
            .set("AWS_REGION", "eu-north-1")
            .set("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLE00")
            .set("AWS_SECRET_ACCESS_KEY", "a-secret-that-never-is-logged")
            .set("AWS_SESSION_TOKEN", "a-session-token-that-never-is-logged");
        self.entra.settings(settings)
    }

    pub(crate) async fn start(&self, step: Step) -> Function {
        Function::start(step, &self.settings()).await
    }

    /// The request of an authenticated caller about a person with this address.
    pub(crate) fn event(&self, surface: Surface, address: &str) -> Event {
        let event = Event::post(&surface.path()).json(&surface.body(address));
        self.authenticated(surface, event)
    }

    /// Gives an event the credential of its protocol.
    pub(crate) fn authenticated(&self, surface: Surface, event: Event) -> Event {
        match surface.protocol {
            Protocol::Connector => event.basic(&self.connector),
            Protocol::Extension => event.bearer(&self.entra.token().text()),
        }
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(Arc::clone(&self.table) as _, Arc::new(SystemClock))
    }

    pub(crate) async fn create_credential(&self, username: &str) -> Login {
        let new = self.credentials().create(username, "tests").await.unwrap();
        Login {
            id: new.credential.id,
            username: new.credential.username,
            password: new.password,
        }
    }

    /// Keeps what Entra publishes now in the table.
    pub(crate) async fn store_keys(&self, fetched_at: jiff::Timestamp) {
        self.save_keys(&self.entra.signing_keys(), fetched_at).await;
    }

    pub(crate) async fn save_keys(&self, keys: &SigningKeys, fetched_at: jiff::Timestamp) {
        let record = testkit::recorded();
        let saved = self.table.save(keys, fetched_at, &record).await;
        saved.unwrap();
    }

    /// Puts entries into the list `main`.
    pub(crate) async fn list(&self, entries: &[(&str, Effect)]) {
        for (matcher, effect) in entries {
            self.list_as("main", matcher, *effect, None).await;
        }
    }

    /// Tries a policy for all user flows, beside what decides.
    pub(crate) async fn shadow(&self, document: &serde_json::Value) {
        let publications = Publications::new(Arc::clone(&self.table) as _, Arc::new(SystemClock));
        let draft = Draft {
            flow: &PolicyFlow::Others,
            source: "",
            document: &serde_json::from_value(document.clone()).unwrap(),
            author: "tests",
            note: "a test",
        };
        publications.shadow(draft).await.unwrap();
    }

    pub(crate) async fn list_as(
        &self,
        list: &str,
        matcher: &str,
        effect: Effect,
        expires_at: Option<jiff::Timestamp>,
    ) {
        let entry = ListEntry {
            matcher: Matcher::parse(matcher).unwrap(),
            list: ListName::parse(list).unwrap(),
            effect,
            reason: "a test".to_owned(),
            owner: "tests".to_owned(),
            expires_at,
        };
        let lists = Lists::new(Arc::clone(&self.table) as _);
        let signature = Signature {
            by: "tests".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let applied = lists.apply(&[Change::Put(entry)], &signature).await;
        applied.unwrap();
    }
}
