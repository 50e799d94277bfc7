//! What the platform knows of a request that its headers do not say: the verified client certificate
//! and the time left.

use std::time::Duration;

use axum::{Router, body::Body, extract::Request};
use jiff::Timestamp;
use lambda_http::{RequestExt, request::RequestContext};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use tokio::time::Instant;
use tower::ServiceBuilder;
use x509_parser::{parse_x509_certificate, pem::parse_x509_pem};

use crate::{
    domain::caller::ClientCertificate,
    http::{PlatformDeadline, VerifiedCertificate},
    ports::clock::Clock,
};

/// Time kept back for sending the answer.
const SENDING: Duration = Duration::from_millis(50);

/// Runs the router in the Lambda runtime loop until the platform ends it.
pub async fn run(
    router: Router,
    clock: impl Clock + Clone + 'static,
) -> Result<(), lambda_http::Error> {
    let service = ServiceBuilder::new()
        .map_request(move |request| with_platform(request, &clock))
        .service(router);
    lambda_http::run(service).await
}

fn with_platform(request: lambda_http::Request, clock: &impl Clock) -> Request {
    let certificate = client_certificate(&request);
    let left = time_left(&request, clock.now());
    let mut request = request.map(Body::new);
    if let Some(certificate) = certificate {
        request
            .extensions_mut()
            .insert(VerifiedCertificate(certificate));
    }
    if let Some(left) = left {
        let end = Instant::now() + left.saturating_sub(SENDING);
        request.extensions_mut().insert(PlatformDeadline(end));
    }
    request
}

/// `None` when the platform's deadline lies in the past: local runtimes send such values.
fn time_left(request: &lambda_http::Request, now: Timestamp) -> Option<Duration> {
    let deadline = i64::try_from(request.lambda_context_ref()?.deadline).ok()?;
    let left = u64::try_from(deadline.checked_sub(now.as_millisecond())?).ok()?;
    (left > 0).then(|| Duration::from_millis(left))
}

/// The certificate from the HTTP API's request context, which API Gateway fills after it has verified
/// the chain against the custom domain's truststore.
fn client_certificate(request: &lambda_http::Request) -> Option<ClientCertificate> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else {
        return None;
    };
    let pem = context
        .authentication
        .as_ref()?
        .client_cert
        .as_ref()?
        .client_cert_pem
        .as_ref()?;
    parse_certificate(pem)
}

/// Reads a PEM certificate; API Gateway puts no line breaks into some of them that would matter.
pub fn parse_certificate(pem: &str) -> Option<ClientCertificate> {
    let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
    let (_, certificate) = parse_x509_certificate(&pem.contents).ok()?;
    let validity = certificate.validity();
    Some(ClientCertificate {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        sha1: hex_digest(&SHA1_FOR_LEGACY_USE_ONLY, &pem.contents),
        sha256: hex_digest(&SHA256, &pem.contents),
        not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
    })
}

fn hex_digest(algorithm: &'static Algorithm, der: &[u8]) -> String {
    digest(algorithm, der)
        .as_ref()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
