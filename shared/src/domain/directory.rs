//! The directory: claims about people and organisations that an operator loads into the table.

use std::{collections::BTreeMap, fmt};

use super::{
    attribute::ClaimValue,
    identity::Identity,
    list::{Matcher, MatcherError},
    person::PersonKey,
    sign_up::{SignUp, Step},
};

/// Whom a record is about.
///
/// Written `object:OBJECT-ID` for an account that exists, and like a matcher otherwise: `john@example.com`, `example.com`,
/// `identity:facebook.com#0123456789`. The order is that of precedence, the least one first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimsSubject {
    /// An address, a domain or an identity; never a suffix or a provider.
    Matcher(Matcher),
    /// The id of an account, which only the token step knows.
    Object(String),
}

/// Why a text is no subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    #[error("{0}")]
    Matcher(MatcherError),
    #[error(
        "claims are of an address, a domain, an identity or an object id, never of all of a kind"
    )]
    TooWide,
    #[error("an object id has letters, digits and `-`, at most 64")]
    Object,
}

const OBJECT: &str = "object:";
const PERSON: &str = "person:";

impl ClaimsSubject {
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let text = text.trim();
        if let Some(id) = text.strip_prefix(OBJECT) {
            return Self::object(id).ok_or(SubjectError::Object);
        }
        match Matcher::parse(text).map_err(SubjectError::Matcher)? {
            Matcher::Suffix(_) | Matcher::Provider(_) => Err(SubjectError::TooWide),
            matcher => Ok(Self::Matcher(matcher)),
        }
    }

    /// Every subject that a sign-up could be about, each once. Of several addresses that a request asserts only the first
    /// counts: nobody gets the claims of a further one.
    pub fn of(sign_up: &SignUp) -> Vec<Self> {
        let first = sign_up.addresses.get(..1).unwrap_or_default();
        let matchers = Matcher::of(first, &sign_up.identities);
        let is_subject =
            |matcher: &Matcher| !matches!(matcher, Matcher::Suffix(_) | Matcher::Provider(_));
        let account = (sign_up.step == Step::BeforeToken)
            .then_some(sign_up.object_id.as_deref())
            .flatten();
        matchers
            .into_iter()
            .filter(is_subject)
            .map(Self::Matcher)
            .chain(account.and_then(Self::object))
            .collect()
    }

    /// How near it is to one person; the claims of the nearest record win.
    pub fn precedence(&self) -> u8 {
        match self {
            Self::Matcher(Matcher::Domain(_)) => 0,
            Self::Matcher(Matcher::Address(_)) => 1,
            Self::Matcher(_) => 2,
            Self::Object(_) => 3,
        }
    }

    /// Which one it is, for records that outlive it: a person by the fingerprint that the table has of people anyway.
    pub fn fingerprint(&self) -> String {
        let person = match self {
            Self::Matcher(Matcher::Address(address)) => {
                Some(PersonKey::of_address(address.as_str()))
            }
            Self::Matcher(Matcher::Identity(provider, subject)) => {
                PersonKey::of_identity(&Identity {
                    provider: provider.clone(),
                    subject: Some(subject.clone()),
                })
            }
            Self::Matcher(_) | Self::Object(_) => None,
        };
        person.map_or_else(
            || self.to_string(),
            |person| format!("{PERSON}{}", person.as_str()),
        )
    }

    fn object(id: &str) -> Option<Self> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (!id.is_empty() && id.len() <= 64 && id.bytes().all(allowed))
            .then(|| Self::Object(id.to_ascii_lowercase()))
    }
}

impl fmt::Display for ClaimsSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matcher(matcher) => matcher.fmt(f),
            Self::Object(id) => write!(f, "{OBJECT}{id}"),
        }
    }
}

/// What the directory says about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRecord {
    pub subject: ClaimsSubject,
    /// By name, as loaded; which of them count says the policy.
    pub claims: BTreeMap<String, ClaimValue>,
}

impl DirectoryRecord {
    /// Most claims of one record.
    pub const MAX_CLAIMS: usize = 100;
    /// Longest text, in characters.
    pub const MAX_TEXT: usize = 2000;
    /// Most octets of all names and values together: an item of the table has at most 400 KB.
    pub const MAX_OCTETS: usize = 300 * 1024;

    /// Of all names and values together.
    pub fn octets(claims: &BTreeMap<String, ClaimValue>) -> usize {
        let claims = claims.iter();
        claims
            .map(|(name, value)| name.len() + value.octets())
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::address("John+x@Example.com", "john@example.com")]
    #[case::domain("Example.com", "example.com")]
    #[case::identity("identity:google#117", "identity:google.com#117")]
    #[case::object("object:AB3EC3B2-a435", "object:ab3ec3b2-a435")]
    fn reads_back_what_it_writes(#[case] text: &str, #[case] expected: &str) {
        let subject = ClaimsSubject::parse(text).unwrap();
        assert_eq!(subject.to_string(), expected);
        assert_eq!(ClaimsSubject::parse(expected), Ok(subject));
    }

    #[rstest]
    #[case::address("John+x@Example.com", "john@example.com", true)]
    #[case::identity("identity:google#117", "identity:google.com#117", true)]
    #[case::domain("Example.com", "example.com", false)]
    #[case::object("object:AB3EC3B2-a435", "object:ab3ec3b2-a435", false)]
    fn a_fingerprint_names_no_person_and_is_the_same_for_every_spelling(
        #[case] text: &str,
        #[case] same: &str,
        #[case] is_person: bool,
    ) {
        let fingerprint = |text| ClaimsSubject::parse(text).unwrap().fingerprint();
        let found = fingerprint(text);
        assert_eq!(found, fingerprint(same));
        assert_eq!(found.starts_with(PERSON), is_person);
        assert_eq!(found != same, is_person);
        assert!(!found.contains("john") && !found.contains("117"), "{found}");
    }

    #[rstest]
    #[case::suffix("*.example.com")]
    #[case::provider("provider:google.com")]
    #[case::object("object:")]
    #[case::object_of_letters("object:a b")]
    #[case::nothing("")]
    fn refuses(#[case] text: &str) {
        assert!(ClaimsSubject::parse(text).is_err(), "{text:?} was accepted");
    }
}
