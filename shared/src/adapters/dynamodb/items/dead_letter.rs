//! Records of the stream that could not be read.

use serde::{Deserialize, Serialize};

use super::{SCHEMA, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::approval::later,
    ports::{StoreError, dead_letters::DeadLetter},
};

/// How long somebody has to look at it.
const KEPT_DAYS: u32 = 90;

/// A record of the stream, without what it says.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct DeadRecordItem {
    schema: u32,
    sequence: String,
    /// The partition and sort key of the item that changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    item: Option<(String, String)>,
    reason: String,
    /// Milliseconds since 1970.
    at: i64,
    ttl: i64,
}

impl From<&DeadLetter> for DeadRecordItem {
    fn from(letter: &DeadLetter) -> Self {
        Self {
            schema: SCHEMA,
            sequence: letter.sequence.clone(),
            item: letter.item.clone(),
            reason: letter.reason.clone(),
            at: letter.at.as_millisecond(),
            ttl: later(letter.at, KEPT_DAYS).as_second(),
        }
    }
}

impl DeadRecordItem {
    pub(in crate::adapters::dynamodb) fn letter(self, key: &Key) -> Result<DeadLetter, StoreError> {
        Ok(DeadLetter {
            id: key.sk.clone(),
            sequence: self.sequence,
            item: self.item,
            reason: self.reason,
            at: instant(key, self.at)?,
        })
    }
}
