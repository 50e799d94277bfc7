//! One published list of disposable domains, for the functions.

use async_trait::async_trait;

use super::{Deadline, StoreError};

#[async_trait]
pub trait DisposableReader: Send + Sync {
    /// The domains of a version, one a line. Consistent, and MUST return by the deadline.
    async fn domains(&self, number: u32, deadline: Deadline) -> Result<Option<String>, StoreError>;
}
