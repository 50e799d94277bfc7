//! Entra's signing keys, kept in the table so that a start needs no second service.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Table,
    client::store_error,
    items::{SigningKeysItem, encode},
    keys::Key,
};
use crate::{
    domain::key_set::SigningKeys,
    ports::{StoreError, key_store::KeyStore},
};

#[async_trait]
impl KeyStore for Table {
    async fn save(&self, keys: &SigningKeys, fetched_at: Timestamp) -> Result<(), StoreError> {
        let key = Key::signing_keys();
        let item = encode(&key, SigningKeysItem::new(keys, fetched_at))?;
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
