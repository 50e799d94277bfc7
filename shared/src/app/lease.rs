//! Having a piece of work to oneself.

use jiff::{SignedDuration, Timestamp};
use ring::rand::{SystemRandom, generate};

use crate::ports::{Deadline, Lease, clock::Clock};

/// Until the work is given up: nothing is done after that.
pub(super) fn lease(clock: &dyn Clock, deadline: Deadline) -> Lease {
    let from = clock.now();
    let left = SignedDuration::try_from(deadline.left()).unwrap_or(SignedDuration::MAX);
    let until = from.saturating_add(left).unwrap_or(Timestamp::MAX);
    let random = generate::<[u8; 8]>(&SystemRandom::new()).map(ring::rand::Random::expose);
    Lease {
        // Without random numbers the moment has to do.
        holder: random.map_or(until.as_millisecond().unsigned_abs(), u64::from_be_bytes),
        from,
        until,
    }
}
