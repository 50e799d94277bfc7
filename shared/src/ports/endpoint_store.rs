//! The endpoints of a deployment.

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{audit::Record, endpoint::Endpoint};

/// Reading them.
#[async_trait]
pub trait EndpointReader: Send + Sync {
    /// All of them, in the order of their ids. Consistent.
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError>;
}

/// Changing them.
#[async_trait]
pub trait EndpointStore: EndpointReader {
    /// Puts an endpoint where the one of its id has the revision before its own; zero is that of one that is not there. With the
    /// record of it when a person does. Fails with [`StoreError::Conflict`] when somebody else was faster.
    async fn put(&self, endpoint: &Endpoint, record: Option<&Record>) -> Result<(), StoreError>;

    /// Removes one that has this revision, with the record of it.
    async fn remove(&self, endpoint: &Endpoint, record: &Record) -> Result<(), StoreError>;
}
