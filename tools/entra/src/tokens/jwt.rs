//! The compact form of signed tokens (RFC 7515, RFC 7519).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::keys::SigningKey;

/// What a token says, by name.
pub(super) type Claims = Map<String, Value>;

/// The claims of a `json!` object; of anything else, none.
pub(super) fn claims(object: Value) -> Claims {
    match object {
        Value::Object(claims) => claims,
        _ => Claims::new(),
    }
}

/// Signs under the key's own id.
pub(super) fn sign(key: &SigningKey, claims: &Claims) -> String {
    sign_as(key, &key.public.kid, claims)
}

/// Signs under any key id, as a forger would.
pub(super) fn sign_as(key: &SigningKey, kid: &str, claims: &Claims) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256", "kid": kid });
    let signed = format!("{}.{}", encode(&header), encode_claims(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(&signed));
    format!("{signed}.{signature}")
}

/// A token that claims to need no signature (RFC 7518 3.6). Nobody may accept it.
pub(super) fn unsigned(claims: &Claims) -> String {
    let header = json!({ "typ": "JWT", "alg": "none" });
    format!("{}.{}.", encode(&header), encode_claims(claims))
}

/// A token taken apart; nothing of it has been checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parts<'t> {
    pub(super) header: Claims,
    pub(super) claims: Claims,
    /// What the signature is over.
    pub(super) signed: &'t str,
    pub(super) signature: Vec<u8>,
}

/// Takes a token apart, if it has the compact form.
pub(super) fn parts(token: &str) -> Option<Parts<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    Some(Parts {
        header: decode(header)?,
        claims: decode(claims)?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
    })
}

fn encode(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn encode_claims(claims: &Claims) -> String {
    encode(&Value::Object(claims.clone()))
}

fn decode(part: &str) -> Option<Claims> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_put_in_comes_out(values in prop::collection::btree_map(".{0,20}", ".{0,40}", 0..8)) {
            let claims: Claims = values.into_iter().map(|(name, value)| (name, value.into())).collect();
            let token = unsigned(&claims);
            prop_assert_eq!(parts(&token).unwrap().claims, claims);
        }

        #[test]
        fn any_text_is_taken_apart_or_refused(token in r"[A-Za-z0-9_.=-]{0,80}|\PC{0,80}") {
            let _ = parts(&token);
        }
    }
}
