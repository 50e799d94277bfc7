//! The client certificate that API Gateway passes on.

use shared::adapters::lambda::parse_certificate;

/// Reading one never panics, and what it is recognised by is complete.
pub fn client_certificate(pem: &[u8]) {
    let Ok(pem) = std::str::from_utf8(pem) else {
        return;
    };
    if let Some(certificate) = parse_certificate(pem) {
        let is_hex = |text: &str| {
            text.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        assert!(certificate.sha1.len() == 40 && is_hex(&certificate.sha1));
        assert!(certificate.sha256.len() == 64 && is_hex(&certificate.sha256));
        let again = parse_certificate(pem).unwrap();
        assert_eq!(again, certificate);
    }
}
