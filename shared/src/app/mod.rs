//! Use cases: the only place that sequences ports.

pub mod callers;
pub mod credentials;
pub mod decide;
pub mod disposable;
pub mod disposable_publications;
pub mod lists;
pub mod one_time_codes;
pub mod policies;
pub mod publications;
