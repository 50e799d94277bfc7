//! From the credentials of a call to what proves it on the wire.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, de::DeserializeOwned};

use super::{GuardedHttp, clients::ClientCertificate, exchange::Message, tokens::TokenKey};
use crate::ports::{
    Deadline,
    outgoing::{Call, Credential, OutgoingError},
    secrets::{Secret, SecretError},
};

/// A call with its credentials, and the tokens among them.
pub(super) struct Prepared {
    pub(super) message: Message,
    pub(super) tokens: Vec<(TokenKey, Secret)>,
}

#[derive(Deserialize)]
struct UserAndPassword {
    username: String,
    password: String,
}

impl GuardedHttp {
    pub(super) async fn prepare(
        &self,
        call: &Call,
        deadline: Deadline,
    ) -> Result<Prepared, OutgoingError> {
        let message = Message {
            method: call.method,
            url: call.url.clone(),
            headers: headers(&call.headers)?,
            body: call.body.clone(),
            certificate: None,
            once: call.once,
        };
        let mut prepared = Prepared {
            message,
            tokens: Vec::new(),
        };
        for credential in &call.credentials {
            self.prove(&mut prepared, credential, deadline).await?;
        }
        Ok(prepared)
    }

    async fn prove(
        &self,
        prepared: &mut Prepared,
        credential: &Credential,
        deadline: Deadline,
    ) -> Result<(), OutgoingError> {
        let headers = &mut prepared.message.headers;
        match credential {
            Credential::ApiKey { header, secret } => {
                let key = self.secrets.secret(secret, deadline).await?;
                headers.insert(name(header)?, api_key(secret, &key)?);
            }
            Credential::Basic { secret } => {
                let text = self.secrets.secret(secret, deadline).await?;
                headers.insert(AUTHORIZATION, basic_of(secret, &text)?);
            }
            Credential::ClientCredentials {
                token_url,
                scope,
                secret,
            } => {
                let key = TokenKey {
                    url: token_url.clone(),
                    scope: scope.clone(),
                    secret: secret.clone(),
                };
                let token = self.token(&key, deadline).await?;
                headers.insert(AUTHORIZATION, bearer(&token)?);
                prepared.tokens.push((key, token));
            }
            Credential::ClientCertificate { secret } => {
                let pem = self.secrets.secret(secret, deadline).await?;
                prepared.message.certificate = Some(ClientCertificate {
                    secret: secret.clone(),
                    pem,
                });
            }
        }
        Ok(())
    }
}

/// The name of the secret that a credential is made of.
pub(super) fn secret_of(credential: &Credential) -> &str {
    match credential {
        Credential::ApiKey { secret, .. }
        | Credential::Basic { secret }
        | Credential::ClientCredentials { secret, .. }
        | Credential::ClientCertificate { secret } => secret,
    }
}

/// A secret that is JSON. The parser's own text could show a piece of it and is not told.
pub(super) fn json<T: DeserializeOwned>(
    name: &str,
    secret: &Secret,
    expected: &'static str,
) -> Result<T, SecretError> {
    serde_json::from_str(secret.reveal()).map_err(|_| form(name, expected))
}

/// RFC 7617.
pub(super) fn basic(username: &str, password: &str) -> Option<HeaderValue> {
    let pair = BASE64_STANDARD.encode(format!("{username}:{password}"));
    sensitive(&format!("Basic {pair}"))
}

fn basic_of(name: &str, secret: &Secret) -> Result<HeaderValue, SecretError> {
    const FORM: &str = "JSON with the texts `username`, without a colon, and `password`";
    let pair: UserAndPassword = json(name, secret, FORM)?;
    Some(pair)
        .filter(|pair| !pair.username.contains(':'))
        .and_then(|pair| basic(&pair.username, &pair.password))
        .ok_or_else(|| form(name, FORM))
}

/// Whoever stores a key in a file leaves a line's end behind it.
fn api_key(name: &str, secret: &Secret) -> Result<HeaderValue, SecretError> {
    Some(secret.reveal().trim())
        .filter(|key| !key.is_empty())
        .and_then(sensitive)
        .ok_or_else(|| form(name, "one line of ASCII"))
}

/// RFC 6750 section 2.1.
fn bearer(token: &Secret) -> Result<HeaderValue, OutgoingError> {
    sensitive(&format!("Bearer {}", token.reveal()))
        .ok_or_else(|| OutgoingError::Token("it does not fit into a header".to_owned()))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, OutgoingError> {
    let mut headers = HeaderMap::new();
    for (header, value) in pairs {
        let value = HeaderValue::from_str(value).map_err(|_| no_header(header))?;
        headers.append(name(header)?, value);
    }
    Ok(headers)
}

fn name(header: &str) -> Result<HeaderName, OutgoingError> {
    HeaderName::try_from(header).map_err(|_| no_header(header))
}

fn no_header(header: &str) -> OutgoingError {
    OutgoingError::NotPermitted(format!(
        "the header `{header}` has characters that HTTP does not have there"
    ))
}

fn form(name: &str, expected: &'static str) -> SecretError {
    SecretError::Form {
        name: name.to_owned(),
        expected,
    }
}
