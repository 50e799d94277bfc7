//! What runs the function `maintenance` by the clock. In a deployment a schedule does it.

use std::{convert::Infallible, time::Duration};

use serde_json::json;
use tokio::time::sleep;

use crate::{invocation::invoke, output};

pub(crate) const FUNCTION: &str = "maintenance";

/// More often than in a deployment: somebody looks on.
const EVERY: Duration = Duration::from_mins(1);

/// One run after the other.
pub(crate) async fn run(port: u16) -> Infallible {
    loop {
        if let Err(problem) = invoke(port, FUNCTION, &json!({})).await {
            output::error_line(
                format!("requests that wait are not looked at: {problem}").as_bytes(),
            );
        }
        sleep(EVERY).await;
    }
}
