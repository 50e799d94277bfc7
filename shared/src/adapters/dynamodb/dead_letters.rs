//! Records of the stream that could not be read.

use async_trait::async_trait;

use super::{
    Table,
    items::{DeadRecordItem, encode, read_as},
    keys::{DEAD_RECORDS, Key},
};
use crate::{
    domain::audit::Record,
    ports::{
        StoreError,
        dead_letters::{DeadLetter, DeadLetters},
    },
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

    async fn remove(&self, id: &str, record: &Record) -> Result<(), StoreError> {
        let removal = self.removal(&Key::dead_record(id))?;
        self.write_recorded(vec![removal], record).await
    }
}
