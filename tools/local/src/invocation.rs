//! Invoking a function that no URL leads to, as AWS does.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    http,
    problem::{Problem, system},
};

/// Each function gives up before.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where `cargo lambda watch` takes a function's events, as Lambda does.
pub(crate) fn path(function: &str) -> String {
    format!("/2015-03-31/functions/{function}/invocations")
}

/// Has a function take an event; gives its whole answer. What became of it stands in the function's log.
pub(crate) async fn invoke(port: u16, function: &str, event: &Value) -> Result<String, Problem> {
    let (path, event) = (path(function), event.to_string());
    let answer = timeout(PATIENCE, http::exchange(port, &path, "", &event)).await;
    let answer = answer
        .map_err(|_| Problem::NotReady {
            path: path.clone(),
            seconds: PATIENCE.as_secs(),
        })?
        .map_err(system(path.clone()))?;
    let status = http::status(&answer);
    if status == "200" {
        return Ok(answer);
    }
    Err(Problem::Answer {
        path,
        found: status.to_owned(),
    })
}
