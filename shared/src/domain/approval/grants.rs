//! What an approved person gets beside the account.

use std::fmt;

/// The id of an object in the tenant's directory: a GUID, in lower case.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct ObjectId(String);

impl ObjectId {
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.trim().split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let is_hexadecimal = parts
            .iter()
            .all(|part| part.bytes().all(|octet| octet.is_ascii_hexdigit()));
        (lengths == [8, 4, 4, 4, 12] && is_hexadecimal)
            .then(|| Self(text.trim().to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Groups and app roles of an approved person.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Grants {
    pub groups: Vec<ObjectId>,
    pub app_roles: Vec<AppRole>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AppRole {
    /// The application's service principal.
    pub application: ObjectId,
    pub role: ObjectId,
}
