//! A deployment as operators have one after a while: a table with lists, a credential and a policy.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use local::engine::{Engine, create_table};
use serde_json::Value;
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
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
    large::{self, Parts},
    relay::Relay,
};

/// Entries of the lists.
pub(crate) const ENTRIES: usize = 10_000;

/// With the large policy.
pub(crate) const WITH_POLICY: &str = "with-policy";
/// Without any.
pub(crate) const LISTS_ALONE: &str = "lists-alone";
/// The lists as somebody would keep them who writes a function for them.
pub(crate) const OF_OTHERS: &str = "of-others";

pub(crate) struct Deployment {
    engine: Engine,
    /// Counts, and takes its time when it is told to.
    pub(crate) relay: Relay,
    is_far: bool,
    /// What callers send, by table.
    authorizations: HashMap<&'static str, String>,
    /// With the table, and the logs of processes.
    pub(crate) folder: TempDir,
}

impl Deployment {
    pub(crate) async fn new(latency: Duration) -> Result<Self, Failure> {
        // In a file, for one in memory looks through its whole stream at each write.
        let folder = TempDir::new()?;
        let engine = Engine::in_file(&folder.path().join("table"), "127.0.0.1:0").await?;
        let mut authorizations = HashMap::new();
        for name in [WITH_POLICY, LISTS_ALONE] {
            let authorization = fill(&engine, name).await?;
            authorizations.insert(name, authorization);
        }
        publish(&engine).await?;
        fill_for_others(&engine).await?;
        Ok(Self {
            relay: Relay::before(&engine.endpoint(), latency).await?,
            is_far: !latency.is_zero(),
            engine,
            authorizations,
            folder,
        })
    }

    /// Where functions find the table.
    pub(crate) fn endpoint(&self) -> String {
        if self.is_far {
            self.relay.endpoint()
        } else {
            self.engine.endpoint()
        }
    }

    /// What a caller sends to a function with this table.
    pub(crate) fn authorization(&self, table: &str) -> Result<String, Failure> {
        let found = self.authorizations.get(table).cloned();
        found.ok_or_else(|| format!("{table} has no credential").into())
    }
}

/// A table with lists and a credential; gives what a caller sends.
async fn fill(engine: &Engine, name: &str) -> Result<String, Failure> {
    let client = engine.connection().client();
    create_table(&client, name).await?;
    let entries = matchers()
        .map(|(matcher, effect)| Ok(Table::item_of(&entry(&matcher, effect)?)?))
        .collect::<Result<Vec<_>, Failure>>()?;
    engine.load(name, entries)?;
    let table = Arc::new(Table::new(client, name));
    let credentials = Credentials::new(table, Arc::new(SystemClock));
    let password = credentials.create("connector", "bench").await?.password;
    let credential = STANDARD.encode(format!("connector:{password}"));
    Ok(format!("Basic {credential}"))
}

async fn publish(engine: &Engine) -> Result<(), Failure> {
    let whole = Parts {
        patterns: true,
        expressions: true,
    };
    let document = serde_json::from_str(&large::document(whole))?;
    let table = Arc::new(Table::new(engine.connection().client(), WITH_POLICY));
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
    let items = matchers().map(|(matcher, effect)| {
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
fn matchers() -> impl Iterator<Item = (String, Effect)> {
    let persons = (1..ENTRIES).map(|number| {
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

fn entry(matcher: &str, effect: Effect) -> Result<ListEntry, Failure> {
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
