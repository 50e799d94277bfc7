//! Records of the table's stream that nobody could read: kept for operators, so that none of them holds up the others.

use async_trait::async_trait;
use jiff::Timestamp;

use super::StoreError;
use crate::domain::audit::Record;

/// A record that could not be read. What the item says is not in it: that stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The stream's own id of the record.
    pub id: String,
    /// Its place in the stream.
    pub sequence: String,
    /// The partition and sort key of the item, where they could be read.
    pub item: Option<(String, String)>,
    pub reason: String,
    pub at: Timestamp,
}

#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps a letter, in the place of one of the same id.
    async fn bury(&self, letter: &DeadLetter) -> Result<(), StoreError>;

    /// All of them, in the order of their ids. Consistent.
    async fn letters(&self) -> Result<Vec<DeadLetter>, StoreError>;

    /// Removes one of which nothing is left to do, together with the record of it. [`StoreError::Conflict`] when there is none.
    async fn remove(&self, id: &str, record: &Record) -> Result<(), StoreError>;
}
