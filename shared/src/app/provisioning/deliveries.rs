//! Deliveries of approved requests, each of them told in the log.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Outcome, Provisioning};
use crate::{
    domain::approval::RequestId,
    ports::{
        StoreError,
        journal::{Delivery, Journal, Notice},
    },
};

/// Takes deliveries.
pub struct Deliveries {
    pub provisioning: Provisioning,
    pub journal: Arc<dyn Journal>,
}

impl std::fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deliveries")
            .field("provisioning", &self.provisioning)
            .finish_non_exhaustive()
    }
}

impl Deliveries {
    /// Whether a request need not be delivered again. `None` is a delivery that names no request.
    pub async fn take(&self, request: Option<&RequestId>) -> bool {
        let started = Instant::now();
        let ended = match request {
            Some(id) => Ended::of(self.provisioning.provision(id).await),
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
