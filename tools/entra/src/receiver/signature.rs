//! Whether a webhook is signed as Standard Webhooks has it.

use axum::http::HeaderMap;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::Serialize;

/// The same in each attempt of one delivery.
pub(super) const WEBHOOK_ID: &str = "webhook-id";

const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// What a receiver makes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Signature {
    /// Made now, with a secret that is known here.
    Good,
    Bad,
}

impl Signature {
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Good)
    }

    /// `None` for a request that has none.
    pub(super) fn of(
        headers: &HeaderMap,
        body: &[u8],
        keys: &[Vec<u8>],
        now: Timestamp,
    ) -> Option<Self> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let stated = text("webhook-signature")?;
        let id = text(WEBHOOK_ID).unwrap_or_default();
        let made_at = text("webhook-timestamp").unwrap_or_default();
        let signed = [id.as_bytes(), b".", made_at.as_bytes(), b".", body].concat();
        let is_one = keys.iter().any(|key| is_signed(stated, &signed, key));
        Some(if is_one && is_now(made_at, now) {
            Self::Good
        } else {
            Self::Bad
        })
    }
}

fn is_now(seconds: &str, now: Timestamp) -> bool {
    let made_at = seconds.parse().ok().map(Timestamp::from_second);
    let made_at = made_at.and_then(Result::ok);
    made_at.is_some_and(|made_at| now.duration_since(made_at).abs() <= TOLERANCE)
}

/// Several are there while a secret is rotated; one has to fit.
fn is_signed(stated: &str, signed: &[u8], key: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let stated = stated.split_ascii_whitespace();
    let mut stated = stated.filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    stated.any(|tag| hmac::verify(&key, signed, &tag).is_ok())
}
