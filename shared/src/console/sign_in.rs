//! Signing in at Entra: an authorization code (RFC 6749 4.1) with PKCE (RFC 7636) for an ID token (OpenID Connect Core 3.1).

use axum::http::HeaderValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    Console, SIGNED_IN, cookies::Cookie, destination::Destination, problem::Problem,
    roles::Approver, secret::Credentials, session::random,
};
use crate::{
    http::{Expected, verified},
    ports::{
        Deadline,
        data_keys::DataKey,
        outgoing::{Call, Method, Reply},
    },
};

/// How long somebody may take.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Errors of a token endpoint that may be told (RFC 6749 5.2); any other text could be anything.
const TOKEN_ERRORS: &[&str] = &[
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
];

/// Where the console is, and where people sign in.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// Of the console, such as `https://approvals.contoso.com`.
    pub origin: String,
    /// Where Entra's endpoints and the issuer begin, such as `https://login.microsoftonline.com/<tenant>`.
    pub authority: String,
    /// The only tenant whose people come in.
    pub tenant_id: String,
    /// The name of the secret with the client's credential and the key of the cookies.
    pub secret: String,
}

impl SignInSettings {
    fn redirect_uri(&self) -> String {
        format!("{}{SIGNED_IN}", self.origin)
    }

    pub(super) fn endpoint(&self, name: &str) -> String {
        format!("{}/oauth2/v2.0/{name}", self.authority)
    }

    pub(super) fn issuer(&self) -> String {
        format!("{}/v2.0", self.authority)
    }
}

/// A sign-in under way, as long as it lasts in the browser alone.
#[derive(Serialize, Deserialize)]
pub(super) struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    until: Timestamp,
    /// The page to be shown afterwards.
    to: Option<String>,
}

/// What Entra sends the browser back with.
#[derive(Default, Deserialize)]
pub(super) struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// The claims that tell who signed in.
#[derive(Deserialize)]
struct IdToken {
    nonce: Option<String>,
    oid: Option<String>,
    preferred_username: Option<String>,
    name: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct TokenRefusal {
    error: String,
}

impl Attempt {
    fn new(wanted: Option<&Destination>, now: Timestamp) -> Option<Self> {
        Some(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            until: now.checked_add(PATIENCE).ok()?,
            to: wanted.map(|wanted| wanted.address().to_owned()),
        })
    }

    fn cookie(&self, key: &DataKey) -> Option<HeaderValue> {
        Cookie::SIGN_IN.set(key, self, PATIENCE.as_secs())
    }

    /// What is to be shown afterwards.
    pub(super) fn wanted(&self) -> Option<Destination> {
        Destination::parse(self.to.as_ref()?)
    }

    /// The code, if the answer is to this attempt and in time.
    fn code(&self, answer: Answer, now: Timestamp) -> Result<String, &'static str> {
        let state = answer.state.ok_or("no-state")?;
        if !bool::from(state.as_bytes().ct_eq(self.state.as_bytes())) {
            return Err("other-state");
        }
        if now >= self.until {
            return Err("too-late");
        }
        if answer.error.is_some() {
            return Err("refused");
        }
        answer.code.ok_or("no-code")
    }
}

impl Console {
    /// Where to sign in, and the cookie by which the answer is known again.
    pub(super) fn authorization(
        &self,
        wanted: Option<&Destination>,
        credentials: &Credentials,
    ) -> Option<(String, HeaderValue)> {
        let attempt = Attempt::new(wanted, self.clock.now())?;
        let challenge = digest(&SHA256, attempt.verifier.as_bytes());
        let query = form(&[
            ("client_id", &credentials.client_id),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", &self.settings.redirect_uri()),
            ("scope", "openid profile"),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(challenge)),
            ("code_challenge_method", "S256"),
            ("prompt", "select_account"),
        ]);
        let url = format!("{}?{query}", self.settings.endpoint("authorize"));
        Some((url, attempt.cookie(&credentials.cookie_key)?))
    }

    /// Who signed in, if an answer belongs to an attempt.
    pub(super) async fn signed_in(
        &self,
        attempt: &Attempt,
        answer: Answer,
        credentials: &Credentials,
        deadline: Deadline,
    ) -> Result<Approver, Problem> {
        let failed = |why: &str| Problem::SignInFailed(why.to_owned());
        let code = attempt.code(answer, self.clock.now()).map_err(failed)?;
        let token = self.id_token(&code, attempt, credentials, deadline).await?;
        let expected = Expected {
            issuers: &[self.settings.issuer()],
            audiences: std::slice::from_ref(&credentials.client_id),
            tenant_id: &self.settings.tenant_id,
        };
        let now = self.clock.now();
        let token: IdToken = verified(&token, expected, &self.callers, now, deadline)
            .await
            .map_err(failed)?;
        if token.nonce.as_ref() != Some(&attempt.nonce) {
            return Err(failed("nonce"));
        }
        let id = token.oid.ok_or_else(|| failed("no-object-id"))?;
        let name = token.preferred_username.or(token.name);
        let name = name.unwrap_or_default();
        Approver::new(&id, &name, &token.roles).ok_or(Problem::NoRole)
    }

    async fn id_token(
        &self,
        code: &str,
        attempt: &Attempt,
        credentials: &Credentials,
        deadline: Deadline,
    ) -> Result<String, Problem> {
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("client_id", &credentials.client_id),
            ("client_secret", credentials.client_secret.reveal()),
            ("code", code),
            ("redirect_uri", &self.settings.redirect_uri()),
            ("code_verifier", &attempt.verifier),
        ]);
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let call = Call {
            method: Method::Post,
            url: self.settings.endpoint("token"),
            headers: vec![
                header("content-type", "application/x-www-form-urlencoded"),
                header("accept", "application/json"),
            ],
            body: Some(body.into_bytes()),
            credentials: Vec::new(),
            // A code that is shown twice is refused.
            once: true,
        };
        let reply = self.outgoing.call(&call, deadline).await?;
        if reply.status == 200 {
            let tokens: Option<Tokens> = serde_json::from_slice(&reply.body).ok();
            let malformed = || Problem::SignInFailed("malformed-answer".to_owned());
            return Ok(tokens.ok_or_else(malformed)?.id_token);
        }
        Err(self.token_refused(&reply))
    }

    fn token_refused(&self, reply: &Reply) -> Problem {
        let refusal: Option<TokenRefusal> = serde_json::from_slice(&reply.body).ok();
        let error = refusal.map(|refusal| refusal.error);
        let known = TOKEN_ERRORS
            .iter()
            .find(|known| Some(**known) == error.as_deref());
        let error = known.copied().unwrap_or("another error");
        if error == "invalid_grant" {
            return Problem::SignInFailed(error.to_owned());
        }
        // The secret may have been renewed.
        self.secrets.forget(&self.settings.secret);
        let status = reply.status;
        Problem::Unavailable(format!("the token endpoint answered {status}, {error}"))
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

    #[rstest]
    #[case::right("own", true, None, 0, Ok("code"))]
    #[case::another_s("other", true, None, 0, Err("other-state"))]
    #[case::late("own", true, None, 10, Err("too-late"))]
    #[case::refused("own", false, Some("access_denied"), 0, Err("refused"))]
    #[case::nothing("own", false, None, 0, Err("no-code"))]
    fn an_answer_belongs_to_one_attempt(
        #[case] state: &str,
        #[case] code: bool,
        #[case] error: Option<&str>,
        #[case] minutes: i64,
        #[case] expected: Result<&str, &'static str>,
    ) {
        let attempt = Attempt::new(None, NOW).unwrap();
        let own = attempt.state.clone();
        let answer = Answer {
            code: code.then(|| "code".to_owned()),
            state: Some(if state == "own" {
                own
            } else {
                state.to_owned()
            }),
            error: error.map(str::to_owned),
        };
        let now = NOW + SignedDuration::from_mins(minutes);
        assert_eq!(attempt.code(answer, now), expected.map(str::to_owned));
        let nothing = attempt.code(Answer::default(), NOW);
        assert_eq!(nothing, Err("no-state"));
    }
}
