//! Settings: read once at the start, typed, and refused with every problem at once.
//!
//! `docs/configuration.md` is the reference; a test keeps it complete.

mod env;
mod mail;
mod settings;

pub use self::{
    env::{Environment, ProcessEnvironment},
    mail::{MAIL_NAMES, MailSettings, MailTransport},
    settings::{NAMES, Problem, Settings, entra_issuers},
};
