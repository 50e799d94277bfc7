//! Attributes that a person typed and claims that we return.

use std::fmt;

/// The name of a built-in attribute or of a custom one, as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeName(String);

impl AttributeName {
    /// `None` for an empty name, which Entra refuses (error 1003026).
    pub fn new(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `Name` of a custom attribute in either form, and a built-in name as it is.
    pub fn short(&self) -> &str {
        const PREFIX: &str = "extension_";
        const APPLICATION_ID: usize = 32;
        if !self.is_custom() {
            return &self.0;
        }
        let rest = self.0.get(PREFIX.len()..).unwrap_or_default();
        match rest.split_once('_') {
            Some((id, short))
                if id.len() == APPLICATION_ID && id.bytes().all(|b| b.is_ascii_hexdigit()) =>
            {
                short
            }
            _ => rest,
        }
    }

    /// Whether this is `extension_<extensions-app-id>_Name` or the short `extension_Name`.
    pub fn is_custom(&self) -> bool {
        self.0
            .get(..10)
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case("extension_"))
    }
}

/// A value as Entra types it: `String`, `Boolean` or `Int` (PROTOCOL 1.2, custom attributes).
#[derive(Clone, PartialEq, Eq)]
pub enum AttributeValue {
    Text(String),
    Flag(bool),
    Number(i64),
}

impl fmt::Debug for AttributeValue {
    /// The kind without the value: what a person typed stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Flag(_) => "Flag(…)",
            Self::Number(_) => "Number(…)",
        })
    }
}

/// A value that we return: one of an attribute's types, or a list where the protocol has a form for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    One(AttributeValue),
    Many(Vec<String>),
}

/// Claims or corrected attributes to return, in the order given.
pub type Claims = Vec<(AttributeName, ClaimValue)>;
