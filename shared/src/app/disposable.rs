//! The list of disposable domains that an instance decides by: the built-in one, or a published one, read once for each
//! version, without a decision that depends on it.
//!
//! Which version counts travels with the callers' records, beside the current policies. A decision that learns of another
//! version starts to read it, gives it a moment and goes on: the list before it stays until the new one is there. Nobody
//! could leave it all to the background, for Lambda freezes an instance between its requests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::{
    domain::publication::CurrentPolicies,
    policy::predicate::disposable::{DisposableDomains, NotSorted},
    ports::{
        Deadline, StoreError,
        clock::Clock,
        disposable_reader::DisposableReader,
        journal::{Journal, Notice},
    },
};

/// How soon a version that could not be read is tried again. Longer than a read may take, so that one runs at a time.
const RETRY: SignedDuration = SignedDuration::from_secs(20);

/// How long reading may take.
const LOAD_TAKES: Duration = Duration::from_secs(3);

/// How long a start waits for the list at the most: it can decide without.
const START_WAITS: Duration = Duration::from_millis(500);

/// The same for the one decision that starts a read; a usual list takes a fifth of it.
const DECISION_WAITS: Duration = Duration::from_millis(100);

pub struct DisposableLists {
    reader: Arc<dyn DisposableReader>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Without one the built-in list counts.
    loaded: Option<Loaded>,
    last_try: Option<Try>,
}

struct Loaded {
    number: u32,
    domains: Arc<DisposableDomains>,
}

/// The latest attempt to load a version.
#[derive(Clone, Copy)]
struct Try {
    number: u32,
    at: Timestamp,
    /// Its failure was told.
    told: bool,
    /// It was read, and it is bad: versions never change, so there is nothing to try again.
    refused: bool,
}

/// Why a version is not used.
enum Fault {
    Unreadable(StoreError),
    Absent,
    Bad(NotSorted),
}

impl std::fmt::Debug for DisposableLists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DisposableLists")
    }
}

impl DisposableLists {
    pub fn new(
        reader: Arc<dyn DisposableReader>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        Self {
            reader,
            clock,
            journal,
            state: Mutex::default(),
        }
    }

    /// Loads the version that counts, before the first request. Reading goes on behind a start that does not wait longer.
    pub async fn load(self: &Arc<Self>, current: &CurrentPolicies, deadline: Deadline) {
        // Only policies look domains up.
        if current.versions.is_empty() {
            return;
        }
        self.renew(current, START_WAITS.min(deadline.left())).await;
    }

    /// Goes after the version that counts now. What it takes is a small part of the time that is left.
    pub async fn follow(self: &Arc<Self>, current: &CurrentPolicies, deadline: Deadline) {
        self.renew(current, DECISION_WAITS.min(deadline.left() / 4))
            .await;
    }

    /// The published list, if one counts and is here.
    pub fn published(&self) -> Option<Arc<DisposableDomains>> {
        let state = self.state();
        state
            .loaded
            .as_ref()
            .map(|loaded| Arc::clone(&loaded.domains))
    }

    async fn renew(self: &Arc<Self>, current: &CurrentPolicies, wait: Duration) {
        let begun = self.state().begin(current.disposable, self.clock.now());
        let Some(number) = begun else {
            return;
        };
        let lists = Arc::clone(self);
        let load = tokio::spawn(async move { lists.load_version(number).await });
        let _ = tokio::time::timeout(wait, load).await;
    }

    async fn load_version(&self, number: u32) {
        match self.read(number).await {
            Ok(domains) => self.activate(number, domains),
            Err(fault) => self.failed(number, &fault),
        }
    }

    async fn read(&self, number: u32) -> Result<DisposableDomains, Fault> {
        let deadline = Deadline(Instant::now() + LOAD_TAKES);
        let text = self.reader.domains(number, deadline).await;
        let text = text.map_err(Fault::Unreadable)?.ok_or(Fault::Absent)?;
        DisposableDomains::published(text).map_err(Fault::Bad)
    }

    fn activate(&self, number: u32, domains: DisposableDomains) {
        let count = domains.iter().count();
        let mut state = self.state();
        // By now another version may count.
        if state.trying(number).is_none() {
            return;
        }
        state.loaded = Some(Loaded {
            number,
            domains: Arc::new(domains),
        });
        drop(state);
        self.journal.notice(&Notice::DisposableListActivated {
            number,
            domains: count,
        });
    }

    /// Told once for each version, however often it is tried.
    fn failed(&self, number: u32, fault: &Fault) {
        let refused = matches!(fault, Fault::Bad(_));
        let mut state = self.state();
        let Some(last) = state.trying(number) else {
            return;
        };
        let told = std::mem::replace(&mut last.told, true);
        last.refused = refused;
        drop(state);
        if !told || refused {
            self.journal.notice(&notice(number, fault));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The version to load now, if there is one; from here on it counts as tried.
    fn begin(&mut self, wanted: Option<u32>, now: Timestamp) -> Option<u32> {
        let Some(number) = wanted else {
            *self = Self::default();
            return None;
        };
        let is_here = self
            .loaded
            .as_ref()
            .is_some_and(|loaded| loaded.number == number);
        let last = self.trying(number).copied();
        if is_here || last.is_some_and(|last| last.refused || !last.is_past(now)) {
            return None;
        }
        self.last_try = Some(Try {
            number,
            at: now,
            told: last.is_some_and(|last| last.told),
            refused: false,
        });
        Some(number)
    }

    /// The latest attempt, if it was for this version.
    fn trying(&mut self, number: u32) -> Option<&mut Try> {
        self.last_try.as_mut().filter(|last| last.number == number)
    }
}

impl Try {
    /// A clock that was set back counts as long ago.
    fn is_past(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        age.is_negative() || age >= RETRY
    }
}

fn notice(number: u32, fault: &Fault) -> Notice {
    let (failure, detail) = match fault {
        Fault::Unreadable(failure) => (failure.code(), failure.detail()),
        Fault::Absent => ("absent", None),
        Fault::Bad(problem) => ("refused", Some(problem.to_string())),
    };
    Notice::DisposableListUnavailable {
        number,
        failure,
        detail,
    }
}
