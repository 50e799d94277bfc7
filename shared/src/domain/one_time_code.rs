//! A one-time code on its way into somebody's inbox.

use std::fmt;

use ring::digest::{SHA256, digest};

/// Longest code that is sent; Entra's have eight digits.
const MAX_OCTETS: usize = 32;

/// A live credential: it stands in the mail and nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=MAX_OCTETS).contains(&text.len());
        let plain = text.bytes().all(|octet| octet.is_ascii_alphanumeric());
        (fits && plain).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

/// What is the same for a request and its retry, and for no other code.
///
/// A digest, so that neither the code nor the address is stored. `parts` must include something that a reader of the table
/// cannot guess.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliveryId(String);

impl DeliveryId {
    pub fn derive(parts: &[&str]) -> Self {
        let mut input = Vec::new();
        for part in parts {
            input.extend_from_slice(&(part.len() as u64).to_be_bytes());
            input.extend_from_slice(part.as_bytes());
        }
        let digits = digest(&SHA256, &input);
        let digits = digits.as_ref().iter().map(|octet| format!("{octet:02x}"));
        Self(digits.collect())
    }

    /// In hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::digits("12345678", true)]
    #[case::letters("AB12", true)]
    #[case::markup("<b>1</b>", false)]
    #[case::line_break("12\n34", false)]
    #[case::long("123456789012345678901234567890123", false)]
    #[case::empty(" ", false)]
    fn a_code_is_letters_and_digits(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(OneTimeCode::parse(text).is_some(), expected);
    }

    #[test]
    fn an_id_tells_its_parts_apart() {
        let id = DeliveryId::derive(&["ab", "c"]);
        assert_eq!(id, DeliveryId::derive(&["ab", "c"]));
        assert_ne!(id, DeliveryId::derive(&["a", "bc"]));
        assert_eq!(id.as_str().len(), 64);
    }

    #[test]
    fn a_code_is_not_shown() {
        let code = OneTimeCode::parse("12345678").unwrap();
        assert_eq!(format!("{code:?}"), "OneTimeCode(…)");
    }
}
