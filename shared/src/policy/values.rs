//! The attributes of a sign-up under the names that a policy has for them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{
    attribute::{self, AttributeName, AttributeValue},
    sign_up::SignUp,
    source::{SourceName, SourceOutcome},
};

/// The name of an attribute in a policy: of a custom one without `extension_` and the application id, and all in lower
/// case, for neither makes a difference on the wire (PROTOCOL 1.2).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key(String);

impl Key {
    pub fn of(name: &str) -> Self {
        Self(attribute::short(name).to_lowercase())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What an expression can look at by a name that the policy declares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    Attribute(Key),
    /// What a source said, for expressions alone.
    Fact(Key),
    /// How asking a source ended.
    Source(Key),
}

/// Attribute values by key, each with its name on the wire, and what sources said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    attributes: BTreeMap<Key, (AttributeName, AttributeValue)>,
    facts: BTreeMap<Key, AttributeValue>,
    sources: BTreeMap<Key, AttributeValue>,
}

impl Values {
    /// Those of a sign-up. Where one comes twice under different spellings, the first counts.
    pub fn of(sign_up: &SignUp) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in &sign_up.attributes {
            values
                .entry(Key::of(name.as_str()))
                .or_insert_with(|| (name.clone(), value.clone()));
        }
        Self {
            attributes: values,
            ..Self::default()
        }
    }

    /// The value of a field; of a source the name of its outcome.
    pub fn field(&self, field: &Field) -> Option<&AttributeValue> {
        match field {
            Field::Attribute(key) => self.get(key),
            Field::Fact(key) => self.facts.get(key),
            Field::Source(key) => self.sources.get(key),
        }
    }

    pub fn set_fact(&mut self, name: &str, value: AttributeValue) {
        self.facts.insert(Key::of(name), value);
    }

    pub fn set_source(&mut self, name: &SourceName, outcome: SourceOutcome) {
        let value = AttributeValue::Text(outcome.name().to_owned());
        self.sources.insert(Key::of(name.as_str()), value);
    }

    pub fn get(&self, key: &Key) -> Option<&AttributeValue> {
        self.attributes.get(key).map(|(_, value)| value)
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
        self.attributes.get(key).map(|(name, _)| name)
    }

    pub fn set(&mut self, key: &Key, name: &AttributeName, value: AttributeValue) {
        match self.attributes.get_mut(key) {
            Some((_, known)) => *known = value,
            None => {
                self.attributes.insert(key.clone(), (name.clone(), value));
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Key, &AttributeName, &AttributeValue)> {
        self.attributes
            .iter()
            .map(|(key, (name, value))| (key, name, value))
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
