//! What the SDK's clients have in common: no provider chain, explicit time-outs, `ring` for TLS.

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{
        BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_types::SdkConfig;

use super::{aws_http, told, trust::Trust};

/// How long a service is waited for, and how often it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manners {
    pub(super) connect: Duration,
    /// One attempt.
    pub(super) attempt: Duration,
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Manners {
    /// Two attempts fit into an extension's deadline, more into a connector's.
    pub(super) const WITHIN_A_DECISION: Self = Self {
        connect: Duration::from_millis(250),
        attempt: Duration::from_millis(350),
        attempts: 3,
        first_pause: Duration::from_millis(20),
        longest_pause: Duration::from_millis(200),
    };

    /// For those who try again by themselves, later.
    #[cfg(feature = "events")]
    pub(super) const ONCE: Self = Self {
        connect: Duration::from_secs(1),
        attempt: Duration::from_secs(5),
        attempts: 1,
        ..Self::WITHIN_A_DECISION
    };

    /// Those that somebody gave the SDK's clients.
    pub(super) fn of(config: &SdkConfig) -> Self {
        let usual = Self::WITHIN_A_DECISION;
        let (times, retries) = (config.timeout_config(), config.retry_config());
        let connect = times.and_then(TimeoutConfig::connect_timeout);
        let attempt = times.and_then(TimeoutConfig::operation_attempt_timeout);
        Self {
            connect: connect.unwrap_or(usual.connect),
            attempt: attempt.unwrap_or(usual.attempt),
            attempts: retries.map_or(usual.attempts, RetryConfig::max_attempts),
            first_pause: retries.map_or(usual.first_pause, RetryConfig::initial_backoff),
            longest_pause: retries.map_or(usual.longest_pause, RetryConfig::max_backoff),
        }
    }

    /// Between the attempts: up to twice as long each time, and of a random length, so that not all come back at once.
    pub(super) fn pauses(self) -> impl Iterator<Item = Duration> {
        let longest = move |retry| self.first_pause.saturating_mul(2_u32.saturating_pow(retry));
        let pauses = (0..self.attempts.saturating_sub(1)).map(longest);
        pauses.map(move |pause| pause.min(self.longest_pause).mul_f64(fastrand::f64()))
    }

    fn timeouts(self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(self.attempt)
            .build()
    }

    fn retries(self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(self.first_pause)
            .with_max_backoff(self.longest_pause)
    }
}

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

impl Connection {
    /// What the client of most services is made of.
    pub(super) fn sdk_config(&self) -> SdkConfig {
        let manners = Manners::WITHIN_A_DECISION;
        self.sdk_config_of(manners.timeouts(), manners.retries())
    }

    pub(super) fn credentials(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "environment",
        ))
    }

    /// The same, with times of its own.
    pub(super) fn sdk_config_of(&self, timeouts: TimeoutConfig, retries: RetryConfig) -> SdkConfig {
        let within = timeouts.connect_timeout();
        let within = within.unwrap_or(Manners::WITHIN_A_DECISION.connect);
        let trust = Trust::of(&self.region, self.endpoint.as_deref());
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials())
            .http_client(aws_http::client(trust, within))
            .timeout_config(timeouts)
            .retry_config(retries);
        config.set_endpoint_url(self.endpoint.clone());
        config.build()
    }
}

/// Why a service did not do what was asked.
pub(super) enum Fault {
    TimedOut,
    /// AWS's own error code.
    Service(Option<String>),
    /// No connection, or an answer that nobody understands.
    Other(String),
}

impl Fault {
    /// Tells an SDK error by its type and code, never by its text.
    pub(super) fn of<E, R>(error: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        match error {
            SdkError::TimeoutError(_) => Self::TimedOut,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::TimedOut,
            SdkError::ServiceError(service) => {
                Self::Service(service.err().code().map(str::to_owned))
            }
            other => Self::Other(told(other)),
        }
    }
}
