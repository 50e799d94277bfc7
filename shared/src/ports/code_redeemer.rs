//! Using an invitation code.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Deadline, StoreError};
use crate::domain::{code::CodeDigest, person::PersonKey};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redeemed {
    /// Now, or before by the same person: that counts once.
    Yes,
    /// Others used it up, or it expired, was revoked or deleted in between.
    No,
}

#[async_trait]
pub trait CodeRedeemer: Send + Sync {
    /// Uses a code for a person, all or nothing: the last use is one person's, and a person's second time changes nothing.
    /// MUST return by the deadline, and try again by itself when others use the same code at the same time.
    async fn redeem(
        &self,
        code: &CodeDigest,
        person: &PersonKey,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Redeemed, StoreError>;
}
