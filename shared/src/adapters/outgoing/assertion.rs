//! A client that proves itself with its certificate's key instead of a password (RFC 7523; Entra's "certificate credentials").

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
    signature::{RSA_PSS_SHA256, RsaKeyPair},
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::json;

/// Longer than any token endpoint takes, and too short to be of use to somebody else.
const LIFE_SECONDS: i64 = 300;

pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Who proves what to whom.
pub(super) struct Claim<'a> {
    pub(super) client_id: &'a str,
    pub(super) token_url: &'a str,
    pub(super) now: Timestamp,
}

/// A signed assertion, good once. `pem` has the certificate and its RSA key (PKCS #8); `None` when it has not.
pub(super) fn assertion(pem: &str, claim: &Claim<'_>) -> Option<String> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok()?;
    let chance = SystemRandom::new();
    let mut id = [0; 16];
    chance.fill(&mut id).ok()?;

    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
    let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint });
    let issued_at = claim.now.as_second();
    let claims = json!({
        "aud": claim.token_url,
        "iss": claim.client_id,
        "sub": claim.client_id,
        "jti": URL_SAFE_NO_PAD.encode(id),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + LIFE_SECONDS,
    });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let signed = format!("{header}.{claims}");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PSS_SHA256, &chance, signed.as_bytes(), &mut signature)
        .ok()?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
