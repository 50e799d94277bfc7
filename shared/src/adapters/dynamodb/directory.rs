//! The directory, for the operator.

use async_trait::async_trait;

use super::{
    Table,
    items::{DirectoryItem, encode, read_as},
    keys::{Key, directory_part},
    many::Writes,
};
use crate::{
    domain::directory::{ClaimsSubject, DirectoryRecord},
    ports::{
        StoreError,
        directory_store::{DirectoryStore, MAX_BATCH},
        list_store::Cursor,
    },
};

#[async_trait]
impl DirectoryStore for Table {
    async fn find(&self, subjects: &[ClaimsSubject]) -> Result<Vec<DirectoryRecord>, StoreError> {
        let subjects = subjects.iter().take(MAX_BATCH);
        let keys = subjects.map(Key::directory_record).collect();
        self.read_all(keys, DirectoryItem::record).await
    }

    async fn put(&self, records: &[DirectoryRecord]) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        for record in records.iter().take(MAX_BATCH) {
            let key = Key::directory_record(&record.subject);
            writes.put(encode(&key, DirectoryItem::from(record))?)?;
        }
        self.write_all(writes).await
    }

    async fn remove(&self, subjects: &[ClaimsSubject]) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        for subject in subjects.iter().take(MAX_BATCH) {
            writes.delete(Key::directory_record(subject))?;
        }
        self.write_all(writes).await
    }

    async fn part(
        &self,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<DirectoryRecord>, Option<Cursor>), StoreError> {
        let (items, next) = self.page(directory_part(part), "", after).await?;
        Ok((read_as(items, DirectoryItem::record)?, next))
    }
}
