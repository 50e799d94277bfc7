//! Requests to AWS services of which a call or two is needed, signed with Signature Version 4 by the crate that the SDK's
//! clients sign with. A client of its own for each would be more code than the functions' own (docs/decisions/0022, 0030).

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use aws_types::{SdkConfig, service_config::ServiceConfigKey};
use reqwest::{Client, ClientBuilder, Method, Url};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{sync::Mutex, time::sleep};

use super::{
    aws::{Connection, Fault, Manners},
    https,
    system_clock::SystemClock,
    told,
    trust::Trust,
};
use crate::ports::clock::Clock;

/// Credentials that end sooner are asked for anew.
const ENDING: Duration = Duration::from_mins(1);

/// The domain of services, and the one that has addresses of IPv6 as well.
type Domains = (&'static str, &'static str);

/// Those of AWS itself and of `GovCloud`.
const USUAL: Domains = ("amazonaws.com", "api.aws");

/// What regions of the other partitions begin with, and their own.
const PARTITIONS: [(&str, Domains); 6] = [
    ("cn-", ("amazonaws.com.cn", "api.amazonwebservices.com.cn")),
    ("eusc-", ("amazonaws.eu", "api.amazonwebservices.eu")),
    ("us-isob-", ("sc2s.sgov.gov", "api.aws.scloud")),
    ("us-isof-", ("csp.hci.ic.gov", "api.aws.hci.ic.gov")),
    ("us-iso-", ("c2s.ic.gov", "api.aws.ic.gov")),
    ("eu-isoe-", ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk")),
];

/// One service of a region.
pub(super) struct Signed {
    /// By which requests are signed: `events`, `kms`, `s3`, `secretsmanager`, `sns`, `sqs`.
    service: &'static str,
    region: String,
    endpoint: String,
    identity: Identity,
    manners: Manners,
    trust: Trust,
    http: OnceLock<Client>,
}

/// Who signs: the environment's credentials last as long as the process, an operator's may not.
struct Identity {
    provider: Option<SharedCredentialsProvider>,
    known: Mutex<Option<Credentials>>,
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
    pub(super) fn new(connection: &Connection, service: &'static str, manners: Manners) -> Self {
        let (region, endpoint) = (&connection.region, connection.endpoint.as_deref());
        let own = || own_endpoint(service, region, false, false);
        Self {
            service,
            region: region.clone(),
            endpoint: endpoint.map_or_else(own, str::to_owned),
            identity: Identity::of(Some(connection.credentials())),
            manners,
            trust: Trust::of(region, endpoint),
            http: OnceLock::new(),
        }
    }

    /// The same for whoever comes with credentials of their own, such as an operator, at the endpoint that the settings have,
    /// which name the service by its `id`.
    pub(super) fn configured(config: &SdkConfig, id: &str, service: &'static str) -> Self {
        let [fips, dual] = [config.use_fips(), config.use_dual_stack()];
        let [fips, dual] = [fips, dual].map(Option::unwrap_or_default);
        let own = || own_endpoint(service, &region_of(config), fips, dual);
        let endpoint = endpoint_of(config, id).unwrap_or_else(own);
        Self::of(config, Some(&endpoint), service)
    }

    /// The same at an endpoint that is given, or AWS's own.
    pub(super) fn of(config: &SdkConfig, endpoint: Option<&str>, service: &'static str) -> Self {
        let region = region_of(config);
        let own = || own_endpoint(service, &region, false, false);
        Self {
            service,
            endpoint: endpoint.map_or_else(own, str::to_owned),
            region,
            identity: Identity::of(config.credentials_provider()),
            manners: Manners::of(config),
            trust: Trust::System,
            http: OnceLock::new(),
        }
    }

    /// The same at a host below that of the service.
    #[cfg(feature = "events")]
    pub(super) fn at(mut self, host: &str) -> Self {
        self.endpoint = self.endpoint.replacen("://", &format!("://{host}."), 1);
        self
    }

    /// What the JSON 1.1 protocol answers when all is well: `target` names the operation, which does no harm twice. It is tried
    /// again where that may help.
    pub(super) async fn call<A: DeserializeOwned>(
        &self,
        target: &str,
        asked: &impl Serialize,
    ) -> Result<A, Fault> {
        let asked = serde_json::to_vec(asked).map_err(|error| Fault::Other(told(&error)))?;
        let credentials = self.identity.credentials().await?;
        let mut pauses = self.manners.pauses();
        loop {
            let request = json("1.1", target, asked.clone());
            let answered = self.attempt(request, credentials.clone()).await;
            let may_help = answered.as_ref().map_or(true, Answer::is_passing);
            match pauses.next().filter(|_| may_help) {
                Some(pause) => sleep(pause).await,
                None => return answered?.read(),
            }
        }
    }

    /// A call of the JSON protocols, once.
    #[cfg(feature = "events")]
    pub(super) async fn json(
        &self,
        version: &str,
        target: &str,
        body: Vec<u8>,
    ) -> Result<Answer, Fault> {
        self.send(json(version, target, body)).await
    }

    #[cfg(feature = "events")]
    pub(super) async fn send(&self, request: Request) -> Result<Answer, Fault> {
        let credentials = self.identity.credentials().await?;
        self.attempt(request, credentials).await
    }

    async fn attempt(&self, request: Request, credentials: Credentials) -> Result<Answer, Fault> {
        let url = format!("{}{}", self.endpoint.trim_end_matches('/'), request.path);
        let url = Url::parse(&url).map_err(|error| Fault::Other(told(&error)))?;
        let signature = self.signature(&url, &request, credentials)?;
        let client = self.http()?;
        let mut sent = client.request(request.method, url);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        for (name, value) in signature {
            sent = sent.header(name, value);
        }
        let answer = sent.body(request.body).send().await.map_err(lost)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(lost)?;
        Ok(Answer {
            status,
            body: body.to_vec(),
        })
    }

    /// The headers that prove who sends it.
    fn signature(
        &self,
        url: &Url,
        request: &Request,
        credentials: Credentials,
    ) -> Result<Vec<(String, String)>, Fault> {
        let unsigned = |error: &dyn std::error::Error| Fault::Other(told(error));
        let identity = credentials.into();
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

    fn http(&self) -> Result<&Client, Fault> {
        if let Some(client) = self.http.get() {
            return Ok(client);
        }
        let client = https::builder()
            .connect_timeout(self.manners.connect)
            .timeout(self.manners.attempt);
        let client = self.trust.only(client);
        let client = client.and_then(ClientBuilder::build);
        let client = client.map_err(|error| Fault::Other(told(&error)))?;
        Ok(self.http.get_or_init(|| client))
    }
}

impl Identity {
    fn of(provider: Option<SharedCredentialsProvider>) -> Self {
        Self {
            provider,
            known: Mutex::default(),
        }
    }

    async fn credentials(&self) -> Result<Credentials, Fault> {
        let mut known = self.known.lock().await;
        let soon = SystemTime::from(SystemClock.now()) + ENDING;
        let lasts = |credentials: &&Credentials| credentials.expiry().is_none_or(|end| soon < end);
        if let Some(credentials) = known.as_ref().filter(lasts) {
            return Ok(credentials.clone());
        }
        let none = || Fault::Other("there are no AWS credentials".to_owned());
        let provider = self.provider.as_ref().ok_or_else(none)?;
        let found = provider.provide_credentials().await;
        let found = found.map_err(|error| Fault::Other(told(&error)))?;
        *known = Some(found.clone());
        Ok(found)
    }
}

impl Answer {
    /// The document of an answer of success; else why there is none.
    fn read<A: DeserializeOwned>(&self) -> Result<A, Fault> {
        if self.status != 200 {
            return Err(Fault::Service(self.code()));
        }
        let read = serde_json::from_slice(&self.body);
        // What it says of a fault may quote the document, and that has secrets in it.
        read.map_err(|_| Fault::Other("its answer cannot be read".to_owned()))
    }

    /// AWS's own code of an error, as the JSON protocols have it.
    pub(super) fn code(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let code = body.get("__type").or_else(|| body.get("code"))?.as_str()?;
        // `com.amazonaws.sqs#QueueDoesNotExist`
        code.rsplit('#').next().map(str::to_owned)
    }

    /// Whether the same may be answered another way in a moment.
    fn is_passing(&self) -> bool {
        let is_throttled = |code: String| is_throttling(&code);
        matches!(self.status, 429 | 500 | 502..=504) || self.code().is_some_and(is_throttled)
    }
}

/// Whether a code asks to slow down.
pub(super) fn is_throttling(code: &str) -> bool {
    ["Throttl", "LimitExceeded", "TooManyRequests"]
        .iter()
        .any(|part| code.contains(part))
}

fn json(version: &str, target: &str, body: Vec<u8>) -> Request {
    let headers = vec![
        ("content-type", format!("application/x-amz-json-{version}")),
        ("x-amz-target", target.to_owned()),
    ];
    Request {
        method: Method::POST,
        path: "/".to_owned(),
        headers,
        body,
    }
}

fn lost(error: reqwest::Error) -> Fault {
    if error.is_timeout() {
        return Fault::TimedOut;
    }
    Fault::Other(told(&error.without_url()))
}

fn region_of(config: &SdkConfig) -> String {
    config.region().map(ToString::to_string).unwrap_or_default()
}

/// What the environment or the profile has in the place of AWS's own.
fn endpoint_of(config: &SdkConfig, id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let of_service = config.service_config();
    let of_service = of_service.and_then(|settings| settings.load_config(key));
    of_service.or_else(|| config.endpoint_url().map(str::to_owned))
}

fn own_endpoint(service: &str, region: &str, fips: bool, dual: bool) -> String {
    let mut partitions = PARTITIONS.iter();
    let partition = partitions.find(|(prefix, _)| region.starts_with(prefix));
    let (plain, both) = partition.map_or(USUAL, |(_, domains)| *domains);
    let suffix = if fips { "-fips" } else { "" };
    let domain = if dual { both } else { plain };
    format!("https://{service}{suffix}.{region}.{domain}")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ireland("eu-west-1", false, false, "https://kms.eu-west-1.amazonaws.com")]
    #[case::govcloud(
        "us-gov-west-1",
        true,
        false,
        "https://kms-fips.us-gov-west-1.amazonaws.com"
    )]
    #[case::both_stacks("eu-west-1", false, true, "https://kms.eu-west-1.api.aws")]
    #[case::fips_of_both("us-east-1", true, true, "https://kms-fips.us-east-1.api.aws")]
    #[case::china("cn-north-1", false, false, "https://kms.cn-north-1.amazonaws.com.cn")]
    #[case::sovereign(
        "eusc-de-east-1",
        false,
        false,
        "https://kms.eusc-de-east-1.amazonaws.eu"
    )]
    #[case::isolated("us-iso-east-1", false, false, "https://kms.us-iso-east-1.c2s.ic.gov")]
    #[case::isolated_b(
        "us-isob-east-1",
        false,
        false,
        "https://kms.us-isob-east-1.sc2s.sgov.gov"
    )]
    fn a_service_is_where_its_partition_has_it(
        #[case] region: &str,
        #[case] fips: bool,
        #[case] dual: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(own_endpoint("kms", region, fips, dual), expected);
    }

    #[rstest]
    #[case::down(503, "", true)]
    #[case::slow_down(400, "ThrottlingException", true)]
    #[case::too_many(429, "", true)]
    #[case::refused(400, "AccessDeniedException", false)]
    #[case::not_made(501, "", false)]
    fn only_what_may_pass_is_tried_again(
        #[case] status: u16,
        #[case] code: &str,
        #[case] expected: bool,
    ) {
        let body = format!(r#"{{"__type":"com.amazonaws.kms#{code}"}}"#).into_bytes();
        assert_eq!(Answer { status, body }.is_passing(), expected);
    }
}
