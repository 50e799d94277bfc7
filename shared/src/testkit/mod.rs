//! For tests: a clock in the test's hand and a journal that remembers.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::ports::{
    clock::Clock,
    journal::{Answered, Journal, Notice},
};

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
