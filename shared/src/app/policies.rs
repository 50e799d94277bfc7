//! The published policies that an instance decides by: compiled once, renewed without a deployment.
//!
//! Which versions are current travels with the callers' records. When it is another version than the compiled one, the
//! decision that learns of it reads that version, once for the instance, and waits for it as long as it has time. A version
//! that cannot be read or compiled is never activated: the one before it stays.
//!
//! Candidates are loaded apart from them and in the background: nothing waits for one.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::{sync::Mutex, task::JoinHandle, time::Instant};

use crate::{
    domain::publication::{CurrentPolicies, PolicyFlow, PolicyVersion},
    policy::{Policy, compile, document::Document, prepared},
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

/// A policy that decides, or a candidate.
#[derive(Debug)]
pub struct Active {
    pub version: PolicyVersion,
    pub policy: Policy,
}

pub struct Policies {
    current: Arc<Loader>,
    candidates: Arc<Loader>,
}

/// What a version is loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Current,
    Candidate,
}

/// The versions of one role, one for each user flow.
struct Loader {
    role: Role,
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
        let candidates = Loader::new(
            Role::Candidate,
            Arc::clone(&reader),
            Arc::clone(&clock),
            Arc::clone(&journal),
        );
        Self {
            current: Loader::new(Role::Current, reader, clock, journal),
            candidates,
        }
    }

    /// Loads every current version, before the first request, and candidates meanwhile.
    pub async fn load(&self, current: &CurrentPolicies, deadline: Deadline) {
        self.follow_candidates(current);
        let loads = current.all().map(|version| async move {
            self.current.renew(&version, deadline).await;
        });
        join_all(loads).await;
    }

    /// Loads the candidates that are pointed at, without waiting for them, and drops the others. One that has become the
    /// current version decides at once, without being read again.
    pub fn follow_candidates(&self, current: &CurrentPolicies) {
        for ended in self.candidates.retain(&current.candidates) {
            if current.versions.get(&ended.version.flow) == Some(&ended.version.number) {
                self.current.activate(ended);
            }
        }
        for candidate in current.all_candidates() {
            self.candidates.start(candidate);
        }
    }

    /// The policy to decide by: the wanted version, or the running one when the wanted one cannot be had within half of
    /// the time that is left. `None` when there is neither.
    pub async fn get(&self, wanted: &PolicyVersion, deadline: Deadline) -> Option<Arc<Active>> {
        let running = self.active(&wanted.flow);
        let wait = match &running {
            Some(active) if active.version == *wanted => return running,
            Some(_) => Deadline(Instant::now() + deadline.left() / 2),
            None => deadline,
        };
        self.current.renew(wanted, wait).await;
        self.active(&wanted.flow)
    }

    /// The running policy of a user flow, whatever its version.
    pub fn active(&self, flow: &PolicyFlow) -> Option<Arc<Active>> {
        self.current.active(flow)
    }

    /// Every running policy.
    pub fn all(&self) -> Vec<Arc<Active>> {
        self.current.all()
    }

    /// A candidate, as far as it is loaded.
    pub fn candidate(&self, wanted: &PolicyVersion) -> Option<Arc<Active>> {
        let loaded = self.candidates.active(&wanted.flow);
        loaded.filter(|loaded| loaded.version == *wanted)
    }
}

impl Loader {
    fn new(
        role: Role,
        reader: Arc<dyn PolicyReader>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Arc<Self> {
        Arc::new(Self {
            role,
            reader,
            clock,
            journal,
            active: RwLock::default(),
            tries: RwLock::default(),
            loading: Mutex::default(),
        })
    }

    /// The loaded version of a user flow.
    fn active(&self, flow: &PolicyFlow) -> Option<Arc<Active>> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.get(flow).cloned()
    }

    fn all(&self) -> Vec<Arc<Active>> {
        let active = self.active.read().unwrap_or_else(PoisonError::into_inner);
        active.values().cloned().collect()
    }

    /// Waits until the deadline for the version to be loaded. Loading itself goes on, so that a slow read costs one
    /// request its time, and not every one.
    async fn renew(self: &Arc<Self>, wanted: &PolicyVersion, deadline: Deadline) {
        if let Some(load) = self.start(wanted.clone()) {
            let _ = tokio::time::timeout_at(deadline.0, load).await;
        }
    }

    fn start(self: &Arc<Self>, wanted: PolicyVersion) -> Option<JoinHandle<()>> {
        if self.is_settled(&wanted) {
            return None;
        }
        let loader = Arc::clone(self);
        Some(tokio::spawn(async move {
            loader.load_unless_settled(wanted).await;
        }))
    }

    /// Forgets every version but these, and gives those that ran.
    fn retain(&self, wanted: &BTreeMap<PolicyFlow, u32>) -> Vec<Arc<Active>> {
        let is_wanted = |flow: &PolicyFlow, number| wanted.get(flow) == Some(&number);
        self.tries
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|flow, last| is_wanted(flow, last.number));
        let mut active = self.active.write().unwrap_or_else(PoisonError::into_inner);
        let ended = active.extract_if(|flow, active| !is_wanted(flow, active.version.number));
        ended.map(|(_, ended)| ended).collect()
    }

    async fn load_unless_settled(&self, wanted: PolicyVersion) {
        let _one_at_a_time = self.loading.lock().await;
        if self.is_settled(&wanted) {
            return;
        }
        match self.compiled(&wanted).await {
            Ok(policy) => self.activate(Arc::new(Active {
                version: wanted,
                policy,
            })),
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
        let octets = self.reader.prepared(version, deadline).await;
        // It takes little longer than a thread of its own would.
        if let Some(octets) = octets.map_err(Fault::Unreadable)?
            && let Some(policy) = prepared::decode(&octets)
        {
            return Ok(policy);
        }
        let document = self.reader.document(version, deadline).await;
        let json = document.map_err(Fault::Unreadable)?.ok_or(Fault::Absent)?;
        // In a thread of its own: a decision that runs out of time must be able to answer meanwhile.
        let compiled = tokio::task::spawn_blocking(move || of_document(&json));
        compiled
            .await
            .unwrap_or_else(|_| Err(vec!["compiling it failed".to_owned()]))
            .map_err(Fault::Bad)
    }

    fn activate(&self, activated: Arc<Active>) {
        let version = activated.version.clone();
        let flow = version.flow.clone();
        self.journal.notice(&match self.role {
            Role::Current => Notice::PolicyActivated { version },
            Role::Candidate => Notice::CandidateLoaded { version },
        });
        self.active
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(flow, activated);
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
            let version = version.clone();
            self.journal.notice(&match self.role {
                Role::Current => notice(version, fault),
                Role::Candidate => candidate_notice(version, fault),
            });
        }
    }
}

fn of_document(json: &str) -> Result<Policy, Vec<String>> {
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

fn candidate_notice(candidate: PolicyVersion, fault: Fault) -> Notice {
    let (failure, detail) = match fault {
        Fault::Bad(problems) => ("refused", Some(problems.join("; "))),
        Fault::Absent => ("absent", None),
        Fault::Unreadable(failure) => (failure.code(), failure.detail()),
    };
    Notice::CandidateUnusable {
        version: candidate,
        failure,
        detail,
    }
}
