//! The function that mails notices about approval requests.

use std::process::ExitCode;

use shared::compose;

// The notices of a batch wait for the mail service, not for this machine: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_notices().await
}
