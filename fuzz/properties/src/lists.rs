//! Addresses and matchers: one spelling for what is the same.

use shared::{
    domain::{
        email::EmailAddress,
        identity::{Identity, IdentityProvider},
        list::Matcher,
    },
    ports::sign_up_reader::MAX_MATCHERS,
};

/// The canonical form is an address, its own canonical form, and the same for every letter case.
pub fn email_address(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let Ok(address) = EmailAddress::parse(text) else {
        return;
    };
    let canonical = address.canonical();
    let again = EmailAddress::parse(canonical.as_str());
    assert!(
        again.as_ref() == Ok(&address),
        "{text:?} has the canonical form {canonical:?}, which reads as {again:?}",
        canonical = canonical.as_str()
    );
    for spelling in [text.to_ascii_uppercase(), text.to_ascii_lowercase()] {
        let other = EmailAddress::parse(&spelling);
        assert!(
            other.as_ref() == Ok(&address),
            "{text:?} and {spelling:?} are two addresses"
        );
    }
    // One of ten addresses is what a sign-up may have at the most, together with its identities.
    assert!(Matcher::of(&[address], &[]).len() <= MAX_MATCHERS / 4);
}

/// What is written reads back as the same matcher, and matches whom it names.
pub fn matcher(text: &[u8]) {
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let Ok(matcher) = Matcher::parse(text) else {
        return;
    };
    let written = matcher.to_string();
    let again = Matcher::parse(&written);
    assert!(
        again.as_ref() == Ok(&matcher),
        "{text:?} is written {written:?}, which reads as {again:?}"
    );
    let text = text.trim();
    let (addresses, identities) = match &matcher {
        Matcher::Address(_) => (vec![EmailAddress::parse(text)], Vec::new()),
        Matcher::Domain(_) => (vec![EmailAddress::parse(&format!("x@{text}"))], Vec::new()),
        Matcher::Suffix(suffix) => {
            let below = format!("x@y.{}", suffix.as_str());
            (vec![EmailAddress::parse(&below)], Vec::new())
        }
        Matcher::Provider(provider) => (Vec::new(), vec![identity(provider, None)]),
        Matcher::Identity(provider, subject) => {
            (Vec::new(), vec![identity(provider, Some(subject.clone()))])
        }
    };
    // An address of the longest domain may be too long: then nobody can have it.
    let addresses: Result<Vec<_>, _> = addresses.into_iter().collect();
    if let Ok(addresses) = addresses {
        assert!(
            Matcher::of(&addresses, &identities).contains(&matcher),
            "{text:?} does not match whom it names"
        );
    }
}

fn identity(
    provider: &IdentityProvider,
    subject: Option<shared::domain::identity::Subject>,
) -> Identity {
    Identity {
        provider: provider.clone(),
        subject,
    }
}
