//! Mail services.

mod mime;
mod ses;
mod smtp;

pub use self::{ses::Ses, smtp::Smtp};
