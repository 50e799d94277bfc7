//! What the product knows, without AWS, HTTP, clock or environment.

pub mod attribute;
pub mod caller;
pub mod decision;
pub mod email;
pub mod identity;
pub mod key_set;
pub mod language;
pub mod list;
pub mod mail;
pub mod one_time_code;
pub mod policy;
pub mod publication;
pub mod reference;
pub mod shadow;
pub mod sign_up;
