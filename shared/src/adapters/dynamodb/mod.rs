//! The one table. Keys are built in [`keys`], items are the structs of [`items`]; every access pattern
//! is one method here and one row in `docs/data.md`.

mod answers;
mod attempts;
mod audit;
mod chain;
mod client;
mod codes;
mod contention;
mod credentials;
mod dead_letters;
mod deliveries;
mod directory;
mod disposable;
mod endpoints;
mod events;
mod items;
mod keys;
mod lists;
mod look_ups;
mod maintenance;
mod many;
mod policies;
mod redeemer;
mod requests;
mod sign_up;
mod signing_keys;
mod stream;
mod transaction;
mod values;
mod webhooks;

use std::future::Future;

use aws_sdk_dynamodb::{Client, types::AttributeValue};

pub use self::{
    client::ConnectionError,
    stream::{changed_request, happened, stream_record},
};
pub use super::aws::Connection;
use crate::ports::{Deadline, StoreError};

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

fn number(value: impl Into<i128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// What a call comes to by the deadline.
async fn by<T>(
    deadline: Deadline,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout_at(deadline.0, call)
        .await
        .map_err(|_| StoreError::TimedOut)?
}
