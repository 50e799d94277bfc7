//! What happened in a while, from the log of events.

use std::sync::Arc;

use jiff::Timestamp;

use crate::{
    domain::event::{EventFilter, EventId, Hour, KeptEvent},
    ports::{StoreError, event_log::EventLog},
};

/// Which events somebody wants to see.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub since: Timestamp,
    /// Those before it.
    pub until: Timestamp,
    /// Without any, all.
    pub kinds: Vec<EventFilter>,
}

impl Wanted {
    /// The hours in which they are.
    pub fn hours(&self) -> impl Iterator<Item = Hour> + use<> {
        let until = self.until;
        let first = Hour::of(self.since);
        let hours = std::iter::successors(Some(first), |hour| Some(hour.next()));
        hours.take_while(move |hour| hour.start() < until)
    }

    fn includes(&self, event: &KeptEvent) -> bool {
        let in_time = self.since <= event.at && event.at < self.until;
        let mut kinds = self.kinds.iter();
        in_time && (self.kinds.is_empty() || kinds.any(|one| one.includes(event.kind)))
    }
}

/// The events that are kept.
pub struct KeptEvents(pub Arc<dyn EventLog>);

impl std::fmt::Debug for KeptEvents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptEvents")
    }
}

impl KeptEvents {
    /// What is wanted of an hour, in the order of time.
    pub async fn of_hour(&self, wanted: &Wanted, hour: Hour) -> Result<Vec<KeptEvent>, StoreError> {
        let (mut events, mut after) = (Vec::new(), None);
        loop {
            let page = self.0.hour(hour, after.as_ref()).await?;
            let found = page.events.into_iter();
            events.extend(found.filter(|event| wanted.includes(event)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        events.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(events)
    }

    pub async fn event(&self, id: &EventId) -> Result<Option<KeptEvent>, StoreError> {
        self.0.event(id).await
    }
}
