//! Mails about approval requests: who gets which, in which words, and that each is sent once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "notices/applicants.rs"]
mod applicants;
#[path = "notices/approvers.rs"]
mod approvers;
#[path = "notices/once.rs"]
mod once;
mod publishing;
#[path = "notices/world.rs"]
mod world;
