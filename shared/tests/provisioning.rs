//! From an approved request to exactly one account: the golden cases, and everything that can go wrong in between.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "provisioning/campaign.rs"]
mod campaign;
#[path = "provisioning/crashes.rs"]
mod crashes;
#[path = "provisioning/function.rs"]
mod function;
#[path = "provisioning/golden.rs"]
mod golden;
#[path = "provisioning/graph.rs"]
mod graph;
#[path = "provisioning/world.rs"]
mod world;
