//! The core of signup-connectors.
//!
//! `domain` knows the rules, `ports` say what the use cases of `app` need from the world, `adapters`
//! provide it, `wire` is Entra's JSON, `http` takes a request through authenticate, parse, decide and
//! render, and `compose` puts a function together. `docs/architecture.md` has the picture.

pub mod adapters;
pub mod app;
pub mod compose;
pub mod config;
#[cfg(feature = "console")]
pub mod console;
pub mod domain;
pub mod http;
pub mod i18n;
pub mod policy;
pub mod ports;
pub mod telemetry;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod wire;
