//! API connectors (PROTOCOL 1): the request of each step, and what Entra makes of the answer.

mod judge;
mod request;

pub use self::{judge::judge, request::request};
