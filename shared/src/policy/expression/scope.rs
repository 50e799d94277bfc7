//! The values of variables for one sign-up.

use std::sync::OnceLock;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::{value::Value, variable::Variable};
use crate::{
    domain::{
        email::{EmailAddress, EmailDomain},
        identity::{Identity, IdentityProvider},
        language::Language,
        list::Effect,
        sign_up::SignUp,
    },
    policy::{
        Patience,
        document::KnownDomain,
        predicate::{
            disposable::DisposableDomains,
            free_mail::is_free_mail,
            look_alike::{self, Resemblance, resemblance},
            mixed_script::is_mixed,
        },
        values::{Key, Values},
    },
};

/// What people without an identity on the wire come through: Microsoft Entra and Microsoft accounts.
pub const ENTRA: &str = "entra";

/// The attributes that hold names of the person.
const NAMES: [&str; 3] = ["displayName", "givenName", "surname"];

/// What expressions look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'s> {
    pub sign_up: &'s SignUp,
    /// After normalising.
    pub values: &'s Values,
    /// The effect of the list entry that would decide, and every list with an entry for this person.
    pub listed: Option<Effect>,
    pub lists: &'s [String],
    pub user_flow: Option<&'s str>,
    pub now: Timestamp,
    pub patience: Patience<'s>,
    pub domains: &'s [KnownDomain],
    pub disposable: &'s DisposableDomains,
}

/// A subject made ready once for all expressions of a policy.
///
/// Nothing is computed before an expression reads it, and everything once.
#[derive(Debug)]
pub struct Scope<'s> {
    subject: Subject<'s>,
    resemblance: OnceLock<Option<Resemblance<'s>>>,
    /// By the number of the variable.
    values: [OnceLock<Value<'s>>; Variable::COUNT],
}

impl<'s> Scope<'s> {
    pub fn new(subject: Subject<'s>) -> Self {
        Self {
            subject,
            resemblance: OnceLock::new(),
            values: [const { OnceLock::new() }; Variable::COUNT],
        }
    }

    /// Which known domain an address of the person resembles, and how.
    pub fn resemblance(&self) -> Option<Resemblance<'s>> {
        *self.resemblance.get_or_init(|| {
            let known = self.subject.domains.iter().map(|known| known.name.as_str());
            self.domains()
                .find_map(|domain| resemblance(domain, known.clone()))
        })
    }

    /// The same, when it has been asked for.
    pub fn found_resemblance(&self) -> Option<Resemblance<'s>> {
        self.resemblance.get().copied().flatten()
    }

    pub(super) fn is_out_of_time(&self) -> bool {
        self.subject.patience.is_over()
    }

    /// None for no variable: each has its place.
    pub(super) fn value(&self, variable: Variable) -> Option<Value<'_>> {
        let place = self.values.get(variable as usize)?;
        let value = place.get_or_init(|| self.computed(variable));
        Some(value.borrowed())
    }

    fn computed(&self, variable: Variable) -> Value<'s> {
        let sign_up = self.subject.sign_up;
        match variable {
            Variable::EmailAddress => Value::text(self.address()),
            Variable::EmailLocal => Value::text(local_part(&self.address()).to_owned()),
            Variable::EmailDomain => {
                Value::text(self.domains().next().map_or("", EmailDomain::as_str))
            }
            Variable::EmailPresent => Value::Boolean(!sign_up.addresses.is_empty()),
            Variable::EmailDisposable => {
                let disposable = self.subject.disposable;
                Value::Boolean(self.domains().any(|domain| disposable.contains(domain)))
            }
            Variable::EmailFree => Value::Boolean(self.domains().any(is_free_mail)),
            Variable::EmailLooksLike => {
                Value::text(self.resemblance().map_or("", |found| found.known))
            }
            Variable::EmailProviderMismatch => Value::Boolean(self.has_provider_mismatch()),
            Variable::IdentityProvider => {
                Value::text(self.identity().map_or(ENTRA, |one| one.provider.as_str()))
            }
            Variable::IdentitySubject => Value::text(self.subject()),
            Variable::IdentityPresent => Value::Boolean(self.identity().is_some()),
            Variable::NamesMixedScript => Value::Boolean(self.has_mixed_script()),
            Variable::ListEffect => Value::text(self.subject.listed.map_or("", Effect::name)),
            Variable::ListNames => self.lists(),
            Variable::UserFlow => Value::text(self.subject.user_flow.unwrap_or_default()),
            Variable::Application => {
                Value::text(sign_up.application.as_deref().unwrap_or_default())
            }
            Variable::ClientIp => Value::text(
                sign_up
                    .client
                    .map_or_else(String::new, |address| address.to_string()),
            ),
            Variable::Step => Value::text(sign_up.step.name()),
            Variable::Language => Value::text(sign_up.languages.best(Language::English).tag()),
            Variable::NowDate => Value::text(self.now().strftime("%Y-%m-%d").to_string()),
            Variable::NowTime => Value::text(self.now().strftime("%H:%M").to_string()),
            Variable::NowHour => Value::Integer(self.now().hour().into()),
            Variable::NowWeekday => {
                Value::Integer(self.now().weekday().to_monday_one_offset().into())
            }
            Variable::NowUnix => Value::Integer(self.subject.now.as_second()),
        }
    }

    pub(super) fn values(&self) -> &'s Values {
        self.subject.values
    }

    fn domains(&self) -> impl Iterator<Item = &'s EmailDomain> {
        self.subject
            .sign_up
            .addresses
            .iter()
            .map(EmailAddress::domain)
    }

    fn identity(&self) -> Option<&'s Identity> {
        self.subject.sign_up.identities.first()
    }

    fn subject(&self) -> &'s str {
        let subject = self
            .identity()
            .and_then(|identity| identity.subject.as_ref());
        subject.map_or("", |subject| subject.as_str())
    }

    fn address(&self) -> String {
        let address = self.subject.sign_up.addresses.first();
        address.map_or_else(String::new, |address| {
            address.canonical().as_str().to_owned()
        })
    }

    fn has_mixed_script(&self) -> bool {
        let mut names = NAMES
            .iter()
            .filter_map(|name| self.subject.values.text(&Key::of(name)));
        names.any(is_mixed)
    }

    fn has_provider_mismatch(&self) -> bool {
        self.domains()
            .any(|domain| self.comes_through_another(domain))
    }

    /// Whether people of a domain come through another provider than this person does.
    fn comes_through_another(&self, domain: &EmailDomain) -> bool {
        let Some(expected) = provider(domain, self.subject.domains) else {
            return false;
        };
        let identities = &self.subject.sign_up.identities;
        if identities.is_empty() {
            return expected != ENTRA;
        }
        !identities
            .iter()
            .any(|identity| identity.provider.as_str() == expected)
    }

    /// Each list once, though several of its entries match.
    fn lists(&self) -> Value<'s> {
        let mut names: Vec<&'s str> = self.subject.lists.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        Value::List(names.into_iter().map(Value::text).collect())
    }

    fn now(&self) -> DateTime {
        TimeZone::UTC.to_datetime(self.subject.now)
    }
}

fn local_part(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(local, _)| local)
}

/// The provider through which people of a domain come, by the known domain that is nearest to it.
fn provider(domain: &EmailDomain, known: &[KnownDomain]) -> Option<String> {
    let covering = known.iter().filter_map(|known| {
        let parent = EmailDomain::parse(&known.name).ok()?;
        look_alike::is_within(domain, &parent).then_some((parent.as_str().len(), known))
    });
    let (_, nearest) = covering.max_by_key(|(length, _)| *length)?;
    let provider = nearest.provider.as_deref()?;
    let provider = IdentityProvider::parse(provider).ok()?;
    Some(provider.as_str().to_owned())
}
