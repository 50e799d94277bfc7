//! What the maintenance of requests notes. Times are in milliseconds since 1970.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SCHEMA, approval::request_id, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::approval::{ApprovalRequest, Mark, RequestId, later},
    ports::{StoreError, guest_rounds::GuestWindow, rounds::Place},
};

/// A note beside a request.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct MarkItem {
    schema: u32,
    kind: String,
    /// Which reminder it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    number: Option<u32>,
    at: i64,
    ttl: i64,
}

impl MarkItem {
    pub(in crate::adapters::dynamodb) fn new(
        request: &ApprovalRequest,
        mark: Mark,
        at: Timestamp,
    ) -> Self {
        // The latest end that a request can have which is still open.
        let open_until = later(request.expires_at, request.terms.keep_days.longest());
        Self {
            schema: SCHEMA,
            kind: mark.kind().to_owned(),
            number: match mark {
                Mark::Reminder(number) => Some(number),
                Mark::Escalation | Mark::AccountMissing => None,
            },
            at: at.as_millisecond(),
            ttl: request.kept_until().unwrap_or(open_until).as_second(),
        }
    }
}

/// Where a round through a queue is.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct RoundItem {
    schema: u32,
    began_at: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    after: Option<String>,
}

impl From<&Place> for RoundItem {
    fn from(place: &Place) -> Self {
        Self {
            schema: SCHEMA,
            began_at: place.began_at.as_millisecond(),
            after: place.after.as_ref().map(RequestId::to_string),
        }
    }
}

impl RoundItem {
    pub(in crate::adapters::dynamodb) fn place(self, key: &Key) -> Result<Place, StoreError> {
        let after = self.after.map(|id| request_id(key, &id));
        Ok(Place {
            began_at: instant(key, self.began_at)?,
            after: after.transpose()?,
        })
    }
}

/// How long it is known that an account was told: longer than anybody looks at it, which is a day after its creation.
const TOLD_FOR_DAYS: u32 = 2;

/// That an account without approval was told.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct UnapprovedItem {
    schema: u32,
    kind: String,
    at: i64,
    ttl: i64,
}

impl UnapprovedItem {
    pub(in crate::adapters::dynamodb) fn new(at: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            kind: "account-unapproved".to_owned(),
            at: at.as_millisecond(),
            ttl: later(at, TOLD_FOR_DAYS).as_second(),
        }
    }
}

/// How far guests were looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct GuestRoundItem {
    schema: u32,
    since: i64,
    until: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    next: Option<String>,
}

impl From<&GuestWindow> for GuestRoundItem {
    fn from(window: &GuestWindow) -> Self {
        Self {
            schema: SCHEMA,
            since: window.since.as_millisecond(),
            until: window.until.as_millisecond(),
            next: window.next.clone(),
        }
    }
}

impl GuestRoundItem {
    pub(in crate::adapters::dynamodb) fn window(
        self,
        key: &Key,
    ) -> Result<GuestWindow, StoreError> {
        Ok(GuestWindow {
            since: instant(key, self.since)?,
            until: instant(key, self.until)?,
            next: self.next,
        })
    }
}
