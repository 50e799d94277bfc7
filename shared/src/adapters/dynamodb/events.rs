//! The log of events.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Table,
    contention::held,
    items::{EventItem, encode, read_as},
    keys::{Key, events_of},
};
use crate::{
    domain::event::{EventId, Hour, KeptEvent},
    ports::{
        StoreError,
        event_log::{EventKeeper, EventLog, EventPage},
    },
};

/// Most events of a page.
const PAGE: u16 = 500;

#[async_trait]
impl EventKeeper for Table {
    async fn keep(&self, event: &KeptEvent, until: Timestamp) -> Result<bool, StoreError> {
        let item = encode(&Key::event(&event.id), EventItem::new(event, until))?;
        held(self.put(self.create(item)?).await)
    }
}

#[async_trait]
impl EventLog for Table {
    async fn hour(&self, hour: Hour, after: Option<&EventId>) -> Result<EventPage, StoreError> {
        let after = after.map(EventId::to_string);
        let (items, more) = self.first_after(events_of(hour), after, PAGE).await?;
        let events = read_as(items, EventItem::event)?;
        let last = events.last().filter(|_| more);
        let next = last.map(|event| event.id.clone());
        Ok(EventPage { events, next })
    }

    async fn event(&self, id: &EventId) -> Result<Option<KeptEvent>, StoreError> {
        let key = Key::event(id);
        let item = self.get::<EventItem>(&key).await?;
        item.map(|item| item.event(&key)).transpose()
    }
}
