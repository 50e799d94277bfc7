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
    digest(&SHA256, &input)
        .as_ref()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
