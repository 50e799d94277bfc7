//! Attempts at verifications: one call for one attempt, and the evidence that stays.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Deadline, StoreError};
use crate::domain::{
    person::PersonKey,
    verification::{AttemptKey, Evidence},
};

/// How an attempt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Nobody has made it: it is the caller's now.
    Yours,
    /// Somebody else is making it.
    Running,
    Done(Evidence),
}

#[async_trait]
pub trait Attempts: Send + Sync {
    /// Takes an attempt, unless it has been made since `made_since` or somebody holds it at `now`. Whoever takes it holds it
    /// until `held_until`.
    async fn begin(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        made_since: Timestamp,
        now: Timestamp,
        held_until: Timestamp,
        deadline: Deadline,
    ) -> Result<Attempt, StoreError>;

    /// Keeps what came of it until `keep_until`, when DynamoDB deletes it.
    async fn finish(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        evidence: &Evidence,
        keep_until: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError>;

    /// Gives an attempt back that came to nothing, so that the next one asks again.
    async fn release(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}

/// For the operator.
#[async_trait]
pub trait EvidenceReader: Send + Sync {
    /// Everything that is kept of a person, the newest first. Consistent.
    async fn evidence(&self, person: &PersonKey) -> Result<Vec<Evidence>, StoreError>;
}
