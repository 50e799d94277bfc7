//! Cases of a policy: a sign-up in the policy's own terms and what is expected of it (`docs/policy.md`, "Testing").
//!
//! The form of a file of cases and the one runner behind `signupctl policy test` and the corpus in `shared/tests/policies`.

mod found;

use std::{collections::BTreeMap, net::IpAddr};

use jiff::Timestamp;
use serde::Deserialize;

pub use self::found::{Invitation, Others, Said, SaidValue};
use super::{
    Circumstances, Outcome, Patience, Policy, Verdict, document::RuleEffect, look_up::Found,
    message::fill, predicate::disposable,
};
use crate::{
    domain::{
        attribute::{AttributeName, AttributeValue, ClaimValue},
        decision::{DecidedBy, Decision, Violation},
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::{Language, LanguageWishes},
        list::{Effect, ListEntry, ListName, Matcher},
        sign_up::{SignUp, Step},
        verification::VerificationOutcome,
    },
    i18n::{Catalogue, MessageId},
};

/// A file of cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Cases {
    /// What every case asks that does not say otherwise.
    #[serde(default)]
    pub request: Request,
    #[serde(rename = "case")]
    pub cases: Vec<Case>,
}

/// One sign-up and what is expected of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(default)]
    pub request: Request,
    pub expect: Expect,
}

/// A sign-up in the policy's terms. Everything has a default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Request {
    /// Without it `before-creating-user`.
    pub step: Option<Step>,
    /// The address, or all that the request asserts.
    pub email: Option<Emails>,
    pub identity: Option<Asserted>,
    pub attributes: BTreeMap<String, Value>,
    /// The entries of the lists that there are; they match or do not as always.
    pub lists: Option<Vec<Entry>>,
    /// Such as `sv-SE`, or several, the most wanted first.
    pub language: Option<String>,
    pub application: Option<String>,
    pub user_flow: Option<String>,
    /// The person's address, as only extensions are told.
    pub client: Option<IpAddr>,
    /// The account's id, which only the token step knows.
    pub object_id: Option<String>,
    /// What other systems say.
    pub others: Others,
    /// Without it 2026-01-15T12:00:00Z, a Thursday.
    pub now: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Emails {
    One(String),
    Several(Vec<String>),
}

/// A federated identity.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Asserted {
    pub provider: String,
    #[serde(default)]
    pub subject: Option<String>,
}

/// A list entry.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entry {
    pub matcher: String,
    pub effect: Effect,
    #[serde(default = "default_list")]
    pub list: String,
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

fn default_list() -> String {
    "default".to_owned()
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Value {
    Flag(bool),
    Number(i64),
    Text(String),
}

/// What is expected; only what is said is compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Expect {
    pub decision: Expected,
    /// `rule ID`, `list NAME` or `default`.
    #[serde(default)]
    pub decided_by: Option<String>,
    /// All values that are returned, no more and no fewer.
    #[serde(default)]
    pub returned: Option<BTreeMap<String, SaidValue>>,
    /// All fields that must be corrected, each with the code of its message.
    #[serde(default)]
    pub violations: Option<BTreeMap<String, String>>,
    /// A part of a sentence that the person reads.
    #[serde(default)]
    pub message: Option<String>,
    /// The `log` rules that hold, in their order.
    #[serde(default)]
    pub logged: Option<Vec<String>>,
}

/// The outcome of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    Continue,
    Invalid,
    Review,
    Block,
}

impl Expected {
    /// As [`Decision::outcome`] has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Invalid => "invalid",
            Self::Review => "review",
            Self::Block => "block",
        }
    }
}

/// Why a request of a case is none: the key, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: found `{found}`, {problem}")]
pub struct RequestFault {
    pub key: &'static str,
    pub found: String,
    pub problem: String,
}

/// What is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key of the expectation.
    pub what: &'static str,
    pub expected: String,
    pub found: String,
}

/// What a decision is made from, owned.
#[derive(Debug, Clone)]
pub struct Situation {
    pub sign_up: SignUp,
    pub entries: Vec<ListEntry>,
    pub user_flow: Option<String>,
    pub now: Timestamp,
    /// What other systems say.
    pub found: Found,
    /// What each verification says; one that is not here has verified the person.
    pub verifications: BTreeMap<String, VerificationOutcome>,
}

impl Situation {
    /// What the policy makes of it, verifications included.
    pub fn decide(&self, policy: &Policy) -> Verdict {
        let circumstances = self.circumstances();
        let verdict = policy.decide(circumstances);
        if !matches!(verdict.decision, Decision::Continue(_)) {
            return verdict;
        }
        let questions = policy.questions(circumstances);
        let ended = questions.iter().find_map(|question| {
            let verification = question.verification;
            let outcome = if verification.provider().is_bot_check() && question.token.is_none() {
                VerificationOutcome::Failed
            } else {
                let said = self.verifications.get(verification.name.as_str());
                said.copied().unwrap_or(VerificationOutcome::Verified)
            };
            policy.after(verification, outcome, circumstances)
        });
        ended.unwrap_or(verdict)
    }

    pub fn circumstances(&self) -> Circumstances<'_> {
        Circumstances {
            sign_up: &self.sign_up,
            entries: &self.entries,
            user_flow: self.user_flow.as_deref(),
            now: self.now,
            patience: Patience::ENDLESS,
            // Cases use no table.
            disposable: &disposable::BUILT_IN,
            found: &self.found,
        }
    }
}

impl Cases {
    /// The sign-up of a case, with what all cases have in common.
    pub fn situation(&self, case: &Case) -> Result<Situation, RequestFault> {
        case.request.clone().or(&self.request).situation()
    }

    /// Decides a case and compares.
    pub fn differences(
        &self,
        case: &Case,
        policy: &Policy,
        catalogue: &Catalogue,
    ) -> Result<Vec<Difference>, RequestFault> {
        let situation = self.situation(case)?;
        let verdict = situation.decide(policy);
        let language = policy.language_of(&situation.sign_up);
        let sentences = sentences(&verdict, language, catalogue);
        Ok(case.expect.differences(&verdict, &sentences))
    }
}

// --- the request

/// 2026-01-15T12:00:00Z.
const USUAL_NOW: i64 = 1_768_478_400;

impl Request {
    /// What is not said here is as in `common`; attributes are taken one by one.
    #[must_use]
    pub fn or(mut self, common: &Self) -> Self {
        let common = common.clone();
        let mut attributes = common.attributes;
        attributes.append(&mut self.attributes);
        Self {
            step: self.step.or(common.step),
            email: self.email.or(common.email),
            identity: self.identity.or(common.identity),
            attributes,
            lists: self.lists.or(common.lists),
            language: self.language.or(common.language),
            application: self.application.or(common.application),
            user_flow: self.user_flow.or(common.user_flow),
            client: self.client.or(common.client),
            object_id: self.object_id.or(common.object_id),
            others: self.others.or(common.others),
            now: self.now.or(common.now),
        }
    }

    fn situation(self) -> Result<Situation, RequestFault> {
        let entries = self.lists.unwrap_or_default();
        let entries: Result<Vec<_>, _> = entries.into_iter().map(Entry::list_entry).collect();
        let identity = self.identity.map(Asserted::identity).transpose()?;
        let languages = self.language.as_deref().map(LanguageWishes::parse);
        let sign_up = SignUp {
            step: self.step.unwrap_or(Step::BeforeCreatingUser),
            addresses: addresses(self.email)?,
            identities: identity.into_iter().collect(),
            attributes: attributes(self.attributes)?,
            languages: languages.unwrap_or_default(),
            application: self.application,
            client: self.client.map(|address| address.to_canonical()),
            object_id: self.object_id,
        };
        Ok(Situation {
            found: self.others.found()?,
            verifications: self.others.outcomes()?,
            sign_up,
            entries: entries?,
            user_flow: self.user_flow,
            now: self
                .now
                .or_else(|| Timestamp::from_second(USUAL_NOW).ok())
                .unwrap_or_default(),
        })
    }
}

fn fault(key: &'static str, found: &str, problem: &dyn std::fmt::Display) -> RequestFault {
    RequestFault {
        key,
        found: found.to_owned(),
        problem: problem.to_string(),
    }
}

fn addresses(emails: Option<Emails>) -> Result<Vec<EmailAddress>, RequestFault> {
    let texts = match emails {
        None => Vec::new(),
        Some(Emails::One(text)) => vec![text],
        Some(Emails::Several(texts)) => texts,
    };
    texts
        .iter()
        .map(|text| EmailAddress::parse(text).map_err(|error| fault("request.email", text, &error)))
        .collect()
}

/// As on the wire: an empty text is no value.
fn attributes(
    values: BTreeMap<String, Value>,
) -> Result<Vec<(AttributeName, AttributeValue)>, RequestFault> {
    let problem = || {
        fault(
            "request.attributes",
            "",
            &"expected the name of an attribute",
        )
    };
    values
        .into_iter()
        .filter(|(_, value)| *value != Value::Text(String::new()))
        .map(|(name, value)| {
            let name = AttributeName::new(&name).ok_or_else(problem)?;
            Ok((name, value.into()))
        })
        .collect()
}

impl Asserted {
    fn identity(self) -> Result<Identity, RequestFault> {
        let provider = IdentityProvider::parse(&self.provider)
            .map_err(|error| fault("request.identity.provider", &self.provider, &error))?;
        let subject = |text: String| {
            Subject::parse(&text).map_err(|error| fault("request.identity.subject", &text, &error))
        };
        Ok(Identity {
            provider,
            subject: self.subject.map(subject).transpose()?,
        })
    }
}

impl Entry {
    fn list_entry(self) -> Result<ListEntry, RequestFault> {
        let matcher = Matcher::parse(&self.matcher)
            .map_err(|error| fault("request.lists.matcher", &self.matcher, &error))?;
        let list = ListName::parse(&self.list).ok_or_else(|| {
            fault(
                "request.lists.list",
                &self.list,
                &"expected the name of a list",
            )
        })?;
        Ok(ListEntry {
            matcher,
            list,
            effect: self.effect,
            reason: String::new(),
            owner: String::new(),
            expires_at: self.expires,
        })
    }
}

impl From<Value> for AttributeValue {
    fn from(value: Value) -> Self {
        match value {
            Value::Flag(flag) => Self::Flag(flag),
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text(text),
        }
    }
}

// --- the comparison

impl Expect {
    fn differences(&self, verdict: &Verdict, sentences: &[String]) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut compare = |what, expected: String, found: String| {
            if expected != found {
                differences.push(Difference {
                    what,
                    expected,
                    found,
                });
            }
        };
        let decision = &verdict.decision;
        let expected = self.decision.name().to_owned();
        compare("decision", expected, decision.outcome().to_owned());
        if let Some(expected) = &self.decided_by {
            let found = DecidedBy::told(verdict.trace.decided_by.as_ref());
            compare("decided-by", expected.clone(), found);
        }
        if let Some(expected) = &self.violations {
            compare("violations", told(expected), told(violations(decision)));
        }
        if let Some(expected) = &self.returned {
            let expected = expected.iter().map(|(name, value)| (name, shown(value)));
            compare("returned", told(expected), told(returned(decision)));
        }
        if let Some(expected) = &self.logged {
            compare("logged", expected.join(", "), logged(verdict).join(", "));
        }
        if let Some(expected) = &self.message
            && !sentences.iter().any(|one| one.contains(expected.as_str()))
        {
            compare("message", format!("… {expected} …"), sentences.join(" / "));
        }
        differences
    }
}

/// Everything that can be expected of a verdict, with the key of the expectation; a text is empty where there is nothing.
pub fn aspects(verdict: &Verdict, sentences: &[String]) -> [(&'static str, String); 6] {
    let decision = &verdict.decision;
    let decided_by = verdict.trace.decided_by.as_ref();
    [
        ("decision", decision.outcome().to_owned()),
        ("decided-by", DecidedBy::told(decided_by)),
        ("violations", told(violations(decision))),
        ("returned", told(returned(decision))),
        ("logged", logged(verdict).join(", ")),
        ("message", sentences.join(" / ")),
    ]
}

fn told(
    pairs: impl IntoIterator<Item = (impl std::fmt::Display, impl std::fmt::Display)>,
) -> String {
    let told = pairs
        .into_iter()
        .map(|(name, value)| format!("{name} = {value}"));
    told.collect::<Vec<_>>().join(", ")
}

fn violations(decision: &Decision) -> BTreeMap<&str, &str> {
    let Decision::Invalid(violations) = decision else {
        return BTreeMap::new();
    };
    violations
        .iter()
        .map(|one| (one.field.as_str(), one.code.as_str()))
        .collect()
}

/// The values that a decision returns, as a case writes them.
pub fn returned(decision: &Decision) -> BTreeMap<&str, String> {
    let Decision::Continue(claims) = decision else {
        return BTreeMap::new();
    };
    claims
        .iter()
        .map(|(name, value)| (name.as_str(), shown_claim(value)))
        .collect()
}

fn shown(value: &SaidValue) -> String {
    shown_claim(&value.clone().into())
}

fn shown_claim(claim: &ClaimValue) -> String {
    match claim {
        ClaimValue::One(value) => shown_value(value),
        ClaimValue::Many(texts) => format!("{texts:?}"),
    }
}

/// A value as a case writes it.
pub fn shown_value(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Text(text) => format!("\"{text}\""),
        AttributeValue::Flag(flag) => flag.to_string(),
        AttributeValue::Number(number) => number.to_string(),
    }
}

fn logged(verdict: &Verdict) -> Vec<&str> {
    let rules = verdict.trace.rules.iter();
    rules
        .filter(|rule| rule.effect == RuleEffect::Log && rule.outcome == Outcome::Holds)
        .map(|rule| rule.id.as_ref())
        .collect()
}

/// What the person reads: on the block page, or beside each field.
pub fn sentences(verdict: &Verdict, language: Language, catalogue: &Catalogue) -> Vec<String> {
    match &verdict.decision {
        Decision::Continue(_) => Vec::new(),
        Decision::Invalid(violations) => violations
            .iter()
            .map(|one| violation_sentence(one, language, catalogue))
            .collect(),
        Decision::Block(reason) => {
            let reference = [("reference", REFERENCE)];
            let of_code = || {
                let code = verdict.block_code.as_deref()?;
                MessageId::of_code(code)
            };
            let own = verdict.block_text.as_ref();
            vec![own.map_or_else(
                || {
                    let message = of_code().unwrap_or(MessageId::of(*reason));
                    catalogue.text(language, message, &reference)
                },
                |text| fill(text, &reference),
            )]
        }
    }
}

/// Stands where a real answer has the reference code.
const REFERENCE: &str = "XXXX-XXXX";

/// What the person reads beside one field.
pub fn violation_sentence(
    violation: &Violation,
    language: Language,
    catalogue: &Catalogue,
) -> String {
    if let Some(text) = &violation.text {
        return fill(text, &[("reference", REFERENCE)]);
    }
    let arguments: Vec<(&str, &str)> = violation
        .arguments
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let message = MessageId::of_code(&violation.code).unwrap_or(MessageId::InvalidPage);
    catalogue.text(language, message, &arguments)
}
