//! What people have changed. It is written with the change, by the port that makes it, such as
//! [`RequestStore::change`](super::request_store::RequestStore::change) and [`ListStore::apply`](super::list_store::ListStore::apply):
//! here it is read, and kept for what happens outside of the table.

use async_trait::async_trait;
use jiff::civil::Date;

use super::StoreError;
use crate::domain::audit::{Record, RecordId};

/// A part of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The newest first.
    pub records: Vec<Record>,
    /// The place after which the next page begins; `None` at the end.
    pub next: Option<RecordId>,
}

#[async_trait]
pub trait AuditStore: Send + Sync {
    /// The records of a day in UTC, the newest first, from before the record `after`. Consistent.
    async fn records(
        &self,
        day: Date,
        after: Option<&RecordId>,
        limit: u16,
    ) -> Result<Page, StoreError>;
}

#[async_trait]
pub trait AuditKeeper: Send + Sync {
    /// Keeps the record of what is about to be done where no transaction of the table reaches.
    async fn keep_record(&self, record: &Record) -> Result<(), StoreError>;
}
