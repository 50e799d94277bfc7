//! Objects that are written once (Amazon S3).

use async_trait::async_trait;

use super::event_bus::SinkError;

/// Reading them.
#[async_trait]
pub trait ObjectReader: Send + Sync {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, SinkError>;
}

/// Writing them.
#[async_trait]
pub trait Objects: ObjectReader {
    /// `false` when there is one of that name, which stays as it is, or when somebody else is writing it now.
    async fn put_if_absent(&self, name: &str, content: &str) -> Result<bool, SinkError>;
}
