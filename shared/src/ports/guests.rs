//! Guests of the tenant's directory by the time at which they were created, through Microsoft Graph (PROTOCOL 7).

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Deadline,
    accounts::{AccountError, AccountId},
};
use crate::domain::approval::AppliedIdentity;

/// What is read of a guest whose approval is looked for. It is personal data, and is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Guest {
    pub id: AccountId,
    pub created_at: Timestamp,
    pub mail: Option<String>,
    pub identities: Vec<AppliedIdentity>,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A part of the guests that Graph found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestPage {
    pub guests: Vec<Guest>,
    /// Graph's link to the next part; `None` at the end.
    pub next: Option<String>,
}

#[async_trait]
pub trait Guests: Send + Sync {
    /// The first of the guests created from `since` until `until`. Graph knows the time to the second: one created within the
    /// second of either is among them.
    async fn created(
        &self,
        since: Timestamp,
        until: Timestamp,
        deadline: Deadline,
    ) -> Result<GuestPage, AccountError>;

    /// Those to which a link of an earlier part leads. [`AccountError::Later`] alone leaves hope for the same link.
    async fn more(&self, next: &str, deadline: Deadline) -> Result<GuestPage, AccountError>;
}
