//! What has nothing to do with an endpoint: the table, the queue or a key service is out of order.

use std::fmt::Display;

use crate::ports::{StoreError, event_bus::SinkError, secrets::SecretError};

/// Why a message has to come again as it is. Nothing of an event's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble(pub(super) String);

impl Trouble {
    pub(super) fn of(problem: impl Display) -> Self {
        Self(problem.to_string())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(error.detail().unwrap_or_else(|| error.code().to_owned()))
    }
}

impl From<SinkError> for Trouble {
    fn from(error: SinkError) -> Self {
        Self::of(error)
    }
}

impl From<SecretError> for Trouble {
    fn from(error: SecretError) -> Self {
        Self::of(error)
    }
}
