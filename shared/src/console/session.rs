//! Who is signed in, and for how long.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::roles::Approver;

/// However busy somebody is: a role that was taken away counts no longer than this.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(8);

/// Without a request.
pub(super) const IDLE: SignedDuration = SignedDuration::from_hours(1);

/// The content of the session cookie.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) approver: Approver,
    /// In each form; other sites cannot read it.
    form_token: String,
    began_at: Timestamp,
    seen_at: Timestamp,
}

impl Session {
    /// `None` without a source of chance.
    pub(super) fn begin(approver: Approver, now: Timestamp) -> Option<Self> {
        Some(Self {
            approver,
            form_token: random()?,
            began_at: now,
            seen_at: now,
        })
    }

    /// The same, seen now; `None` when it is over.
    pub(super) fn seen(self, now: Timestamp) -> Option<Self> {
        let is_alive =
            now.duration_since(self.began_at) < LONGEST && now.duration_since(self.seen_at) < IDLE;
        is_alive.then_some(Self {
            seen_at: now,
            ..self
        })
    }

    pub(super) fn form_token(&self) -> &str {
        &self.form_token
    }

    /// In constant time.
    pub(super) fn has_made_form(&self, token: &str) -> bool {
        self.form_token.as_bytes().ct_eq(token.as_bytes()).into()
    }
}

/// 256 bits that nobody guesses; `None` without a source of chance.
pub(super) fn random() -> Option<String> {
    let mut octets = [0; 32];
    SystemRandom::new().fill(&mut octets).ok()?;
    Some(URL_SAFE_NO_PAD.encode(octets))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);
    const SECOND: SignedDuration = SignedDuration::from_secs(1);

    fn session() -> Session {
        let approver = Approver::new("1", "ann", &["Approver".to_owned()]);
        Session::begin(approver.unwrap(), NOW).unwrap()
    }

    #[test]
    fn an_idle_session_ends() {
        let seen = session().seen(NOW + IDLE - SECOND).unwrap();
        assert!(seen.seen(NOW + IDLE + IDLE - SECOND).is_none());
    }

    #[test]
    fn a_busy_session_ends_as_well() {
        let mut session = session();
        let mut now = NOW;
        while now + IDLE < NOW + LONGEST {
            now += IDLE - SECOND;
            session = session.seen(now).unwrap();
        }
        assert!(session.seen(NOW + LONGEST).is_none());
    }

    #[test]
    fn a_form_is_of_one_session() {
        let (own, other) = (session(), session());
        assert!(own.has_made_form(own.form_token()));
        assert!(!own.has_made_form(other.form_token()));
        assert!(!own.has_made_form(""));
    }
}
