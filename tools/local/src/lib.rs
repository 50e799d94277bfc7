//! The parts of a deployment on one machine, for `make dev` and for tests.

pub mod bucket;
pub mod engine;
