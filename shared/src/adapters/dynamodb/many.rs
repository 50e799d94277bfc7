//! Many items at once: written in batches, and read page by page.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, DeleteRequest, WriteRequest},
};
use serde::de::DeserializeOwned;

use super::{
    Table,
    client::store_error,
    items::{Item, read_as},
    keys::{Key, PK, SK},
};
use crate::ports::{StoreError, list_store::Cursor};

/// Most writes in one `BatchWriteItem`.
const BATCH: usize = 25;

/// How often DynamoDB is asked again for what it left unprocessed.
const TRIES: u32 = 8;

const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// Items in one page.
const PAGE: i32 = 1000;

/// The first items that a query finds, and whether there are more.
pub(super) async fn first(
    query: QueryFluentBuilder,
    limit: u16,
) -> Result<(Vec<Item>, bool), StoreError> {
    let limit = limit.max(1);
    // One more tells whether these are the last ones.
    let found = query.limit(i32::from(limit) + 1).send().await;
    let found = found.map_err(|error| store_error(&error))?;
    let mut items = found.items.unwrap_or_default();
    // A query ends early after a megabyte.
    let more = items.len() > limit.into() || found.last_evaluated_key.is_some();
    items.truncate(limit.into());
    Ok((items, more))
}

impl Table {
    /// Deletes items, each by itself.
    pub(super) async fn delete_all(&self, keys: Vec<Key>) -> Result<(), StoreError> {
        let writes = keys.iter().map(deletion);
        let writes = writes.collect::<Result<Vec<WriteRequest>, _>>()?;
        for batch in writes.chunks(BATCH) {
            self.write_batch(batch.to_vec()).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, batch: Vec<WriteRequest>) -> Result<(), StoreError> {
        let mut request = HashMap::from([(self.name.clone(), batch)]);
        let mut pause = FIRST_PAUSE;
        for _ in 0..TRIES {
            let written = self
                .client
                .batch_write_item()
                .set_request_items(Some(request))
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            request = written.unprocessed_items.unwrap_or_default();
            if request.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Err(StoreError::Throttled)
    }

    /// The items of up to 100 keys, in the domain's terms. Consistent.
    pub(super) async fn read_all<I: DeserializeOwned, T>(
        &self,
        mut keys: Vec<Key>,
        domain: impl Fn(I, &Key) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        keys.sort();
        keys.dedup();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (items, ..) = self.batch_get(&keys, true).await?;
        read_as(items, domain)
    }

    /// One page of the items of a partition whose sort keys begin with `prefix`. Consistent.
    pub(super) async fn page(
        &self,
        pk: String,
        prefix: &str,
        after: Option<Cursor>,
    ) -> Result<(Vec<Item>, Option<Cursor>), StoreError> {
        let start = after.map(|Cursor(sk)| Key { pk: pk.clone(), sk }.attributes());
        let query = self.client.query().table_name(&self.name);
        // DynamoDB refuses an empty prefix.
        let query = if prefix.is_empty() {
            query.key_condition_expression(format!("{PK} = :pk"))
        } else {
            query
                .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
                .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
        };
        let found = query
            .expression_attribute_values(":pk", AttributeValue::S(pk))
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .limit(PAGE)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        let next = found.last_evaluated_key.and_then(|key| match key.get(SK) {
            Some(AttributeValue::S(sk)) => Some(Cursor(sk.clone())),
            _ => None,
        });
        Ok((found.items.unwrap_or_default(), next))
    }

    pub(super) fn partition_query(&self, pk: String) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk"))
            .expression_attribute_values(":pk", AttributeValue::S(pk))
    }

    /// The first items of a partition, those behind the sort key `after` where there is one, and whether there are more. Consistent.
    pub(super) async fn first_after(
        &self,
        pk: String,
        after: Option<String>,
        limit: u16,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let query = self.partition_query(pk).consistent_read(true);
        let query = match after {
            None => query,
            Some(after) => query
                .key_condition_expression(format!("{PK} = :pk AND {SK} > :after"))
                .expression_attribute_values(":after", AttributeValue::S(after)),
        };
        first(query, limit).await
    }

    /// Every item of a small partition. Consistent.
    pub(super) async fn partition(&self, pk: &str) -> Result<Vec<Item>, StoreError> {
        self.beginning(pk, "").await
    }

    /// Every item of a small partition whose sort key begins with `prefix`. Consistent.
    pub(super) async fn beginning(&self, pk: &str, prefix: &str) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut next) = self.page(pk.to_owned(), prefix, None).await?;
        while next.is_some() {
            let (more, after) = self.page(pk.to_owned(), prefix, next).await?;
            items.extend(more);
            next = after;
        }
        Ok(items)
    }
}

fn deletion(key: &Key) -> Result<WriteRequest, StoreError> {
    let deletion = DeleteRequest::builder().set_key(Some(key.attributes()));
    let deletion = deletion.build();
    let deletion = deletion.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    Ok(WriteRequest::builder().delete_request(deletion).build())
}
