//! What the product knows, without AWS, HTTP, clock or environment.

pub mod approval;
pub mod attribute;
pub mod audit;
pub mod caller;
pub mod code;
pub mod decision;
mod digest;
pub mod directory;
pub mod email;
pub mod identity;
pub mod key_set;
pub mod language;
pub mod list;
pub mod look_up;
pub mod lure;
pub mod mail;
pub mod one_time_code;
pub mod person;
pub mod policy;
pub mod publication;
pub mod reference;
pub mod shadow;
pub mod sign_up;
pub mod source;
pub mod value_set;
pub mod verification;
