//! Amazon `EventBridge`: `PutEvents` of its JSON 1.1 protocol.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    aws::{Connection, Manners},
    signed::Signed,
    sinks::refusal,
};
use crate::{
    domain::event::KeptEvent,
    ports::event_bus::{EventBus, SinkError},
};

/// By which rules know our events.
const SOURCE: &str = "signup-connectors";

/// A bus of `EventBridge`.
#[derive(Debug)]
pub struct EventBridge {
    service: Signed,
    bus: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Put<'e> {
    entries: Vec<Entry<'e>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'e> {
    event_bus_name: &'e str,
    source: &'static str,
    detail_type: &'static str,
    detail: &'e str,
    /// In seconds; the text has it exactly.
    time: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    entries: Vec<Became>,
}

/// In the order of the entries.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Became {
    #[serde(default)]
    error_code: Option<String>,
}

impl EventBridge {
    /// `bus` is its name or its ARN.
    pub fn new(connection: &Connection, bus: String) -> Self {
        Self {
            service: Signed::new(connection, "events", Manners::ONCE),
            bus,
        }
    }

    async fn put(&self, events: &[KeptEvent]) -> Result<Vec<Result<(), SinkError>>, SinkError> {
        let entries = events.iter().map(|event| self.entry(event)).collect();
        let body = serde_json::to_vec(&Put { entries });
        let body = body.map_err(|error| SinkError::Unavailable(error.to_string()))?;
        let answer = self
            .service
            .json("1.1", "AWSEvents.PutEvents", body)
            .await?;
        if answer.status != 200 {
            return Err(answer.failure());
        }
        let answered: Option<Answered> = serde_json::from_slice(&answer.body).ok();
        let became = answered.map(|answered| answered.entries);
        let became = became.filter(|became| became.len() == events.len());
        let became = became.ok_or_else(|| {
            SinkError::Unavailable("its answer does not say what became of each event".to_owned())
        })?;
        Ok(became.into_iter().map(Became::told).collect())
    }

    fn entry<'e>(&'e self, event: &'e KeptEvent) -> Entry<'e> {
        Entry {
            event_bus_name: &self.bus,
            source: SOURCE,
            detail_type: event.kind.name(),
            detail: &event.text,
            time: event.at.as_second(),
        }
    }
}

impl Became {
    fn told(self) -> Result<(), SinkError> {
        self.error_code.map_or(Ok(()), |code| Err(refusal(&code)))
    }
}

#[async_trait]
impl EventBus for EventBridge {
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>> {
        let put = self.put(events).await;
        put.unwrap_or_else(|error| vec![Err(error); events.len()])
    }
}
