//! The client of the table, and its errors in the words of the ports.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
};

use crate::{
    adapters::{aws, told},
    ports::StoreError,
};

/// One attempt; two fit into an extension's deadline, more into a connector's.
const ATTEMPT: Duration = Duration::from_millis(350);
const ATTEMPTS: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(20);

/// What a connection needs; Lambda puts all of it into the environment.
#[derive(Clone)]
pub struct Connection {
    pub region: String,
    /// `None` for AWS itself.
    pub endpoint: Option<String>,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// The SDK's errors in the words of the ports.
pub type ConnectionError = StoreError;

impl Connection {
    pub fn client(&self) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(aws::CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(Duration::from_millis(200));
        Client::new(&aws::config(self, timeouts, retries))
    }
}

/// Maps an SDK error by its type and code, never by its text.
pub(super) fn store_error<E, R>(error: &SdkError<E, R>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error {
        SdkError::TimeoutError(_) => StoreError::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => StoreError::TimedOut,
        SdkError::ServiceError(service) => match service.err().code() {
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
        },
        other => StoreError::Unavailable(told(other)),
    }
}
