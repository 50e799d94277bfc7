//! The policy of a user flow: written by an operator, checked and compiled once, evaluated for each sign-up. Pure: it knows
//! no AWS, no HTTP, no clock, no environment.
//!
//! [`document`] is what an operator writes, [`compile()`] checks it and makes a [`Policy`], and [`Policy::decide`] decides
//! one sign-up and says how.

#[cfg(any(test, feature = "cases"))]
pub mod case;
mod compile;
pub mod document;
mod evaluate;
pub mod expression;
pub mod fault;
pub mod format;
pub mod letter;
pub mod look_up;
pub mod mail;
pub mod message;
pub mod normalise;
pub mod notice;
mod patience;
mod pattern;
pub mod predicate;
pub mod prepared;
mod request;
mod table;
mod template;
pub mod values;
pub mod verify;

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    compile::{MAX_ATTRIBUTES, MAX_RULES, compile},
    evaluate::{
        Circumstances, InspectedRule, Inspection, LooksLike, Outcome, RuleResult, Trace, Verdict,
    },
    patience::Patience,
};
use self::{
    document::{Format, KnownDomain, Normalisation, OnError, RuleEffect, Texts, ValueType},
    expression::Expression,
    message::Messages,
    pattern::Pattern,
    prepared::{as_json, as_text},
    template::Template,
    values::Key,
};
use crate::domain::{
    approval::{Call, Grants, Terms},
    attribute::{AttributeName, ExtensionsApp},
    list::{Effect, ListName},
    mail::Address,
    policy::OnUnavailable,
    sign_up::Step,
    source::SourceName,
    value_set::SetName,
};

/// A compiled policy. The order of everything in it is part of what is published ([`prepared`]).
#[derive(Debug, Serialize, Deserialize)]
pub struct Policy {
    pub default: Effect,
    pub lists: Option<Vec<ListName>>,
    pub on_unavailable: OnUnavailable,
    #[serde(with = "as_json")]
    domains: Vec<KnownDomain>,
    /// A template comes after the attributes that it is made of.
    attributes: Vec<Attribute>,
    rules: Vec<Rule>,
    messages: Messages,
    extensions_app: Option<ExtensionsApp>,
    /// In the order of their names.
    sources: Vec<look_up::Source>,
    /// In the order in which they are made.
    verifications: Vec<verify::Verification>,
    /// Of the requests that its reviews lead to.
    pub approval: Approval,
    mail: mail::Mail,
    /// In order: the first that fits is taken.
    notice_templates: Vec<notice::NoticeTemplate>,
}

/// The terms of a policy's requests, and what an approved person gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub terms: Terms,
    pub grants: Grants,
    pub notices: Notices,
    /// Ready-made reasons that approvers choose from.
    pub reasons: Vec<String>,
}

/// Who is told of requests that wait. Unlike the terms it is the current policy's, for people come and go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// Told of new requests, and reminded.
    pub approvers: Vec<Address>,
    /// Reminded of a request after so many days without a decision, and then each time so many have passed again.
    pub remind_after_days: Option<u32>,
    /// Told of a request after so many days, once.
    pub escalate_after_days: Option<u32>,
    /// Who is told then; the approvers, when empty.
    pub escalate_to: Vec<Address>,
}

impl Notices {
    /// Whom a call goes to.
    pub fn called(&self, call: Call) -> &[Address] {
        match call {
            Call::Escalation if !self.escalate_to.is_empty() => &self.escalate_to,
            Call::Escalation | Call::Reminder | Call::New => &self.approvers,
        }
    }
}

impl Policy {
    /// The domains that people are known to come from.
    pub fn known_domains(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(|known| known.name.as_str())
    }

    /// An attribute as it is answered when the request does not have it.
    fn wire_name(&self, name: &str) -> Option<AttributeName> {
        wire_name(name, self.extensions_app.as_ref())
    }
}

fn wire_name(name: &str, app: Option<&ExtensionsApp>) -> Option<AttributeName> {
    let name = AttributeName::new(name)?;
    Some(match app {
        Some(app) => name.of_app(app),
        None => name,
    })
}

/// What is asked of one attribute.
#[derive(Debug, Serialize, Deserialize)]
struct Attribute {
    key: Key,
    /// As the policy spells it; a request's own spelling wins.
    name: AttributeName,
    value_type: ValueType,
    required: RequiredWhen,
    length: (Option<u32>, Option<u32>),
    range: (Option<i64>, Option<i64>),
    pattern: Option<Pattern>,
    /// In lower case.
    allowed: Option<Vec<String>>,
    in_set: Option<SetName>,
    known_to: Option<SourceName>,
    /// The value is an invitation code.
    invitation: bool,
    format: Option<Format>,
    checks: Vec<AttributeCheck>,
    normalise: Vec<Normalisation>,
    /// Lower-case keys.
    map: BTreeMap<String, String>,
    set: Option<Set>,
    only_if_empty: bool,
    blank: bool,
    message: Option<String>,
    label: Texts,
}

impl Attribute {
    fn template(&self) -> Option<&Template> {
        match &self.set {
            Some(Set::Template(template)) => Some(template),
            _ => None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
enum RequiredWhen {
    Never,
    Always,
    Holds(Expression),
}

#[derive(Debug, Serialize, Deserialize)]
enum Set {
    Template(Template),
    Number(i64),
    Flag(bool),
}

#[derive(Debug, Serialize, Deserialize)]
struct AttributeCheck {
    that: Expression,
    message: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Rule {
    #[serde(with = "as_text")]
    id: Arc<str>,
    when: Expression,
    effect: RuleEffect,
    field: Option<Key>,
    field_name: Option<AttributeName>,
    message: Option<String>,
    on_error: OnError,
    steps: Vec<Step>,
    before_lists: bool,
}
