//! Approved requests, the local Entra's Graph, and provisioning between them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use local_entra::{
    Simulator,
    faults::{GraphFaults, Switches},
};
use shared::{
    adapters::{
        dynamodb::Table,
        graph::{Graph, GraphSettings},
        outgoing::GuardedHttp,
        private_hosts::PrivateHosts,
    },
    app::{
        provisioning::{Provisioning, Settings, Timing},
        sealing,
    },
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, AppliedIdentity, ApprovalRequest, Change,
            ContentKey, Grants, HistoryEntry, RequestId,
        },
        person::PersonKey,
    },
    ports::{
        Deadline,
        accounts::Accounts,
        approval_requests::{ApprovalRequests, Filed},
        data_keys::{DataKeyMaker, DataKeyReader},
        outgoing::Outgoing,
        request_store::RequestStore,
        secrets::{Secret, SecretError, Secrets},
    },
    testkit::{FixedClock, Keyring, pending},
};
use tokio::time::Instant;

pub(crate) const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

/// Their table.
pub(crate) const TABLE: &str = "provisioning";

/// More time than anything needs.
pub(crate) fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(5))
}

/// Without waits, and so that an attempt of which nothing was heard is over at once.
pub(crate) const AT_ONCE: Timing = Timing {
    attempt: Duration::from_mins(1),
    lease: Duration::ZERO,
    patience: Duration::from_mins(30),
    pause: Duration::from_millis(1),
};

/// Requests, and what seals them.
pub(crate) struct Requests {
    pub(crate) store: Arc<Table>,
    pub(crate) makes_keys: Arc<dyn DataKeyMaker>,
    reads_keys: Arc<dyn DataKeyReader>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) engine: Engine,
}

impl Requests {
    pub(crate) async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        let keys: Arc<Keyring> = Arc::default();
        create_table(&client, TABLE).await.unwrap();
        Self {
            store: Arc::new(Table::new(client, TABLE)),
            makes_keys: Arc::clone(&keys) as _,
            reads_keys: keys,
            clock: Arc::new(FixedClock::at(NOW)),
            engine,
        }
    }

    /// A request that was approved.
    pub(crate) async fn approved(&self, applicant: &Applicant) -> RequestId {
        self.approved_with(applicant, Grants::default()).await
    }

    /// The same of somebody who gets more than an account.
    pub(crate) async fn approved_with(&self, applicant: &Applicant, grants: Grants) -> RequestId {
        let with_grants = |request| ApprovalRequest { grants, ..request };
        let id = self.filed(applicant, with_grants).await;
        let approver = Actor::Person("eve".to_owned());
        self.change(&id, Action::Approve, approver).await;
        id
    }

    pub(crate) async fn pending(&self, applicant: &Applicant) -> RequestId {
        self.filed(applicant, |request| request).await
    }

    /// A request as `shaped` makes it.
    pub(crate) async fn filed(
        &self,
        applicant: &Applicant,
        shaped: impl FnOnce(ApprovalRequest) -> ApprovalRequest,
    ) -> RequestId {
        let id = RequestId::new(NOW, std::array::from_fn(|_| fastrand::u8(..)));
        let content = serde_json::to_vec(applicant).unwrap();
        let sealed = sealing::seal(self.makes_keys.as_ref(), &id, &content, far()).await;
        let pending = shaped(request(id.clone(), &content, applicant));
        let filed = self
            .store
            .open(&pending, &sealed.unwrap(), None, far())
            .await;
        assert_eq!(filed.unwrap(), Filed::Yes);
        id
    }

    pub(crate) async fn change(&self, id: &RequestId, action: Action, by: Actor) {
        self.change_at(id, action, by, NOW).await;
    }

    pub(crate) async fn change_at(&self, id: &RequestId, action: Action, by: Actor, at: Timestamp) {
        let before = self.request(id).await;
        let change = Change::new(action, by);
        let (next, entry) = before.after(&change, at).unwrap();
        assert!(self.store.change(&before, &next, &entry).await.unwrap());
    }

    pub(crate) async fn request(&self, id: &RequestId) -> ApprovalRequest {
        self.store.request(id).await.unwrap().unwrap()
    }

    pub(crate) async fn history(&self, id: &RequestId) -> Vec<HistoryEntry> {
        self.store.history(id).await.unwrap()
    }

    pub(crate) fn provisioning(&self, accounts: Arc<dyn Accounts>, timing: Timing) -> Provisioning {
        let settings = Settings::of("contoso.onmicrosoft.com", "https://myapp.com");
        Provisioning {
            store: Arc::clone(&self.store) as _,
            keys: Arc::clone(&self.reads_keys),
            accounts,
            clock: Arc::clone(&self.clock) as _,
            settings: Settings { timing, ..settings },
        }
    }
}

fn request(id: RequestId, content: &[u8], applicant: &Applicant) -> ApprovalRequest {
    let address = applicant.addresses.first().cloned().unwrap_or_default();
    let person = PersonKey::of_address(&address);
    ApprovalRequest {
        content: ContentKey::of(&id, content),
        ..pending(id, person, NOW)
    }
}

/// Somebody who comes through a provider, or through Microsoft Entra.
pub(crate) fn applicant(name: &str, issuer: Option<&str>) -> Applicant {
    let address = format!("{name}@partner.example");
    let identities = issuer.into_iter().map(|issuer| AppliedIdentity {
        issuer: issuer.to_owned(),
        subject: Some(match issuer {
            "mail" => address.clone(),
            _ => format!("subject-of-{name}"),
        }),
    });
    let attributes = [
        ("displayName", Applied::Text(format!("Display {name}"))),
        ("city", Applied::Text("Redmond".to_owned())),
        (SUPPLIER_NUMBER, Applied::Text("4711".to_owned())),
    ];
    Applicant {
        identities: identities.collect(),
        addresses: vec![address],
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
        languages: Vec::new(),
    }
}

pub(crate) const SUPPLIER_NUMBER: &str =
    "extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber";

/// The local Entra on a port of its own.
pub(crate) struct Entra {
    pub(crate) simulator: Arc<Simulator>,
}

impl Entra {
    pub(crate) async fn start() -> Self {
        Self {
            simulator: Simulator::of_example(|_| {}).await.unwrap(),
        }
    }

    pub(crate) fn graph(&self, outgoing: Arc<dyn Outgoing>) -> Arc<Graph> {
        let origin = &self.simulator.origin;
        let tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
        let settings = GraphSettings {
            url: format!("{origin}/graph/v1.0"),
            token_url: format!("{origin}/{tenant}/oauth2/v2.0/token"),
            scope: "https://graph.microsoft.com/.default".to_owned(),
            secret: "graph".to_owned(),
        };
        Arc::new(Graph::new(outgoing, settings))
    }

    pub(crate) fn fails(&self, graph: GraphFaults) {
        self.simulator.faults.set(Switches {
            graph,
            ..Switches::default()
        });
    }

    /// The ids of the accounts with this address.
    pub(crate) fn with_address(&self, address: &str) -> Vec<String> {
        let accounts = self.simulator.directory.all();
        let its = accounts
            .into_iter()
            .filter(|one| one.mail.as_deref() == Some(address));
        its.map(|account| account.id).collect()
    }
}

/// The guarded client, which may call this machine.
pub(crate) fn outgoing() -> Arc<dyn Outgoing> {
    let hosts = PrivateHosts::parse(&["127.0.0.1".to_owned()]).unwrap();
    let clock = Arc::new(FixedClock::at(NOW));
    Arc::new(GuardedHttp::new(hosts, Arc::new(GraphSecret), clock))
}

/// The credential of the example's provisioning application.
struct GraphSecret;

#[async_trait]
impl Secrets for GraphSecret {
    async fn secret(&self, _: &str, _: Deadline) -> Result<Secret, SecretError> {
        let secret = r#"{"client_id":"c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52","client_secret":"local-graph-secret"}"#;
        Ok(Secret::new(secret))
    }

    fn forget(&self, _: &str) {}
}
