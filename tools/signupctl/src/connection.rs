//! The table and the keys, reached as an operator reaches AWS: profiles, single sign-on, environment.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client,
    config::{Builder, ProvideCredentials},
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use shared::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::{Connection, Table},
        objects::Bucket,
        task_queue::Sqs,
    },
    config::{Environment, ProcessEnvironment},
    ports::{clock::Clock, objects::ObjectReader},
};

use crate::{
    args::{ConnectionArguments, KeysArguments, VerifyArguments},
    audit::Folder,
    exit::Failure,
    output::quoted,
};

// Nobody waits for an answer within a second here: patience instead of a function's short time-outs.
const CONNECT: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(15);
const ATTEMPTS: u32 = 6;
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

pub(crate) async fn table(arguments: &ConnectionArguments) -> Result<Table, Failure> {
    let name = given(arguments.table.as_ref()).ok_or_else(|| {
        Failure::Told(
            "--table: found nothing, expected the name of the DynamoDB table (or TABLE_NAME)"
                .to_owned(),
        )
    })?;
    let config = sdk_config(arguments).await?;
    let mut builder = Builder::from(&config);
    if let Some(endpoint) = given(arguments.endpoint_url.as_ref()) {
        builder = builder.endpoint_url(url("--endpoint-url", endpoint)?);
    }
    Ok(Table::new(Client::from_conf(builder.build()), name))
}

/// By what applicants are read. Another endpoint than AWS's is what `AWS_ENDPOINT_URL_KMS` or the profile says.
pub(crate) async fn keys(
    arguments: &ConnectionArguments,
    of: &KeysArguments,
    clock: Arc<dyn Clock>,
) -> Result<KmsDataKeys, Failure> {
    let key = given(of.requests_key.as_ref()).ok_or_else(|| {
        Failure::Told(
            "--requests-key: found nothing, expected the id, the ARN or an alias of the KMS key that seals who applies (or \
             REQUESTS_KEY)"
                .to_owned(),
        )
    })?;
    let config = sdk_config(arguments).await?;
    Ok(KmsDataKeys::of(&config, key.to_owned(), clock))
}

/// Where the audit chain is.
pub(crate) async fn objects(
    arguments: &ConnectionArguments,
    of: &VerifyArguments,
) -> Result<Arc<dyn ObjectReader>, Failure> {
    if let Some(folder) = &of.folder {
        return Ok(Arc::new(Folder(folder.clone())));
    }
    let name = given(of.bucket.as_ref()).ok_or_else(|| {
        Failure::Told(
            "--bucket: found nothing, expected the bucket of the audit chain (or AUDIT_BUCKET, or --folder)"
                .to_owned(),
        )
    })?;
    let endpoint = given(of.s3_endpoint_url.as_ref());
    let endpoint = endpoint.map(|text| url("--s3-endpoint-url", text));
    let config = sdk_config(arguments).await?;
    Ok(Arc::new(Bucket::of(&config, endpoint.transpose()?, name)))
}

pub(crate) async fn sdk_config(arguments: &ConnectionArguments) -> Result<SdkConfig, Failure> {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(retries);
    if let Some(profile) = given(arguments.profile.as_ref()) {
        loader = loader.profile_name(profile);
    }
    if let Some(region) = given(arguments.region.as_ref()) {
        loader = loader.region(Region::new(region.to_owned()));
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err(Failure::Told(
            "--region: found nothing, expected an AWS region (or AWS_REGION, or a profile that names one)"
                .to_owned(),
        ));
    }
    Ok(config)
}

fn url<'u>(option: &str, endpoint: &'u str) -> Result<&'u str, Failure> {
    if endpoint.starts_with("https://") || endpoint.starts_with("http://") {
        return Ok(endpoint);
    }
    let found = quoted(endpoint);
    Err(Failure::Told(format!(
        "{option}: found {found}, expected a URL such as http://127.0.0.1:8000"
    )))
}

/// A queue of Amazon SQS. Another endpoint than AWS's is what `AWS_ENDPOINT_URL_SQS` says.
pub(crate) async fn queue(config: &SdkConfig, url: Option<&String>) -> Result<Sqs, Failure> {
    let url = given(url).ok_or_else(|| {
        Failure::Told(
            "--queue-url: found nothing, expected the URL of the queue before the webhooks (or WEBHOOKS_QUEUE_URL)"
                .to_owned(),
        )
    })?;
    let none = || Failure::Told("there are no AWS credentials (--profile)".to_owned());
    let credentials = config.credentials_provider().ok_or_else(none)?;
    let credentials = credentials.provide_credentials().await;
    let credentials = credentials.map_err(|_| none())?;
    let region = config.region().map(ToString::to_string);
    let connection = Connection {
        region: region.unwrap_or_default(),
        endpoint: ProcessEnvironment.get("AWS_ENDPOINT_URL_SQS"),
        access_key_id: credentials.access_key_id().to_owned(),
        secret_access_key: credentials.secret_access_key().to_owned(),
        session_token: credentials.session_token().map(str::to_owned),
    };
    Ok(Sqs::new(&connection, url.to_owned()))
}

/// An empty variable is one that is not set, as everywhere.
pub(crate) fn given(value: Option<&String>) -> Option<&str> {
    value
        .map(|value| value.trim())
        .filter(|value| !value.is_empty())
}
