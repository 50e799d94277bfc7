//! The function that does what time asks of approval requests.

use std::process::ExitCode;

use shared::compose;

// It waits for the table and for Graph, not for this machine: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_maintenance().await
}
