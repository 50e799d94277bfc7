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

/// Fetches over HTTPS; plain HTTP only from this very machine, where the local Entra runs.
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
        let url = reqwest::Url::parse(url).map_err(|_| "its address is no URL".to_owned())?;
        if !is_permitted(&url) {
            return Err(format!("`{url}` is not HTTPS"));
        }
        let client = if let Some(client) = self.client.get() {
            client
        } else {
            let built = https::client().map_err(|error| told(&error))?;
            self.client.get_or_init(|| built)
        };
        let mut response = client.get(url).send().await.map_err(|error| told(&error))?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(format!("HTTP status {}", response.status().as_u16()));
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
            document.extend_from_slice(&chunk);
            if document.len() > MAX_OCTETS {
                return Err(format!("the document is longer than {MAX_OCTETS} octets"));
            }
        }
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

fn is_permitted(url: &reqwest::Url) -> bool {
    let loopback = match url.host_str() {
        Some("localhost" | "127.0.0.1" | "[::1]") => true,
        Some(_) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let permitted = |url: &str| is_permitted(&reqwest::Url::parse(url).unwrap());
        assert!(permitted("https://login.microsoftonline.com/x"));
        assert!(permitted("http://127.0.0.1:7000/x"));
        assert!(!permitted("http://login.microsoftonline.com/x"));
        assert!(!permitted("http://127.0.0.1.example.com/x"));
        assert!(!permitted("file:///etc/passwd"));
    }
}
