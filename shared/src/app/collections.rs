//! What operators load row by row, each row under a key of its own: the directory and the sets of values.

use std::{collections::HashMap, fmt, hash::Hash, sync::Arc};

use async_trait::async_trait;

pub use super::place::Place;
use crate::{
    domain::{
        audit::Signature,
        directory::{ClaimsSubject, DirectoryRecord},
        value_set::{Member, SetName, SetValue},
    },
    ports::{
        StoreError,
        directory_store::{self, DirectoryStore},
        value_store::{self, ValueStore},
    },
};

/// What a record does to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference<T> {
    Added(T),
    Changed { from: T, to: T },
    Unchanged(T),
}

/// One such collection. Batches have at most [`MAX_BATCH`] elements.
#[async_trait]
pub trait Collection: Send + Sync {
    type Record: Clone + PartialEq + Send + Sync;
    type Key: Clone + Eq + Hash + Send + Sync;

    fn key(record: &Self::Record) -> Self::Key;

    /// The records of a batch of keys.
    async fn find(&self, keys: &[Self::Key]) -> Result<Vec<Self::Record>, StoreError>;

    /// Puts a batch of records in the place of those with the same keys.
    async fn put(&self, records: &[Self::Record], signature: &Signature) -> Result<(), StoreError>;

    /// Removes a batch of keys. [`StoreError::Conflict`] when one of them is not there.
    async fn remove(&self, keys: &[Self::Key], signature: &Signature) -> Result<(), StoreError>;

    /// All records, page by page: start with [`Place::default`] and go on with what is returned.
    async fn page(&self, place: Place) -> Result<(Vec<Self::Record>, Option<Place>), StoreError>;

    /// What a batch of records would do, in their order. Of two with the same key, the later one is compared with the
    /// earlier.
    async fn preview(
        &self,
        records: &[Self::Record],
    ) -> Result<Vec<Difference<Self::Record>>, StoreError> {
        let keys: Vec<Self::Key> = records.iter().map(Self::key).collect();
        let found = self.find(&keys).await?.into_iter();
        let mut known: HashMap<Self::Key, Self::Record> =
            found.map(|record| (Self::key(&record), record)).collect();
        let records = records.iter().zip(keys);
        Ok(records
            .map(|(record, key)| match known.insert(key, record.clone()) {
                None => Difference::Added(record.clone()),
                Some(from) if from == *record => Difference::Unchanged(from),
                Some(from) => Difference::Changed {
                    from,
                    to: record.clone(),
                },
            })
            .collect())
    }

    /// Puts a batch of records and tells what that did; nothing is written that is there already.
    async fn apply(
        &self,
        records: &[Self::Record],
        signature: &Signature,
    ) -> Result<Vec<Difference<Self::Record>>, StoreError> {
        let differences = self.preview(records).await?;
        let written: Vec<Self::Record> = differences
            .iter()
            .filter_map(|difference| match difference {
                Difference::Added(record) | Difference::Changed { to: record, .. } => Some(record),
                Difference::Unchanged(_) => None,
            })
            .cloned()
            .collect();
        if !written.is_empty() {
            self.put(&written, signature).await?;
        }
        Ok(differences)
    }
}

/// Most records or keys in one call.
pub const MAX_BATCH: usize = 98;

const _: () = assert!(MAX_BATCH <= directory_store::MAX_BATCH);
const _: () = assert!(MAX_BATCH <= value_store::MAX_BATCH);

/// The directory.
#[derive(Clone)]
pub struct Directory(pub Arc<dyn DirectoryStore>);

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Directory")
    }
}

#[async_trait]
impl Collection for Directory {
    type Record = DirectoryRecord;
    type Key = ClaimsSubject;

    fn key(record: &DirectoryRecord) -> ClaimsSubject {
        record.subject.clone()
    }

    async fn find(&self, subjects: &[ClaimsSubject]) -> Result<Vec<DirectoryRecord>, StoreError> {
        self.0.find(subjects).await
    }

    async fn put(
        &self,
        records: &[DirectoryRecord],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        self.0.put(records, signature).await
    }

    async fn remove(
        &self,
        subjects: &[ClaimsSubject],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        self.0.remove(subjects, signature).await
    }

    async fn page(
        &self,
        Place { part, cursor }: Place,
    ) -> Result<(Vec<DirectoryRecord>, Option<Place>), StoreError> {
        let (records, next) = self.0.part(part, cursor).await?;
        Ok((records, Place::after(part, next, directory_store::PARTS)))
    }
}

/// One set of values.
#[derive(Clone)]
pub struct ValueSet {
    pub store: Arc<dyn ValueStore>,
    pub name: SetName,
}

impl fmt::Debug for ValueSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueSet")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Collection for ValueSet {
    type Record = Member;
    type Key = SetValue;

    fn key(member: &Member) -> SetValue {
        member.value.clone()
    }

    async fn find(&self, values: &[SetValue]) -> Result<Vec<Member>, StoreError> {
        self.store.find(&self.name, values).await
    }

    async fn put(&self, members: &[Member], signature: &Signature) -> Result<(), StoreError> {
        self.store.put(&self.name, members, signature).await
    }

    async fn remove(&self, values: &[SetValue], signature: &Signature) -> Result<(), StoreError> {
        self.store.remove(&self.name, values, signature).await
    }

    async fn page(
        &self,
        Place { part, cursor }: Place,
    ) -> Result<(Vec<Member>, Option<Place>), StoreError> {
        let (members, next) = self.store.part(&self.name, part, cursor).await?;
        Ok((members, Place::after(part, next, value_store::PARTS)))
    }
}
