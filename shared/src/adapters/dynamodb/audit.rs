//! What people have changed.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::civil::Date;

use super::{
    Table,
    contention::patiently,
    items::{RecordItem, encode, read_as},
    keys::{Key, PK, SK, records_of},
    many::first,
    transaction::put,
};
use crate::{
    domain::audit::{Record, RecordId},
    ports::{
        StoreError,
        audit_store::{AuditKeeper, AuditStore, Page},
    },
};

#[async_trait]
impl AuditStore for Table {
    async fn records(
        &self,
        day: Date,
        after: Option<&RecordId>,
        limit: u16,
    ) -> Result<Page, StoreError> {
        let query = self.partition_query(records_of(day));
        let query = query.consistent_read(true).scan_index_forward(false);
        let query = match after {
            None => query,
            Some(after) => query
                .key_condition_expression(format!("{PK} = :pk AND {SK} < :after"))
                .expression_attribute_values(":after", AttributeValue::S(after.to_string())),
        };
        let (items, more) = first(query, limit).await?;
        let records = read_as(items, RecordItem::record)?;
        let last = records.last().filter(|_| more);
        let next = last.map(|record| record.id.clone());
        Ok(Page { records, next })
    }
}

#[async_trait]
impl AuditKeeper for Table {
    async fn keep_record(&self, record: &Record) -> Result<(), StoreError> {
        self.write_recorded(Vec::new(), record).await
    }
}

impl Table {
    /// Writes a change together with the record of it: both or none. [`StoreError::Conflict`] when a condition does not hold.
    pub(super) async fn write_recorded(
        &self,
        mut writes: Vec<TransactWriteItem>,
        record: &Record,
    ) -> Result<(), StoreError> {
        writes.push(self.record(record)?);
        let unmet = self.transact(writes, patiently()).await?;
        unmet.is_empty().then_some(()).ok_or(StoreError::Conflict)
    }

    /// The write that belongs into the transaction of the change.
    pub(super) fn record(&self, record: &Record) -> Result<TransactWriteItem, StoreError> {
        let item = encode(&Key::record(record), RecordItem::from(record))?;
        Ok(put(self.create(item)?))
    }
}
