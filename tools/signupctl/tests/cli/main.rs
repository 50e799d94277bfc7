//! The real binary against a real table: every command, and what it says and returns.

// Clippy lets tests panic; with this their helpers, too.
#![cfg(test)]

mod audit;
mod chain;
mod claims;
mod codes;
mod credentials;
mod desk;
mod disposable;
mod endpoints;
mod entries;
mod events;
mod import;
mod keys;
mod mutual_tls;
mod policies;
mod policy_files;
mod requests;
mod trial;
mod usage;
mod values;
