//! Other systems in a policy: sources of claims, and verifications.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::{policy::OnUnavailable, sign_up::Step};

/// A system that is asked about a person or a value.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    pub kind: SourceKind,
    /// The steps at which it is asked.
    pub steps: Vec<Step>,
    /// An expression; it is asked where it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Where two sources have the same claim, the one with the higher number wins, and among equals the later name.
    #[serde(default)]
    pub precedence: i32,
    /// A template such as `https://crm.example.com/people/{email}`: no host and no scheme from a person's values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<HttpMethod>,
    /// Further headers; values are templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What is posted as JSON; its texts are templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// The name of a secret with a client certificate and its key in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// How long it may take; less when the request has less time left. Without it 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_ms: Option<u32>,
    /// How long an answer stands for the same question. Without it every time is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_seconds: Option<u32>,
    /// A JSON Pointer into its answer: where there is nothing, `null`, `false` or an empty list, the person or value is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// What happens when it does not know the person or value. Without it `continue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_absent: Option<OnUnavailable>,
    /// What happens when it does not answer in time. Without it `block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_slow: Option<OnUnavailable>,
    /// What happens when it cannot be reached or answers something else. Without it `block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failed: Option<OnUnavailable>,
    /// By the name of the attribute or token claim: a JSON Pointer into its answer, or the name in the directory.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, String>,
    /// The same for what only expressions see, as `facts.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    /// The records that `signupctl claims import` puts into the table.
    Directory,
    /// A JSON API.
    Http,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    Get,
    Post,
}

/// How a call proves itself. Each `secret` is the name of a secret in Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Auth {
    /// The secret's text in a header.
    ApiKey {
        #[serde(default = "api_key_header")]
        header: String,
        secret: String,
    },
    /// The secret is `{"username": …, "password": …}`.
    Basic { secret: String },
    /// OAuth 2.0 client credentials; the secret is `{"client_id": …, "client_secret": …}`.
    Oauth2 {
        token_url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
        secret: String,
    },
}

fn api_key_header() -> String {
    "x-api-key".to_owned()
}

/// A provider that is asked who a person is, after everything else has passed.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Verification {
    pub provider: ProviderKind,
    pub url: String,
    /// An expression; without it everybody is verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The name of the provider's secret in Secrets Manager; a provider of the kind `http` has `auth` instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// What the provider is told, by its own names; values are templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The body of a JSON API; its texts are templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The attribute with the token of a bot check. It is blanked afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Of reCAPTCHA v3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_score: Option<f64>,
    /// The only host whose reCAPTCHA tokens count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// A JSON Pointer to the outcome in the answer of an `http` provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verified: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refer: Vec<String>,
    /// A JSON Pointer to the provider's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How long it may take; less when the request has less time left. Without it 1500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_ms: Option<u32>,
    /// How long an outcome stands for the same person with the same values. Without it 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remember_minutes: Option<u32>,
    /// Without it `block`, and `invalid` for a bot check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failed: Option<OnOutcome>,
    /// Without it `review`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_refer: Option<OnOutcome>,
    /// Without it `block`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_unavailable: Option<OnOutcome>,
    /// The attribute of an `invalid` outcome; of a bot check without it the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Code of what the person is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProviderKind {
    Http,
    Idology,
    Experian,
    Arkose,
    Recaptcha,
}

impl ProviderKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Idology => "idology",
            Self::Experian => "experian",
            Self::Arkose => "arkose",
            Self::Recaptcha => "recaptcha",
        }
    }

    /// Whether it checks that there is a person at all, by a token of the page.
    pub const fn is_bot_check(self) -> bool {
        matches!(self, Self::Arkose | Self::Recaptcha)
    }
}

/// What becomes of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnOutcome {
    Continue,
    /// The person is asked to correct `field`.
    Invalid,
    Block,
    Review,
}
