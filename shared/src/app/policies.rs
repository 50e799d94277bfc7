//! The published policies that an instance decides by: compiled once, renewed without a deployment.
//!
//! Which versions are current travels with the callers' records. When it is another version than the compiled one, the
//! decision that learns of it reads that version, once for the instance, and waits for it as long as it has time. A version
//! that cannot be read or compiled is never activated: the one before it stays.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Mutex, time::Instant};

use crate::{
    domain::publication::{CurrentPolicies, PolicyFlow, PolicyVersion},
    policy::{Policy, compile, document::Document},
    ports::{
        Deadline, StoreError,
        clock::Clock,
        journal::{Journal, Notice},
        policy_reader::PolicyReader,
    },
};

/// How soon a version that could not be read is tried again while another one decides.
const RETRY: SignedDuration = SignedDuration::from_secs(20);

/// The same while none does.
const RETRY_WITHOUT: SignedDuration = SignedDuration::from_secs(1);

/// How long reading and compiling may take, whoever waits for it.
const LOAD_TAKES: Duration = Duration::from_secs(3);

/// Faults of a version that the log names.
const FAULTS_TOLD: usize = 3;

/// A policy that decides.
#[derive(Debug)]
pub struct Active {
    pub version: PolicyVersion,
    pub policy: Policy,
}

pub struct Policies {
    reader: Arc<dyn PolicyReader>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    active: RwLock<HashMap<PolicyFlow, Arc<Active>>>,
    /// What became of the last try, for each user flow.
    tries: RwLock<HashMap<PolicyFlow, Try>>,
    /// Held while a version is loaded, so that many waiting requests cause one read.
    loading: Mutex<()>,
}

/// A version that could not be activated.
#[derive(Debug, Clone, Copy)]
struct Try {
    number: u32,
    at: Timestamp,
    /// It was read, and it is bad: versions never change, so there is nothing to try again.
    refused: bool,
}

/// Why a version is not activated.
enum Fault {
    Unreadable(StoreError),
    Absent,
    Bad(Vec<String>),
}

impl std::fmt::Debug for Policies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Policies")
    }
}

impl Policies {
    pub fn new(
        reader: Arc<dyn PolicyReader>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        Self {
            reader,
            clock,
            journal,
            active: RwLock::default(),
            tries: RwLock::default(),
            loading: Mutex::default(),
        }
    }

    /// Loads every current version, before the first request.
    pub async fn load(self: &Arc<Self>, current: &CurrentPolicies, deadline: Deadline) {
        let loads = current.all().map(|version| async move {
            self.renew(&version, deadline).await;
        });
        join_all(loads).await;
    }

    /// The policy to decide by: the wanted version, or the running one when the wanted one cannot be had within half of
    /// the time that is left. `None` when there is neither.
    pub async fn get(
        self: &Arc<Self>,
        wanted: &PolicyVersion,
        deadline: Deadline,
    ) -> Option<Arc<Active>> {
        let running = self.active(&wanted.flow);
        let wait = match &running {
            Some(active) if active.version == *wanted => return running,
            Some(_) => Deadline(Instant::now() + deadline.left() / 2),
            None => deadline,
        };
        self.renew(wanted, wait).await;
        self.active(&wanted.flow)
    }

    /// The running policy of a user flow, whatever its version.
    pub fn active(&self, flow: &PolicyFlow) -> Option<Arc<Active>> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.get(flow).cloned()
    }

    /// Waits until the deadline for the version to be loaded. Loading itself goes on, so that a slow read costs one
    /// request its time, and not every one.
    async fn renew(self: &Arc<Self>, wanted: &PolicyVersion, deadline: Deadline) {
        if self.is_settled(wanted) {
            return;
        }
        let (policies, wanted) = (Arc::clone(self), wanted.clone());
        let load = tokio::spawn(async move { policies.load_unless_settled(wanted).await });
        let _ = tokio::time::timeout_at(deadline.0, load).await;
    }

    async fn load_unless_settled(&self, wanted: PolicyVersion) {
        let _one_at_a_time = self.loading.lock().await;
        if self.is_settled(&wanted) {
            return;
        }
        match self.compiled(&wanted).await {
            Ok(policy) => self.activate(wanted, policy),
            Err(fault) => self.failed(&wanted, fault),
        }
    }

    /// Whether there is nothing to do for this version: it runs, it is bad, or it was tried a moment ago.
    fn is_settled(&self, wanted: &PolicyVersion) -> bool {
        let running = self.active(&wanted.flow);
        if running
            .as_ref()
            .is_some_and(|active| active.version == *wanted)
        {
            return true;
        }
        let pause = if running.is_some() {
            RETRY
        } else {
            RETRY_WITHOUT
        };
        self.last_try(wanted)
            .is_some_and(|last| last.refused || !self.is_past(last.at, pause))
    }

    fn last_try(&self, wanted: &PolicyVersion) -> Option<Try> {
        let tries = self.tries.read().unwrap_or_else(PoisonError::into_inner);
        let last = tries.get(&wanted.flow).copied();
        last.filter(|last| last.number == wanted.number)
    }

    /// A clock that was set back counts as long ago.
    fn is_past(&self, at: Timestamp, pause: SignedDuration) -> bool {
        let age = self.clock.now().duration_since(at);
        age.is_negative() || age >= pause
    }

    async fn compiled(&self, version: &PolicyVersion) -> Result<Policy, Fault> {
        let deadline = Deadline(Instant::now() + LOAD_TAKES);
        let document = self.reader.document(version, deadline).await;
        let json = document.map_err(Fault::Unreadable)?.ok_or(Fault::Absent)?;
        // A thread of its own: a decision that runs out of time must be able to answer meanwhile.
        let compiled = tokio::task::spawn_blocking(move || compile_json(&json)).await;
        compiled
            .unwrap_or_else(|_| Err(vec!["compiling it failed".to_owned()]))
            .map_err(Fault::Bad)
    }

    fn activate(&self, version: PolicyVersion, policy: Policy) {
        self.journal.notice(&Notice::PolicyActivated {
            version: version.clone(),
        });
        let flow = version.flow.clone();
        let active = Arc::new(Active { version, policy });
        self.active
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(flow, active);
    }

    /// Told once for each version, however often it is tried.
    fn failed(&self, version: &PolicyVersion, fault: Fault) {
        let told = self.last_try(version).is_some();
        let refused = matches!(fault, Fault::Bad(_));
        let last = Try {
            number: version.number,
            at: self.clock.now(),
            refused,
        };
        self.tries
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(version.flow.clone(), last);
        if !told || refused {
            self.journal.notice(&notice(version.clone(), fault));
        }
    }
}

fn compile_json(json: &str) -> Result<Policy, Vec<String>> {
    // The fault of serde names what it found, which is the operator's own text, not a person's.
    let document: Document = serde_json::from_str(json).map_err(|error| vec![error.to_string()])?;
    compile(&document).map_err(|faults| {
        let told = faults.iter().take(FAULTS_TOLD);
        told.map(ToString::to_string).collect()
    })
}

fn notice(version: PolicyVersion, fault: Fault) -> Notice {
    match fault {
        Fault::Bad(problems) => Notice::PolicyRefused { version, problems },
        Fault::Absent => Notice::PolicyUnavailable {
            version,
            failure: "absent",
            detail: None,
        },
        Fault::Unreadable(failure) => Notice::PolicyUnavailable {
            version,
            failure: failure.code(),
            detail: failure.detail(),
        },
    }
}
