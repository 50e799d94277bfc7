//! How far guests were looked at, and what was found.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{StoreError, accounts::AccountId};

/// Guests that are looked at together: those created in a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestWindow {
    pub since: Timestamp,
    pub until: Timestamp,
    /// Graph's link to those that were not looked at yet; `None` when all were.
    pub next: Option<String>,
}

#[async_trait]
pub trait GuestRounds: Send + Sync {
    /// The latest window; `None` before the first one.
    async fn window(&self) -> Result<Option<GuestWindow>, StoreError>;

    async fn keep_window(&self, window: &GuestWindow) -> Result<(), StoreError>;

    /// Notes that an account without approval was found, for longer than it is looked at. `false` when it is noted already:
    /// of several who find it one has found it.
    async fn found(&self, account: &AccountId, at: Timestamp) -> Result<bool, StoreError>;
}
