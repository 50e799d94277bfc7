//! The function that tells endpoints of events.

use std::process::ExitCode;

use shared::compose;

// The tasks of a batch wait for endpoints, not for this machine: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_webhooks().await
}
