//! The audit chain: what is audited, kept outside the table, each record bound to all before it.

use async_trait::async_trait;
use jiff::Timestamp;

use super::event_bus::SinkError;

/// Something that is audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub id: String,
    pub at: Timestamp,
    /// One JSON object.
    pub text: String,
}

#[async_trait]
pub trait AuditChain: Send + Sync {
    /// Appends lines in their order. They may be in the chain already: whoever did not hear of it appends them again.
    async fn append(&self, lines: &[AuditLine]) -> Result<(), SinkError>;
}
