//! The domains that lists name, for those who compare others with them.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::list::ListEntry;

/// Most matchers of one kind that are read of one [part](super::list_store::PARTS) of the lists.
pub const MOST_OF_A_PART: u8 = 32;

#[async_trait]
pub trait ListedDomains: Send + Sync {
    /// The entries for a domain and for all domains below one, expired ones included; those of the first [`MOST_OF_A_PART`]
    /// matchers of each part.
    async fn listed_domains(&self) -> Result<Vec<ListEntry>, StoreError>;
}
