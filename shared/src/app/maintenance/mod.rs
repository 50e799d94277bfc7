//! What time asks of approval requests: those of which nobody has decided expire, those who decide are reminded, and what got
//! stuck on its way to an account is brought again (PROTOCOL 3).
//!
//! A run walks through the queues from where the one before it stopped, as long as it has time. It can be stopped at any moment
//! and run beside another one: each change is conditional, and each note is made once.

mod accounts;
mod round;
mod stuck;
mod unapproved;
mod waiting;

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use super::policies::Policies;
use crate::ports::{
    Deadline, StoreError,
    accounts::Accounts,
    clock::Clock,
    guest_rounds::GuestRounds,
    guests::Guests,
    journal::{Journal, Maintained, Notice},
    policy_store::PolicyStore,
    redelivery::Redelivery,
    reminders::Reminders,
    request_store::RequestStore,
    rounds::Rounds,
};

/// How many requests are changed at the same time.
const AT_ONCE: usize = 8;

/// How much a run does in one go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Requests that are read at once.
    pub page: u16,
    /// Accounts that Graph is asked for at once; a run asks for less than twice as many.
    pub accounts: u16,
    /// Guests after which a run begins no other part of those that Graph found.
    pub guests: u16,
}

impl Bounds {
    pub const USUAL: Self = Self {
        page: 200,
        accounts: 100,
        guests: 500,
    };
}

/// Does what time asks.
pub struct Maintenance {
    pub store: Arc<dyn RequestStore>,
    pub rounds: Arc<dyn Rounds>,
    pub reminders: Arc<dyn Reminders>,
    pub redelivery: Arc<dyn Redelivery>,
    pub published: Arc<dyn PolicyStore>,
    pub policies: Policies,
    /// `None` where no accounts are made.
    pub accounts: Option<Arc<dyn Accounts>>,
    /// `Some` where every guest has to come of an approval.
    pub guests: Option<Arc<dyn Guests>>,
    pub guest_rounds: Arc<dyn GuestRounds>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
    pub bounds: Bounds,
}

impl std::fmt::Debug for Maintenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Maintenance")
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

impl Maintenance {
    /// One run, which the log tells of. Whether everything could be done for which there was time; what could not is done by
    /// a later run.
    pub async fn run(&self, deadline: Deadline) -> bool {
        let started = Instant::now();
        let mut told = Maintained::default();
        // What is soon done first; the queue of those who wait may be long.
        for ended in [
            self.bring_again(deadline, &mut told).await,
            self.look_for_accounts(deadline, &mut told).await,
            self.look_for_unapproved(deadline, &mut told).await,
            self.look_at_waiting(deadline, &mut told).await,
        ] {
            if let Err(error) = ended {
                told.failed(&error);
            }
        }
        told.duration = started.elapsed();
        let is_done = told.failures == 0;
        self.journal.notice(&Notice::Maintained(told));
        is_done
    }
}

/// Does each piece of work, a few at the same time; how many were done. One that fails does not keep others from being done.
async fn count<F>(work: impl Iterator<Item = F>, told: &mut Maintained) -> u32
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let mut done = 0;
    let mut outcomes = stream::iter(work).buffer_unordered(AT_ONCE);
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(is_done) => done += u32::from(is_done),
            Err(error) => told.failed(&error),
        }
    }
    done
}
