//! The values of variables for one sign-up.

use std::sync::OnceLock;

use cel::common::{
    types::{CelBool, CelInt, CelList, CelString},
    value::{CowVal, Val},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::variable::Variable;
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
    values: [OnceLock<Box<dyn Val + 's>>; Variable::COUNT],
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
    pub(super) fn value(&self, variable: Variable) -> Option<CowVal<'_, 's>> {
        let place = self.values.get(variable as usize)?;
        let value = place.get_or_init(|| self.computed(variable));
        Some(CowVal::Borrowed(value.as_ref()))
    }

    fn computed(&self, variable: Variable) -> Box<dyn Val + 's> {
        let sign_up = self.subject.sign_up;
        match variable {
            Variable::EmailAddress => text(self.address()),
            Variable::EmailLocal => text(local_part(&self.address()).to_owned()),
            Variable::EmailDomain => text(self.domains().next().map_or("", EmailDomain::as_str)),
            Variable::EmailPresent => truth(!sign_up.addresses.is_empty()),
            Variable::EmailDisposable => {
                let disposable = self.subject.disposable;
                truth(self.domains().any(|domain| disposable.contains(domain)))
            }
            Variable::EmailFree => truth(self.domains().any(is_free_mail)),
            Variable::EmailLooksLike => text(self.resemblance().map_or("", |found| found.known)),
            Variable::EmailProviderMismatch => truth(self.has_provider_mismatch()),
            Variable::IdentityProvider => {
                text(self.identity().map_or(ENTRA, |one| one.provider.as_str()))
            }
            Variable::IdentitySubject => text(self.subject()),
            Variable::IdentityPresent => truth(self.identity().is_some()),
            Variable::NamesMixedScript => truth(self.has_mixed_script()),
            Variable::ListEffect => text(self.subject.listed.map_or("", Effect::name)),
            Variable::ListNames => Box::new(self.lists()),
            Variable::UserFlow => text(self.subject.user_flow.unwrap_or_default()),
            Variable::Application => text(sign_up.application.as_deref().unwrap_or_default()),
            Variable::ClientIp => text(
                sign_up
                    .client
                    .map_or_else(String::new, |address| address.to_string()),
            ),
            Variable::Step => text(sign_up.step.name()),
            Variable::Language => text(sign_up.languages.best(Language::English).tag()),
            Variable::NowDate => text(self.now().strftime("%Y-%m-%d").to_string()),
            Variable::NowTime => text(self.now().strftime("%H:%M").to_string()),
            Variable::NowHour => number(self.now().hour().into()),
            Variable::NowWeekday => number(self.now().weekday().to_monday_one_offset().into()),
            Variable::NowUnix => number(self.subject.now.as_second()),
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
    fn lists(&self) -> CelList<'s> {
        let mut names: Vec<&'s str> = self.subject.lists.iter().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(text).collect::<Vec<_>>().into()
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

fn text<'v>(text: impl Into<CelString<'v>>) -> Box<dyn Val + 'v> {
    Box::new(text.into())
}

fn number<'v>(number: i64) -> Box<dyn Val + 'v> {
    Box::new(CelInt::from(number))
}

fn truth<'v>(truth: bool) -> Box<dyn Val + 'v> {
    Box::new(CelBool::from(truth))
}
