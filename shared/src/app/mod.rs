//! Use cases: the only place that sequences ports.

pub mod callers;
pub mod credentials;
pub mod decide;
pub mod lists;
