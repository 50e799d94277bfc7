//! The attributes of a sign-up under the names that a policy has for them.

use std::collections::BTreeMap;

use crate::domain::{
    attribute::{self, AttributeName, AttributeValue},
    sign_up::SignUp,
};

/// The name of an attribute in a policy: of a custom one without `extension_` and the application id, and all in lower
/// case, for neither makes a difference on the wire (PROTOCOL 1.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    pub fn of(name: &str) -> Self {
        Self(attribute::short(name).to_lowercase())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Attribute values by key, each with its name on the wire.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values(BTreeMap<Key, (AttributeName, AttributeValue)>);

impl Values {
    /// Those of a sign-up. Where one comes twice under different spellings, the first counts.
    pub fn of(sign_up: &SignUp) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in &sign_up.attributes {
            values
                .entry(Key::of(name.as_str()))
                .or_insert_with(|| (name.clone(), value.clone()));
        }
        Self(values)
    }

    pub fn get(&self, key: &Key) -> Option<&AttributeValue> {
        self.0.get(key).map(|(_, value)| value)
    }

    /// The text of a value; nothing for another type.
    pub fn text(&self, key: &Key) -> Option<&str> {
        match self.get(key)? {
            AttributeValue::Text(text) => Some(text),
            AttributeValue::Flag(_) | AttributeValue::Number(_) => None,
        }
    }

    /// The name as it came on the wire.
    pub fn name(&self, key: &Key) -> Option<&AttributeName> {
        self.0.get(key).map(|(name, _)| name)
    }

    pub fn set(&mut self, key: &Key, name: &AttributeName, value: AttributeValue) {
        match self.0.get_mut(key) {
            Some((_, known)) => *known = value,
            None => {
                self.0.insert(key.clone(), (name.clone(), value));
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &AttributeName, &AttributeValue)> {
        self.0.iter().map(|(key, (name, value))| (key, name, value))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("city", "city")]
    #[case("postalCode", "postalcode")]
    #[case("extension_SupplierNumber", "suppliernumber")]
    #[case(
        "extension_00001111aaaa2222bbbb3333cccc4444_SupplierNumber",
        "suppliernumber"
    )]
    #[case(
        "EXTENSION_00001111AAAA2222BBBB3333CCCC4444_suppliernumber",
        "suppliernumber"
    )]
    #[case("extension_supplier_number", "supplier_number")]
    #[case("extension_", "")]
    #[case("extensión", "extensión")]
    fn one_attribute_has_one_key(#[case] name: &str, #[case] key: &str) {
        assert_eq!(Key::of(name).as_str(), key);
    }
}
