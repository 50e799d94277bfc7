//! Attributes that a person typed and claims that we return.

use std::fmt;

/// What the names of custom attributes begin with.
const PREFIX: &str = "extension_";

/// The app id of Entra's extensions app, as it stands in the names of custom attributes: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ExtensionsApp(String);

impl ExtensionsApp {
    /// A GUID, with or without dashes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.replace('-', "").to_lowercase();
        is_app_id(&digits).then_some(Self(digits))
    }
}

/// The name of a built-in attribute or of a custom one, as it stood on the wire.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
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

    /// The long form of a custom attribute, the only one by which extensions know it (PROTOCOL 5.4).
    #[must_use]
    pub fn of_app(self, app: &ExtensionsApp) -> Self {
        let is_short = self.is_custom() && self.0.get(PREFIX.len()..) == Some(self.short());
        if is_short {
            return Self(format!("{PREFIX}{}_{}", app.0, self.short()));
        }
        self
    }

    /// Whether this is `extension_<extensions-app-id>_Name` or the short `extension_Name`.
    pub fn is_custom(&self) -> bool {
        is_custom(&self.0)
    }
}

/// As [`AttributeName::short`], of a name that is only looked at.
pub fn short(name: &str) -> &str {
    if !is_custom(name) {
        return name;
    }
    let rest = name.get(PREFIX.len()..).unwrap_or_default();
    match rest.split_once('_') {
        Some((id, short)) if is_app_id(id) => short,
        _ => rest,
    }
}

fn is_app_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
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

impl AttributeValue {
    /// Whether the other one has the same type.
    pub fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
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

impl ClaimValue {
    /// As much as it takes in an item of the table.
    pub fn octets(&self) -> usize {
        match self {
            Self::One(AttributeValue::Text(text)) => text.len(),
            Self::One(_) => size_of::<i64>(),
            // DynamoDB counts a few octets for each element.
            Self::Many(texts) => texts.iter().map(|text| text.len() + 4).sum(),
        }
    }
}

/// Claims or corrected attributes to return, in the order given.
pub type Claims = Vec<(AttributeName, ClaimValue)>;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const APP: &str = "00001111-AAAA-2222-bbbb-3333cccc4444";

    #[rstest]
    #[case::custom("extension_Level", "extension_00001111aaaa2222bbbb3333cccc4444_Level")]
    #[case::underscore(
        "extension_Two_Parts",
        "extension_00001111aaaa2222bbbb3333cccc4444_Two_Parts"
    )]
    #[case::long_already(
        "extension_99991111aaaa2222bbbb3333cccc4444_Level",
        "extension_99991111aaaa2222bbbb3333cccc4444_Level"
    )]
    #[case::built_in("city", "city")]
    fn has_a_long_form(#[case] name: &str, #[case] expected: &str) {
        let app = ExtensionsApp::parse(APP).unwrap();
        let name = AttributeName::new(name).unwrap();
        assert_eq!(name.of_app(&app).as_str(), expected);
    }

    #[rstest]
    #[case::too_short("00001111-aaaa")]
    #[case::no_digits("00001111-aaaa-2222-bbbb-3333cccc444g")]
    #[case::nothing("")]
    fn is_no_app(#[case] text: &str) {
        assert_eq!(ExtensionsApp::parse(text), None);
    }
}
