//! The lists, for the operator.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    audit::Signature,
    list::{ListEntry, ListName, Matcher},
};

/// What to do with one matcher's place in one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Add the entry, or put it in the place of the one with the same matcher and list.
    Put(ListEntry),
    Remove {
        matcher: Matcher,
        list: ListName,
    },
}

impl Change {
    pub fn matcher(&self) -> &Matcher {
        match self {
            Self::Put(entry) => &entry.matcher,
            Self::Remove { matcher, .. } => matcher,
        }
    }

    pub fn list(&self) -> &ListName {
        match self {
            Self::Put(entry) => &entry.list,
            Self::Remove { list, .. } => list,
        }
    }
}

/// Most changes or matchers in one call: with their record as many as a transaction of DynamoDB takes.
pub const MAX_BATCH: usize = 99;

/// The number of parts in which [`ListStore::part`] gives all entries.
pub const PARTS: u8 = 64;

#[async_trait]
pub trait ListStore: Send + Sync {
    /// The entries of up to [`MAX_BATCH`] matchers, expired ones included. Consistent.
    async fn find(&self, matchers: &[Matcher]) -> Result<Vec<ListEntry>, StoreError>;

    /// Applies up to [`MAX_BATCH`] changes, and records who made them, in one transaction. Changes by others at the same time
    /// are kept. Applying the same changes again changes and records nothing.
    async fn apply(&self, changes: &[Change], signature: &Signature) -> Result<(), StoreError>;

    /// Makes a change where the matcher's place in the list still is as expected, and records it as
    /// [`apply`](Self::apply) does; changes nothing elsewhere. Whether it is so made.
    async fn exchange(
        &self,
        expected: Option<&ListEntry>,
        change: &Change,
        signature: &Signature,
    ) -> Result<bool, StoreError>;

    /// All entries of one part of the table, in the order of their matchers, page by page. Consistent.
    async fn part(&self, part: u8, after: Option<Cursor>) -> Result<Page, StoreError>;
}

/// Where the next page starts; opaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

#[derive(Debug)]
pub struct Page {
    pub entries: Vec<ListEntry>,
    /// `None` on the last page.
    pub next: Option<Cursor>,
}
