//! Keys for one request each, wrapped by a key that never leaves its keeper (AWS KMS).

use async_trait::async_trait;

use super::Deadline;
use crate::domain::approval::WrappedKey;

/// A key of 256 bits in the clear, for the moment of its use.
#[derive(Clone)]
pub struct DataKey(pub [u8; 32]);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// Why there is no key. The text names AWS's error code or a fault of the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DataKeyError {
    #[error("the key service did not answer in time")]
    TimedOut,
    #[error("the key service cannot be used: {0}")]
    Unavailable(String),
    /// Another wrapping key, another request, or no wrapped key at all.
    #[error("the key service cannot unwrap this key")]
    NotOurs,
}

/// Whoever seals. Holding it allows to read nothing.
#[async_trait]
pub trait DataKeyMaker: Send + Sync {
    /// A new key, and the same wrapped. `purpose` has to be told again to unwrap it.
    async fn make(
        &self,
        purpose: &str,
        deadline: Deadline,
    ) -> Result<(DataKey, WrappedKey), DataKeyError>;
}

/// Whoever reads.
#[async_trait]
pub trait DataKeyReader: Send + Sync {
    async fn unwrap(
        &self,
        key: &WrappedKey,
        purpose: &str,
        deadline: Deadline,
    ) -> Result<DataKey, DataKeyError>;
}
