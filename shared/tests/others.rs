//! Other systems in a decision, as a function meets them: a real table, real HTTP servers on this machine, the real adapters.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "others/approvals.rs"]
mod approvals;
#[path = "others/breaker.rs"]
mod breaker;
#[path = "others/claims.rs"]
mod claims;
#[path = "others/faults.rs"]
mod faults;
#[path = "others/invitations.rs"]
mod invitations;
mod publishing;
#[expect(dead_code, reason = "other tests use more of them")]
mod servers;
#[path = "others/verifications.rs"]
mod verifications;
#[path = "others/world.rs"]
mod world;
