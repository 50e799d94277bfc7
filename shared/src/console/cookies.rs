//! Cookies: sealed ones, which nobody but the console can read or write, and the one of the language.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{app::sealing, ports::data_keys::DataKey};

/// Browsers keep no larger cookie (RFC 6265 6.1).
const MAX_OCTETS: usize = 4096;

/// `__Host-`: set by this host alone, over HTTPS, for all of its paths. `Lax`: sent when Entra leads back, and with no form of
/// another site.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// A cookie by its name, which is also the purpose that its content is sealed for: none can stand in for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookie(&'static str);

impl Cookie {
    pub(super) const SESSION: Self = Self("__Host-approvals-session");
    pub(super) const SIGN_IN: Self = Self("__Host-approvals-sign-in");
    pub(super) const LANGUAGE: Self = Self("__Host-approvals-lang");

    /// The header that sets it; `None` when it is too large, or without a source of chance.
    pub(super) fn set<T: Serialize>(
        self,
        key: &DataKey,
        content: &T,
        seconds: i64,
    ) -> Option<HeaderValue> {
        let content = serde_json::to_vec(content).ok()?;
        let sealed = URL_SAFE_NO_PAD.encode(sealing::encrypt(key, self.0, &content)?);
        self.set_plain(&sealed, seconds)
    }

    /// The header that sets it to a text that is no secret.
    pub(super) fn set_plain(self, text: &str, seconds: i64) -> Option<HeaderValue> {
        let cookie = format!("{}={text}; Max-Age={seconds}; {ATTRIBUTES}", self.0);
        (cookie.len() <= MAX_OCTETS)
            .then(|| HeaderValue::from_str(&cookie).ok())
            .flatten()
    }

    /// The header that deletes it.
    pub(super) fn clear(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&format!("{}=; Max-Age=0; {ATTRIBUTES}", self.0)).ok()
    }

    /// What the browser sent, if the console has sealed it.
    pub(super) fn read<T: DeserializeOwned>(self, key: &DataKey, headers: &HeaderMap) -> Option<T> {
        let sealed = URL_SAFE_NO_PAD.decode(self.sent(headers)?).ok()?;
        let content = sealing::decrypt(key, self.0, &sealed)?;
        serde_json::from_slice(&content).ok()
    }

    /// What the browser sent, whoever wrote it.
    pub(super) fn sent(self, headers: &HeaderMap) -> Option<&str> {
        let mut cookies = headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'));
        cookies.find_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == self.0).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: DataKey = DataKey([1; 32]);

    /// The browser's side.
    fn sent(set: &HeaderValue) -> HeaderMap {
        let text = set.to_str().unwrap();
        let pair = text.split(';').next().unwrap();
        let cookies = format!("other=1; {pair}");
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&cookies).unwrap())])
    }

    #[test]
    fn a_cookie_is_read_by_its_key_and_for_its_purpose_alone() {
        let set = Cookie::SESSION.set(&KEY, &"ann", 60).unwrap();
        let text = set.to_str().unwrap();
        assert!(text.ends_with("; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"));
        assert!(!text.contains("ann"));
        let headers = sent(&set);
        let read = |cookie: Cookie, key| cookie.read::<String>(key, &headers);
        assert_eq!(read(Cookie::SESSION, &KEY).as_deref(), Some("ann"));
        assert_eq!(read(Cookie::SESSION, &DataKey([2; 32])), None);
        let moved = text.replace(Cookie::SESSION.0, Cookie::SIGN_IN.0);
        let moved = sent(&HeaderValue::from_str(&moved).unwrap());
        assert_eq!(Cookie::SIGN_IN.read::<String>(&KEY, &moved), None);
    }

    #[test]
    fn no_cookie_is_larger_than_browsers_keep() {
        assert_eq!(Cookie::SESSION.set(&KEY, &"a".repeat(4096), 60), None);
    }
}
