//! The clock of the machine.

use jiff::Timestamp;

use crate::ports::clock::Clock;

#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter of the `Clock` port"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
