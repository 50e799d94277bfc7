//! For tests: a clock in the test's hand, a journal that remembers, a key service in memory, an approval request, records of
//! changes, and settings.

mod approval;
mod audit;
mod keyring;
mod nobody;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

pub use self::{
    approval::pending,
    audit::{recorded, signed},
    keyring::Keyring,
    nobody::{Nobody, others},
};
use crate::{
    domain::{
        language::Language,
        list::Effect,
        policy::{FlowPolicy, OnUnavailable, Policies},
        sign_up::Step,
    },
    http::{Budgets, Settings, Trust},
    ports::{
        clock::Clock,
        journal::{Answered, Journal, Notice},
    },
};

/// The settings of a function as their defaults have them, but for the deadlines: a slow machine is not
/// what such a test looks for.
pub fn settings(step: Step, trust: Trust) -> Settings {
    Settings {
        step,
        trust,
        policies: Policies {
            default: FlowPolicy {
                default: Effect::Allow,
                lists: None,
                on_unavailable: OnUnavailable::Block,
            },
            flows: BTreeMap::new(),
        },
        budgets: Budgets {
            connector: Duration::from_mins(10),
            extension: Duration::from_mins(10),
        },
        default_language: Language::English,
        api_version: "1.0.0".to_owned(),
        decisions: None,
    }
}

/// A clock that stands still until it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<Timestamp>);

impl FixedClock {
    pub fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }

    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Remembers what was told.
#[derive(Debug, Default)]
pub struct Remembered {
    answered: Mutex<Vec<Answered>>,
    notices: Mutex<Vec<Notice>>,
}

impl Remembered {
    pub fn answers(&self) -> Vec<Answered> {
        self.answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn notices(&self) -> Vec<Notice> {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Journal for Remembered {
    fn answered(&self, record: &Answered) {
        self.answered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record.clone());
    }

    fn notice(&self, notice: &Notice) {
        self.notices
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(notice.clone());
    }
}
