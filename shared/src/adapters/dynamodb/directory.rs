//! The directory, for the operator.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{
    Table,
    items::{DirectoryItem, encode, read_as},
    keys::{Key, directory_part},
    transaction::put,
};
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        directory::{ClaimsSubject, DirectoryRecord},
    },
    ports::{
        StoreError,
        directory_store::{DirectoryStore, MAX_BATCH},
        list_store::Cursor,
    },
};

/// Most octets of claims in a transaction: DynamoDB takes four times as many, but not at once from a young table.
const MOST_OCTETS: usize = 1024 * 1024;

#[async_trait]
impl DirectoryStore for Table {
    async fn find(&self, subjects: &[ClaimsSubject]) -> Result<Vec<DirectoryRecord>, StoreError> {
        let subjects = subjects.iter().take(MAX_BATCH);
        let keys = subjects.map(Key::directory_record).collect();
        self.read_all(keys, DirectoryItem::record).await
    }

    async fn put(
        &self,
        records: &[DirectoryRecord],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let records = records.iter().take(MAX_BATCH);
        let latest: BTreeMap<Key, &DirectoryRecord> = records
            .map(|record| (Key::directory_record(&record.subject), record))
            .collect();
        for turn in turns(latest.into_values()) {
            self.put_together(&turn, signature).await?;
        }
        Ok(())
    }

    async fn remove(
        &self,
        subjects: &[ClaimsSubject],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let subjects = subjects.iter().take(MAX_BATCH);
        let gone: BTreeMap<Key, &ClaimsSubject> = subjects
            .map(|subject| (Key::directory_record(subject), subject))
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        let writes = gone.keys().map(|key| self.removal(key));
        let writes = writes.collect::<Result<_, _>>()?;
        let record = told(SettingAction::ClaimsRemove, gone.into_values(), signature);
        self.write_recorded(writes, &record).await
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

impl Table {
    async fn put_together(
        &self,
        records: &[&DirectoryRecord],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for record in records {
            let key = Key::directory_record(&record.subject);
            let item = encode(&key, DirectoryItem::from(*record))?;
            writes.push(put(self.replace(item)?));
        }
        let subjects = records.iter().map(|record| &record.subject);
        let record = told(SettingAction::ClaimsPut, subjects, signature);
        self.write_recorded(writes, &record).await
    }
}

/// What is told of subjects whose claims are changed together.
fn told<'s>(
    action: SettingAction,
    subjects: impl Iterator<Item = &'s ClaimsSubject>,
    signature: &Signature,
) -> Record {
    let changes = subjects.map(|subject| SettingChange::of(action, subject.fingerprint()));
    Record::of_settings(signature, changes.collect(), fastrand::u128(..))
}

/// Records in as few transactions as take them.
fn turns<'r>(records: impl Iterator<Item = &'r DirectoryRecord>) -> Vec<Vec<&'r DirectoryRecord>> {
    let (mut turns, mut octets): (Vec<Vec<&DirectoryRecord>>, usize) = (Vec::new(), 0);
    for record in records {
        let own = DirectoryRecord::octets(&record.claims);
        octets += own;
        match turns.last_mut() {
            Some(turn) if octets <= MOST_OCTETS => turn.push(record),
            _ => {
                turns.push(vec![record]);
                octets = own;
            }
        }
    }
    turns
}
