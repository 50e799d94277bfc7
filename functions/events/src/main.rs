//! The function that reads the table's stream, and tells other systems of events.

use std::process::ExitCode;

use shared::compose;

// A batch waits for the table and for those who are told, not for this machine: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_events().await
}
