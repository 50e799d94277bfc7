//! HTTP Basic (RFC 7617), as Entra sends it.

use base64::{Engine, engine::general_purpose::STANDARD};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    app::credentials::verifier,
    domain::caller::{Caller, Credential},
};

/// Longest header that is decoded.
const MAX_OCTETS: usize = 4096;

/// User name and password of an `Authorization` header: split at the first colon, for a password may
/// contain others.
pub fn parse_basic(header: &[u8]) -> Option<(String, String)> {
    if header.len() > MAX_OCTETS {
        return None;
    }
    let header = std::str::from_utf8(header).ok()?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim_matches(' ')).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (username, password) = decoded.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

/// The live credential that the header proves. Every credential is compared, in constant time, so that
/// the time taken tells nothing of which or how much of it was right.
pub(super) fn verify(header: &[u8], credentials: &[Credential]) -> Option<Caller> {
    let (username, password) = parse_basic(header)?;
    let (username, password) = (verifier(username.as_bytes()), verifier(password.as_bytes()));
    let mut proven = None;
    for credential in credentials {
        let same: Choice = verifier(credential.username.as_bytes())
            .0
            .ct_eq(&username.0)
            & credential.verifier.0.ct_eq(&password.0);
        if bool::from(same) {
            proven = Some(Caller::Credential {
                slot: credential.slot,
                id: credential.id.clone(),
            });
        }
    }
    proven
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::plain("Basic YTpi", Some(("a", "b")))]
    #[case::scheme_without_case("bAsIc YTpi", Some(("a", "b")))]
    #[case::password_with_colons("Basic YXBpLWNvbm5lY3RvcjpwOmE6c3M6d29yZA==", Some(("api-connector", "p:a:ss:word")))]
    #[case::utf_8("Basic YXBpLWNvbm5lY3Rvcjpww6Q1NXfDtnJk", Some(("api-connector", "p\u{e4}55w\u{f6}rd")))]
    #[case::not_base64("Basic %%%notbase64", None)]
    #[case::no_padding("Basic YTpiYg", None)]
    #[case::no_colon("Basic YWI=", None)]
    #[case::not_utf_8("Basic /zpi", None)]
    #[case::bearer("Bearer YTpi", None)]
    #[case::scheme_alone("Basic", None)]
    #[case::empty("", None)]
    fn reads_the_header(#[case] header: &str, #[case] expected: Option<(&str, &str)>) {
        let found = parse_basic(header.as_bytes());
        assert_eq!(
            found,
            expected.map(|(name, word)| (name.to_owned(), word.to_owned()))
        );
    }
}
