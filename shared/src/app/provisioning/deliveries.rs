//! Deliveries of approved requests, each of them told in the log.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{Outcome, Provisioning};
use crate::{
    domain::approval::RequestId,
    ports::{
        StoreError,
        journal::{Delivery, Journal, Notice},
    },
};

/// Graph asks for seconds, and for minutes at the most; a slip in its answer does not stop everything for a day.
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Takes deliveries.
pub struct Deliveries {
    provisioning: Provisioning,
    journal: Arc<dyn Journal>,
    /// Until when Graph asked to be left alone.
    pause_ends: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliveries")
            .field("provisioning", &self.provisioning)
            .finish_non_exhaustive()
    }
}

impl Deliveries {
    pub const fn new(provisioning: Provisioning, journal: Arc<dyn Journal>) -> Self {
        Self {
            provisioning,
            journal,
            pause_ends: Mutex::new(None),
        }
    }

    /// Whether a request need not be delivered again. `None` is a delivery that names no request.
    pub async fn take(&self, request: Option<&RequestId>) -> bool {
        let started = Instant::now();
        let ended = match request {
            Some(_) if self.is_paused() => Ended::put_back("throttled", None),
            Some(id) => {
                let outcome = self.provisioning.provision(id).await;
                self.pause_after(&outcome);
                Ended::of(outcome)
            }
            None => Ended::put_back("unreadable", None),
        };
        self.journal.notice(&Notice::Delivered(Delivery {
            request: request.map(|id| id.as_str().to_owned()),
            outcome: ended.outcome,
            problem: ended.problem,
            duration: started.elapsed(),
        }));
        ended.is_done
    }

    fn is_paused(&self) -> bool {
        let ends = self.pause_ends.lock();
        let ends = *ends.unwrap_or_else(PoisonError::into_inner);
        ends.is_some_and(|ends| Instant::now() < ends)
    }

    fn pause_after(&self, outcome: &Result<Outcome, StoreError>) {
        if let Ok(Outcome::Later {
            throttled: Some(pause),
            ..
        }) = outcome
        {
            let ends = Instant::now() + LONGEST_PAUSE.min(*pause);
            *self
                .pause_ends
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(ends);
        }
    }
}

/// How a delivery ended, in the words of the log.
struct Ended {
    outcome: &'static str,
    problem: Option<String>,
    is_done: bool,
}

impl Ended {
    fn of(outcome: Result<Outcome, StoreError>) -> Self {
        match outcome {
            Ok(Outcome::Provisioned(_)) => Self::done("provisioned", None),
            Ok(Outcome::Failed(reason)) => Self::done("failed", Some(reason)),
            Ok(Outcome::NotDue(state)) => {
                let state = state.map(|state| state.name().to_owned());
                Self::done("not-due", state)
            }
            Ok(Outcome::Later { problem, .. }) => Self::put_back("later", Some(problem)),
            Err(error) => {
                let detail = error.detail().unwrap_or_else(|| error.code().to_owned());
                Self::put_back("unavailable", Some(detail))
            }
        }
    }

    const fn done(outcome: &'static str, problem: Option<String>) -> Self {
        Self {
            outcome,
            problem,
            is_done: true,
        }
    }

    const fn put_back(outcome: &'static str, problem: Option<String>) -> Self {
        Self {
            outcome,
            problem,
            is_done: false,
        }
    }
}
