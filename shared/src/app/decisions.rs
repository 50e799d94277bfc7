//! The record of each decision.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout_at};

use crate::{
    domain::{
        approval::Applicant,
        event::{Event, KeptEvent, Personal, RecordTerms},
    },
    ports::{Deadline, StoreError, event_log::EventKeeper},
};

/// How long an answer waits for its record at the most.
const PATIENCE: Duration = Duration::from_millis(100);

/// Keeps what was decided before the answer goes out.
pub struct Decisions {
    keeper: Arc<dyn EventKeeper>,
    terms: RecordTerms,
}

impl std::fmt::Debug for Decisions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decisions")
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

/// A decision that is not known to be in the table.
#[derive(Debug)]
pub struct Unrecorded {
    /// The event as a JSON object, for the log.
    pub event: String,
    pub failure: StoreError,
}

impl Decisions {
    pub fn new(keeper: Arc<dyn EventKeeper>, terms: RecordTerms) -> Self {
        Self { keeper, terms }
    }

    /// What a record says of somebody.
    pub fn personal(&self, applicant: &Applicant) -> Personal {
        Personal::of(applicant, &self.terms.fields)
    }

    /// Keeps an event. It waits no longer than 100 ms, and not beyond the deadline: the answer does not wait for the record
    /// of it.
    pub async fn keep(
        &self,
        event: &Event,
        personal: Personal,
        deadline: Deadline,
    ) -> Result<(), Unrecorded> {
        let unrecorded = |event: String, failure| Unrecorded { event, failure };
        let kept = KeptEvent::new(event, personal).map_err(|error| {
            let failure = StoreError::Unavailable(error.to_string());
            unrecorded(event.id.to_string(), failure)
        })?;
        let patience = deadline.0.min(Instant::now() + PATIENCE);
        let written = self.keeper.keep(&kept, self.until(kept.at));
        match timeout_at(patience, written).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(failure)) => Err(unrecorded(kept.text, failure)),
            Err(_) => Err(unrecorded(kept.text, StoreError::TimedOut)),
        }
    }

    fn until(&self, at: Timestamp) -> Timestamp {
        let days = SignedDuration::from_hours(24 * i64::from(self.terms.days));
        at.saturating_add(days).unwrap_or(Timestamp::MAX)
    }
}
