//! Who may call, and what proves it (PROTOCOL 2 and 5.10).

use std::fmt;

use jiff::Timestamp;

/// SHA-256 of a secret. The secret itself is shown once, when it is made, and kept nowhere.
#[derive(Clone, Copy)]
pub struct Verifier(pub [u8; 32]);

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(…)")
    }
}

/// One of the two places for a live connector credential, so that a rotation can overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    First,
    Second,
}

impl Slot {
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    pub const fn number(self) -> u8 {
        match self {
            Self::First => 1,
            Self::Second => 2,
        }
    }
}

/// A live HTTP Basic credential of the connectors.
#[derive(Debug, Clone)]
pub struct Credential {
    pub slot: Slot,
    /// Short, random, safe to log.
    pub id: String,
    pub username: String,
    pub verifier: Verifier,
    pub created_at: Timestamp,
    /// Recorded at most once an hour; `None` until the first use.
    pub last_used_at: Option<Timestamp>,
}

/// A client certificate that the TLS layer verified: what API Gateway says of it, never a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// RFC 4514 text.
    pub subject: String,
    pub issuer: String,
    /// Lower-case hex of the digests of the DER form.
    pub sha1: String,
    pub sha256: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl ClientCertificate {
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// Which client certificates may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateRule {
    /// Lower-case hex: 40 digits of SHA-1 as Entra's portal shows them, or 64 of SHA-256.
    Thumbprint(String),
    /// The whole names, never a part of one.
    SubjectAndIssuer { subject: String, issuer: String },
}

impl CertificateRule {
    /// `None` when either text is no distinguished name: a part without its type would match nothing, or
    /// be left out of what must match.
    pub fn named(subject: &str, issuer: &str) -> Option<Self> {
        name_parts(subject)?;
        name_parts(issuer)?;
        Some(Self::SubjectAndIssuer {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
        })
    }

    pub fn allows(&self, certificate: &ClientCertificate) -> bool {
        match self {
            Self::Thumbprint(digest) => {
                *digest == certificate.sha1 || *digest == certificate.sha256
            }
            Self::SubjectAndIssuer { subject, issuer } => {
                same_name(subject, &certificate.subject) && same_name(issuer, &certificate.issuer)
            }
        }
    }
}

/// Whether two distinguished names are the same, however they are written: tools differ in the spaces, in
/// the case of the attribute types, and in which end comes first (RFC 4514 reverses the certificate's order).
fn same_name(left: &str, right: &str) -> bool {
    let Some((left, right)) = name_parts(left).zip(name_parts(right)) else {
        return false;
    };
    left == right || left.iter().eq(right.iter().rev())
}

/// The parts between commas that are not escaped, as `TYPE=value`, if all of them are.
fn name_parts(name: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in name.chars() {
        match c {
            ',' if !escaped => parts.push(String::new()),
            c => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        escaped = c == '\\' && !escaped;
    }
    parts
        .iter()
        .map(|part| {
            let (kind, value) = part.split_once('=')?;
            let kind = kind.trim();
            (!kind.is_empty()).then(|| format!("{}={}", kind.to_uppercase(), value.trim()))
        })
        .collect()
}

/// What a bearer token of Entra must say (PROTOCOL 5.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntraTrust {
    /// Lower-case GUID.
    pub tenant_id: String,
    pub audiences: Vec<String>,
    pub issuers: Vec<String>,
    /// The application that calls: Microsoft's authentication events service.
    pub caller_app_id: String,
}

/// A caller that has been verified. A decision needs one, so nothing is decided for anybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    Credential { slot: Slot, id: String },
    Certificate { sha256: String },
    Entra { tenant_id: String },
}

impl Caller {
    /// For the log: how the caller proved itself, and the credential's id.
    pub fn label(&self) -> String {
        match self {
            Self::Credential { id, .. } => format!("credential:{id}"),
            Self::Certificate { .. } => "certificate".to_owned(),
            Self::Entra { .. } => "entra".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::same("CN=a, O=b", "CN=a, O=b", true)]
    #[case::spaces_and_case("cn=a,o = b", "CN=a, O=b", true)]
    #[case::other_end_first("O=b,CN=a", "CN=a, O=b", true)]
    #[case::escaped_comma("CN=a\\, Inc,O=b", "CN=a\\, Inc, O=b", true)]
    #[case::a_part_of_it("CN=a", "CN=a, O=b", false)]
    #[case::case_of_the_value("CN=A, O=b", "CN=a, O=b", false)]
    #[case::value_with_a_comma_is_not_two_parts("CN=a\\,O=b", "CN=a, O=b", false)]
    #[case::empty("", "", false)]
    #[case::a_part_that_is_none("CN=a, junk", "CN=a", false)]
    fn names_are_compared_whole(#[case] left: &str, #[case] right: &str, #[case] expected: bool) {
        assert_eq!(same_name(left, right), expected);
    }
}
