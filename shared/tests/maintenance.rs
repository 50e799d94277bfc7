//! What time asks of approval requests: expiry, reminders, what got stuck, and accounts that are gone.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "maintenance/accounts.rs"]
mod accounts;
#[path = "maintenance/function.rs"]
mod function;
#[path = "maintenance/stuck.rs"]
mod stuck;
#[path = "maintenance/upkeep.rs"]
mod upkeep;
#[path = "maintenance/waiting.rs"]
mod waiting;

#[path = "publishing/mod.rs"]
mod publishing;

#[expect(dead_code, reason = "what else is in it is for `provisioning`")]
#[path = "provisioning/world.rs"]
mod world;
