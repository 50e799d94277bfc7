//! Allow and deny lists: what an entry matches and what it does.

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    digest,
    email::{CanonicalAddress, DomainSuffix, EmailAddress, EmailAddressError, EmailDomain},
    identity::{Identity, IdentityError, IdentityProvider, Subject},
};

/// What an entry does to a sign-up that it matches. The order is that of strictness.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    Allow,
    Review,
    Deny,
}

impl Effect {
    pub const ALL: [Self; 3] = [Self::Allow, Self::Review, Self::Deny];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Review => "review",
            Self::Deny => "deny",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|effect| effect.name().eq_ignore_ascii_case(text))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a text is not a matcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MatcherError {
    #[error("it is empty")]
    Empty,
    #[error("it reads as an address, but {0}")]
    Address(EmailAddressError),
    #[error("it reads as a domain, but {0}")]
    Domain(EmailAddressError),
    #[error("its identity provider cannot be used: {0}")]
    Provider(IdentityError),
    #[error("its subject cannot be used: {0}")]
    Subject(IdentityError),
    #[error("an identity is written `identity:PROVIDER#SUBJECT`")]
    MissingSubject,
}

/// The kind of a matcher, which may be logged where the matcher may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatcherKind {
    Address,
    Domain,
    Suffix,
    Provider,
    Identity,
}

impl MatcherKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Domain => "domain",
            Self::Suffix => "suffix",
            Self::Provider => "provider",
            Self::Identity => "identity",
        }
    }
}

/// Whom an entry matches.
///
/// Written `john@example.com`, `example.com`, `*.example.com`, `provider:facebook.com`,
/// `identity:facebook.com#0123456789`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Matcher {
    Address(CanonicalAddress),
    Domain(EmailDomain),
    Suffix(DomainSuffix),
    Provider(IdentityProvider),
    Identity(IdentityProvider, Subject),
}

/// How much a matcher narrows down; the greater wins (DESIGN section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    Provider,
    /// With the number of labels of the suffix.
    Suffix(usize),
    Domain,
    /// An address or an identity: one person.
    Person,
}

impl Matcher {
    pub fn parse(text: &str) -> Result<Self, MatcherError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MatcherError::Empty);
        }
        if let Some(provider) = text.strip_prefix("provider:") {
            return IdentityProvider::parse(provider)
                .map(Self::Provider)
                .map_err(MatcherError::Provider);
        }
        if let Some(identity) = text.strip_prefix("identity:") {
            let (provider, subject) = identity
                .split_once('#')
                .ok_or(MatcherError::MissingSubject)?;
            return Ok(Self::Identity(
                IdentityProvider::parse(provider).map_err(MatcherError::Provider)?,
                Subject::parse(subject).map_err(MatcherError::Subject)?,
            ));
        }
        if text.contains('@') {
            return EmailAddress::parse(text)
                .map(|address| Self::Address(address.canonical()))
                .map_err(MatcherError::Address);
        }
        if let Some(suffix) = text.strip_prefix("*.") {
            return DomainSuffix::parse(suffix)
                .map(Self::Suffix)
                .map_err(MatcherError::Domain);
        }
        EmailDomain::parse(text)
            .map(Self::Domain)
            .map_err(MatcherError::Domain)
    }

    pub const fn kind(&self) -> MatcherKind {
        match self {
            Self::Address(_) => MatcherKind::Address,
            Self::Domain(_) => MatcherKind::Domain,
            Self::Suffix(_) => MatcherKind::Suffix,
            Self::Provider(_) => MatcherKind::Provider,
            Self::Identity(..) => MatcherKind::Identity,
        }
    }

    pub fn specificity(&self) -> Specificity {
        match self {
            Self::Address(_) | Self::Identity(..) => Specificity::Person,
            Self::Domain(_) => Specificity::Domain,
            Self::Suffix(suffix) => Specificity::Suffix(suffix.labels()),
            Self::Provider(_) => Specificity::Provider,
        }
    }

    /// Every matcher that could match everybody at a domain.
    pub fn of_domain(domain: &EmailDomain) -> impl Iterator<Item = Self> + '_ {
        std::iter::once(Self::Domain(domain.clone())).chain(domain.parents().map(Self::Suffix))
    }

    /// Every matcher that could match a person known by one address and these identities.
    pub fn of_person(address: Option<&EmailAddress>, identities: &[Identity]) -> Vec<Self> {
        let mut matchers = Vec::new();
        if let Some(address) = address {
            matchers.push(Self::Address(address.canonical()));
            matchers.extend(Self::of_domain(address.domain()));
        }
        for identity in identities {
            matchers.push(Self::Provider(identity.provider.clone()));
            if let Some(subject) = &identity.subject {
                matchers.push(Self::Identity(identity.provider.clone(), subject.clone()));
            }
        }
        matchers
    }

    /// Every matcher that could match a sign-up, each once: the exact keys of its one read.
    pub fn of(addresses: &[EmailAddress], identities: &[Identity]) -> Vec<Self> {
        let mut matchers = Self::of_person(None, identities);
        for address in addresses {
            matchers.extend(Self::of_person(Some(address), &[]));
        }
        matchers.sort();
        matchers.dedup();
        matchers
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => f.write_str(address.as_str()),
            Self::Domain(domain) => f.write_str(domain.as_str()),
            Self::Suffix(suffix) => write!(f, "*.{}", suffix.as_str()),
            Self::Provider(provider) => write!(f, "provider:{}", provider.as_str()),
            Self::Identity(provider, subject) => {
                write!(f, "identity:{}#{}", provider.as_str(), subject.as_str())
            }
        }
    }
}

/// The name of a list: letters, digits, `-`, `_` and `.`, up to 64.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct ListName(String);

impl ListName {
    pub const MAX: usize = 64;

    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (!text.is_empty() && text.len() <= Self::MAX && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One line of a list. A matcher stands at most once in a list, and may stand in several lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    pub matcher: Matcher,
    pub list: ListName,
    pub effect: Effect,
    pub reason: String,
    pub owner: String,
    /// The entry counts before this moment; DynamoDB deletes it some time after.
    pub expires_at: Option<Timestamp>,
}

impl ListEntry {
    /// Longest reason or owner in characters.
    pub const MAX_NOTE: usize = 500;

    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// The same entry, no longer active at `now`. Ends are whole seconds, and a moment later than `now` would let it count on.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Self {
        let second = Timestamp::from_second(now.as_second());
        Self {
            expires_at: Some(second.unwrap_or(now)),
            ..self.clone()
        }
    }

    /// Tells whether an entry is as it was, without telling what it says.
    pub fn fingerprint(&self) -> String {
        let matcher = self.matcher.to_string();
        let end = self.expires_at.map(|end| end.as_second().to_string());
        digest::hexadecimal(&[
            matcher.as_bytes(),
            self.list.as_str().as_bytes(),
            self.effect.name().as_bytes(),
            self.reason.as_bytes(),
            self.owner.as_bytes(),
            end.unwrap_or_default().as_bytes(),
        ])
    }
}

/// The end of a day in UTC, to which an entry counts that expires on a date: the first moment of the next one. `None` beyond
/// the year 9999.
pub fn end_of(date: Date) -> Option<Timestamp> {
    let next = date.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(next.timestamp())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::address("John.Smith+x@Example.com", "john.smith@example.com")]
    #[case::domain("Example.COM", "example.com")]
    #[case::idn("bücher.example", "xn--bcher-kva.example")]
    #[case::suffix("*.Example.com", "*.example.com")]
    #[case::top_level_suffix("*.ru", "*.ru")]
    #[case::provider("provider:Facebook", "provider:facebook.com")]
    #[case::identity("identity:google#117", "identity:google.com#117")]
    #[case::subject_with_hash(
        "identity:https://login.example/x#a#b",
        "identity:https://login.example/x#a#b"
    )]
    fn reads_back_what_it_writes(#[case] text: &str, #[case] expected: &str) {
        let matcher = Matcher::parse(text).unwrap();
        assert_eq!(matcher.to_string(), expected);
        assert_eq!(Matcher::parse(expected), Ok(matcher));
    }

    #[rstest]
    #[case::empty(" ")]
    #[case::one_label("example")]
    #[case::two_at("a@b.example@c.example")]
    #[case::star_inside("a.*.example.com")]
    #[case::star_alone("*.")]
    #[case::identity_without_subject("identity:facebook.com")]
    #[case::empty_subject("identity:facebook.com#")]
    #[case::empty_provider("provider:")]
    #[case::url("https://example.com/")]
    fn refuses(#[case] text: &str) {
        assert!(Matcher::parse(text).is_err(), "{text:?} was accepted");
    }

    fn entry(expires_at: Option<&str>) -> ListEntry {
        ListEntry {
            matcher: Matcher::parse("example.com").unwrap(),
            list: ListName::parse("default").unwrap(),
            effect: Effect::Deny,
            reason: "fraud".to_owned(),
            owner: String::new(),
            expires_at: expires_at.map(|end| end.parse().unwrap()),
        }
    }

    #[test]
    fn an_ended_entry_counts_no_longer() {
        let now = "2027-01-31T12:00:00.9Z".parse().unwrap();
        let before = entry(Some("2027-02-01T00:00:00Z"));
        let after = before.ended(now);
        assert!(before.is_active(now) && !after.is_active(now));
        assert_eq!(after, entry(Some("2027-01-31T12:00:00Z")));
    }

    #[test]
    fn a_day_ends_with_the_next_one() {
        let end = |year, month, day| end_of(jiff::civil::date(year, month, day));
        let expected = "2027-02-01T00:00:00Z".parse().unwrap();
        assert_eq!(end(2027, 1, 31), Some(expected));
        assert_eq!(end(9999, 12, 31), None);
    }

    #[test]
    fn a_fingerprint_is_that_of_everything_an_entry_says() {
        let change: [fn(&mut ListEntry); 6] = [
            |entry| entry.matcher = Matcher::parse("*.example.com").unwrap(),
            |entry| entry.list = ListName::parse("other").unwrap(),
            |entry| entry.effect = Effect::Review,
            |entry| entry.reason.clear(),
            // Where a text ends counts, too.
            |entry| entry.owner = std::mem::take(&mut entry.reason),
            |entry| entry.expires_at = Some(Timestamp::UNIX_EPOCH),
        ];
        let original = entry(None);
        assert_eq!(original.fingerprint(), entry(None).fingerprint());
        for change in change {
            let mut changed = original.clone();
            change(&mut changed);
            assert_ne!(changed.fingerprint(), original.fingerprint());
        }
    }

    #[test]
    fn a_sign_up_asks_for_each_key_once() {
        let address = |text| EmailAddress::parse(text).unwrap();
        let identity = Identity {
            provider: IdentityProvider::parse("mail").unwrap(),
            subject: None,
        };
        let found = Matcher::of(
            &[address("a@x.example.com"), address("b@x.example.com")],
            &[identity.clone(), identity],
        );
        let mut texts: Vec<_> = found.iter().map(ToString::to_string).collect();
        texts.sort();
        assert_eq!(
            texts,
            [
                "*.com",
                "*.example.com",
                "a@x.example.com",
                "b@x.example.com",
                "provider:mail",
                "x.example.com"
            ]
        );
    }
}
