//! The table's client, and its errors in the words of the ports.

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{
    adapters::aws::{Connection, Fault},
    ports::StoreError,
};

/// The SDK's errors in the words of the ports.
pub type ConnectionError = StoreError;

impl Connection {
    /// A client of DynamoDB.
    pub fn client(&self) -> Client {
        Client::new(&self.sdk_config())
    }
}

pub(super) fn store_error<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match Fault::of(error) {
        Fault::TimedOut => StoreError::TimedOut,
        Fault::Service(code) => of_code(code.as_deref()),
        Fault::Other(problem) => StoreError::Unavailable(problem),
    }
}

fn of_code(code: Option<&str>) -> StoreError {
    match code {
        Some(
            "ProvisionedThroughputExceededException"
            | "ThrottlingException"
            | "RequestLimitExceeded"
            | "LimitExceededException",
        ) => StoreError::Throttled,
        Some(
            "ConditionalCheckFailedException"
            | "TransactionCanceledException"
            | "TransactionConflictException"
            | "TransactionInProgressException",
        ) => StoreError::Conflict,
        code => StoreError::Unavailable(code.unwrap_or("unknown error").to_owned()),
    }
}
