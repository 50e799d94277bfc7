//! What nobody should have to write by hand: judgements on domains and names that rules can build on.

pub mod disposable;
pub mod free_mail;
pub mod look_alike;
pub mod mixed_script;
