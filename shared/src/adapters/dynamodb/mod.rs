//! The one table. Keys are built in [`keys`], items are the structs of [`items`]; every access pattern
//! is one method here and one row in `docs/data.md`.

mod client;
mod credentials;
mod disposable;
mod items;
mod keys;
mod lists;
mod otp_deliveries;
mod policies;
mod sign_up;
mod signing_keys;

use aws_sdk_dynamodb::Client;

pub use self::client::{Connection, ConnectionError};

/// The adapter of every port that the table serves.
#[derive(Debug, Clone)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    pub fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}
