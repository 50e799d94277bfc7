//! RSA signing keys: made at the start, rotated on demand, published without their private part.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use rsa::{
    RsaPrivateKey,
    pkcs1v15::{self, Signature},
    rand_core::OsRng,
    sha2::Sha256,
    signature::{Keypair, SignatureEncoding, Signer, Verifier},
    traits::PublicKeyParts,
};
use serde::Serialize;

use crate::clock;

/// As long as Entra's own.
const BITS: usize = 2048;

/// Octets of a key id, which has the form of a SHA-1 thumbprint at Entra.
const KEY_ID_OCTETS: usize = 20;

/// One key pair for RS256.
#[derive(Clone)]
pub(super) struct SigningKey {
    pub(super) public: Jwk,
    pub(super) since: Timestamp,
    signer: Arc<pkcs1v15::SigningKey<Sha256>>,
}

/// A public key as the key document has it (RFC 7517); like Entra's, without `alg`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Jwk {
    kty: &'static str,
    r#use: &'static str,
    pub(super) kid: String,
    /// The same as `kid`. There is no certificate behind it.
    x5t: String,
    pub(super) n: String,
    pub(super) e: String,
}

impl SigningKey {
    /// A new key pair. Takes a noticeable part of a second.
    #[expect(
        clippy::expect_used,
        reason = "the crate refuses only a number of bits that is too small"
    )]
    pub(super) fn generate() -> Self {
        let private = RsaPrivateKey::new(&mut OsRng, BITS).expect("2048 bits are enough");
        let modulus = private.n().to_bytes_be();
        let thumbprint = digest(&SHA256, &modulus);
        let id: Vec<u8> = thumbprint
            .as_ref()
            .iter()
            .copied()
            .take(KEY_ID_OCTETS)
            .collect();
        let kid = URL_SAFE_NO_PAD.encode(id);
        Self {
            public: Jwk {
                kty: "RSA",
                r#use: "sig",
                x5t: kid.clone(),
                kid,
                n: URL_SAFE_NO_PAD.encode(&modulus),
                e: URL_SAFE_NO_PAD.encode(private.e().to_bytes_be()),
            },
            since: clock::now(),
            signer: Arc::new(pkcs1v15::SigningKey::new(private)),
        }
    }

    /// An RS256 signature (RFC 7518 3.3).
    pub(super) fn sign(&self, text: &str) -> Vec<u8> {
        self.signer.sign(text.as_bytes()).to_vec()
    }

    pub(super) fn has_signed(&self, text: &str, signature: &[u8]) -> bool {
        let key = self.signer.verifying_key();
        Signature::try_from(signature)
            .is_ok_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
    }
}

/// Without the private part.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.public.kid).finish()
    }
}

/// The keys behind one document.
#[derive(Debug, Clone)]
pub(super) struct KeySet {
    /// Signs.
    pub(super) current: SigningKey,
    /// Signs no more and is still published, so that what it signed stays good.
    pub(super) previous: Option<SigningKey>,
}

impl KeySet {
    pub(super) const fn new(current: SigningKey) -> Self {
        Self {
            current,
            previous: None,
        }
    }

    /// The new key signs from now on; a key that was kept from the rotation before is gone.
    pub(super) fn rotate(&mut self, new: SigningKey) {
        self.previous = Some(std::mem::replace(&mut self.current, new));
    }

    /// Publishes only the key that signs.
    pub(super) fn withdraw_previous(&mut self) {
        self.previous = None;
    }

    /// The key that signs, then the one before it.
    pub(super) fn published(&self) -> impl Iterator<Item = &SigningKey> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(keys: &KeySet) -> Vec<&str> {
        keys.published()
            .map(|key| key.public.kid.as_str())
            .collect()
    }

    #[test]
    fn a_rotation_keeps_one_old_key_until_the_next() {
        let [first, second, third] = [(); 3].map(|()| SigningKey::generate());
        let [one, two, three] = [&first, &second, &third].map(|key| key.public.kid.clone());
        let mut keys = KeySet::new(first);
        keys.rotate(second);
        assert_eq!(ids(&keys), [&two, &one]);
        keys.rotate(third);
        assert_eq!(ids(&keys), [&three, &two]);
        keys.withdraw_previous();
        assert_eq!(ids(&keys), [&three]);
    }

    #[test]
    fn a_signature_is_good_for_its_text_and_key_only() {
        let [key, other] = [(); 2].map(|()| SigningKey::generate());
        let signature = key.sign("text");
        assert!(key.has_signed("text", &signature));
        assert!(!key.has_signed("another", &signature));
        assert!(!other.has_signed("text", &signature));
        assert!(!key.has_signed("text", b""));
    }

    #[test]
    fn the_private_part_is_not_shown() {
        let key = SigningKey::generate();
        assert_eq!(
            format!("{key:?}"),
            format!("SigningKey({:?})", key.public.kid)
        );
    }
}
