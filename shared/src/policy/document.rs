//! The policy of a user flow as an operator writes it: a TOML document (`docs/policy.md`).
//!
//! Only its form is here. Whether it makes sense is for [`super::compile()`].

mod approval;
mod notice;
mod source;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    approval::{AppRole, Approval, KeepDays, KeepDaysByState},
    notice::{Notice, NoticeKind},
    source::{Auth, HttpMethod, OnOutcome, ProviderKind, Source, SourceKind, Verification},
};
use crate::domain::{list::Effect, policy::OnUnavailable, sign_up::Step};

/// Longest document that is accepted, in octets.
pub const MAX_DOCUMENT_OCTETS: usize = 256 * 1024;

/// Message texts by language tag.
pub type Texts = BTreeMap<String, String>;

/// A whole policy.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Document {
    /// What happens when no list entry and no rule decides.
    pub default: Effect,
    /// The lists that count; without it all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Vec<String>>,
    /// What happens when the table cannot be read in time.
    #[serde(default = "block")]
    pub on_unavailable: OnUnavailable,
    /// The language of people whose own one has no text here.
    #[serde(default = "english")]
    pub default_language: String,
    /// The app id of the tenant's extensions app (`aad-extensions-app` or `b2c-extensions-app`), for custom attributes that
    /// a request does not have: extensions know those by the name with it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extensions_app: Option<String>,
    /// Domains of yours and your partners', for `email.looks_like` and `email.provider_mismatch`.
    #[serde(default, rename = "domain", skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<KnownDomain>,
    /// Systems that are asked about the person, by a name of lower-case letters, digits and `_`.
    #[serde(default, rename = "source", skip_serializing_if = "BTreeMap::is_empty")]
    pub sources: BTreeMap<String, Source>,
    /// Providers that verify who the person is, by a name like that of a source; in the order of these names, bot checks first.
    #[serde(
        default,
        rename = "verification",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub verifications: BTreeMap<String, Verification>,
    /// What is asked of each attribute, by its name: a built-in one, or `extension_Name` with or without the
    /// application id.
    #[serde(
        default,
        rename = "attribute",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub attributes: BTreeMap<String, AttributeRules>,
    /// In order; the first that applies and has a deciding effect decides.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Texts by message code: codes of this policy, or of the catalogue to put other words there.
    #[serde(
        default,
        rename = "message",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub messages: BTreeMap<String, Texts>,
    /// The requests that reviews lead to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The mail with a one-time code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<Mail>,
    /// Whole templates of mails about requests; of several the first that fits counts.
    #[serde(default, rename = "notice", skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
}

/// The mail with a one-time code; what is not here is built in.
///
/// Templates have the places `{code}`, `{subject}`, `{intro}`, `{validity}`, `{ignore}`, `{application}` and `{language}`,
/// and must have `{code}`. The sentences are messages: `[message.mail-intro]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Mail {
    /// The sender: an address, or `Name <address>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The template in HTML. Values are escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The template in plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

const fn block() -> OnUnavailable {
    OnUnavailable::Block
}

fn english() -> String {
    "en".to_owned()
}

/// A domain that people are known to come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KnownDomain {
    /// Such as `contoso.com`; its subdomains are meant as well.
    pub name: String,
    /// The only identity provider through which its people come (`google.com`, or `entra` for those without an
    /// identity on the wire).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// What is asked of one attribute, and what becomes of its value.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AttributeRules {
    /// `true`, or an expression that says when a value is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<Required>,
    /// Without it a text.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub value_type: Option<ValueType>,
    /// In characters, after normalising.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// Of an integer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<i64>,
    /// A regular expression that the whole value matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The only values, compared without regard to case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<String>>,
    /// The set in the table that the value must be in (`signupctl values`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_set: Option<String>,
    /// The source that must know the value, which is in its request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_to: Option<String>,
    /// The value is an invitation code (`signupctl code`), used up when the account is created.
    pub invitation: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Further conditions that the value must meet together with others.
    #[serde(rename = "check", skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// Steps that bring the value into its form, in order, before anything is checked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub normalise: Vec<Normalisation>,
    /// Values that are replaced, compared without regard to case, after normalising.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// A fixed value or a template such as `{givenName} {surname}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<Fixed>,
    /// `set` leaves a value that the person typed.
    pub only_if_empty: bool,
    /// Blanked after it was checked, so that the directory does not keep it (a one-time token).
    pub blank: bool,
    /// Code of the message for every fault of this attribute, instead of the fault's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the person's form calls it, by language tag, for sentences that name it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub label: Texts,
}

/// Whether a value is required.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Required {
    Always(bool),
    When(String),
}

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ValueType {
    Text,
    Integer,
    Boolean,
}

/// A fixed value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Fixed {
    Flag(bool),
    Number(i64),
    /// A template: `{name}` stands for another attribute's value.
    Text(String),
}

/// A form that a value must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A telephone number; a national one is read by the `country` attribute.
    Phone,
    /// A postal code of the country in the `country` attribute.
    PostalCode,
    /// A country's ISO 3166-1 code or English name.
    Country,
    /// `2026-11-21` (ISO 8601).
    Date,
    /// An `https` or `http` URL.
    Url,
    /// A VAT number of the European Union, the United Kingdom, Norway or Switzerland.
    VatNumber,
    /// A company's registration number of the country in the `country` attribute.
    CompanyNumber,
    /// An e-mail address.
    Email,
}

/// One step towards the form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    Trim,
    CollapseSpaces,
    /// Unicode's composed form.
    Nfc,
    UpperCase,
    LowerCase,
    /// Capitals as names have them: particles, apostrophes and hyphens respected.
    NameCase,
    /// `+46701234567`; a national number is read by the `country` attribute.
    E164,
    /// `SE`.
    CountryCode,
    /// `Sweden`.
    CountryName,
    /// Spaces and case as the country's post writes it.
    PostalCode,
}

/// A condition on a value, with its own message.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// An expression that must hold.
    pub that: String,
    /// Code of the message when it does not.
    pub message: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rule {
    /// In the trace and the log; unique in the policy.
    pub id: String,
    /// An expression; the rule applies where it holds.
    pub when: String,
    pub effect: RuleEffect,
    /// The attribute of an `invalid` effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Code of the message that the person sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The effect when the expression cannot be evaluated: `ignore` is as if it did not hold.
    #[serde(default)]
    pub on_error: OnError,
    /// The steps at which it counts; without it both sign-up steps.
    #[serde(default = "sign_up_steps")]
    pub steps: Vec<Step>,
    /// Decides even where a list entry would.
    #[serde(default)]
    pub before_lists: bool,
}

fn sign_up_steps() -> Vec<Step> {
    vec![Step::AfterFederation, Step::BeforeCreatingUser]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum RuleEffect {
    Allow,
    Deny,
    Review,
    /// The person is asked to correct `field`.
    Invalid,
    /// Counted and logged, without an effect.
    Log,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    #[default]
    Deny,
    Review,
    Ignore,
}
