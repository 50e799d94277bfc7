//! What became of events and tasks, in the words of whoever sends them.

use super::{
    aws::Fault,
    signed::{Answer, is_throttling},
};
use crate::ports::event_bus::SinkError;

impl From<Fault> for SinkError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::TimedOut => Self::TimedOut,
            Fault::Service(code) => refusal(&code.unwrap_or_default()),
            Fault::Other(problem) => Self::Unavailable(problem),
        }
    }
}

impl Answer {
    /// The error of an answer that is none of success.
    pub(super) fn failure(&self) -> SinkError {
        self.failure_of(&self.code().unwrap_or_default())
    }

    /// The same of a service that says the code in another way.
    pub(super) fn failure_of(&self, code: &str) -> SinkError {
        match self.status {
            429 => SinkError::Throttled,
            500.. => SinkError::Unavailable(format!("status {}", self.status)),
            status if code.is_empty() => SinkError::Refused(format!("status {status}")),
            _ => refusal(code),
        }
    }
}

/// Why a service did not take something, by its own code. What is its own fault is told as such.
pub(super) fn refusal(code: &str) -> SinkError {
    if is_throttling(code) {
        return SinkError::Throttled;
    }
    if code.contains("Internal") || code.contains("Unavailable") {
        return SinkError::Unavailable(code.to_owned());
    }
    SinkError::Refused(code.to_owned())
}

/// What became of each of so many by the ids of those that were taken, and of those that were not with the code of each. An
/// id is the place.
pub(super) fn by_place(
    all: usize,
    taken: &[String],
    refused: &[(String, String)],
) -> Vec<Result<(), SinkError>> {
    let ended = (0..all).map(|place| place.to_string()).map(|id| {
        if taken.contains(&id) {
            return Ok(());
        }
        let refused = refused.iter().find(|(of, _)| *of == id);
        let untold = || SinkError::Unavailable("it did not tell what became of it".to_owned());
        Err(refused.map_or_else(untold, |(_, code)| refusal(code)))
    });
    ended.collect()
}
