//! Attempts at verifications: one call for one attempt, and the evidence that stays.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Deadline, Lease, StoreError};
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
    /// It may have been made, and nobody knows what came of it.
    Unclear,
    Done(Evidence),
}

#[async_trait]
pub trait Attempts: Send + Sync {
    /// Takes an attempt, unless it has been made since `made_since` or somebody else's lease has not ended at the start of this
    /// one.
    async fn begin(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        made_since: Timestamp,
        lease: &Lease,
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

    /// Leaves an attempt that may have been made, with nothing known of it: it is [`Attempt::Unclear`] until `held_until`.
    /// Nothing when it is somebody else's by now.
    async fn hold(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        lease: &Lease,
        held_until: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError>;

    /// Gives an attempt back that certainly was not made, so that the next one asks again. Nothing when it is somebody else's by
    /// now.
    async fn release(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}

/// For the operator.
#[async_trait]
pub trait EvidenceReader: Send + Sync {
    /// Everything that is kept of a person, the newest first. Consistent.
    async fn evidence(&self, person: &PersonKey) -> Result<Vec<Evidence>, StoreError>;
}
