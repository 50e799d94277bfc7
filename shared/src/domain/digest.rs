//! Fingerprints of what the table is not to hold in clear.

use std::fmt::Write;

use ring::digest::{SHA256, digest};

/// The SHA-256 of parts, each with its length before it, in lower-case hexadecimal.
pub(super) fn hexadecimal(parts: &[&[u8]]) -> String {
    let mut input = Vec::new();
    for part in parts {
        input.extend_from_slice(&(part.len() as u64).to_be_bytes());
        input.extend_from_slice(part);
    }
    sha256(&input)
}

/// The SHA-256 of octets, in lower-case hexadecimal.
pub(super) fn sha256(octets: &[u8]) -> String {
    digest(&SHA256, octets)
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
