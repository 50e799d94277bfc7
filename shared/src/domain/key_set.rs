//! Entra's signing keys, each bound to the issuer that published it.

use std::collections::BTreeMap;

/// An RSA public key (RFC 7518 section 6.3.1), big-endian without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    pub kid: String,
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

/// The keys of every trusted issuer. A key of one issuer proves nothing for another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SigningKeys(BTreeMap<String, Vec<SigningKey>>);

impl SigningKeys {
    pub fn find(&self, issuer: &str, kid: &str) -> Option<&SigningKey> {
        self.0.get(issuer)?.iter().find(|key| key.kid == kid)
    }

    /// Replaces what is known of one issuer with what it publishes now.
    pub fn replace(&mut self, issuer: &str, keys: Vec<SigningKey>) {
        self.0.insert(issuer.to_owned(), keys);
    }

    pub fn issuers(&self) -> impl Iterator<Item = (&str, &[SigningKey])> {
        self.0
            .iter()
            .map(|(issuer, keys)| (issuer.as_str(), keys.as_slice()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
