//! Events as they are kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{SCHEMA, corrupt, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::event::{EventId, EventKind, KeptEvent, Personal},
    ports::StoreError,
};

/// An event. `event` is the text that is told, and `personal` stands apart from it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct EventItem {
    schema: u32,
    kind: String,
    /// Milliseconds since 1970.
    at: i64,
    event: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    personal: BTreeMap<String, Value>,
    ttl: i64,
}

impl EventItem {
    pub(in crate::adapters::dynamodb) fn new(event: &KeptEvent, until: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            kind: event.kind.name().to_owned(),
            at: event.at.as_millisecond(),
            event: event.text.clone(),
            personal: event.personal.0.clone(),
            ttl: until.as_second(),
        }
    }

    pub(in crate::adapters::dynamodb) fn event(self, key: &Key) -> Result<KeptEvent, StoreError> {
        Ok(KeptEvent {
            id: EventId::parse(&key.sk).ok_or_else(|| corrupt(key, "its id"))?,
            kind: EventKind::parse(&self.kind).ok_or_else(|| corrupt(key, "its kind"))?,
            at: instant(key, self.at)?,
            text: self.event,
            personal: Personal(self.personal),
        })
    }
}
