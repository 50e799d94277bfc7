//! Sets of allowed values in the table: supplier numbers, registration codes, cost centres.

use std::fmt;

use jiff::Timestamp;

use super::normal_form::nfkc;

/// The name of a set: lower-case letters, digits, `-` and `_`, up to 64.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct SetName(String);

impl SetName {
    pub const MAX: usize = 64;

    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        (!text.is_empty() && text.len() <= Self::MAX && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value in the form in which it is compared: without regard to case, spaces around it and the width of its letters
/// (Unicode NFKC).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SetValue(String);

impl fmt::Debug for SetValue {
    /// A code that admits is no less secret than what a person typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetValue(…)")
    }
}

impl SetValue {
    /// In octets of its form.
    pub const MAX_OCTETS: usize = 500;

    /// `None` for nothing and for what is too long to be stored.
    pub fn parse(text: &str) -> Option<Self> {
        let form = nfkc(text.trim()).to_lowercase();
        let form = form.trim();
        (!form.is_empty() && form.len() <= Self::MAX_OCTETS).then(|| Self(form.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub set: SetName,
    pub value: SetValue,
    pub note: String,
    /// It counts before this moment; DynamoDB deletes it some time after.
    pub expires_at: Option<Timestamp>,
}

impl Member {
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_in_one_form() {
        let value = |text| SetValue::parse(text).unwrap();
        assert_eq!(value(" Ab-12 "), value("ａｂ-１２"));
        assert_ne!(value("ab 12"), value("ab12"));
        assert!(SetValue::parse(" \u{3000} ").is_none());
        assert!(SetValue::parse(&"x".repeat(501)).is_none());
    }
}
