//! The approval console as a browser sees it: signing in at the local Entra, looking at requests, deciding.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "console/applicant.rs"]
mod applicant;
#[path = "console/deciding.rs"]
mod deciding;
#[path = "console/languages.rs"]
mod languages;
#[path = "console/links.rs"]
mod links;
#[path = "console/queue.rs"]
mod queue;
#[path = "console/signing_in.rs"]
mod signing_in;
#[path = "console/tokens.rs"]
mod tokens;
#[path = "console/world.rs"]
mod world;
