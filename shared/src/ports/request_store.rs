//! Requests for those who decide about them and for what follows a decision.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    approval::{ApprovalRequest, HistoryEntry, RequestId, Sealed, State},
    audit::Record,
    person::PersonKey,
};

/// In which order a queue is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    #[default]
    OldestFirst,
    NewestFirst,
}

/// A part of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub requests: Vec<ApprovalRequest>,
    /// The place after which the next page begins; `None` at the end.
    pub next: Option<RequestId>,
}

#[async_trait]
pub trait RequestStore: Send + Sync {
    /// Consistent.
    async fn request(&self, id: &RequestId) -> Result<Option<ApprovalRequest>, StoreError>;

    /// Every change of a request, the oldest first. Consistent.
    async fn history(&self, id: &RequestId) -> Result<Vec<HistoryEntry>, StoreError>;

    /// What was applied with in an edition; `None` once it is erased.
    async fn applicant(&self, id: &RequestId, edition: u32) -> Result<Option<Sealed>, StoreError>;

    /// The requests in a state by the time of their creation, after (or before, the newest first) the request `after`. Its
    /// cost depends on the page alone.
    async fn queue(
        &self,
        state: State,
        order: Order,
        after: Option<&RequestId>,
        limit: u16,
    ) -> Result<Page, StoreError>;

    /// How many requests are in a state; counting ends at `at_most`.
    async fn count(&self, state: State, at_most: u32) -> Result<u32, StoreError>;

    /// The requests of a person, the newest first.
    async fn of_person(&self, person: &PersonKey, limit: u16)
    -> Result<Vec<RequestId>, StoreError>;

    /// The requests of people of a domain, the newest first.
    async fn of_domain(&self, domain: &str, limit: u16) -> Result<Vec<RequestId>, StoreError>;

    /// Stores a change in one transaction with its history, the applicant's standing, the queues, and the record of it when a
    /// person made it. `false` when the request
    /// is no longer as it was `before`, or when a closed request is to be opened that is past its time or whose applicant has
    /// another one. Of two who make the same change one has made it.
    async fn change(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<bool, StoreError>;

    /// Deletes the keys of every edition: who applied can no longer be read by anybody. What happened stays. With the record of it
    /// when somebody else than the applicant wishes it and there was a key.
    async fn erase(&self, id: &RequestId, record: Option<&Record>) -> Result<(), StoreError>;
}
