//! The variables of expressions: everything that a rule can look at beside attributes.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::domain::{
    email::{EmailAddress, EmailDomain},
    identity::IdentityProvider,
    language::Language,
    list::Effect,
    sign_up::Step,
};

/// The variable whose members are the attributes of the sign-up.
pub(super) const ATTRIBUTES: &str = "attributes";

/// The variable whose members are what sources said, for expressions alone.
pub(super) const FACTS: &str = "facts";

/// The variable whose members are how asking the sources ended.
pub(super) const SOURCES: &str = "sources";

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Variable {
    EmailAddress,
    EmailLocal,
    EmailDomain,
    EmailPresent,
    EmailDisposable,
    EmailFree,
    EmailLooksLike,
    EmailProviderMismatch,
    IdentityProvider,
    IdentitySubject,
    IdentityPresent,
    NamesMixedScript,
    ListEffect,
    ListNames,
    UserFlow,
    Application,
    ClientIp,
    Step,
    Language,
    NowDate,
    NowTime,
    NowHour,
    NowWeekday,
    NowUnix,
}

const NAMES: &[(&str, Variable, Kind)] = &[
    ("email.address", Variable::EmailAddress, Kind::Text),
    ("email.local", Variable::EmailLocal, Kind::Text),
    ("email.domain", Variable::EmailDomain, Kind::Text),
    ("email.present", Variable::EmailPresent, Kind::Boolean),
    ("email.disposable", Variable::EmailDisposable, Kind::Boolean),
    ("email.free", Variable::EmailFree, Kind::Boolean),
    ("email.looks_like", Variable::EmailLooksLike, Kind::Text),
    (
        "email.provider_mismatch",
        Variable::EmailProviderMismatch,
        Kind::Boolean,
    ),
    ("identity.provider", Variable::IdentityProvider, Kind::Text),
    ("identity.subject", Variable::IdentitySubject, Kind::Text),
    ("identity.present", Variable::IdentityPresent, Kind::Boolean),
    (
        "names.mixed_script",
        Variable::NamesMixedScript,
        Kind::Boolean,
    ),
    ("list.effect", Variable::ListEffect, Kind::Text),
    ("list.names", Variable::ListNames, Kind::Texts),
    ("user_flow", Variable::UserFlow, Kind::Text),
    ("application", Variable::Application, Kind::Text),
    ("client.ip", Variable::ClientIp, Kind::Text),
    ("step", Variable::Step, Kind::Text),
    ("language", Variable::Language, Kind::Text),
    ("now.date", Variable::NowDate, Kind::Text),
    ("now.time", Variable::NowTime, Kind::Text),
    ("now.hour", Variable::NowHour, Kind::Integer),
    ("now.weekday", Variable::NowWeekday, Kind::Integer),
    ("now.unix", Variable::NowUnix, Kind::Integer),
];

/// The variable of a whole name such as `email.domain`.
pub(super) fn find(name: &str) -> Option<(Variable, Kind)> {
    NAMES
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, variable, kind)| (*variable, *kind))
}

/// Every whole name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.iter().map(|(name, ..)| *name)
}

/// What names begin with: `email`, `step`, …
pub(super) fn roots() -> impl Iterator<Item = &'static str> {
    let first = |name: &'static str| name.split('.').next().unwrap_or(name);
    names().map(first).chain([ATTRIBUTES, FACTS, SOURCES])
}

/// The whole names that begin with a root and a dot.
pub(super) fn members(root: &str) -> impl Iterator<Item = &'static str> {
    names().filter(move |name| {
        name.strip_prefix(root)
            .is_some_and(|rest| rest.starts_with('.'))
    })
}

/// Which texts a variable can be equal to at all.
pub(super) enum Spelling {
    Any,
    /// In one form and in lower case; the function brings a text into this form.
    Canonical(fn(&str) -> String),
    OneOf(Vec<&'static str>),
}

impl Variable {
    pub(super) const COUNT: usize = NAMES.len();

    pub(super) fn spelling(self) -> Spelling {
        match self {
            Self::EmailAddress => Spelling::Canonical(address),
            Self::EmailLocal => Spelling::Canonical(str::to_lowercase),
            Self::EmailDomain => Spelling::Canonical(domain),
            Self::IdentityProvider => Spelling::Canonical(provider),
            Self::ClientIp => Spelling::Canonical(ip),
            Self::ListEffect => {
                let effects = Effect::ALL.iter().map(|effect| effect.name());
                Spelling::OneOf(effects.chain([""]).collect())
            }
            Self::Step => Spelling::OneOf(Step::ALL.iter().map(|step| step.name()).collect()),
            Self::Language => Spelling::OneOf(
                Language::ALL
                    .iter()
                    .map(|language| language.tag())
                    .collect(),
            ),
            _ => Spelling::Any,
        }
    }
}

fn address(text: &str) -> String {
    let address = EmailAddress::parse(text).map(|address| address.canonical());
    address.map_or_else(
        |_| text.to_lowercase(),
        |address| address.as_str().to_owned(),
    )
}

fn domain(text: &str) -> String {
    let domain = EmailDomain::parse(text);
    domain.map_or_else(|_| text.to_lowercase(), |domain| domain.as_str().to_owned())
}

fn ip(text: &str) -> String {
    let address: Result<IpAddr, _> = text.parse();
    address.map_or_else(
        |_| text.to_lowercase(),
        |address| address.to_canonical().to_string(),
    )
}

fn provider(text: &str) -> String {
    let provider = IdentityProvider::parse(text);
    provider.map_or_else(
        |_| text.to_lowercase(),
        |provider| provider.as_str().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_under_its_root() {
        for name in names() {
            assert!(find(name).is_some(), "{name}");
            let root = name.split('.').next().unwrap();
            assert!(roots().any(|known| known == root));
            assert_eq!(
                members(root).any(|member| member == name),
                name.contains('.')
            );
        }
    }

    #[test]
    fn every_variable_has_one_name() {
        for (position, (name, variable, _)) in NAMES.iter().enumerate() {
            for (other, same, _) in &NAMES[position + 1..] {
                assert_ne!(name, other);
                assert_ne!(variable, same);
            }
            assert!((*variable as usize) < Variable::COUNT);
        }
    }
}
