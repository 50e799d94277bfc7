//! The approval console as a browser sees it: signing in at the local Entra, looking at requests, deciding.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

#[path = "console/api.rs"]
mod api;
#[path = "console/applicant.rs"]
mod applicant;
#[path = "console/audit.rs"]
mod audit;
#[path = "console/bulk.rs"]
mod bulk;
#[path = "console/deciding.rs"]
mod deciding;
#[path = "console/languages.rs"]
mod languages;
#[path = "console/links.rs"]
mod links;
#[path = "console/lists.rs"]
mod lists;
mod publishing;
#[path = "console/queue.rs"]
mod queue;
#[path = "console/search.rs"]
mod search;
#[path = "console/signing_in.rs"]
mod signing_in;
#[path = "console/tokens.rs"]
mod tokens;
#[path = "console/words.rs"]
mod words;
#[path = "console/world.rs"]
mod world;
