//! Lean SDK clients: no provider chain, explicit time-outs, `ring` for TLS.

use std::time::Duration;

use aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use aws_types::SdkConfig;

use super::dynamodb::Connection;

pub(super) const CONNECT: Duration = Duration::from_millis(250);

/// What the client of any service is made from.
pub(super) fn config(
    connection: &Connection,
    timeouts: TimeoutConfig,
    retries: RetryConfig,
) -> SdkConfig {
    let credentials = Credentials::new(
        &connection.access_key_id,
        &connection.secret_access_key,
        connection.session_token.clone(),
        None,
        "environment",
    );
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(retries);
    config.set_endpoint_url(connection.endpoint.clone());
    config.build()
}
