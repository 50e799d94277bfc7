//! Calls to other systems, against real servers on this machine.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "outgoing/credentials.rs"]
mod credentials;
#[path = "outgoing/guard.rs"]
mod guard;
#[path = "outgoing/secrets.rs"]
mod secrets;
mod servers;
#[path = "outgoing/tokens.rs"]
mod tokens;
#[path = "outgoing/transport.rs"]
mod transport;

use std::{
    collections::HashMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use reqwest::Certificate;
use shared::{
    adapters::{
        outgoing::{GuardedHttp, Lookup, SystemLookup},
        private_hosts::PrivateHosts,
    },
    ports::{
        Deadline,
        outgoing::{Call, Credential, Method, OutgoingError, Reply},
        secrets::{Secret, SecretError, Secrets},
    },
    testkit::FixedClock,
};
use tokio::time::Instant;

/// More time than any call needs.
fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

/// A deadline for calls that never end by themselves.
fn near() -> Deadline {
    Deadline(Instant::now() + Duration::from_millis(300))
}

fn get(url: &str) -> Call {
    Call {
        method: Method::Get,
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        credentials: Vec::new(),
        once: false,
    }
}

fn with(url: &str, credentials: &[Credential]) -> Call {
    Call {
        credentials: credentials.to_vec(),
        ..get(url)
    }
}

/// The adapter under test and the world around it.
struct World {
    hosts: Vec<String>,
    roots: Vec<Certificate>,
    lookup: Arc<dyn Lookup>,
    secrets: Arc<KnownSecrets>,
    clock: Arc<FixedClock>,
}

impl World {
    /// Where these hosts may be inside of a private network.
    fn naming(hosts: &[&str]) -> Self {
        Self {
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            roots: Vec::new(),
            lookup: Arc::new(SystemLookup),
            secrets: Arc::default(),
            clock: Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH)),
        }
    }

    fn trusting(mut self, authority: &servers::certificates::Authority) -> Self {
        let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
        self.roots.push(root);
        self
    }

    fn looking_up(mut self, lookup: impl Lookup + 'static) -> Self {
        self.lookup = Arc::new(lookup);
        self
    }

    fn http(&self) -> GuardedHttp {
        GuardedHttp::within(
            PrivateHosts::parse(&self.hosts).unwrap(),
            Arc::clone(&self.secrets) as _,
            Arc::clone(&self.clock) as _,
            self.roots.clone(),
            Arc::clone(&self.lookup),
        )
    }
}

/// Secrets in memory; an unknown one is absent, and `never` is never read.
#[derive(Default)]
struct KnownSecrets {
    known: Mutex<HashMap<String, String>>,
    /// What a secret becomes once it is forgotten.
    rotated: Mutex<HashMap<String, String>>,
    forgotten: AtomicUsize,
}

impl KnownSecrets {
    fn put(&self, name: &str, text: impl Into<String>) {
        self.known
            .lock()
            .unwrap()
            .insert(name.to_owned(), text.into());
    }

    fn rotate(&self, name: &str, text: impl Into<String>) {
        self.rotated
            .lock()
            .unwrap()
            .insert(name.to_owned(), text.into());
    }

    fn forgotten(&self) -> usize {
        self.forgotten.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Secrets for KnownSecrets {
    async fn secret(&self, name: &str, _deadline: Deadline) -> Result<Secret, SecretError> {
        if name == "never" {
            std::future::pending::<()>().await;
        }
        let known = self.known.lock().unwrap();
        let text = known
            .get(name)
            .ok_or_else(|| SecretError::Absent(name.to_owned()))?;
        Ok(Secret::new(text))
    }

    fn forget(&self, name: &str) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        if let Some(text) = self.rotated.lock().unwrap().remove(name) {
            self.put(name, text);
        }
    }
}

/// A resolver that finds the same addresses for every name.
struct Finds(Vec<IpAddr>);

impl Finds {
    fn this_machine() -> Self {
        Self(vec![IpAddr::from([127, 0, 0, 1])])
    }
}

#[async_trait]
impl Lookup for Finds {
    async fn addresses(&self, _host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(self.0.clone())
    }
}

fn refusal(result: Result<Reply, OutgoingError>) -> String {
    match result {
        Err(OutgoingError::NotPermitted(text)) => text,
        other => panic!("expected a refusal, found {other:?}"),
    }
}

/// No connection was made.
fn unconnected(result: Result<Reply, OutgoingError>) -> String {
    match result {
        Err(OutgoingError::Connection(text)) => text,
        other => panic!("expected no connection, found {other:?}"),
    }
}

fn broken(result: Result<Reply, OutgoingError>) -> String {
    match result {
        Err(OutgoingError::Broken(text)) => text,
        other => panic!("expected a broken connection, found {other:?}"),
    }
}

fn status(result: Result<Reply, OutgoingError>) -> u16 {
    result.unwrap().status
}
