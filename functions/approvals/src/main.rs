//! The function of the approval console: people sign in, look at requests and decide.

use std::process::ExitCode;

use shared::compose;

// One request at a time comes in: one thread is enough, and starts faster.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_approvals().await
}
