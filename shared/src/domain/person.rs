//! One person, for what must happen once for each.

use super::{digest, identity::Identity, sign_up::SignUp};

/// The fingerprint of a person: of the canonical address, or without one of the identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(String);

impl PersonKey {
    /// `None` for a sign-up that names nobody.
    pub fn of(sign_up: &SignUp) -> Option<Self> {
        if let Some(address) = sign_up.addresses.first() {
            return Some(Self::of_address(address.canonical().as_str()));
        }
        sign_up.identities.iter().find_map(Self::of_identity)
    }

    /// Of a canonical address.
    pub fn of_address(canonical: &str) -> Self {
        Self(digest::hexadecimal(&[b"address", canonical.as_bytes()]))
    }

    /// `None` without a subject: a provider has many people.
    pub fn of_identity(identity: &Identity) -> Option<Self> {
        let subject = identity.subject.as_ref()?;
        let provider = identity.provider.as_str().as_bytes();
        Some(Self(digest::hexadecimal(&[
            b"identity",
            provider,
            subject.as_str().as_bytes(),
        ])))
    }

    /// From where it is stored.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digest = text.len() == 64 && text.bytes().all(|octet| octet.is_ascii_hexdigit());
        is_digest.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
