//! What goes wrong on purpose between a caller and Graph.

use std::{
    io,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{body::Body, http::StatusCode, response::Response};
use futures_util::stream;

use super::error::{GraphError, Hint};
use crate::faults::GraphFaults;

/// Which requests are disturbed. Each fault counts the requests that it could have met, so that of every 100 of them
/// exactly the wanted number is met, in an order that is always the same.
#[derive(Debug, Default)]
pub(super) struct Disturbance {
    throttled: Turns,
    failing: Turns,
    lost: Turns,
    late: Turns,
}

impl Disturbance {
    /// Before a request has any effect.
    pub(super) fn before(&self, faults: &GraphFaults) -> Result<(), GraphError> {
        if let Some(turn) = self.throttled.next(faults.throttled_percent) {
            return Err(throttled(turn));
        }
        match self.failing.next(faults.failing_percent) {
            Some(_) => Err(unavailable()),
            None => Ok(()),
        }
    }

    /// After a write had its effect: whether its answer is lost.
    pub(super) fn loses_answer(&self, faults: &GraphFaults) -> bool {
        self.lost.next(faults.lost_after_commit_percent).is_some()
    }

    /// After a request had its effect: how late it is answered.
    pub(super) fn lateness(&self, faults: &GraphFaults) -> Duration {
        let late = self.late.next(faults.late_percent);
        late.map_or(Duration::ZERO, |_| faults.late_by)
    }
}

fn throttled(turn: u64) -> GraphError {
    GraphError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "TooManyRequests",
        "Too many requests.",
    )
    .with_hint(Hint::RetryAfter(turn % 3 + 1))
}

fn unavailable() -> GraphError {
    GraphError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "ServiceUnavailable",
        "The service is temporarily unavailable.",
    )
}

/// An answer that fails before its first octet: the server closes the connection without having sent anything.
pub(crate) fn no_answer() -> Response {
    let lost: Result<Vec<u8>, _> = Err(io::Error::from(io::ErrorKind::ConnectionReset));
    Response::new(Body::from_stream(stream::iter([lost])))
}

/// Counts from 0 and picks so many of every 100.
#[derive(Debug, Default)]
struct Turns(AtomicU64);

impl Turns {
    /// The number of this turn, if it is picked.
    fn next(&self, percent: u8) -> Option<u64> {
        let turn = self.0.fetch_add(1, Ordering::Relaxed);
        // 37 has no divisor in common with 100: the places of 100 turns are all different, and neighbours are far apart.
        let place = (turn % 100 * 37 + 63) % 100;
        (place < u64::from(percent)).then_some(turn)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn of_100_turns_exactly_the_wanted_number_is_picked(percent in 0_u8..=100, before in 0..500) {
            let turns = Turns::default();
            for _ in 0..before {
                turns.next(50);
            }
            let picked = (0..100).filter(|_| turns.next(percent).is_some()).count();
            prop_assert_eq!(picked, usize::from(percent));
        }
    }

    #[test]
    fn half_of_the_turns_are_not_every_other_one() {
        let turns = Turns::default();
        let picked: Vec<_> = (0..20).map(|_| turns.next(50).is_some()).collect();
        assert!(picked.windows(2).any(|pair| pair == [true, true]));
        assert!(picked.windows(2).any(|pair| pair == [false, false]));
        assert!(
            !picked
                .windows(4)
                .any(|four| four == [true; 4] || four == [false; 4])
        );
    }

    #[test]
    fn the_wait_of_a_throttled_request_is_one_to_three_seconds() {
        let faults = GraphFaults {
            throttled_percent: 100,
            ..GraphFaults::default()
        };
        let disturbance = Disturbance::default();
        let waits = (0..6).map(|_| {
            let error = disturbance.before(&faults).unwrap_err();
            let response =
                error.response(&super::super::error::Ids::of(&axum::http::HeaderMap::new()));
            response.headers()["retry-after"]
                .to_str()
                .unwrap()
                .to_owned()
        });
        assert_eq!(waits.collect::<Vec<_>>(), ["1", "2", "3", "1", "2", "3"]);
    }
}
