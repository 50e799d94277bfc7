//! What time asks of approval requests: expiry, reminders, what got stuck, accounts that are gone, and those that nobody
//! approved.

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
#[path = "maintenance/unapproved.rs"]
mod unapproved;
#[path = "maintenance/upkeep.rs"]
mod upkeep;
#[path = "maintenance/waiting.rs"]
mod waiting;

#[path = "publishing/mod.rs"]
mod publishing;

#[path = "provisioning/world.rs"]
mod world;
