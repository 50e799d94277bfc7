//! The wire as the documentation has it: what is sent is compared octet by octet, and what comes back is understood
//! only if Microsoft says that it is.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod any_answer;
mod connector_answers;
mod connector_requests;
mod dependencies;
mod extension_answers;
mod extension_requests;
mod flows;
