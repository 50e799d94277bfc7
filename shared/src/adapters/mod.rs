//! The ports' other side: DynamoDB, other systems and their secrets, data keys, identity providers, mail services, Entra's key
//! endpoints, who is told of events, Lambda, the system clock.

mod aws;
mod aws_http;
#[cfg(feature = "requests")]
pub mod data_keys;
pub mod dynamodb;
pub mod entra_keys;
#[cfg(feature = "events")]
pub mod event_bus;
pub mod graph;
pub mod https;
pub mod lambda;
#[cfg(feature = "mail")]
pub mod mail;
#[cfg(feature = "events")]
pub mod objects;
pub mod outgoing;
pub mod private_hosts;
pub mod queue;
pub mod schedule;
pub mod secrets;
mod signed;
#[cfg(feature = "events")]
mod sinks;
#[cfg(feature = "events")]
pub mod stream_events;
pub mod system_clock;
#[cfg(feature = "events")]
pub mod task_queue;
#[cfg(feature = "events")]
pub mod topic;
mod trust;
pub mod verification;

/// An error with its causes, which most libraries leave out of its text.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
