//! Entra's signing keys, kept in the table so that a start needs no second service.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Table,
    items::{SigningKeysItem, encode},
    keys::Key,
    transaction::put,
};
use crate::{
    domain::{audit::Record, key_set::SigningKeys},
    ports::{StoreError, key_store::KeyStore},
};

#[async_trait]
impl KeyStore for Table {
    async fn save(
        &self,
        keys: &SigningKeys,
        fetched_at: Timestamp,
        record: &Record,
    ) -> Result<(), StoreError> {
        let key = Key::signing_keys();
        let item = encode(&key, SigningKeysItem::new(keys, fetched_at))?;
        let writes = vec![put(self.replace(item)?)];
        self.write_recorded(writes, record).await
    }
}
