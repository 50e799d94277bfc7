//! Invitation codes: who may use one, how often, and what it sets.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::{attribute::ClaimValue, digest, list::Matcher, sign_up::SignUp};

/// What the table knows a code by: nobody reads codes out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeDigest(String);

impl CodeDigest {
    /// Longest code that is looked at, in characters.
    pub const MAX_TEXT: usize = 100;

    /// Of a code as somebody types it: case, spaces and dashes make no difference, nor do the letters that look like digits.
    /// `None` for nothing and for what no code can be.
    pub fn of(text: &str) -> Option<Self> {
        if text.chars().count() > Self::MAX_TEXT {
            return None;
        }
        let form: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .flat_map(char::to_uppercase)
            .map(|c| match c {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            })
            .collect();
        (!form.is_empty()).then(|| Self(digest::hexadecimal(&[b"code", form.as_bytes()])))
    }

    /// One that was read out of the table or typed by an operator: 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 64 && text.bytes().all(hexadecimal)).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A code as the table has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationCode {
    pub digest: CodeDigest,
    /// How many people may use it.
    pub uses: u32,
    /// How many have.
    pub used: u32,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// The address or the domain whose people alone may use it.
    pub bound_to: Option<Matcher>,
    /// Attributes that it sets, by name.
    pub claims: BTreeMap<String, ClaimValue>,
    /// What it is for, and who asked for it.
    pub note: String,
    pub revoked: bool,
}

/// Why a code does not help this person. A code that is bound to others is as unknown as one that never was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    Unknown,
    Expired,
    UsedUp,
}

impl InvitationCode {
    pub const MAX_USES: u32 = 1_000_000;

    /// Whether a person may use it; `redeemed` says that this person has already.
    pub fn usable(&self, sign_up: &SignUp, redeemed: bool, now: Timestamp) -> Result<(), Unusable> {
        let theirs = self.bound_to.as_ref().is_none_or(|bound| {
            // Each address that a request asserts must be one of theirs.
            !sign_up.addresses.is_empty()
                && sign_up
                    .addresses
                    .iter()
                    .all(|address| Matcher::of(std::slice::from_ref(address), &[]).contains(bound))
        });
        if self.revoked || !theirs {
            return Err(Unusable::Unknown);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Unusable::Expired);
        }
        if !redeemed && self.used >= self.uses {
            return Err(Unusable::UsedUp);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = CodeDigest::of("7K3M-Q2ZT-0101").unwrap();
        assert_eq!(CodeDigest::of(" 7k3m q2zt oiol "), Some(code.clone()));
        assert_eq!(CodeDigest::parse(code.as_str()), Some(code));
        assert_eq!(CodeDigest::of(" - "), None);
        assert_eq!(CodeDigest::of(&"x".repeat(101)), None);
    }
}
