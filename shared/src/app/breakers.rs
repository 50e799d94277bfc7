//! Breakers: sources and providers that fail are spared by all instances.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;

use crate::{
    domain::source::{Breaker, BreakerState, SourceName},
    ports::{Deadline, answer_store::AnswerStore, clock::Clock},
};

/// The problem of whoever was spared.
pub(super) const OPEN: &str = "breaker-open";

#[derive(Clone)]
pub struct Breakers {
    pub store: Arc<dyn AnswerStore>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Breakers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Breakers")
    }
}

impl Breakers {
    /// The breaker of a source or verification, among those that were read, and its state.
    pub(super) fn of(
        &self,
        name: &SourceName,
        read: &BTreeMap<SourceName, Breaker>,
    ) -> (Breaker, BreakerState) {
        let now = self.clock.now();
        let breaker = read.get(name).cloned();
        let breaker = breaker.unwrap_or_else(|| Breaker::closed(now));
        let state = breaker.state(now);
        (breaker, state)
    }

    /// The breaker to [`record`](Self::record) with what comes of the call. `None` when nobody is to be called.
    pub(super) async fn allow(
        &self,
        name: &SourceName,
        breaker: Breaker,
        deadline: Deadline,
    ) -> Option<Breaker> {
        self.allow_for(Breaker::TRIAL, name, breaker, deadline)
            .await
    }

    /// The same for a call that may take longer.
    pub(super) async fn allow_for(
        &self,
        takes: SignedDuration,
        name: &SourceName,
        breaker: Breaker,
        deadline: Deadline,
    ) -> Option<Breaker> {
        let now = self.clock.now();
        match breaker.state(now) {
            BreakerState::Closed => Some(breaker),
            BreakerState::Open => None,
            BreakerState::HalfOpen => {
                let tried = breaker.tried_for(takes, now);
                let trial = self.store.set_breaker(name, &tried, deadline).await;
                // Somebody else tries, or nobody can say so.
                trial.is_ok().then_some(tried)
            }
        }
    }

    pub(super) async fn record(
        &self,
        name: &SourceName,
        breaker: &Breaker,
        has_failed: bool,
        deadline: Deadline,
    ) {
        let now = self.clock.now();
        let next = if has_failed {
            Some(breaker.failed(now))
        } else {
            breaker.succeeded(now)
        };
        if let Some(next) = next {
            self.replace(name, &next, deadline).await;
        }
    }

    /// Puts a breaker in the place of the one before.
    pub(super) async fn replace(&self, name: &SourceName, next: &Breaker, deadline: Deadline) {
        // A conflict is another instance that saw the same.
        let _ = self.store.set_breaker(name, next, deadline).await;
    }
}
