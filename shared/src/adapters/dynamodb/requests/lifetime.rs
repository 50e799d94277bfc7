//! How long the items of a request live.
//!
//! What stands still while a request changes gets its `ttl` when the request closes, and loses it when it is opened again, in
//! the transaction of the change: so nothing of an open request ever has one. A mark beside it is not the request's: it has its
//! own end from the beginning, however many there are.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;

use crate::{
    adapters::dynamodb::{
        Table,
        client::store_error,
        contention::patiently,
        items::{key_of, seconds},
        keys::{Key, PK, SK, request},
        transaction::update,
    },
    domain::approval::{ApprovalRequest, RequestId},
    ports::StoreError,
};

/// Most items that get another lifetime together with a change. A transaction takes 100 items, but only 4 MB: so nine
/// editions of 400 KB.
const AT_ONCE: u16 = 30;

/// The items that get another lifetime by a change.
#[derive(Default)]
pub(super) struct Lifetimes {
    /// In the transaction of the change.
    pub(super) at_once: Vec<TransactWriteItem>,
    /// After it, for a request of more items than a transaction surely takes.
    later: Vec<TransactWriteItem>,
}

/// Whether a request may be opened that was closed before: parts of one that is past its time may be gone.
pub(super) fn may_reopen(before: &ApprovalRequest, now: Timestamp) -> Result<bool, StoreError> {
    if before.state.is_open() {
        return Ok(true);
    }
    if is_large(before) {
        return Err(StoreError::Unavailable(format!(
            "a request with more than {AT_ONCE} items cannot be opened again"
        )));
    }
    Ok(seconds(before.kept_until()).is_none_or(|end| now.as_second() < end))
}

/// Whether the lifetime of a request's items does not change at once. Erasing does not make a request smaller: what is left
/// for later must never meet one that is open again.
fn is_large(request: &ApprovalRequest) -> bool {
    let editions = u64::from(request.edition).saturating_mul(2);
    let index_rows = 2;
    let items = request.version.saturating_add(editions) + index_rows;
    items > u64::from(AT_ONCE)
}

impl Table {
    pub(super) async fn lifetimes(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
    ) -> Result<Lifetimes, StoreError> {
        let until = next.kept_until();
        if before.kept_until() == until {
            return Ok(Lifetimes::default());
        }
        // What the change itself writes; it is there already when somebody else was faster.
        let own = [Key::request(&next.id), Key::history(&next.id, next.version)];
        let mut at_once = self.index_rows(next)?;
        let keys = self.keys_of(&next.id).await?;
        for key in keys.iter().filter(|key| !own.contains(key)) {
            at_once.push(update(self.live_until(key, until)?));
        }
        let later = at_once.split_off(at_once.len().min(AT_ONCE.into()));
        Ok(Lifetimes { at_once, later })
    }

    pub(super) async fn settle(&self, lifetimes: Lifetimes) -> Result<(), StoreError> {
        for write in lifetimes.later {
            // A condition that does not hold is that of an erased key.
            self.transact(vec![write], patiently()).await?;
        }
        Ok(())
    }

    /// Everything in the partition of a request, wrapped keys first: when all else fails, they go.
    async fn keys_of(&self, id: &RequestId) -> Result<Vec<Key>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk"))
            .expression_attribute_values(":pk", AttributeValue::S(request(id)))
            .projection_expression(format!("{PK}, {SK}"))
            .consistent_read(true)
            .scan_index_forward(false)
            .into_paginator()
            .items()
            .send();
        let mut keys = Vec::new();
        while let Some(item) = pages.next().await {
            keys.push(key_of(&item.map_err(|error| store_error(&error))?));
        }
        keys.retain(|key| !key.is_mark());
        Ok(keys)
    }

    fn live_until(&self, key: &Key, until: Option<Timestamp>) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(format!("attribute_exists({PK})"))
            .expression_attribute_names("#ttl", "ttl");
        let update = match seconds(until) {
            None => update.update_expression("REMOVE #ttl"),
            Some(end) => update
                .update_expression("SET #ttl = :ttl")
                .expression_attribute_values(":ttl", AttributeValue::N(end.to_string())),
        };
        update
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}
