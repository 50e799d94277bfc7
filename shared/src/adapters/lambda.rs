//! What the platform knows of a request that its headers do not say: the verified client certificate
//! and the time left.

use std::{pin::Pin, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::StatusCode,
    response::Response,
};
use jiff::Timestamp;
use lambda_http::{Body as Text, IntoResponse, RequestExt, request::RequestContext};
use ring::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use tokio::time::Instant;
use tower::ServiceBuilder;
use x509_parser::{
    certificate::X509CertificateParser,
    nom::Parser,
    objects::{oid_registry, oid2abbrev},
    pem::parse_x509_pem,
    x509::{AttributeTypeAndValue, X509Name},
};

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
        .map_response(Answered)
        .service(router);
    lambda_http::run(service).await
}

/// An answer of the router. What the runtime's crate makes of one is by the charset that the answer names, with the tables of
/// every charset there is; here all text is UTF-8.
struct Answered(Response);

impl IntoResponse for Answered {
    fn into_response(self) -> Pin<Box<dyn Future<Output = lambda_http::Response<Text>> + Send>> {
        Box::pin(async move {
            let (mut head, body) = self.0.into_parts();
            let body = to_bytes(body, usize::MAX).await.map(Vec::from);
            let body = body.unwrap_or_else(|_| {
                head.status = StatusCode::INTERNAL_SERVER_ERROR;
                Vec::new()
            });
            lambda_http::Response::from_parts(head, text_or_octets(body))
        })
    }
}

/// Octets that are no text go in Base64.
fn text_or_octets(body: Vec<u8>) -> Text {
    String::from_utf8(body).map_or_else(|octets| Text::Binary(octets.into_bytes()), Text::Text)
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
    // Of its extensions nothing is asked, and what reads them stays out of the program.
    let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
    let (_, certificate) = parser.parse(&pem.contents).ok()?;
    let validity = certificate.validity();
    Some(ClientCertificate {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        sha1: hex_digest(&SHA1_FOR_LEGACY_USE_ONLY, &pem.contents),
        sha256: hex_digest(&SHA256, &pem.contents),
        not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
    })
}

/// The name as RFC 4514 writes it, in the certificate's own order. Escaped, so that a common name with
/// a comma in it never reads like two parts of another name.
fn name(name: &X509Name<'_>) -> String {
    let part = |attribute: &AttributeTypeAndValue<'_>| {
        let oid = attribute.attr_type();
        let kind =
            oid2abbrev(oid, oid_registry()).map_or_else(|_| oid.to_id_string(), str::to_owned);
        let value = attribute
            .as_str()
            .map_or_else(|_| format!("#{}", hex(attribute.as_slice())), escaped);
        format!("{kind}={value}")
    };
    let parts: Vec<String> = name
        .iter_rdn()
        .map(|set| set.iter().map(part).collect::<Vec<_>>().join(" + "))
        .collect();
    parts.join(", ")
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (position, c) in value.chars().enumerate() {
        let at_an_end = position == 0 || position == last;
        let special = matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';');
        if special || (c == ' ' && at_an_end) || (c == '#' && position == 0) {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

fn hex_digest(algorithm: &'static Algorithm, der: &[u8]) -> String {
    hex(digest(algorithm, der).as_ref())
}

fn hex(octets: &[u8]) -> String {
    octets
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[tokio::test]
    async fn an_answer_keeps_its_head_and_its_octets() {
        for (sent, expected) in [
            ("{\"ö\":1}".as_bytes(), Text::Text("{\"ö\":1}".to_owned())),
            (b"", Text::Text(String::new())),
            (b"\x89PNG\xff", Text::Binary(b"\x89PNG\xff".to_vec())),
        ] {
            let mut answer = Response::new(Body::from(sent));
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
            let answer = Answered(answer).into_response().await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(answer.into_body(), expected);
        }
    }

    #[rstest]
    #[case::plain("sign-up.contoso.example", "sign-up.contoso.example")]
    #[case::comma("Contoso, Inc.", "Contoso\\, Inc.")]
    #[case::part_of_a_name("a, O=b", "a\\, O=b")]
    #[case::set("a + O=b", "a \\+ O=b")]
    #[case::backslash("a\\, O=b", "a\\\\\\, O=b")]
    #[case::outer_spaces(" a ", "\\ a\\ ")]
    #[case::hash("#a#", "\\#a#")]
    #[case::empty("", "")]
    fn a_value_of_a_name_is_escaped(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(escaped(value), expected);
    }
}
