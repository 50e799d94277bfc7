//! The function that mails one-time codes: a custom authentication extension.

use std::process::ExitCode;

use shared::compose;

// One request at a time is all that Lambda sends: one thread starts faster and takes less memory.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    compose::run_otp_send().await
}
