//! Custom authentication extensions (PROTOCOL 5): the request of each step, and what Entra makes of the answer.

mod judge;
mod request;

pub use self::{judge::judge, request::request};
