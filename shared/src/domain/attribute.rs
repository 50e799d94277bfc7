//! Attributes that a person typed and claims that we return.

use std::fmt;

/// What the names of custom attributes begin with.
const PREFIX: &str = "extension_";

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
        short(&self.0)
    }

    /// Whether this is `extension_<extensions-app-id>_Name` or the short `extension_Name`.
    pub fn is_custom(&self) -> bool {
        is_custom(&self.0)
    }
}

/// As [`AttributeName::short`], of a name that is only looked at.
pub fn short(name: &str) -> &str {
    const APPLICATION_ID: usize = 32;
    if !is_custom(name) {
        return name;
    }
    let rest = name.get(PREFIX.len()..).unwrap_or_default();
    match rest.split_once('_') {
        Some((id, short))
            if id.len() == APPLICATION_ID && id.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            short
        }
        _ => rest,
    }
}

fn is_custom(name: &str) -> bool {
    name.get(..PREFIX.len())
        .is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
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
