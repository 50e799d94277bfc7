//! The ports' other side: DynamoDB, other systems and their secrets, data keys, identity providers, mail services, Entra's key
//! endpoints, Lambda, the system clock.

mod aws;
#[cfg(feature = "requests")]
pub mod data_keys;
pub mod dynamodb;
pub mod entra_keys;
pub mod graph;
pub mod https;
pub mod lambda;
#[cfg(feature = "mail")]
pub mod mail;
pub mod outgoing;
pub mod private_hosts;
pub mod queue;
pub mod schedule;
pub mod secrets;
pub mod system_clock;
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
