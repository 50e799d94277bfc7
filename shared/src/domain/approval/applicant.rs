//! Who applies, and with what: everything that an account is made of, and an approver looks at.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::domain::{
    attribute::{AttributeValue, ClaimValue, Claims},
    identity::IdentityProvider,
    sign_up::SignUp,
};

/// The person behind a request. All of it is personal data, and only ever stored sealed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicant {
    /// As they were asserted, the first choice first.
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub identities: Vec<AppliedIdentity>,
    /// By their names on the wire.
    #[serde(default)]
    pub attributes: BTreeMap<String, Applied>,
    /// Language tags, the most wanted first.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// An identity as the provider asserted it: `issuer` in the spelling of the wire, which Graph is told as well (PROTOCOL 3.3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedIdentity {
    pub issuer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl AppliedIdentity {
    /// In the one spelling that stands for all.
    pub fn provider(&self) -> Option<IdentityProvider> {
        IdentityProvider::parse(&self.issuer).ok()
    }

    /// Whether both name the same person: the case of a subject matters, but not that of an address.
    pub fn is_same(&self, other: &Self) -> bool {
        let (Some(provider), Some(own), Some(its)) =
            (self.provider(), &self.subject, &other.subject)
        else {
            return false;
        };
        let is_same_subject =
            own == its || (provider.is_mail() && own.to_lowercase() == its.to_lowercase());
        is_same_subject && Some(provider) == other.provider()
    }
}

/// An attribute's value in its JSON type.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Applied {
    Text(String),
    Flag(bool),
    Number(i64),
}

impl From<&AttributeValue> for Applied {
    fn from(value: &AttributeValue) -> Self {
        match value {
            AttributeValue::Text(text) => Self::Text(text.clone()),
            AttributeValue::Flag(flag) => Self::Flag(*flag),
            AttributeValue::Number(number) => Self::Number(*number),
        }
    }
}

impl Applicant {
    pub fn of(sign_up: &SignUp) -> Self {
        let addresses = sign_up.addresses.iter();
        let identities = sign_up.identities.iter().map(|identity| AppliedIdentity {
            issuer: identity.provider.spelt().to_owned(),
            subject: identity.subject.as_ref().map(|s| s.as_str().to_owned()),
        });
        let attributes = sign_up.attributes.iter();
        let attributes = attributes.map(|(name, value)| (name.as_str().to_owned(), value.into()));
        Self {
            addresses: addresses.map(|a| a.as_asserted().to_owned()).collect(),
            identities: identities.collect(),
            attributes: attributes.collect(),
            languages: sign_up.languages.tags().map(str::to_owned).collect(),
        }
    }

    /// With the values that the policy gives to attributes; an empty one is none.
    #[must_use]
    pub fn with(mut self, claims: &Claims) -> Self {
        for (name, value) in claims {
            let ClaimValue::One(value) = value else {
                continue;
            };
            if matches!(value, AttributeValue::Text(text) if text.is_empty()) {
                self.attributes.remove(name.as_str());
            } else {
                let name = name.as_str().to_owned();
                self.attributes.insert(name, value.into());
            }
        }
        self
    }

    /// An attribute that is a text, by its name on the wire.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.attributes.get(name)? {
            Applied::Text(text) => Some(text),
            Applied::Flag(_) | Applied::Number(_) => None,
        }
    }
}

impl fmt::Debug for Applicant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Applicant(…)")
    }
}

impl fmt::Debug for AppliedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppliedIdentity")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Applied(…)")
    }
}
