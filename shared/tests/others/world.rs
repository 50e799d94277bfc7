//! A deployment: one table, and as many functions over it as a test needs.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use serde_json::{Value, json};
use shared::{
    adapters::{
        dynamodb::Table, outgoing::GuardedHttp, private_hosts::PrivateHosts,
        verification::Verification,
    },
    app::{
        approvals::Approvals,
        callers::Callers,
        credentials::verifier,
        decide::{Decider, Others},
        disposable::DisposableLists,
        policies::Policies,
        readiness::Readiness,
    },
    domain::{
        caller::{Credential, Slot},
        sign_up::Step,
    },
    http::{Service, Trust},
    ports::{
        Deadline,
        clock::Clock,
        credential_store::CredentialStore,
        journal::Answered,
        key_source::{KeySource, KeySourceError},
        secrets::{Secret, SecretError, Secrets},
    },
    testkit::{FixedClock, Keyring, Nobody, Remembered, recorded, settings},
};
use tokio::time::Instant;
use tower::ServiceExt;

use crate::publishing::publish;

/// What every function of a deployment shares.
pub(crate) struct World {
    // It serves the table as long as it lives.
    _engine: Engine,
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Arc<FixedClock>,
    /// What seals the applicants.
    pub(crate) keys: Arc<Keyring>,
    /// Whether it is down.
    pub(crate) no_keys: bool,
}

/// One running function.
pub(crate) struct Function {
    pub(crate) service: Arc<Service>,
    pub(crate) journal: Arc<Remembered>,
    step: Step,
}

/// An answer, and how long it took.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) took: Duration,
}

impl Page {
    pub(crate) fn action(&self) -> &str {
        self.body["action"].as_str().unwrap()
    }
}

struct NoKeys;

#[async_trait::async_trait]
impl KeySource for NoKeys {
    async fn fetch(
        &self,
        issuer: &str,
        _: Deadline,
    ) -> Result<Vec<shared::domain::key_set::SigningKey>, KeySourceError> {
        Err(KeySourceError {
            issuer: issuer.to_owned(),
            problem: "there is no Entra here".to_owned(),
        })
    }
}

/// Every secret is the same text, but for one that is not there.
struct OneSecret;

pub(crate) const MISSING: &str = "missing";

#[async_trait::async_trait]
impl Secrets for OneSecret {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        if name == MISSING {
            return Err(SecretError::Absent(name.to_owned()));
        }
        Ok(Secret::new("s3cret"))
    }

    fn forget(&self, _: &str) {}
}

impl World {
    pub(crate) async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, "others").await.unwrap();
        let table = Arc::new(Table::new(client, "others"));
        let clock = Arc::new(FixedClock::at("2026-01-15T12:00:00Z".parse().unwrap()));
        let credential = Credential {
            slot: Slot::First,
            id: "a".to_owned(),
            username: "entra".to_owned(),
            verifier: verifier(b"secret"),
            created_at: Timestamp::UNIX_EPOCH,
            last_used_at: None,
        };
        table.create(&credential, &recorded()).await.unwrap();
        Self {
            _engine: engine,
            table,
            clock,
            keys: Arc::new(Keyring::default()),
            no_keys: false,
        }
    }

    /// Makes a policy the one that decides.
    pub(crate) async fn publish(&self, toml: &str) {
        publish(&self.table, toml).await;
    }

    /// Starts a function that may call servers on this machine.
    pub(crate) async fn function(&self, step: Step, budget: Duration) -> Function {
        let journal = Arc::new(Remembered::default());
        let callers = Arc::new(Callers::new(
            Arc::clone(&self.table) as _,
            Arc::new(NoKeys),
            Arc::clone(&self.table) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal) as _,
        ));
        let policies = Arc::new(Policies::new(
            Arc::clone(&self.table) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal) as _,
        ));
        let disposable = Arc::new(DisposableLists::new(
            Arc::clone(&self.table) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal) as _,
        ));
        callers.renew(soon()).await.unwrap();
        let current = callers.records().unwrap().policies.clone();
        policies.load(&current, soon()).await;
        let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
        let secrets = Arc::new(OneSecret);
        let hosts = PrivateHosts::parse(&["127.0.0.1".to_owned()]).unwrap();
        let outgoing = Arc::new(GuardedHttp::new(
            hosts,
            Arc::clone(&secrets) as _,
            Arc::clone(&clock),
        ));
        let verifier = Arc::new(Verification::new(
            Arc::clone(&outgoing) as _,
            Arc::clone(&secrets) as _,
            Arc::clone(&clock),
        ));
        let readiness = Readiness::new(secrets, Arc::clone(&journal) as _);
        // What a function does at its start.
        for active in policies.all() {
            readiness.prepare(&active);
        }
        let mut others = Others::new(&self.table, outgoing, verifier, readiness, &clock);
        others.approvals = (step == Step::BeforeCreatingUser).then(|| Approvals {
            requests: Arc::clone(&self.table) as _,
            keys: if self.no_keys {
                Arc::new(Nobody)
            } else {
                Arc::clone(&self.keys) as _
            },
            clock: Arc::clone(&clock),
        });
        let decider = Decider::new(
            Arc::clone(&self.table) as _,
            policies,
            disposable,
            others,
            Arc::clone(&clock),
        );
        let trust = Trust {
            certificates: Vec::new(),
            entra: None,
        };
        let mut settings = settings(step, trust);
        settings.budgets.connector = budget;
        let service = Service::new(
            settings,
            callers,
            Arc::new(decider),
            clock,
            Arc::clone(&journal) as _,
        );
        Function {
            service,
            journal,
            step,
        }
    }
}

pub(crate) fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_secs(10))
}

impl Function {
    pub(crate) async fn ask(&self, person: &Value) -> Page {
        let started = Instant::now();
        let request = Request::post(format!("/connectors/{}", self.step.name()))
            .header("content-type", "application/json")
            .header("authorization", "Basic ZW50cmE6c2VjcmV0")
            .body(Body::from(person.to_string()))
            .unwrap();
        let response = self.service.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Page {
            status,
            body: serde_json::from_slice(&body).unwrap(),
            took: started.elapsed(),
        }
    }

    pub(crate) fn told(&self) -> Answered {
        self.journal.answers().pop().unwrap()
    }

    /// How asking the only source ended.
    pub(crate) fn outcome(&self) -> (&'static str, Option<String>) {
        let told = self.told();
        let [source] = told.sources.as_slice() else {
            panic!("{} sources were asked", told.sources.len());
        };
        (source.outcome, source.problem.clone())
    }
}

pub(crate) fn person(address: &str) -> Value {
    json!({ "email": address, "displayName": "Ann Berg", "surname": "Berg", "ui_locales": "en-US" })
}
