//! Signing keys from an issuer's OpenID discovery document (OpenID Connect Discovery 1.0).

use std::sync::OnceLock;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use super::{https, told};
use crate::{
    domain::key_set::SigningKey,
    ports::{
        Deadline,
        key_source::{KeySource, KeySourceError},
    },
    wire::jwks::{Discovery, KeySet},
};

/// Largest document that is read; Entra's key sets have about 20 KB.
const MAX_OCTETS: usize = 256 * 1024;

/// Fetches over HTTPS.
#[derive(Debug, Default)]
pub struct EntraKeys {
    client: OnceLock<reqwest::Client>,
}

impl EntraKeys {
    async fn keys(&self, issuer: &str) -> Result<Vec<SigningKey>, String> {
        let base = issuer.trim_end_matches('/');
        // The document's own issuer is not compared: that of `contoso.ciamlogin.com` names the tenant by its
        // id (PROTOCOL 5.10). What vouches for the keys is the host that the trusted issuer names.
        let discovery: Discovery = self
            .document(&format!("{base}/.well-known/openid-configuration"))
            .await?;
        let keys = self
            .document::<KeySet>(&discovery.jwks_uri)
            .await?
            .signing_keys();
        if keys.is_empty() {
            return Err("the key set has no RSA signing key".to_owned());
        }
        Ok(keys)
    }

    async fn document<T: DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let client = if let Some(client) = self.client.get() {
            client
        } else {
            let built = https::client().map_err(|error| told(&error))?;
            self.client.get_or_init(|| built)
        };
        let document = https::get(client, url, MAX_OCTETS, None).await?;
        serde_json::from_slice(&document).map_err(|_| "the document has another form".to_owned())
    }
}

#[async_trait]
impl KeySource for EntraKeys {
    async fn fetch(
        &self,
        issuer: &str,
        deadline: Deadline,
    ) -> Result<Vec<SigningKey>, KeySourceError> {
        let keys = tokio::time::timeout_at(deadline.0, self.keys(issuer))
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()));
        keys.map_err(|problem| KeySourceError {
            issuer: issuer.to_owned(),
            problem,
        })
    }
}
