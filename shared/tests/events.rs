//! From changes of the table to those who are told of them, over the embedded engine's stream.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "events/again.rs"]
mod again;
#[path = "events/function.rs"]
mod function;
#[path = "events/kinds.rs"]
mod kinds;
mod publishing;
#[expect(dead_code, reason = "other tests need more of it")]
mod servers;
#[path = "events/sinks.rs"]
mod sinks;
#[path = "events/unreadable.rs"]
mod unreadable;
#[path = "events/world.rs"]
mod world;
