//! The one way to an HTTP client for everything that is not AWS.

use std::time::Duration;

use reqwest::{Client, ClientBuilder, StatusCode, Url};

use super::{private_hosts::PrivateHosts, told};

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
    if !PrivateHosts::this_machine().permit_scheme_of(&address) {
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

/// Built when it is first needed: most starts never fetch anything.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    usual().build()
}

/// With the times that are enough for most.
pub(super) fn usual() -> ClientBuilder {
    builder()
        .connect_timeout(Duration::from_secs(1))
        .timeout(Duration::from_secs(3))
}

/// What every client has: `ring` for TLS, and no redirection followed.
pub(super) fn builder() -> ClientBuilder {
    choose_ring();
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent("signup-connectors")
}

/// For the whole tree.
pub(super) fn choose_ring() {
    // An error means that it is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
