//! From the table's stream to those who are told of events (docs/decisions/0022).
//!
//! What changed becomes events, which are kept in the table. That brings them through the stream once more, and only then
//! somebody is told. So an event that somebody knows of is in the table, and one in the table is told at least once.

pub mod derive;
pub mod lines;
mod sinks;

use std::{collections::BTreeSet, sync::Arc};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};

use self::derive::{Derived, derive};
pub use self::sinks::{Sinks, Webhooks};
use crate::{
    domain::{approval::later, event::KeptEvent},
    ports::{
        Deadline, StoreError,
        audit_chain::{AuditChain, AuditLine},
        clock::Clock,
        dead_letters::{DeadLetter, DeadLetters},
        event_bus::SinkError,
        event_log::EventKeeper,
        journal::{Journal, Notice, Told},
        table_changes::{Change, StreamRecord, Unreadable},
    },
};

/// Records that are worked on at the same time.
const AT_ONCE: usize = 8;

/// Takes records of the stream.
pub struct Events {
    pub keeper: Arc<dyn EventKeeper>,
    /// For how long events are kept.
    pub days: u16,
    /// `None` where the audit is not chained.
    pub chain: Option<Arc<dyn AuditChain>>,
    pub sinks: Sinks,
    pub dead_letters: Arc<dyn DeadLetters>,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("days", &self.days)
            .finish_non_exhaustive()
    }
}

/// Places of records that have to come again.
type Failed = BTreeSet<usize>;

impl Events {
    /// Takes a batch, which one line of the log tells of. Places in the stream of the records that have to come again, in
    /// its order.
    pub async fn take(&self, records: &[StreamRecord], deadline: Deadline) -> Vec<String> {
        let started = Instant::now();
        let mut told = Told {
            records: records.len(),
            ..Told::default()
        };
        let failed = match self.audit(records, deadline).await {
            Ok(audited) => {
                told.audited = audited;
                let mut failed = self.settle(records, deadline, &mut told).await;
                failed.extend(self.tell(records, deadline, &mut told).await);
                failed
            }
            Err(error) => {
                told.failed("the audit chain", &error);
                (0..records.len()).collect()
            }
        };
        told.failures = failed.len();
        told.duration = started.elapsed();
        self.report(told);
        let failed = failed.into_iter().filter_map(|place| records.get(place));
        failed.map(|record| record.sequence.clone()).collect()
    }

    /// Most batches are about nothing of this.
    fn report(&self, told: Told) {
        if !told.is_idle() {
            self.journal.notice(&Notice::Told(told));
        }
    }

    /// Before anybody is told of something, it is in the chain. How many lines were appended.
    async fn audit(
        &self,
        records: &[StreamRecord],
        deadline: Deadline,
    ) -> Result<usize, SinkError> {
        let lines: Vec<AuditLine> = records.iter().filter_map(audited).collect();
        let Some(chain) = self.chain.as_ref().filter(|_| !lines.is_empty()) else {
            return Ok(0);
        };
        let appended = timeout_at(deadline.0, chain.append(&lines)).await;
        appended.unwrap_or(Err(SinkError::TimedOut))?;
        Ok(lines.len())
    }

    /// Keeps what the changes are as events, and buries what nobody can read.
    async fn settle(
        &self,
        records: &[StreamRecord],
        deadline: Deadline,
        told: &mut Told,
    ) -> Failed {
        let settled: Vec<_> = stream::iter(records)
            .map(|record| async move {
                let settled = timeout_at(deadline.0, self.settle_one(record)).await;
                settled.unwrap_or(Err(StoreError::TimedOut))
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        let mut failed = Failed::new();
        for (place, settled) in settled.into_iter().enumerate() {
            match settled {
                Ok(Settled::Kept(events)) => told.kept += events,
                Ok(Settled::Buried(reason)) => told.buried(reason),
                Err(error) => {
                    told.failed("the table", &error);
                    failed.insert(place);
                }
            }
        }
        failed
    }

    async fn settle_one(&self, record: &StreamRecord) -> Result<Settled, StoreError> {
        match &record.change {
            Ok(change) => {
                let mut kept = 0;
                for derived in derive(&record.id, change) {
                    kept += usize::from(self.keep(derived).await?);
                }
                Ok(Settled::Kept(kept))
            }
            Err(unreadable) => {
                self.bury(record, unreadable).await?;
                Ok(Settled::Buried(unreadable.reason.clone()))
            }
        }
    }

    /// Whether it is new.
    async fn keep(&self, derived: Derived) -> Result<bool, StoreError> {
        let event = KeptEvent::new(&derived.event, derived.personal)
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let until = later(event.at, self.days.into());
        self.keeper.keep(&event, until).await
    }

    async fn bury(&self, record: &StreamRecord, unreadable: &Unreadable) -> Result<(), StoreError> {
        let letter = DeadLetter {
            id: record.id.clone(),
            sequence: record.sequence.clone(),
            item: unreadable.item.clone(),
            reason: unreadable.reason.clone(),
            at: self.clock.now(),
        };
        self.dead_letters.bury(&letter).await
    }

    /// Tells everybody of the events that were kept.
    async fn tell(&self, records: &[StreamRecord], deadline: Deadline, told: &mut Told) -> Failed {
        let (places, events): (Vec<_>, Vec<_>) = kept(records).unzip();
        let (bus, topic, webhooks) = tokio::join!(
            self.sinks.to_bus(&events, deadline),
            self.sinks.to_topic(&events, deadline),
            self.sinks.to_webhooks(&events, deadline),
        );
        (told.to_bus, told.to_topic, told.tasks) = (bus.taken, topic.taken, webhooks.taken);
        let mut failed = Failed::new();
        for (sink, handed) in [
            ("the bus", bus),
            ("the topic", topic),
            ("the queue", webhooks),
        ] {
            for (event, error) in handed.refused {
                told.failed(sink, &error);
                failed.extend(places.get(event));
            }
        }
        failed
    }
}

/// What became of a record.
enum Settled {
    /// As so many events that are new.
    Kept(usize),
    Buried(String),
}

/// The events among the records, each with its place.
fn kept(records: &[StreamRecord]) -> impl Iterator<Item = (usize, KeptEvent)> {
    let records = records.iter().enumerate();
    records.filter_map(|(place, record)| match &record.change {
        Ok(Change::EventKept(event)) => Some((place, event.clone())),
        _ => None,
    })
}

fn audited(record: &StreamRecord) -> Option<AuditLine> {
    match &record.change {
        Ok(Change::EventKept(event)) => Some(lines::of_event(event)),
        Ok(Change::Recorded(record)) => Some(lines::of_record(record)),
        _ => None,
    }
}
