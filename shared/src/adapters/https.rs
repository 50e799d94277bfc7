//! The one HTTP client for everything that is not DynamoDB.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, StatusCode, Url};

use super::told;

/// How long an operator waits for a list.
const TEXT_TAKES: Duration = Duration::from_secs(30);

/// Largest text that is read.
const MAX_TEXT_OCTETS: usize = 1024 * 1024;

/// A text from a URL that an operator gives; the error says what is wrong.
pub async fn text(url: &str) -> Result<String, String> {
    let client = client().map_err(|error| told(&error))?;
    let octets = get(&client, url, MAX_TEXT_OCTETS, Some(TEXT_TAKES)).await?;
    String::from_utf8(octets).map_err(|_| "the document is not UTF-8".to_owned())
}

/// A document over HTTPS; plain HTTP only from this very machine, where the local Entra runs. Without a time of its own
/// it has the client's.
pub(super) async fn get(
    client: &Client,
    url: &str,
    most: usize,
    takes: Option<Duration>,
) -> Result<Vec<u8>, String> {
    let address = Url::parse(url).map_err(|_| "its address is no URL".to_owned())?;
    if !is_permitted(&address) {
        return Err(format!("`{url}` is not HTTPS"));
    }
    let mut request = client.get(address);
    if let Some(takes) = takes {
        request = request.timeout(takes);
    }
    let mut response = request.send().await.map_err(|error| told(&error))?;
    if response.status() != StatusCode::OK {
        return Err(format!("HTTP status {}", response.status().as_u16()));
    }
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| told(&error))? {
        document.extend_from_slice(&chunk);
        if document.len() > most {
            return Err(format!("the document is longer than {most} octets"));
        }
    }
    Ok(document)
}

fn is_permitted(url: &Url) -> bool {
    let loopback = match url.host_str() {
        Some("localhost" | "127.0.0.1" | "[::1]") => true,
        Some(_) | None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

/// Built when it is first needed: most starts never fetch anything.
pub(super) fn client() -> Result<reqwest::Client, reqwest::Error> {
    // `ring` for the whole tree; an error means that it is installed already.
    let _ = rustls::crypto::CryptoProvider::install_default((*provider()).clone());
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(1))
        .timeout(Duration::from_secs(3))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("signup-connectors")
        .build()
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        let permitted = |url: &str| is_permitted(&Url::parse(url).unwrap());
        assert!(permitted("https://login.microsoftonline.com/x"));
        assert!(permitted("http://127.0.0.1:7000/x"));
        assert!(!permitted("http://login.microsoftonline.com/x"));
        assert!(!permitted("http://127.0.0.1.example.com/x"));
        assert!(!permitted("file:///etc/passwd"));
    }
}
