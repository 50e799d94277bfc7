//! What the tasks of a batch have in common: their endpoints, and how these are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::{
    sync::{Mutex, Semaphore},
    time::Instant,
};

use crate::domain::{
    endpoint::{Endpoint, EndpointId, EndpointState},
    source::{Breaker, SourceName},
};

/// The endpoints of a batch.
pub(super) struct Ground {
    pub(super) targets: BTreeMap<EndpointId, Target>,
    /// Until when a task waits for its turn.
    pub(super) turn_by: Instant,
}

/// An endpoint, as all tasks of the batch find it.
pub(super) struct Target {
    pub(super) endpoint: Endpoint,
    /// One for each request that may be under way.
    pub(super) turns: Semaphore,
    /// Whether it has answered 410 (Gone) since the batch began.
    pub(super) is_gone: AtomicBool,
    /// The failures of the endpoint, changed by one task at a time.
    pub(super) breaker: Mutex<Breaker>,
    /// Of the breaker.
    pub(super) name: SourceName,
}

impl Ground {
    pub(super) fn new(
        endpoints: Vec<Endpoint>,
        mut breaker: impl FnMut(&SourceName) -> Breaker,
        in_flight: usize,
        turn_by: Instant,
    ) -> Self {
        let targets = endpoints.into_iter().filter_map(|endpoint| {
            let name = breaker_of(&endpoint.id)?;
            let target = Target {
                turns: Semaphore::new(in_flight),
                is_gone: AtomicBool::new(false),
                breaker: Mutex::new(breaker(&name)),
                name,
                endpoint,
            };
            Some((target.endpoint.id.clone(), target))
        });
        Self {
            targets: targets.collect(),
            turn_by,
        }
    }
}

impl Target {
    /// Why it is not told anything; `None` when it is.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        let is_gone = self.is_gone.load(Ordering::Relaxed);
        match self.endpoint.state {
            EndpointState::Enabled if is_gone => Some("gone"),
            EndpointState::Enabled => None,
            state => Some(state.name()),
        }
    }
}

/// An endpoint's id is a name of a breaker, too.
pub(super) fn breaker_of(endpoint: &EndpointId) -> Option<SourceName> {
    SourceName::parse(endpoint.as_str())
}

/// Those that a batch is about.
pub(super) fn wanted(mut all: Vec<Endpoint>, ids: &BTreeSet<&EndpointId>) -> Vec<Endpoint> {
    all.retain(|endpoint| ids.contains(&endpoint.id));
    all
}
