//! Endpoints: where other systems are told of events over HTTP.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::event::{EventFilter, EventKind};

/// Most endpoints of a deployment: each event is sent to every one that wants it.
pub const MAX_ENDPOINTS: usize = 20;

/// `ep_` and 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointId(String);

const PREFIX: &str = "ep_";
const DIGITS: usize = 16;

impl EndpointId {
    pub fn new(chance: u64) -> Self {
        Self(format!("{PREFIX}{chance:016x}"))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_digit = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
        let is_fine = digits.len() == DIGITS && digits.bytes().all(is_digit);
        is_fine.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the secret with the keys that its messages are signed with.
    pub fn secret(&self) -> String {
        format!("webhooks/{}", self.0)
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EndpointId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EndpointId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("no id of an endpoint"))
    }
}

/// Somebody who is told of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    /// HTTPS; plain HTTP only to hosts that the deployment names.
    pub url: String,
    /// An event is sent when one of them includes it.
    pub kinds: Vec<EventFilter>,
    /// Which personal fields it is told; see [`Personal`](super::event::Personal).
    pub fields: Vec<String>,
    pub state: EndpointState,
    /// What operators say of it.
    pub note: String,
    pub created_at: Timestamp,
    /// Counts up with each change; the condition of the next one.
    pub revision: u64,
}

impl Endpoint {
    /// Whether it is sent events of that kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.state == EndpointState::Enabled && self.kinds.iter().any(|one| one.includes(kind))
    }
}

/// Whether an endpoint is sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointState {
    Enabled,
    /// An operator does not want it, since then.
    Disabled(Timestamp),
    /// It answered 410 (Gone), and does not want anything any more, since then.
    Gone(Timestamp),
}

impl EndpointState {
    /// The name in items, logs and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled(_) => "disabled",
            Self::Gone(_) => "gone",
        }
    }
}
