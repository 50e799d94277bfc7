//! The federated identity that an identity provider asserts (Graph `objectIdentity`).

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// Longest issuer or subject that an entry can name, so that a key stays below DynamoDB's 1,024 bytes.
pub const MAX_PART_OCTETS: usize = 255;

/// Why a text cannot be an identity provider or a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {MAX_PART_OCTETS} octets")]
    TooLong,
    #[error("it contains a control character, or a `#` in the provider")]
    Character,
}

/// The issuer of an identity, in the one spelling that lists use.
///
/// Entra's documentation writes `facebook` where its requests carry `facebook.com`
/// (PROTOCOL 1.2, key `identities[]`), so both are the same provider.
#[derive(Debug, Clone)]
pub struct IdentityProvider {
    name: String,
    spelt: String,
}

impl IdentityProvider {
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let text = checked(text)?;
        if text.contains('#') {
            return Err(IdentityError::Character);
        }
        let name = match text.to_lowercase().as_str() {
            "facebook" => "facebook.com".to_owned(),
            "google" => "google.com".to_owned(),
            other => other.to_owned(),
        };
        Ok(Self {
            name,
            spelt: text.to_owned(),
        })
    }

    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// As the request had it, for whoever has to be told the same (PROTOCOL 3.3).
    pub fn spelt(&self) -> &str {
        &self.spelt
    }

    /// Identities of this provider are addresses proven by a one-time passcode.
    pub fn is_mail(&self) -> bool {
        self.name == "mail"
    }
}

impl PartialEq for IdentityProvider {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for IdentityProvider {}

impl PartialOrd for IdentityProvider {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for IdentityProvider {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for IdentityProvider {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// The provider's own name for the person (`issuerAssignedId`); compared exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        checked(text).map(|text| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(…)")
    }
}

/// One identity of a sign-up. `subject` may be missing on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub provider: IdentityProvider,
    pub subject: Option<Subject>,
}

fn checked(text: &str) -> Result<&str, IdentityError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(IdentityError::Empty);
    }
    if text.len() > MAX_PART_OCTETS {
        return Err(IdentityError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(IdentityError::Character);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_without_com_is_the_same_provider() {
        for (documented, wire) in [("facebook", "Facebook.com"), ("google", "google.com")] {
            assert_eq!(
                IdentityProvider::parse(documented),
                IdentityProvider::parse(wire)
            );
        }
    }

    #[test]
    fn a_subject_is_exact() {
        assert_ne!(Subject::parse("Ab"), Subject::parse("aB"));
        assert_eq!(Subject::parse(""), Err(IdentityError::Empty));
        assert_eq!(
            Subject::parse(&"x".repeat(256)),
            Err(IdentityError::TooLong)
        );
    }
}
