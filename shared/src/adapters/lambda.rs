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
use rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio::time::Instant;
use tower::ServiceBuilder;
use x509_parser::{
    certificate::X509CertificateParser,
    nom::Parser,
    oid_registry::Oid,
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
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    // Of its extensions nothing is asked, and what reads them stays out of the program.
    let mut parser = X509CertificateParser::new().with_deep_parse_extensions(false);
    let (_, certificate) = parser.parse(&der).ok()?;
    let validity = certificate.validity();
    Some(ClientCertificate {
        subject: name(certificate.subject()),
        issuer: name(certificate.issuer()),
        sha1: hex_digest(&SHA1_FOR_LEGACY_USE_ONLY, &der),
        sha256: hex_digest(&SHA256, &der),
        not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
    })
}

/// The name as RFC 4514 writes it, in the certificate's own order. Escaped, so that a common name with
/// a comma in it never reads like two parts of another name.
fn name(name: &X509Name<'_>) -> String {
    let part = |attribute: &AttributeTypeAndValue<'_>| {
        let kind = kind_of(attribute.attr_type());
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

/// By the abbreviations of RFC 4514 or else the name in X.520, where there is one. The parser's own registry has hundreds of object
/// identifiers, nearly all of which are none of names.
fn kind_of(attribute: &Oid<'_>) -> String {
    let name = match attribute.as_bytes() {
        [0x55, 4, of_x520] => name_in_x520(*of_x520),
        DOMAIN_COMPONENT => Some("DC"),
        USER_ID => Some("uid"),
        EMAIL => Some("Email"),
        UNSTRUCTURED_NAME => Some("unstructuredName"),
        _ => None,
    };
    name.map_or_else(|| attribute.to_id_string(), str::to_owned)
}

/// 0.9.2342.19200300.100.1.25
const DOMAIN_COMPONENT: &[u8] = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19";
/// 0.9.2342.19200300.100.1.1
const USER_ID: &[u8] = b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01";
/// 1.2.840.113549.1.9.1
const EMAIL: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01";
/// 1.2.840.113549.1.9.2
const UNSTRUCTURED_NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02";

const fn name_in_x520(number: u8) -> Option<&'static str> {
    Some(match number {
        3 => "CN",
        4 => "surname",
        5 => "serialNumber",
        6 => "C",
        7 => "L",
        8 => "ST",
        9 => "streetAddress",
        10 => "O",
        11 => "OU",
        12 => "title",
        13 => "description",
        15 => "businessCategory",
        16 => "postalAddress",
        17 => "postalCode",
        41 => "name",
        42 => "givenName",
        43 => "initials",
        44 => "generationQualifier",
        45 => "uniqueIdentifier",
        46 => "dnQualifier",
        _ => return None,
    })
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
    use x509_parser::objects::{oid_registry, oid2abbrev};

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

    #[test]
    fn attributes_have_the_names_of_the_registry() {
        let x520 = (0..=46).map(|number| vec![0x55, 4, number]);
        let others = [DOMAIN_COMPONENT, USER_ID, EMAIL, UNSTRUCTURED_NAME].map(<[u8]>::to_vec);
        let named = x520.chain(others).filter(|octets| {
            let oid = Oid::new(octets.into());
            let name = kind_of(&oid);
            let known = oid2abbrev(&oid, oid_registry());
            // What it is about is the entry of a directory, not a name.
            let of_a_directory = matches!(**octets, [0x55, 4, 0..=2 | 14]);
            assert!(of_a_directory || name == known.unwrap_or(&oid.to_id_string()));
            !name.starts_with(char::is_numeric)
        });
        assert_eq!(named.count(), 24);
    }

    #[rstest]
    #[case::as_it_is(|pem: String| pem)]
    #[case::windows_lines(|pem: String| pem.replace('\n', "\r\n"))]
    #[case::no_last_line_break(|pem: String| pem.trim_end().to_owned())]
    #[case::body_in_one_line(|pem: String| {
        let lines: Vec<&str> = pem.lines().collect();
        let [first, body @ .., last] = lines.as_slice() else { panic!("{pem}") };
        format!("{first}\n{}\n{last}\n", body.concat())
    })]
    #[case::text_before_it(|pem: String| format!("subject: CN = a\n{pem}"))]
    fn a_certificate_is_read_however_its_lines_are_broken(#[case] written: fn(String) -> String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let read = parse_certificate(&written(certificate.pem())).unwrap();
        assert_eq!(read.sha256, hex_digest(&SHA256, certificate.der()));
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
