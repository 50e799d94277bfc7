//! What a sign-up is about: tenants, identity providers, steps, attributes, the person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The three kinds of tenant that let people sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TenantKind {
    /// A workforce tenant: guests, API connectors.
    Workforce,
    /// Azure AD B2C: API connectors, with a step before the token.
    B2c,
    /// An external tenant: custom authentication extensions.
    External,
}

impl TenantKind {
    /// Whether its steps are custom authentication extensions; else they are API connectors.
    pub const fn calls_extensions(self) -> bool {
        matches!(self, Self::External)
    }

    /// As Microsoft names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workforce => "Workforce tenant",
            Self::B2c => "Azure AD B2C",
            Self::External => "External tenant",
        }
    }
}

/// Where a person comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    Google,
    Facebook,
    /// Microsoft Entra ID of another tenant.
    Entra,
    /// A personal Microsoft account.
    Microsoft,
    /// A one-time code by mail.
    EmailCode,
    /// An address and a password in this directory.
    Local,
}

impl Provider {
    pub const ALL: [Self; 6] = [
        Self::Google,
        Self::Facebook,
        Self::Entra,
        Self::Microsoft,
        Self::EmailCode,
        Self::Local,
    ];

    /// As it stands in addresses and scenario files.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Google => "google",
            Self::Facebook => "facebook",
            Self::Entra => "entra",
            Self::Microsoft => "microsoft",
            Self::EmailCode => "email-code",
            Self::Local => "local",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.key() == key)
    }

    /// The `issuer` of the identity that it asserts; Entra and Microsoft accounts come without one (PROTOCOL 1.2).
    pub const fn issuer(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("google.com"),
            Self::Facebook => Some("facebook.com"),
            Self::EmailCode => Some("mail"),
            Self::Entra | Self::Microsoft | Self::Local => None,
        }
    }

    /// Whether it proves the address with a code, rather than vouching for the person by itself.
    pub const fn proves_address(self) -> bool {
        matches!(self, Self::EmailCode | Self::Local)
    }
}

/// The steps at which the directory asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    AfterFederation,
    BeforeCreatingUser,
    BeforeToken,
    OtpSend,
}

impl Step {
    pub const ALL: [Self; 4] = [
        Self::AfterFederation,
        Self::BeforeCreatingUser,
        Self::BeforeToken,
        Self::OtpSend,
    ];

    pub const fn key(self) -> &'static str {
        match self {
            Self::AfterFederation => "after-federation",
            Self::BeforeCreatingUser => "before-creating-user",
            Self::BeforeToken => "before-token",
            Self::OtpSend => "otp-send",
        }
    }

    /// The name that the portal of that kind of tenant shows for it.
    pub const fn name(self, kind: TenantKind) -> &'static str {
        match (self, kind.calls_extensions()) {
            (Self::AfterFederation, false) => "After federating with an identity provider",
            (Self::AfterFederation, true) => "OnAttributeCollectionStart",
            (Self::BeforeCreatingUser, false) => "Before creating the user",
            (Self::BeforeCreatingUser, true) => "OnAttributeCollectionSubmit",
            (Self::BeforeToken, false) => "Before sending the token",
            (Self::BeforeToken, true) => "OnTokenIssuanceStart",
            (Self::OtpSend, _) => "OnOtpSend",
        }
    }
}

/// The type of an attribute's values (PROTOCOL 1.2, 5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeType {
    #[default]
    String,
    Boolean,
    Integer,
}

impl AttributeType {
    /// Whether a value of an answer has this type.
    pub fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::String, Value::String(_)) | (Self::Boolean, Value::Bool(_)) => true,
            (Self::Integer, Value::Number(number)) => number.is_i64(),
            _ => false,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
        }
    }
}

/// One attribute that a user flow collects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// As on the wire: `city`, or `extension_<extensions-app-id>_SupplierNumber`.
    pub name: String,
    /// `SupplierNumber` of a custom attribute.
    pub custom: Option<String>,
    /// What the page calls it, when no translation is known.
    pub label: String,
    pub value_type: AttributeType,
    /// Whether the page insists on a value.
    pub required: bool,
}

impl Attribute {
    /// Whether a key of an answer means this attribute: the application id may be left out of a custom one
    /// (PROTOCOL 1.3), and case does not matter.
    pub fn is_called(&self, key: &str) -> bool {
        if self.name.eq_ignore_ascii_case(key) {
            return true;
        }
        let short = self.custom.as_ref().map(|name| format!("extension_{name}"));
        short.is_some_and(|short| short.eq_ignore_ascii_case(key))
    }
}

/// Values of attributes under their names on the wire. One without a value is not in it.
pub type Attributes = BTreeMap<String, Value>;

/// What the identity provider asserts of a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Person {
    pub provider: Provider,
    #[serde(default)]
    pub email: String,
    /// The provider's own id of the person; an address code's is the address.
    #[serde(default)]
    pub subject: String,
    #[serde(default)]
    pub display_name: String,
    #[serde(default)]
    pub given_name: String,
    #[serde(default)]
    pub surname: String,
}

/// Where documentation and captures differ, which of them a request follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WireForm {
    /// As real requests were captured: `EmailAddress` and the issuer `mail` in an external tenant, no
    /// `identities` at its submit event (PROTOCOL 5.4, 5.5).
    #[default]
    Captured,
    /// As the reference pages have it: `email` identities in an external tenant.
    Documented,
    /// The names of older pages: `clientId`, `PreTokenApplicationClaims` (PROTOCOL 1.2).
    Older,
}

impl WireForm {
    pub const ALL: [Self; 3] = [Self::Captured, Self::Documented, Self::Older];

    pub const fn key(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Documented => "documented",
            Self::Older => "older",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.key() == key)
    }
}
