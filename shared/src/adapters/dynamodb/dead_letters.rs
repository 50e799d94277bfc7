//! Records of the stream that could not be read.

use async_trait::async_trait;

use super::{
    Table,
    client::store_error,
    items::{DeadRecordItem, encode, read_as},
    keys::{DEAD_RECORDS, Key},
};
use crate::ports::{
    StoreError,
    dead_letters::{DeadLetter, DeadLetters},
};

#[async_trait]
impl DeadLetters for Table {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError> {
        let item = encode(&Key::dead_record(&letter.id), DeadRecordItem::from(letter))?;
        self.put(self.replace(item)?).await
    }

    async fn letters(&self) -> Result<Vec<DeadLetter>, StoreError> {
        read_as(self.partition(DEAD_RECORDS).await?, DeadRecordItem::letter)
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(Key::dead_record(id).attributes()))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
