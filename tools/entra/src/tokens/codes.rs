//! Authorization codes: each for one client, one redirect URI and one code challenge, for a short time and once
//! (RFC 6749 4.1.2, RFC 7636 4.6).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use rsa::rand_core::{OsRng, RngCore};

use super::{authority::Tenancy, oauth_error::OAuthError};

/// Seconds that a code is good for, which is what RFC 6749 allows at most.
pub(super) const LIFETIME: i64 = 600;

/// What the person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) tenancy: Tenancy,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// Of the method S256.
    pub(super) challenge: String,
    pub(super) nonce: Option<String>,
    pub(super) scope: String,
    pub(super) person_id: String,
}

/// What a client shows to get the tokens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Redemption<'r> {
    pub(super) tenancy: Tenancy,
    pub(super) client_id: &'r str,
    pub(super) code: &'r str,
    pub(super) redirect_uri: &'r str,
    pub(super) verifier: &'r str,
}

/// All codes that have not expired.
#[derive(Debug, Default)]
pub(super) struct Codes(BTreeMap<String, Issued>);

#[derive(Debug)]
struct Issued {
    /// Nothing once somebody has tried the code.
    grant: Option<Grant>,
    until: i64,
}

impl Codes {
    /// A new code, at a moment in seconds of the epoch.
    pub(super) fn issue(&mut self, grant: Grant, now: i64) -> String {
        // One lifetime longer, so that a client that is late learns so.
        self.0
            .retain(|_, issued| now < issued.until.saturating_add(LIFETIME));
        let code = random();
        let issued = Issued {
            grant: Some(grant),
            until: now.saturating_add(LIFETIME),
        };
        self.0.insert(code.clone(), issued);
        code
    }

    /// What the code stands for. Whoever comes with it first uses it up, even with a wrong verifier: somebody guesses.
    pub(super) fn redeem(&mut self, shown: Redemption<'_>, now: i64) -> Result<Grant, OAuthError> {
        let invalid = |number, problem| Err(OAuthError::new("invalid_grant", number, problem));
        let Some(issued) = self.0.get_mut(shown.code) else {
            return invalid(
                70_000,
                "The provided value for the 'code' parameter is not valid.",
            );
        };
        if now >= issued.until {
            return invalid(70_008, "The provided authorization code has expired.");
        }
        let Some(grant) = issued.grant.take() else {
            return invalid(54_005, "OAuth2 Authorization code was already redeemed.");
        };
        if grant.tenancy != shown.tenancy || grant.client_id != shown.client_id {
            return invalid(
                70_000,
                "The code was issued to another application or authority.",
            );
        }
        if grant.redirect_uri != shown.redirect_uri {
            return invalid(
                500_112,
                "The reply address is not the one of the authorization request.",
            );
        }
        if grant.challenge != challenge(shown.verifier) {
            return invalid(
                501_481,
                "The Code_Verifier does not match the code_challenge supplied.",
            );
        }
        Ok(grant)
    }
}

/// The S256 code challenge of a verifier (RFC 7636 4.2).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// 256 random bits: a code, a state, a nonce, a verifier.
pub(super) fn random() -> String {
    let mut octets = [0; 32];
    OsRng.fill_bytes(&mut octets);
    URL_SAFE_NO_PAD.encode(octets)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    fn grant() -> Grant {
        Grant {
            tenancy: Tenancy::Workforce,
            client_id: "client".to_owned(),
            redirect_uri: "http://127.0.0.1/back".to_owned(),
            challenge: challenge(VERIFIER),
            nonce: None,
            scope: "openid".to_owned(),
            person_id: "person".to_owned(),
        }
    }

    const fn right(code: &str) -> Redemption<'_> {
        Redemption {
            tenancy: Tenancy::Workforce,
            client_id: "client",
            code,
            redirect_uri: "http://127.0.0.1/back",
            verifier: VERIFIER,
        }
    }

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        assert_eq!(
            challenge(VERIFIER),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[rstest]
    #[case::at_once(0, true)]
    #[case::in_the_last_second(LIFETIME - 1, true)]
    #[case::too_late(LIFETIME, false)]
    fn a_code_is_good_for_its_lifetime(#[case] later: i64, #[case] good: bool) {
        let mut codes = Codes::default();
        let code = codes.issue(grant(), 1000);
        let redeemed = codes.redeem(right(&code), 1000 + later);
        match redeemed {
            Ok(found) => assert!(good && found == grant()),
            Err(error) => assert_eq!(
                (good, error.error, error.number),
                (false, "invalid_grant", 70_008)
            ),
        }
    }

    #[test]
    fn a_code_is_good_once() {
        let mut codes = Codes::default();
        let code = codes.issue(grant(), 0);
        codes.redeem(right(&code), 1).unwrap();
        assert_eq!(codes.redeem(right(&code), 2).unwrap_err().number, 54_005);
    }

    #[rstest]
    #[case::client(Redemption { client_id: "other", ..right("") }, 70_000)]
    #[case::authority(Redemption { tenancy: Tenancy::External, ..right("") }, 70_000)]
    #[case::redirect_uri(Redemption { redirect_uri: "http://127.0.0.1/back/", ..right("") }, 500_112)]
    #[case::verifier(Redemption { verifier: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", ..right("") }, 501_481)]
    fn a_code_is_bound_and_a_wrong_try_uses_it_up(
        #[case] wrong: Redemption<'_>,
        #[case] number: u32,
    ) {
        let mut codes = Codes::default();
        let code = codes.issue(grant(), 0);
        let wrong = Redemption {
            code: &code,
            ..wrong
        };
        assert_eq!(codes.redeem(wrong, 1).unwrap_err().number, number);
        assert_eq!(codes.redeem(right(&code), 1).unwrap_err().number, 54_005);
    }

    #[test]
    fn a_code_that_was_never_issued_is_refused() {
        let error = Codes::default().redeem(right("guess"), 0).unwrap_err();
        assert_eq!((error.error, error.number), ("invalid_grant", 70_000));
    }

    #[test]
    fn codes_are_forgotten_some_time_after_they_expired() {
        let mut codes = Codes::default();
        codes.issue(grant(), 0);
        codes.issue(grant(), 2 * LIFETIME - 1);
        assert_eq!(codes.0.len(), 2);
        codes.issue(grant(), 2 * LIFETIME);
        assert_eq!(codes.0.len(), 2);
    }
}
