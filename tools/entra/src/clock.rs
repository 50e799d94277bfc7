//! The one place where the simulator asks for the time.

use jiff::Timestamp;

#[expect(
    clippy::disallowed_methods,
    reason = "the simulator's own clock; nothing of the product runs here"
)]
pub fn now() -> Timestamp {
    Timestamp::now()
}
