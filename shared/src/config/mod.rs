//! Settings: read once at the start, typed, and refused with every problem at once.
//!
//! `docs/configuration.md` is the reference; a test keeps it complete.

mod env;
mod settings;

pub use self::{
    env::{Environment, ProcessEnvironment},
    settings::{NAMES, Problem, Settings, entra_issuers},
};
