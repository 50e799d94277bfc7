//! The function that makes the accounts of approved requests.

use std::process::ExitCode;

use shared::compose;

// The requests of a batch wait for Graph, not for this machine: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_provisioning().await
}
