//! Requests to AWS services of which a call or two is needed, signed with Signature Version 4 by the crate that the SDK's
//! clients sign with. A client of its own for each would be more code than the functions' own (docs/decisions/0022).

use std::{sync::OnceLock, time::Duration};

use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_types::SdkConfig;
use reqwest::{Client, ClientBuilder, Method, Url};

use super::{aws::Connection, https, system_clock::SystemClock, told, trust::Trust};
use crate::ports::{clock::Clock, event_bus::SinkError};

/// For one attempt.
const PATIENCE: Duration = Duration::from_secs(5);

/// One service of a region.
pub(super) struct Signed {
    /// By which requests are signed: `events`, `sns`, `sqs`, `s3`.
    service: &'static str,
    region: String,
    endpoint: String,
    credentials: Credentials,
    trust: Trust,
    http: OnceLock<Client>,
}

impl std::fmt::Debug for Signed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signed")
            .field("service", &self.service)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// What is sent.
pub(super) struct Request {
    pub(super) method: Method,
    /// Behind the endpoint, percent-encoded.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// What came back, whatever its status.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Signed {
    pub(super) fn new(connection: &Connection, service: &'static str) -> Self {
        let Connection {
            region, endpoint, ..
        } = connection;
        let credentials = Credentials::new(
            &connection.access_key_id,
            &connection.secret_access_key,
            connection.session_token.clone(),
            None,
            "environment",
        );
        let endpoint = endpoint.as_deref();
        let trust = Trust::of(region, endpoint);
        Self::made(service, region, endpoint, credentials, trust)
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub(super) async fn of(
        config: &SdkConfig,
        endpoint: Option<&str>,
        service: &'static str,
    ) -> Result<Self, SinkError> {
        let refused = |missing: &str| SinkError::Refused(format!("there is no {missing}"));
        let region = config.region().ok_or_else(|| refused("region"))?;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| refused("provider of credentials"))?;
        let credentials = provider.provide_credentials().await;
        let credentials = credentials.map_err(|error| SinkError::Unavailable(told(&error)))?;
        let (region, trust) = (region.as_ref(), Trust::System);
        Ok(Self::made(service, region, endpoint, credentials, trust))
    }

    fn made(
        service: &'static str,
        region: &str,
        endpoint: Option<&str>,
        credentials: Credentials,
        trust: Trust,
    ) -> Self {
        let own = || format!("https://{service}.{region}.{}", domain(region));
        Self {
            service,
            region: region.to_owned(),
            endpoint: endpoint.map_or_else(own, str::to_owned),
            credentials,
            trust,
            http: OnceLock::new(),
        }
    }

    /// The same at a host below that of the service.
    pub(super) fn at(mut self, host: &str) -> Self {
        self.endpoint = self.endpoint.replacen("://", &format!("://{host}."), 1);
        self
    }

    /// A call of the JSON protocols: `target` names the operation.
    pub(super) async fn json(
        &self,
        version: &str,
        target: &str,
        body: Vec<u8>,
    ) -> Result<Answer, SinkError> {
        let headers = vec![
            ("content-type", format!("application/x-amz-json-{version}")),
            ("x-amz-target", target.to_owned()),
        ];
        self.send(Request {
            method: Method::POST,
            path: "/".to_owned(),
            headers,
            body,
        })
        .await
    }

    pub(super) async fn send(&self, request: Request) -> Result<Answer, SinkError> {
        let unavailable = |error: &dyn std::error::Error| SinkError::Unavailable(told(error));
        let url = format!("{}{}", self.endpoint.trim_end_matches('/'), request.path);
        let url = Url::parse(&url).map_err(|error| unavailable(&error))?;
        let signature = self.signature(&url, &request)?;
        let mut sent = self.http()?.request(request.method, url).timeout(PATIENCE);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        for (name, value) in signature {
            sent = sent.header(name, value);
        }
        let answered = sent.body(request.body).send().await;
        let answer = answered.map_err(|error| {
            if error.is_timeout() {
                return SinkError::TimedOut;
            }
            unavailable(&error.without_url())
        })?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await;
        let body = body.map_err(|error| unavailable(&error.without_url()))?;
        Ok(Answer {
            status,
            body: body.to_vec(),
        })
    }

    /// The headers that prove who sends it.
    fn signature(&self, url: &Url, request: &Request) -> Result<Vec<(String, String)>, SinkError> {
        let unsigned = |error: &dyn std::error::Error| SinkError::Unavailable(told(error));
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(SystemClock.now().into())
            .settings(self.settings())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let headers = request.headers.iter();
        let headers = headers.map(|(name, value)| (*name, value.as_str()));
        let body = SignableBody::Bytes(&request.body);
        let signable = SignableRequest::new(request.method.as_str(), url.as_str(), headers, body)
            .map_err(|error| unsigned(&error))?;
        let (instructions, _) = sign(signable, &parameters)
            .map_err(|error| unsigned(&error))?
            .into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    /// S3 takes a path as it is, and wants the digest of the body.
    fn settings(&self) -> SigningSettings {
        let mut settings = SigningSettings::default();
        if self.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        }
        settings
    }

    fn http(&self) -> Result<&Client, SinkError> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let client = self.trust.only(https::usual());
        let client = client.and_then(ClientBuilder::build);
        let client = client.map_err(|error| SinkError::Unavailable(told(&error)))?;
        Ok(self.http.get_or_init(|| client))
    }
}

impl Answer {
    /// The error of an answer that is none of success.
    pub(super) fn failure(&self) -> SinkError {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = body.get("__type").or_else(|| body.get("code"));
        let code = code.and_then(serde_json::Value::as_str).unwrap_or_default();
        // `com.amazonaws.sqs#QueueDoesNotExist`
        self.failure_of(code.rsplit('#').next().unwrap_or_default())
    }

    /// The same of a service that says the code in another way.
    pub(super) fn failure_of(&self, code: &str) -> SinkError {
        match self.status {
            429 => SinkError::Throttled,
            500.. => SinkError::Unavailable(format!("status {}", self.status)),
            status if code.is_empty() => SinkError::Refused(format!("status {status}")),
            _ => refusal(code),
        }
    }
}

/// Why a service did not take something, by its own code. What is its own fault is told as such.
pub(super) fn refusal(code: &str) -> SinkError {
    if code.contains("Throttl") || code.contains("LimitExceeded") {
        return SinkError::Throttled;
    }
    if code.contains("Internal") || code.contains("Unavailable") {
        return SinkError::Unavailable(code.to_owned());
    }
    SinkError::Refused(code.to_owned())
}

/// What became of each of so many by the ids of those that were taken, and of those that were not with the code of each. An
/// id is the place.
pub(super) fn by_place(
    all: usize,
    taken: &[String],
    refused: &[(String, String)],
) -> Vec<Result<(), SinkError>> {
    let ended = (0..all).map(|place| place.to_string()).map(|id| {
        if taken.contains(&id) {
            return Ok(());
        }
        let refused = refused.iter().find(|(of, _)| *of == id);
        let untold = || SinkError::Unavailable("it did not tell what became of it".to_owned());
        Err(refused.map_or_else(untold, |(_, code)| refusal(code)))
    });
    ended.collect()
}

fn domain(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    }
}
