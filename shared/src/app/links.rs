//! Signed links in mails: they say which request they open, and nobody else can make one.
//!
//! A link opens a page. It never changes anything by being opened, for mail programs and filters open links, too.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;

use crate::{
    domain::approval::{RequestId, later},
    ports::{
        Deadline,
        secrets::{Secret, SecretError, Secrets},
    },
};

const SECRET_FORM: &str = "JSON with the text `key`, 32 octets in Base64";

/// What a link is for: one made for one purpose is good for no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The page on which applicants see how their request stands.
    Applicant,
    /// A request in the console, as it was when the mail was written.
    Approver,
}

impl Purpose {
    const fn letter(self) -> &'static str {
        match self {
            Self::Applicant => "a",
            Self::Approver => "r",
        }
    }
}

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub request: RequestId,
    /// Of the request when the link was made.
    pub version: u64,
    pub until: Timestamp,
}

/// The key that links are signed with.
pub struct LinkKey(hmac::Key);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    pub fn new(octets: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, octets))
    }

    /// A link's text: `<purpose>.<request>.<version>.<until>.<signature>`, which an address can have as it is. `until` is in
    /// seconds since 1970, so a fraction of one is cut off.
    pub fn sign(&self, purpose: Purpose, link: &Link) -> String {
        let said = said(purpose, link);
        let signature = hmac::sign(&self.0, said.as_bytes());
        format!("{said}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What a text says that was signed for this purpose, and whose time is not over.
    pub fn read(&self, purpose: Purpose, text: &str, now: Timestamp) -> Option<Link> {
        let (said, signature) = text.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        // Constant in time.
        hmac::verify(&self.0, said.as_bytes(), &signature).ok()?;
        let mut parts = said.split('.');
        let (letter, request) = (parts.next()?, parts.next()?);
        let (version, until) = (parts.next()?, parts.next()?);
        let link = Link {
            request: RequestId::parse(request)?,
            version: version.parse().ok()?,
            until: Timestamp::from_second(until.parse().ok()?).ok()?,
        };
        let is_good = letter == purpose.letter() && parts.next().is_none() && now < link.until;
        is_good.then_some(link)
    }
}

#[derive(Deserialize)]
struct Stored {
    key: String,
}

/// Reads the key from the secret of that name.
pub async fn link_key(
    secrets: &dyn Secrets,
    name: &str,
    deadline: Deadline,
) -> Result<LinkKey, SecretError> {
    let secret = secrets.secret(name, deadline).await?;
    parse(&secret).ok_or_else(|| SecretError::Form {
        name: name.to_owned(),
        expected: SECRET_FORM,
    })
}

fn parse(secret: &Secret) -> Option<LinkKey> {
    let stored: Stored = serde_json::from_str(secret.reveal()).ok()?;
    let key: Vec<u8> = STANDARD.decode(stored.key.trim()).ok()?;
    let key: [u8; 32] = key.try_into().ok()?;
    Some(LinkKey::new(&key))
}

impl Link {
    /// One that is good for so many days.
    pub fn new(request: RequestId, version: u64, now: Timestamp, days: u32) -> Self {
        Self {
            request,
            version,
            until: later(now, days),
        }
    }
}

fn said(purpose: Purpose, link: &Link) -> String {
    let Link {
        request,
        version,
        until,
    } = link;
    let until = until.as_second();
    format!("{}.{request}.{version}.{until}", purpose.letter())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> LinkKey {
        LinkKey::new(&[7; 32])
    }

    fn link() -> Link {
        let request = RequestId::new(Timestamp::UNIX_EPOCH, [3; 10]);
        Link::new(request, 4, Timestamp::UNIX_EPOCH, 30)
    }

    #[test]
    fn a_link_says_what_was_signed() {
        let text = key().sign(Purpose::Applicant, &link());
        let read = key().read(Purpose::Applicant, &text, Timestamp::UNIX_EPOCH);
        assert_eq!(read, Some(link()));
        assert!(
            text.bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet))
        );
    }

    #[test]
    fn a_link_is_for_one_purpose_and_for_a_time() {
        let text = key().sign(Purpose::Applicant, &link());
        let read = |purpose, now| key().read(purpose, &text, now);
        assert_eq!(read(Purpose::Approver, Timestamp::UNIX_EPOCH), None);
        assert_eq!(read(Purpose::Applicant, link().until), None);
    }

    #[test]
    fn a_link_of_another_key_is_none() {
        let text = LinkKey::new(&[8; 32]).sign(Purpose::Approver, &link());
        assert_eq!(
            key().read(Purpose::Approver, &text, Timestamp::UNIX_EPOCH),
            None
        );
    }

    #[test]
    fn a_key_has_256_bits() {
        let with = |key: &str| parse(&Secret::new(format!(r#"{{"key":"{key}"}}"#))).is_some();
        assert!(with(&STANDARD.encode([7; 32])));
        assert!(!with(&STANDARD.encode([7; 31])));
        assert!(!with("secret"));
    }

    proptest! {
        #[test]
        fn no_changed_text_is_a_link(at in 0_usize..100, octet in 0x20_u8..0x7f) {
            let text = key().sign(Purpose::Approver, &link());
            let mut changed = text.clone().into_bytes();
            let at = at % changed.len();
            changed[at] = octet;
            let changed = String::from_utf8(changed).unwrap();
            let read = key().read(Purpose::Approver, &changed, Timestamp::UNIX_EPOCH);
            prop_assert_eq!(read.is_some(), changed == text);
        }

        #[test]
        fn whatever_comes_is_no_link(text in ".{0,200}") {
            prop_assert_eq!(key().read(Purpose::Approver, &text, Timestamp::UNIX_EPOCH), None);
        }
    }
}
