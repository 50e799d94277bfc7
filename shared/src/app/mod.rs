//! Use cases: the only place that sequences ports.

pub mod advice;
pub mod approvals;
pub mod breakers;
pub mod callers;
pub mod codes;
pub mod collections;
pub mod credentials;
pub mod decide;
pub mod disposable;
pub mod disposable_publications;
pub mod known_domains;
pub mod last_steps;
mod lease;
pub mod links;
pub mod lists;
pub mod look_ups;
pub mod maintenance;
pub mod notices;
pub mod one_time_codes;
mod place;
pub mod policies;
pub mod provisioning;
pub mod publications;
pub mod readiness;
pub mod requests;
pub mod sealing;
pub mod verifications;
