//! Connector credentials and their uses.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::{
    Table,
    client::store_error,
    items::{CredentialItem, Item, encode, key_of},
    keys::Key,
    sign_up::{caller_keys, caller_records},
    transaction::{built_deletion, put},
};
use crate::{
    domain::{
        audit::Record,
        caller::{Credential, Slot},
    },
    ports::{
        Deadline, StoreError, credential_store::CredentialStore, credential_use::CredentialUse,
    },
};

#[async_trait]
impl CredentialStore for Table {
    async fn list(&self) -> Result<Vec<Credential>, StoreError> {
        let (items, ..) = self.batch_get(&caller_keys(), true).await?;
        let mut items: HashMap<Key, Item> = items
            .into_iter()
            .map(|item| (key_of(&item), item))
            .collect();
        Ok(caller_records(&mut items)?.credentials)
    }

    async fn create(&self, credential: &Credential, record: &Record) -> Result<(), StoreError> {
        let key = Key::credential(credential.slot);
        let item = encode(&key, CredentialItem::from(credential))?;
        let writes = vec![put(self.create(item)?)];
        self.write_recorded(writes, record).await
    }

    async fn retire(
        &self,
        slot: Slot,
        credential_id: &str,
        record: &Record,
    ) -> Result<(), StoreError> {
        let id = AttributeValue::S(credential_id.to_owned());
        let emptied = self
            .deletion(&Key::credential(slot))
            .condition_expression("id = :id")
            .expression_attribute_values(":id", id);
        let writes = vec![built_deletion(emptied)?];
        self.write_recorded(writes, record).await
    }
}

#[async_trait]
impl CredentialUse for Table {
    async fn record(
        &self,
        slot: Slot,
        credential_id: &str,
        at: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        // Two instances may record at once; the later time stays. A new credential in the slot starts
        // afresh.
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::credential_use(slot).attributes()))
            .update_expression("SET credential_id = :id, last_used_at = :at")
            .condition_expression(
                "attribute_not_exists(last_used_at) OR last_used_at < :at OR credential_id <> :id",
            )
            .expression_attribute_values(":id", AttributeValue::S(credential_id.to_owned()))
            .expression_attribute_values(":at", AttributeValue::N(at.as_second().to_string()))
            .send();
        let updated = tokio::time::timeout_at(deadline.0, update)
            .await
            .map_err(|_| StoreError::TimedOut)?;
        match updated.map_err(|error| store_error(&error)) {
            Ok(_) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
