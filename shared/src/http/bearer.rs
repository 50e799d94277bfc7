//! Entra's bearer token, fully verified (PROTOCOL 5.10; JWT: RFC 7519, JWS: RFC 7515).

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    app::callers::Callers,
    domain::{
        caller::{Caller, EntraTrust},
        key_set::SigningKey,
    },
    ports::Deadline,
};

/// Allowed difference between Entra's clock and ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// Longest token that is read; Entra's are about 1.5 KB.
const MAX_OCTETS: usize = 16 * 1024;

/// A token whose signature has not been checked: good for finding its key, and for nothing else.
#[derive(Debug)]
pub struct UnverifiedToken<'t> {
    signed: &'t str,
    signature: Vec<u8>,
    header: Header,
    claims: Claims,
    /// All that it says.
    payload: Value,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: String,
    crit: Option<Value>,
}

/// The claims of every token.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    tid: String,
}

/// The claims that tell which application calls.
#[derive(Debug, Deserialize)]
struct CallerClaims {
    ver: String,
    azp: Option<String>,
    appid: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn includes(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

impl<'t> UnverifiedToken<'t> {
    /// Reads the compact form; only RS256 without critical extensions is understood.
    pub fn parse(token: &'t str) -> Option<Self> {
        if token.len() > MAX_OCTETS {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&decode(header)?).ok()?;
        let payload: Value = serde_json::from_slice(&decode(claims)?).ok()?;
        if header.alg != "RS256" || header.crit.is_some() {
            return None;
        }
        Some(Self {
            signed,
            signature: decode(signature)?,
            header,
            claims: Claims::deserialize(&payload).ok()?,
            payload,
        })
    }

    fn is_signed_by(&self, key: &SigningKey) -> bool {
        RsaPublicKeyComponents {
            n: &key.modulus,
            e: &key.exponent,
        }
        .verify(
            &RSA_PKCS1_2048_8192_SHA256,
            self.signed.as_bytes(),
            &self.signature,
        )
        .is_ok()
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

/// Whose tokens count, and for whom they have to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected<'e> {
    pub(crate) issuers: &'e [String],
    pub(crate) audiences: &'e [String],
    pub(crate) tenant_id: &'e str,
}

/// The token of an `Authorization: Bearer …` header.
pub(crate) fn bearer_token(header: &[u8]) -> Option<&str> {
    let (scheme, token) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_matches(' '))
}

/// The verified caller, or the code of what is wrong.
pub(super) async fn verify(
    header: &[u8],
    trust: &EntraTrust,
    callers: &Arc<Callers>,
    now: Timestamp,
    deadline: Deadline,
) -> Result<Caller, &'static str> {
    let token = bearer_token(header).ok_or("no-bearer-token")?;
    let expected = Expected {
        issuers: &trust.issuers,
        audiences: &trust.audiences,
        tenant_id: &trust.tenant_id,
    };
    let claims: CallerClaims = verified(token, expected, callers, now, deadline).await?;
    check_caller(&claims, trust)?;
    Ok(Caller::Entra {
        tenant_id: trust.tenant_id.clone(),
    })
}

/// What a token says whose signature, times, audience and tenant are right, or the code of what is wrong.
pub(crate) async fn verified<C: DeserializeOwned>(
    token: &str,
    expected: Expected<'_>,
    callers: &Arc<Callers>,
    now: Timestamp,
    deadline: Deadline,
) -> Result<C, &'static str> {
    let token = UnverifiedToken::parse(token).ok_or("malformed-token")?;
    // The issuer is looked up in our own list before it is used to find a key.
    let issuer = expected
        .issuers
        .iter()
        .find(|known| **known == token.claims.iss)
        .ok_or("issuer")?;
    let key = callers
        .signing_key(issuer, &token.header.kid, deadline)
        .await
        .ok_or("unknown-key")?;
    if !token.is_signed_by(&key) {
        return Err("signature");
    }
    check(&token.claims, expected, now)?;
    C::deserialize(token.payload).map_err(|_| "malformed-token")
}

fn check(claims: &Claims, expected: Expected<'_>, now: Timestamp) -> Result<(), &'static str> {
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| "time");
    if now
        >= time(claims.exp)?
            .saturating_add(LEEWAY)
            .map_err(|_| "time")?
    {
        return Err("expired");
    }
    if let Some(nbf) = claims.nbf
        && now.saturating_add(LEEWAY).map_err(|_| "time")? < time(nbf)?
    {
        return Err("not-yet-valid");
    }
    if !expected
        .audiences
        .iter()
        .any(|audience| claims.aud.includes(audience))
    {
        return Err("audience");
    }
    if !claims.tid.eq_ignore_ascii_case(expected.tenant_id) {
        return Err("tenant");
    }
    Ok(())
}

fn check_caller(claims: &CallerClaims, trust: &EntraTrust) -> Result<(), &'static str> {
    let caller = match claims.ver.as_str() {
        "2.0" => claims.azp.as_deref(),
        "1.0" => claims.appid.as_deref(),
        _ => return Err("version"),
    };
    if caller.is_none_or(|app| !app.eq_ignore_ascii_case(&trust.caller_app_id)) {
        return Err("calling-application");
    }
    Ok(())
}
