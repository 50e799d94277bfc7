//! OpenID discovery documents and JSON Web Key Sets (RFC 7517), as far as RS256 needs them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::domain::key_set::SigningKey;

#[derive(Debug, Deserialize)]
pub struct Discovery {
    pub jwks_uri: String,
}

#[derive(Debug, Deserialize)]
pub struct KeySet {
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    #[serde(rename = "use")]
    usage: Option<String>,
    alg: Option<String>,
    kid: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// The RSA keys for signatures that can be read; a set may hold others.
    pub fn signing_keys(self) -> Vec<SigningKey> {
        self.keys.into_iter().filter_map(Key::signing_key).collect()
    }
}

impl Key {
    fn signing_key(self) -> Option<SigningKey> {
        let rsa = self.kty == "RSA"
            && self.usage.as_deref().unwrap_or("sig") == "sig"
            && self.alg.as_deref().unwrap_or("RS256") == "RS256";
        if !rsa {
            return None;
        }
        Some(SigningKey {
            kid: self.kid.filter(|kid| !kid.is_empty())?,
            modulus: without_leading_zeros(URL_SAFE_NO_PAD.decode(self.n?).ok()?),
            exponent: without_leading_zeros(URL_SAFE_NO_PAD.decode(self.e?).ok()?),
        })
    }
}

fn without_leading_zeros(number: Vec<u8>) -> Vec<u8> {
    number.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_rsa_signing_keys_and_leaves_the_rest() {
        let set: KeySet = serde_json::from_str(
            r#"{"keys":[
                {"kty":"RSA","use":"sig","kid":"a","n":"AAECAw","e":"AQAB"},
                {"kty":"RSA","use":"enc","kid":"b","n":"AQID","e":"AQAB"},
                {"kty":"EC","kid":"c","crv":"P-256"},
                {"kty":"RSA","kid":"d","n":"%%%","e":"AQAB"},
                {"kty":"RSA","n":"AQID","e":"AQAB"}]}"#,
        )
        .unwrap();
        let keys = set.signing_keys();
        assert_eq!(keys.len(), 1);
        assert_eq!(
            (keys[0].kid.as_str(), keys[0].modulus.as_slice()),
            ("a", &[1, 2, 3][..])
        );
    }
}
