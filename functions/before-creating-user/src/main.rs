//! The function of the step `before-creating-user`: its API connector and its custom authentication extension.

use std::process::ExitCode;

use shared::compose;

// One request at a time is all that Lambda sends: one thread starts faster and takes less memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_before_creating_user().await
}
