//! Endpoints as they are kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SCHEMA, corrupt, timestamp};
use crate::{
    adapters::dynamodb::keys::{ENDPOINT, Key},
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::EventFilter,
    },
    ports::StoreError,
};

/// An endpoint. Times are in seconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct EndpointItem {
    schema: u32,
    url: String,
    kinds: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    fields: Vec<String>,
    state: String,
    /// Since when it is not sent anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    since: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    note: String,
    created_at: i64,
    /// The condition of the next change.
    version: u64,
}

impl From<&Endpoint> for EndpointItem {
    fn from(endpoint: &Endpoint) -> Self {
        let kinds = endpoint.kinds.iter().map(EventFilter::as_str);
        Self {
            schema: SCHEMA,
            url: endpoint.url.clone(),
            kinds: kinds.map(str::to_owned).collect(),
            fields: endpoint.fields.clone(),
            state: endpoint.state.name().to_owned(),
            since: match endpoint.state {
                EndpointState::Enabled => None,
                EndpointState::Disabled(since) | EndpointState::Gone(since) => {
                    Some(since.as_second())
                }
            },
            note: endpoint.note.clone(),
            created_at: endpoint.created_at.as_second(),
            version: endpoint.revision,
        }
    }
}

impl EndpointItem {
    pub(in crate::adapters::dynamodb) fn endpoint(self, key: &Key) -> Result<Endpoint, StoreError> {
        let id = key.sk.strip_prefix(ENDPOINT).and_then(EndpointId::parse);
        let kinds = self.kinds.iter().map(|kind| EventFilter::parse(kind));
        let since = self.since.map(|since| timestamp(key, since)).transpose()?;
        Ok(Endpoint {
            id: id.ok_or_else(|| corrupt(key, "its id"))?,
            kinds: kinds
                .collect::<Option<_>>()
                .ok_or_else(|| corrupt(key, "a kind of events"))?,
            state: state(&self.state, since).ok_or_else(|| corrupt(key, "its state"))?,
            url: self.url,
            fields: self.fields,
            note: self.note,
            created_at: timestamp(key, self.created_at)?,
            revision: self.version,
        })
    }
}

fn state(name: &str, since: Option<Timestamp>) -> Option<EndpointState> {
    match (name, since) {
        ("enabled", None) => Some(EndpointState::Enabled),
        ("disabled", Some(since)) => Some(EndpointState::Disabled(since)),
        ("gone", Some(since)) => Some(EndpointState::Gone(since)),
        _ => None,
    }
}
