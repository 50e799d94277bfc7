//! The approval console as a browser sees it: signing in at the local Entra, looking at requests, deciding.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "console/deciding.rs"]
mod deciding;
#[path = "console/queue.rs"]
mod queue;
#[path = "console/signing_in.rs"]
mod signing_in;
#[path = "console/world.rs"]
mod world;
