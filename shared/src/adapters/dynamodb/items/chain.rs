//! Where the audit chain ends.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{SCHEMA, corrupt, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::chain::{ChainHash, Head},
    ports::{StoreError, chain_heads::Newest},
};

/// The last segment of a day, or of the whole chain.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct HeadItem {
    schema: u32,
    day: Date,
    segment: u32,
    hash: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    closed: Option<Date>,
    /// When the first segment was written, in milliseconds since 1970.
    began_at: i64,
}

impl HeadItem {
    pub(in crate::adapters::dynamodb) fn new(head: &Head, at: Timestamp) -> Self {
        Self {
            schema: SCHEMA,
            day: head.day,
            segment: head.segment,
            hash: head.hash.to_string(),
            closed: head.closed,
            began_at: at.as_millisecond(),
        }
    }

    pub(in crate::adapters::dynamodb) fn head(&self, key: &Key) -> Result<Head, StoreError> {
        Ok(Head {
            day: self.day,
            segment: self.segment,
            hash: ChainHash::parse(&self.hash).ok_or_else(|| corrupt(key, "its hash"))?,
            closed: self.closed,
        })
    }

    pub(in crate::adapters::dynamodb) fn newest(&self, key: &Key) -> Result<Newest, StoreError> {
        Ok(Newest {
            head: self.head(key)?,
            began_at: instant(key, self.began_at)?,
        })
    }
}
