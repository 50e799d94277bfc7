//! One published version of a policy, for the functions.

use async_trait::async_trait;

use super::{Deadline, StoreError};
use crate::domain::publication::PolicyVersion;

#[async_trait]
pub trait PolicyReader: Send + Sync {
    /// The compiled policy, as `policy::prepared` wrote it; a version need not have it. Consistent, and MUST return by the
    /// deadline.
    async fn prepared(
        &self,
        version: &PolicyVersion,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// The document as JSON. Consistent, and MUST return by the deadline.
    async fn document(
        &self,
        version: &PolicyVersion,
        deadline: Deadline,
    ) -> Result<Option<String>, StoreError>;
}
