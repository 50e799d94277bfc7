//! The JSON of Entra exactly as it is on the wire, in `serde` terms and nothing else.
//!
//! Sources of the rules: PROTOCOL sections 1 and 5. Unknown members are accepted on input and never
//! written; a missing member, `null` and `""` mean the same.

pub mod api_connector;
pub mod auth_extension;
mod json;
pub mod jwks;
mod scalar;

pub(crate) use json::Object;
pub use json::{Fault, FaultKind, parse};
pub use scalar::{AnyScalar, Text};
