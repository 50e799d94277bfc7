//! The functions from outside: real processes under the Lambda Runtime API, real events, a real
//! table engine, real tokens and certificates.
//!
//! The binaries are those of `target/debug`, or of the folder that `FUNCTIONS_DIR` names; `make
//! test-release` takes those that are deployed. Each test has a table, an Entra and processes of its own.

#![cfg(test)]

mod bodies;
mod campaign;
mod consumers;
mod credentials;
mod decisions;
mod harness;
mod mutual_tls;
mod one_time_codes;
mod personal_data;
mod platform;
mod routes;
mod table;
mod tokens;
