//! The short code that ties what a person saw to one line of the log.

use std::fmt;

use ring::digest::{SHA256, digest};

/// Crockford's alphabet: no I, L, O or U, so a code survives being read out on the telephone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Forty bits as `7K3M-Q2ZT`.
///
/// Derived from what identifies the request, never drawn at random, so that the one retry Entra makes
/// shows the person the same code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReferenceCode([u8; 8]);

impl ReferenceCode {
    /// `parts` must include something that a reader of the log cannot guess when any of them is
    /// personal data; otherwise the code would confirm a guess.
    pub fn derive(parts: &[&[u8]]) -> Self {
        let mut input = Vec::new();
        for part in parts {
            input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            input.extend_from_slice(part);
        }
        let hash = digest(&SHA256, &input);
        let bits = hash
            .as_ref()
            .iter()
            .take(5)
            .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        Self(std::array::from_fn(|position| {
            let index = usize::try_from(bits >> (35 - 5 * position) & 31).unwrap_or_default();
            ALPHABET.get(index).copied().unwrap_or(b'0')
        }))
    }
}

impl fmt::Display for ReferenceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, letter) in self.0.iter().enumerate() {
            if position == 4 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_has_the_same_code() {
        let code = ReferenceCode::derive(&[b"step", b"content"]);
        assert_eq!(code, ReferenceCode::derive(&[b"step", b"content"]));
        assert_ne!(code, ReferenceCode::derive(&[b"stepc", b"ontent"]));
        let text = code.to_string();
        assert_eq!(text.len(), 9);
        assert_eq!(text.find('-'), Some(4));
    }
}
