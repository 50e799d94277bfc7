//! The release binaries from outside: real processes under the Lambda Runtime API, real events, a real
//! table engine, real tokens and certificates.
//!
//! The binaries are those of `target/release`, or of the folder that `FUNCTIONS_DIR` names; `make
//! build-native` builds them. Each test has a table, an Entra and processes of its own.

#![cfg(test)]

mod bodies;
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
