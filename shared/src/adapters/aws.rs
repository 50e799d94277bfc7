//! What the SDK's clients have in common: no provider chain, explicit time-outs, `ring` for TLS.

use std::time::Duration;

use aws_sdk_dynamodb::{
    config::{
        BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
        timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use super::{told, trust::Trust};

/// One attempt; two fit into an extension's deadline, more into a connector's.
const ATTEMPT: Duration = Duration::from_millis(350);
pub(super) const CONNECT: Duration = Duration::from_millis(250);
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

impl Connection {
    /// What the client of most services is made of.
    pub(super) fn sdk_config(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(Duration::from_millis(200));
        self.sdk_config_of(timeouts, retries)
    }

    fn tls_context(&self) -> TlsContext {
        let trust = Trust::of(&self.region, self.endpoint.as_deref());
        let context = TlsContext::builder().with_trust_store(trust.store());
        // It takes whatever it is given; what could be wrong with it, a test has looked at.
        context.build().unwrap_or_default()
    }

    /// The same, with times of its own.
    pub(super) fn sdk_config_of(&self, timeouts: TimeoutConfig, retries: RetryConfig) -> SdkConfig {
        let credentials = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "environment",
        );
        let tls = Provider::Rustls(CryptoMode::Ring);
        let http = Builder::new().tls_provider(tls);
        let http = http.tls_context(self.tls_context()).build_https();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http)
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
