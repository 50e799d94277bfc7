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
/// Nothing is computed before an expression reads it, and what takes long is computed once.
#[derive(Debug)]
pub struct Scope<'s> {
    subject: Subject<'s>,
    address: OnceLock<String>,
    lists: OnceLock<CelList<'s>>,
    disposable: OnceLock<bool>,
    free: OnceLock<bool>,
    resemblance: OnceLock<Option<Resemblance<'s>>>,
    provider_mismatch: OnceLock<bool>,
    mixed_script: OnceLock<bool>,
    now: OnceLock<DateTime>,
    date: OnceLock<String>,
}

impl<'s> Scope<'s> {
    pub fn new(subject: Subject<'s>) -> Self {
        Self {
            subject,
            address: OnceLock::new(),
            lists: OnceLock::new(),
            disposable: OnceLock::new(),
            free: OnceLock::new(),
            resemblance: OnceLock::new(),
            provider_mismatch: OnceLock::new(),
            mixed_script: OnceLock::new(),
            now: OnceLock::new(),
            date: OnceLock::new(),
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

    pub(super) fn value(&self, variable: Variable) -> CowVal<'_, '_> {
        let sign_up = self.subject.sign_up;
        match variable {
            Variable::EmailAddress => text(self.address()),
            Variable::EmailLocal => text(
                self.address()
                    .rsplit_once('@')
                    .map_or("", |(local, _)| local),
            ),
            Variable::EmailDomain => text(self.domains().next().map_or("", EmailDomain::as_str)),
            Variable::EmailPresent => flag(!sign_up.addresses.is_empty()),
            Variable::EmailDisposable => flag(self.is_disposable()),
            Variable::EmailFree => flag(self.is_free()),
            Variable::EmailLooksLike => text(self.resemblance().map_or("", |found| found.known)),
            Variable::EmailProviderMismatch => flag(self.has_provider_mismatch()),
            Variable::IdentityProvider => {
                text(self.identity().map_or(ENTRA, |one| one.provider.as_str()))
            }
            Variable::IdentitySubject => text(self.subject()),
            Variable::IdentityPresent => flag(self.identity().is_some()),
            Variable::NamesMixedScript => flag(self.has_mixed_script()),
            Variable::ListEffect => text(self.subject.listed.map_or("", Effect::name)),
            Variable::ListNames => CowVal::Borrowed(self.lists()),
            Variable::UserFlow => text(self.subject.user_flow.unwrap_or_default()),
            Variable::Application => text(sign_up.application.as_deref().unwrap_or_default()),
            Variable::ClientIp => owned(
                sign_up
                    .client
                    .map_or_else(String::new, |address| address.to_string()),
            ),
            Variable::Step => text(sign_up.step.name()),
            Variable::Language => text(sign_up.languages.best(Language::English).tag()),
            Variable::NowDate => text(self.date()),
            Variable::NowTime => owned(self.now().strftime("%H:%M").to_string()),
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

    fn address(&self) -> &str {
        self.address.get_or_init(|| {
            let address = self.subject.sign_up.addresses.first();
            address.map_or_else(String::new, |address| {
                address.canonical().as_str().to_owned()
            })
        })
    }

    fn is_disposable(&self) -> bool {
        *self.disposable.get_or_init(|| {
            self.domains()
                .any(|domain| self.subject.disposable.contains(domain))
        })
    }

    fn is_free(&self) -> bool {
        *self.free.get_or_init(|| self.domains().any(is_free_mail))
    }

    fn has_mixed_script(&self) -> bool {
        *self.mixed_script.get_or_init(|| {
            let mut names = NAMES
                .iter()
                .filter_map(|name| self.subject.values.text(&Key::of(name)));
            names.any(is_mixed)
        })
    }

    fn has_provider_mismatch(&self) -> bool {
        *self.provider_mismatch.get_or_init(|| {
            self.domains()
                .any(|domain| self.comes_through_another(domain))
        })
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
    fn lists(&self) -> &CelList<'s> {
        self.lists.get_or_init(|| {
            let mut names: Vec<&'s str> = self.subject.lists.iter().map(String::as_str).collect();
            names.sort_unstable();
            names.dedup();
            let boxed = |name| -> Box<dyn Val + 's> { Box::new(CelString::from(name)) };
            names.into_iter().map(boxed).collect::<Vec<_>>().into()
        })
    }

    fn now(&self) -> DateTime {
        *self
            .now
            .get_or_init(|| TimeZone::UTC.to_datetime(self.subject.now))
    }

    fn date(&self) -> &str {
        self.date
            .get_or_init(|| self.now().strftime("%Y-%m-%d").to_string())
    }
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

fn text(text: &str) -> CowVal<'_, '_> {
    CowVal::owned(CelString::from(text))
}

fn owned<'v>(text: String) -> CowVal<'v, 'v> {
    CowVal::owned(CelString::from(text))
}

fn number<'v>(number: i64) -> CowVal<'v, 'v> {
    CowVal::owned(CelInt::from(number))
}

pub(super) fn flag<'v>(flag: bool) -> CowVal<'v, 'v> {
    CowVal::Borrowed(if flag {
        &CelBool::TRUE
    } else {
        &CelBool::FALSE
    })
}
