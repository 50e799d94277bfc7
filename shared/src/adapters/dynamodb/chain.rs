//! Where the audit chain ends.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, civil::Date};

use super::{
    Table,
    client::store_error,
    contention::held,
    items::{HeadItem, encode},
    keys::{Key, PK, SK},
};
use crate::{
    domain::chain::Head,
    ports::{
        StoreError,
        chain_heads::{ChainHeads, Newest},
    },
};

#[async_trait]
impl ChainHeads for Table {
    async fn newest(&self) -> Result<Option<Newest>, StoreError> {
        let key = Key::chain();
        let item = self.get::<HeadItem>(&key).await?;
        item.map(|item| item.newest(&key)).transpose()
    }

    async fn head(&self, day: Date) -> Result<Option<Head>, StoreError> {
        let key = Key::chain_of(day);
        let item = self.get::<HeadItem>(&key).await?;
        item.map(|item| item.head(&key)).transpose()
    }

    async fn advance(&self, head: &Head, at: Timestamp) -> Result<(), StoreError> {
        self.advance_at(&Key::chain_of(head.day), head, at).await?;
        self.advance_at(&Key::chain(), head, at).await
    }
}

impl Table {
    /// An instance that was faster may be further already; then nothing is written.
    async fn advance_at(&self, key: &Key, head: &Head, at: Timestamp) -> Result<(), StoreError> {
        let mut item = encode(key, HeadItem::new(head, at))?;
        item.retain(|name, _| name != PK && name != SK);
        let mut names: HashMap<String, String> = item.keys().map(|name| named(name)).collect();
        names.extend([named(CLOSED)]);
        let sets: Vec<String> = item.keys().map(|name| set(name)).collect();
        let remove = if item.contains_key(CLOSED) {
            ""
        } else {
            " REMOVE #closed"
        };
        let values: HashMap<String, AttributeValue> = item
            .into_iter()
            .map(|(name, value)| (format!(":{name}"), value))
            .collect();
        let updated = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {}{remove}", sets.join(", ")))
            .condition_expression(format!(
                "attribute_not_exists({PK}) OR #day < :day OR (#day = :day AND #segment < :segment)"
            ))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values))
            .send()
            .await;
        held(updated.map_err(|error| store_error(&error))).map(drop)
    }
}

const CLOSED: &str = "closed";

/// Many names are reserved words.
fn named(name: &str) -> (String, String) {
    (format!("#{name}"), name.to_owned())
}

fn set(name: &str) -> String {
    match name {
        // It stays as it was at first.
        "began_at" => "#began_at = if_not_exists(#began_at, :began_at)".to_owned(),
        name => format!("#{name} = :{name}"),
    }
}
