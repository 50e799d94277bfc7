//! A sign-up at one of its steps, as both protocols tell it.

use std::net::IpAddr;

use super::{
    attribute::{AttributeName, AttributeValue},
    email::EmailAddress,
    identity::Identity,
    language::LanguageWishes,
};

/// Where in the sign-up Entra asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    AfterFederation,
    BeforeCreatingUser,
    BeforeToken,
}

impl Step {
    pub const ALL: [Self; 3] = [
        Self::AfterFederation,
        Self::BeforeCreatingUser,
        Self::BeforeToken,
    ];

    /// Whether somebody can still be kept out.
    pub const fn is_sign_up(self) -> bool {
        !matches!(self, Self::BeforeToken)
    }

    /// The name in routes, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AfterFederation => "after-federation",
            Self::BeforeCreatingUser => "before-creating-user",
            Self::BeforeToken => "before-token",
        }
    }
}

/// Which of Entra's two contracts a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// An API connector of a workforce tenant or of Azure AD B2C.
    Connector,
    /// A custom authentication extension.
    Extension,
}

impl Protocol {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Extension => "extension",
        }
    }
}

/// Bounds that keep the one read of a decision within a `BatchGetItem` of 100 keys.
pub const MAX_ADDRESSES: usize = 3;
pub const MAX_IDENTITIES: usize = 10;

/// Everything a decision may depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignUp {
    pub step: Step,
    /// Every distinct address that the request asserts, the documented first choice first. Mostly one.
    pub addresses: Vec<EmailAddress>,
    /// Absent for Microsoft Entra and Microsoft accounts (PROTOCOL 1.2).
    pub identities: Vec<Identity>,
    /// Only attributes with a value: missing, `null` and `""` are the same.
    pub attributes: Vec<(AttributeName, AttributeValue)>,
    pub languages: LanguageWishes,
    /// The application that the person signs in to; workforce requests carry none.
    pub application: Option<String>,
    /// From where the person comes; only extensions are told (PROTOCOL 5.2).
    pub client: Option<IpAddr>,
    /// Only at the token step: before that no user exists, whatever a request says.
    pub object_id: Option<String>,
}
