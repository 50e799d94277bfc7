//! Published lists of disposable domains.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Table,
    client::store_error,
    items::{DisposableListItem, encode, key_of},
    keys::{DISPOSABLE, Key, PK, SK},
    transaction::put,
};
use crate::{
    domain::{audit::Record, publication::CurrentPolicies},
    ports::{
        Deadline, StoreError,
        disposable_reader::DisposableReader,
        disposable_store::{DisposableList, DisposableStore},
    },
};

#[async_trait]
impl DisposableReader for Table {
    async fn domains(&self, number: u32, deadline: Deadline) -> Result<Option<String>, StoreError> {
        let key = Key::disposable_list(number);
        let item = tokio::time::timeout_at(deadline.0, self.get::<DisposableListItem>(&key));
        let item = item.await.map_err(|_| StoreError::TimedOut)??;
        Ok(item.map(|item| item.text))
    }
}

#[async_trait]
impl DisposableStore for Table {
    async fn disposable_list(&self, number: u32) -> Result<Option<DisposableList>, StoreError> {
        let key = Key::disposable_list(number);
        let item = self.get::<DisposableListItem>(&key).await?;
        item.map(|item| item.list(&key)).transpose()
    }

    async fn numbers(&self) -> Result<Vec<u32>, StoreError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk"))
            .expression_attribute_values(":pk", AttributeValue::S(DISPOSABLE.to_owned()))
            .projection_expression(format!("{PK}, {SK}"))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut numbers = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| store_error(&error))?;
            numbers.extend(key_of(&item).disposable_number());
        }
        Ok(numbers)
    }

    async fn publish_list(
        &self,
        new: &DisposableList,
        seen: &CurrentPolicies,
        record: &Record,
    ) -> Result<(), StoreError> {
        let key = Key::disposable_list(new.number);
        let writes = [
            self.create(encode(&key, DisposableListItem::from(new))?)?,
            self.put_pointer(&CurrentPolicies {
                disposable: Some(new.number),
                ..seen.clone()
            })?,
        ];
        self.write_recorded(writes.map(put).into(), record).await
    }

    async fn reset_list(&self, seen: &CurrentPolicies, record: &Record) -> Result<(), StoreError> {
        let pointer = self.put_pointer(&CurrentPolicies {
            disposable: None,
            ..seen.clone()
        })?;
        self.write_recorded(vec![put(pointer)], record).await
    }

    async fn delete_list(&self, number: u32) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(Key::disposable_list(number).attributes()))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
