//! An attempt that ends at any of its steps, before or after the step has its effect, with or without knowing it.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::future::join_all;
use serde_json::{Map, Value};
use shared::{
    app::provisioning::{Outcome, Provisioning},
    domain::{
        approval::{
            AppRole, AppliedIdentity, ApprovalRequest, Grants, HistoryEntry, ObjectId, RequestId,
            Sealed, State,
        },
        audit::Record,
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError,
        accounts::{AccountError, AccountId, Accounts, ExistingAccount},
        request_store::{Order, Page, RequestStore},
    },
};
use tokio::sync::Notify;

use crate::world::{AT_ONCE, Entra, Requests, SUPPLIER_NUMBER, applicant, outgoing};

const ROUTES: [Option<&str>; 3] = [Some("google.com"), Some("mail"), None];

fn grants() -> Grants {
    let guid = |digit: &str| {
        let text = format!("{digit}0000000-0000-4000-8000-000000000000");
        ObjectId::parse(&text).unwrap()
    };
    Grants {
        groups: vec![guid("1")],
        app_roles: vec![AppRole {
            application: guid("2"),
            role: guid("3"),
        }],
    }
}

#[tokio::test]
async fn an_attempt_may_end_at_any_step() {
    let (entra, requests) = (Entra::start().await, Requests::new().await);
    let provisioning = requests.provisioning(entra.graph(outgoing()), AT_ONCE);
    let world = World {
        entra,
        requests,
        provisioning,
    };
    let mut steps = 0;
    for route in ROUTES {
        for (has_effect, is_told) in [(false, false), (true, false), (false, true), (true, true)] {
            for step in 0.. {
                let name = format!(
                    "{}-{step}-{has_effect}-{is_told}",
                    route.unwrap_or("invited")
                );
                let end = Arc::new(End::at(step, has_effect, is_told));
                if !ends_well(&world, &name, route, &end).await {
                    break;
                }
                steps += 1;
            }
        }
    }
    assert!(steps >= 3 * 4 * 6, "only {steps} steps");
}

struct World {
    entra: Entra,
    requests: Requests,
    provisioning: Provisioning,
}

/// Whether the attempt came as far as its end; then it was made good by the next one.
async fn ends_well(world: &World, name: &str, route: Option<&str>, end: &Arc<End>) -> bool {
    let World {
        entra,
        requests,
        provisioning,
    } = world;
    let applicant = applicant(name, route);
    let id = requests.approved_with(&applicant, grants()).await;
    let shaky = Arc::new(Shaky {
        store: Arc::clone(&provisioning.store),
        accounts: Arc::clone(&provisioning.accounts),
        end: Arc::clone(end),
    });
    let first = Provisioning {
        store: Arc::clone(&shaky) as _,
        ..requests.provisioning(shaky, AT_ONCE)
    };
    tokio::select! {
        outcome = first.provision(&id) => {
            assert!(!matches!(outcome, Ok(Outcome::Failed(_))), "{name}: {outcome:?}");
        }
        () = end.is_dead.notified() => {}
    }
    let second = provisioning.provision(&id).await.unwrap();
    let request = requests.request(&id).await;
    assert_eq!(request.state, State::Provisioned, "{name}: {second:?}");
    let accounts = entra.with_address(&applicant.addresses[0]);
    assert_eq!(accounts, [request.account.unwrap()], "{name}");
    let made = entra.simulator.directory.entry(&accounts[0]).unwrap();
    assert_eq!((made.groups.len(), made.roles.len()), (1, 1), "{name}");
    assert_eq!(made.account.text(SUPPLIER_NUMBER), Some("4711"), "{name}");
    end.was_reached()
}

#[tokio::test]
async fn deliveries_at_the_same_time_make_one_account() {
    let (entra, requests) = (Entra::start().await, Requests::new().await);
    for route in ROUTES {
        let applicant = applicant(route.unwrap_or("invited"), route);
        let id = requests.approved_with(&applicant, grants()).await;
        let provisioning = requests.provisioning(entra.graph(outgoing()), AT_ONCE);
        let outcomes = join_all((0..8).map(|_| provisioning.provision(&id))).await;
        let failed = |outcome: &_| matches!(outcome, Ok(Outcome::Failed(_)) | Err(_));
        assert!(!outcomes.iter().any(failed), "{outcomes:?}");
        // Whoever took over last may have to come again.
        provisioning.provision(&id).await.unwrap();
        let request = requests.request(&id).await;
        let accounts = entra.with_address(&applicant.addresses[0]);
        assert_eq!(accounts, [request.account.unwrap()]);
    }
}

/// Where and how an attempt ends.
struct End {
    steps_left: AtomicI64,
    has_effect: bool,
    /// An error instead of the end of the process.
    is_told: bool,
    is_dead: Notify,
}

impl End {
    fn at(step: i64, has_effect: bool, is_told: bool) -> Self {
        Self {
            steps_left: AtomicI64::new(step),
            has_effect,
            is_told,
            is_dead: Notify::new(),
        }
    }

    fn was_reached(&self) -> bool {
        self.steps_left.load(Ordering::SeqCst) < 0
    }

    async fn step<T, E>(&self, call: impl Future<Output = Result<T, E>>, error: E) -> Result<T, E> {
        if self.steps_left.fetch_sub(1, Ordering::SeqCst) != 0 {
            return call.await;
        }
        if self.has_effect {
            let _ = call.await;
        }
        if self.is_told {
            return Err(error);
        }
        self.is_dead.notify_one();
        pending().await
    }
}

struct Shaky {
    store: Arc<dyn RequestStore>,
    accounts: Arc<dyn Accounts>,
    end: Arc<End>,
}

impl Shaky {
    async fn stored<T>(
        &self,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.end.step(call, StoreError::TimedOut).await
    }

    async fn asked<T>(
        &self,
        call: impl Future<Output = Result<T, AccountError>>,
    ) -> Result<T, AccountError> {
        let error = AccountError::Later {
            problem: "lost".to_owned(),
            after: None,
        };
        self.end.step(call, error).await
    }
}

#[async_trait]
impl RequestStore for Shaky {
    async fn request(&self, id: &RequestId) -> Result<Option<ApprovalRequest>, StoreError> {
        self.stored(self.store.request(id)).await
    }

    async fn history(&self, id: &RequestId) -> Result<Vec<HistoryEntry>, StoreError> {
        self.stored(self.store.history(id)).await
    }

    async fn applicant(&self, id: &RequestId, edition: u32) -> Result<Option<Sealed>, StoreError> {
        self.stored(self.store.applicant(id, edition)).await
    }

    async fn queue(
        &self,
        state: State,
        order: Order,
        after: Option<&RequestId>,
        limit: u16,
    ) -> Result<Page, StoreError> {
        self.store.queue(state, order, after, limit).await
    }

    async fn count(&self, state: State, at_most: u32) -> Result<u32, StoreError> {
        self.store.count(state, at_most).await
    }

    async fn of_person(
        &self,
        person: &PersonKey,
        limit: u16,
    ) -> Result<Vec<RequestId>, StoreError> {
        self.store.of_person(person, limit).await
    }

    async fn of_domain(&self, domain: &str, limit: u16) -> Result<Vec<RequestId>, StoreError> {
        self.store.of_domain(domain, limit).await
    }

    async fn change(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<bool, StoreError> {
        self.stored(self.store.change(before, next, entry)).await
    }

    async fn erase(&self, id: &RequestId, record: Option<&Record>) -> Result<(), StoreError> {
        self.store.erase(id, record).await
    }
}

#[async_trait]
impl Accounts for Shaky {
    async fn create(
        &self,
        user: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError> {
        self.asked(self.accounts.create(user, deadline)).await
    }

    async fn invite(
        &self,
        invitation: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError> {
        self.asked(self.accounts.invite(invitation, deadline)).await
    }

    async fn update(
        &self,
        id: &AccountId,
        attributes: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        self.asked(self.accounts.update(id, attributes, deadline))
            .await
    }

    async fn exists(&self, id: &AccountId, deadline: Deadline) -> Result<bool, AccountError> {
        self.asked(self.accounts.exists(id, deadline)).await
    }

    async fn with_identity(
        &self,
        identity: &AppliedIdentity,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError> {
        self.asked(self.accounts.with_identity(identity, deadline))
            .await
    }

    async fn with_name_or_address(
        &self,
        name: Option<&str>,
        address: &str,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError> {
        let found = self.accounts.with_name_or_address(name, address, deadline);
        self.asked(found).await
    }

    async fn join(
        &self,
        id: &AccountId,
        group: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        self.asked(self.accounts.join(id, group, deadline)).await
    }

    async fn assign(
        &self,
        id: &AccountId,
        application: &str,
        role: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError> {
        self.asked(self.accounts.assign(id, application, role, deadline))
            .await
    }
}
