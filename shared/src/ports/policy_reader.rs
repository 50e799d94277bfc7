//! One published version of a policy, for the functions.

use async_trait::async_trait;

use super::{Deadline, StoreError};
use crate::domain::publication::PolicyVersion;

/// A document as it was published.
#[derive(Debug, Clone)]
pub struct PublishedPolicy {
    pub json: String,
    /// What is prepared of it; a version need not have it.
    pub prepared: Option<Vec<u8>>,
}

#[async_trait]
pub trait PolicyReader: Send + Sync {
    /// The document. Consistent, and MUST return by the deadline.
    async fn document(
        &self,
        version: &PolicyVersion,
        deadline: Deadline,
    ) -> Result<Option<PublishedPolicy>, StoreError>;
}
