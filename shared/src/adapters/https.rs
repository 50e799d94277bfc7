//! The one HTTP client for everything that is not DynamoDB.

use std::{sync::Arc, time::Duration};

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
