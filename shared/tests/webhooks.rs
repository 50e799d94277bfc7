//! Telling endpoints of events: signed, tried again, given up, and nobody kept waiting by somebody else.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "webhooks/answers.rs"]
mod answers;
#[path = "webhooks/campaign.rs"]
mod campaign;
#[path = "webhooks/guard.rs"]
mod guard;
#[path = "webhooks/memory.rs"]
mod memory;
#[path = "webhooks/personal.rs"]
mod personal;
#[path = "webhooks/queue.rs"]
mod queue;
#[expect(dead_code, reason = "not every kind of server is needed")]
mod servers;
#[path = "webhooks/spared.rs"]
mod spared;
#[path = "webhooks/turns.rs"]
mod turns;
#[path = "webhooks/world.rs"]
mod world;
