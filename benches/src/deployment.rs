//! A deployment as operators have one after a while: a table with lists, a credential and a policy.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use local::engine::{Engine, create_table};
use serde_json::Value;
use shared::{
    adapters::{
        dynamodb::{Connection, Table},
        system_clock::SystemClock,
    },
    app::{
        credentials::Credentials,
        publications::{Draft, Publications},
    },
    domain::{
        list::{Effect, ListEntry, ListName, Matcher},
        publication::PolicyFlow,
    },
};
use tempfile::TempDir;

use crate::{
    Failure,
    event::DOMAIN,
    policy::large::{self, Parts},
    relay::Relay,
    tls::{Identity, Tunnel},
};

/// Entries of the lists, where nothing else is said.
pub(crate) const ENTRIES: usize = 10_000;

/// As many go into the table at once.
const LOADED_AT_ONCE: usize = 50_000;

/// With the large policy.
pub(crate) const WITH_POLICY: &str = "with-policy";
/// Without any.
pub(crate) const LISTS_ALONE: &str = "lists-alone";
/// The lists as somebody would keep them who writes a function for them.
pub(crate) const OF_OTHERS: &str = "of-others";

/// Where a function has its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Distance {
    /// On this machine, without TLS: nothing but what is measured varies.
    Here,
    /// On this machine, by TLS.
    Near,
    /// As far away as on AWS, by TLS.
    Far,
}

pub(crate) struct Deployment {
    engine: Engine,
    /// Counts.
    pub(crate) relay: Relay,
    /// Takes its time.
    #[expect(dead_code, reason = "it is there until it is dropped")]
    slow: Relay,
    near: Tunnel,
    far: Tunnel,
    /// Whom its functions trust.
    trusted: PathBuf,
    /// What callers send, by table.
    authorizations: HashMap<String, String>,
    /// With the table, and the logs of processes.
    pub(crate) folder: TempDir,
}

impl Deployment {
    /// Without a table; a far one will answer so much later.
    pub(crate) async fn empty(latency: Duration) -> Result<Self, Failure> {
        // In a file, for one in memory looks through its whole stream at each write.
        let folder = TempDir::new()?;
        let engine = Engine::in_file(&folder.path().join("table"), "127.0.0.1:0").await?;
        let trusted = folder.path().join("trusted.pem");
        let identity = Identity::new(&trusted)?;
        let slow = Relay::before(&engine.endpoint(), latency).await?;
        Ok(Self {
            relay: Relay::before(&engine.endpoint(), Duration::ZERO).await?,
            near: Tunnel::before(&engine.endpoint(), &identity).await?,
            far: Tunnel::before(&slow.endpoint(), &identity).await?,
            slow,
            trusted,
            engine,
            authorizations: HashMap::new(),
            folder,
        })
    }

    /// With a table for each way to decide.
    pub(crate) async fn new(latency: Duration) -> Result<Self, Failure> {
        let mut deployment = Self::empty(latency).await?;
        for table in [WITH_POLICY, LISTS_ALONE] {
            deployment.add(table, ENTRIES).await?;
        }
        deployment.publish(WITH_POLICY, large::RULES).await?;
        fill_for_others(&deployment.engine).await?;
        Ok(deployment)
    }

    /// A table with lists and a credential.
    pub(crate) async fn add(&mut self, table: &str, entries: usize) -> Result<(), Failure> {
        let authorization = fill(&self.engine, table, entries).await?;
        self.authorizations.insert(table.to_owned(), authorization);
        Ok(())
    }

    /// A policy in such a table.
    pub(crate) async fn publish(&self, table: &str, rules: usize) -> Result<(), Failure> {
        publish(&self.engine, table, rules).await
    }

    /// Where functions find the table.
    pub(crate) fn endpoint(&self, distance: Distance) -> String {
        match distance {
            Distance::Here => self.engine.endpoint(),
            Distance::Near => self.near.endpoint(),
            Distance::Far => self.far.endpoint(),
        }
    }

    /// By which functions trust it, each in the words of its language.
    pub(crate) fn trust(&self) -> impl Iterator<Item = (&'static str, String)> {
        let names = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"];
        let file = self.trusted.to_string_lossy().into_owned();
        names.into_iter().map(move |name| (name, file.clone()))
    }

    /// How the product's own adapter reaches it.
    pub(crate) fn connection(&self) -> Connection {
        self.engine.connection()
    }

    /// What a caller sends to a function with this table.
    pub(crate) fn authorization(&self, table: &str) -> Result<String, Failure> {
        let found = self.authorizations.get(table).cloned();
        found.ok_or_else(|| format!("{table} has no credential").into())
    }
}

/// A table with lists and a credential; gives what a caller sends.
async fn fill(engine: &Engine, name: &str, entries: usize) -> Result<String, Failure> {
    let client = engine.connection().client();
    create_table(&client, name).await?;
    let mut matchers = matchers(entries).peekable();
    while matchers.peek().is_some() {
        let next = matchers.by_ref().take(LOADED_AT_ONCE);
        let items = next
            .map(|(matcher, effect)| Ok(Table::item_of(&entry(&matcher, effect)?)?))
            .collect::<Result<Vec<_>, Failure>>()?;
        engine.load(name, items)?;
    }
    let table = Arc::new(Table::new(client, name));
    let credentials = Credentials::new(table, Arc::new(SystemClock));
    let password = credentials.create("connector", "bench").await?.password;
    let credential = STANDARD.encode(format!("connector:{password}"));
    Ok(format!("Basic {credential}"))
}

async fn publish(engine: &Engine, name: &str, rules: usize) -> Result<(), Failure> {
    let whole = Parts {
        patterns: true,
        expressions: true,
    };
    let document = serde_json::from_str(&large::with_rules(rules, whole))?;
    let table = Arc::new(Table::new(engine.connection().client(), name));
    let publications = Publications::new(table, Arc::new(SystemClock));
    let draft = Draft {
        flow: &PolicyFlow::Others,
        source: "",
        document: &document,
        author: "operations",
        note: "",
    };
    publications.publish(draft).await?;
    Ok(())
}

async fn fill_for_others(engine: &Engine) -> Result<(), Failure> {
    create_table(&engine.connection().client(), OF_OTHERS).await?;
    let items = matchers(ENTRIES).map(|(matcher, effect)| {
        let kind = if matcher.contains('@') {
            "address"
        } else {
            "domain"
        };
        let members = [
            ("pk", format!("{kind}:{matcher}")),
            ("sk", "ENTRY".to_owned()),
            ("effect", effect.name().to_owned()),
            ("reason", REASON.to_owned()),
        ];
        let members = members.map(|(name, text)| (name.to_owned(), AttributeValue::S(text)));
        HashMap::from(members)
    });
    Ok(engine.load(OF_OTHERS, items.collect())?)
}

const REASON: &str = "an entry of ordinary length";

/// Many persons, and the domain of those who sign up.
fn matchers(entries: usize) -> impl Iterator<Item = (String, Effect)> {
    let persons = (1..entries).map(|number| {
        let address = format!("person{number}@partner{}.example.com", number % 1000);
        let effect = if number.is_multiple_of(2) {
            Effect::Deny
        } else {
            Effect::Allow
        };
        (address, effect)
    });
    persons.chain([(DOMAIN.to_owned(), Effect::Allow)])
}

pub(crate) fn entry(matcher: &str, effect: Effect) -> Result<ListEntry, Failure> {
    Ok(ListEntry {
        matcher: Matcher::parse(matcher)?,
        list: ListName::parse("newsletter").ok_or("found no name of a list")?,
        effect,
        reason: REASON.to_owned(),
        owner: "operations".to_owned(),
        expires_at: None,
    })
}

/// The keys that a function of ours reads, each an object of texts.
pub(crate) fn keys_as_texts(keys: &Value) -> Result<String, Failure> {
    let keys = keys.as_array().ok_or("found no keys")?;
    let texts: Option<Vec<HashMap<&str, &str>>> = keys.iter().map(texts_of).collect();
    let texts = texts.ok_or("found a key that is no text")?;
    Ok(serde_json::to_string(&texts)?)
}

fn texts_of(key: &Value) -> Option<HashMap<&str, &str>> {
    let members = key.as_object()?.iter();
    members
        .map(|(name, value)| Some((name.as_str(), value.get("S")?.as_str()?)))
        .collect()
}
