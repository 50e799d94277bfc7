//! Other systems that a decision asks: their names, what they said, and the breaker that spares them.

use std::{collections::BTreeMap, fmt};

use jiff::{SignedDuration, Timestamp};

use super::{attribute::ClaimValue, digest};

/// The name of a source or of a verification: a lower-case letter, then lower-case letters, digits and `_`, up to 32, so that
/// expressions can spell it.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct SourceName(String);

impl SourceName {
    pub const MAX: usize = 32;

    pub fn parse(text: &str) -> Option<Self> {
        let first = text.starts_with(|c: char| c.is_ascii_lowercase());
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        (first && text.len() <= Self::MAX && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How asking a source ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceOutcome {
    /// It knows the person or the value.
    Found,
    /// It does not.
    Absent,
    /// No answer within its budget or the time that was left.
    Slow,
    /// No connection, a refusal, or an answer that cannot be used; also while its breaker is open.
    Failed,
}

impl SourceOutcome {
    pub const ALL: [Self; 4] = [Self::Found, Self::Absent, Self::Slow, Self::Failed];

    /// The name in expressions, logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Absent => "absent",
            Self::Slow => "slow",
            Self::Failed => "failed",
        }
    }

    /// Whether the source itself is at fault.
    pub const fn is_fault(self) -> bool {
        matches!(self, Self::Slow | Self::Failed)
    }
}

/// What was taken out of a source's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Extract {
    /// By the name of the attribute or token claim.
    pub claims: BTreeMap<String, ClaimValue>,
    /// By the name that expressions have for it: `facts.NAME`.
    pub facts: BTreeMap<String, ClaimValue>,
}

/// What one answer of a source is kept under: the digest of its configuration and of the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerKey(String);

impl AnswerKey {
    pub fn of(parts: &[&[u8]]) -> Self {
        Self(digest::hexadecimal(parts))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An answer that stands for the next ones until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Whether the source knew the person or value.
    pub found: bool,
    pub extract: Extract,
    pub expires_at: Timestamp,
}

/// The failures of a source, as all instances share them.
///
/// Closed: fewer than [`TRIP`](Self::TRIP) failures in a [`WINDOW`](Self::WINDOW). Open: nobody asks. Half-open: the pause is
/// over, and one request at a time may try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    pub failures: u32,
    /// When the first of `failures` happened.
    pub since: Timestamp,
    /// Nobody asks before this moment.
    pub open_until: Option<Timestamp>,
    /// Somebody tries until this moment.
    pub trial_until: Option<Timestamp>,
    /// How often it opened in a row; each time it stays open longer.
    pub openings: u32,
    /// Counts up with each change; the condition of the next one. Zero before the first.
    pub version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakerState {
    Closed,
    Open,
    HalfOpen,
}

impl BreakerState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl Breaker {
    /// Failures that open it.
    pub const TRIP: u32 = 5;
    /// Within which they count together.
    pub const WINDOW: SignedDuration = SignedDuration::from_secs(60);
    /// The first pause; doubled with each opening in a row.
    pub const PAUSE: SignedDuration = SignedDuration::from_secs(15);
    pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(5);
    /// How long a trial keeps others from trying.
    pub const TRIAL: SignedDuration = SignedDuration::from_secs(5);

    /// Before anything failed.
    pub const fn closed(now: Timestamp) -> Self {
        Self {
            failures: 0,
            since: now,
            open_until: None,
            trial_until: None,
            openings: 0,
            version: 0,
        }
    }

    pub fn state(&self, now: Timestamp) -> BreakerState {
        match (self.open_until, self.trial_until) {
            (None, _) => BreakerState::Closed,
            (Some(end), _) if now < end => BreakerState::Open,
            (Some(_), Some(end)) if now < end => BreakerState::Open,
            (Some(_), _) => BreakerState::HalfOpen,
        }
    }

    /// After one more failure.
    #[must_use]
    pub fn failed(&self, now: Timestamp) -> Self {
        let mut next = Self {
            version: self.version + 1,
            trial_until: None,
            ..self.clone()
        };
        if self.open_until.is_none() {
            if now.duration_since(self.since) >= Self::WINDOW || self.failures == 0 {
                next.failures = 0;
                next.since = now;
            }
            next.failures = next.failures.saturating_add(1);
            if next.failures < Self::TRIP {
                return next;
            }
        }
        let pause = Self::PAUSE
            .checked_mul(1 << self.openings.min(8))
            .map_or(Self::LONGEST_PAUSE, |pause| pause.min(Self::LONGEST_PAUSE));
        next.openings = self.openings.saturating_add(1);
        next.open_until = now.checked_add(pause).ok();
        next
    }

    /// While somebody tries a half-open one.
    #[must_use]
    pub fn tried(&self, now: Timestamp) -> Self {
        self.tried_for(Self::TRIAL, now)
    }

    /// The same for a trial that may take longer.
    #[must_use]
    pub fn tried_for(&self, takes: SignedDuration, now: Timestamp) -> Self {
        Self {
            trial_until: now.checked_add(takes).ok(),
            version: self.version + 1,
            ..self.clone()
        }
    }

    /// After a success that makes up for the failures before it: only those in a row count. `None` when there is nothing to
    /// change.
    pub fn recovered(&self, now: Timestamp) -> Option<Self> {
        let is_new = self.failures == 0 && self.open_until.is_none();
        (!is_new).then(|| Self {
            version: self.version + 1,
            ..Self::closed(now)
        })
    }

    /// After a success. `None` when there is nothing to change.
    pub fn succeeded(&self, now: Timestamp) -> Option<Self> {
        let is_trial = self.open_until.is_some();
        is_trial.then(|| Self {
            version: self.version + 1,
            ..Self::closed(now)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn open(now: i64) -> Breaker {
        (0..Breaker::TRIP).fold(Breaker::closed(at(now)), |breaker, _| {
            breaker.failed(at(now))
        })
    }

    #[test]
    fn opens_after_failures_that_come_together() {
        let almost =
            (1..Breaker::TRIP).fold(Breaker::closed(at(0)), |breaker, _| breaker.failed(at(0)));
        assert_eq!(almost.state(at(0)), BreakerState::Closed);
        assert_eq!(almost.failed(at(59)).state(at(59)), BreakerState::Open);
        let late = almost.failed(at(60));
        assert_eq!(
            (late.state(at(60)), late.failures),
            (BreakerState::Closed, 1)
        );
    }

    #[test]
    fn lets_one_try_after_its_pause() {
        let breaker = open(0);
        assert_eq!(breaker.state(at(14)), BreakerState::Open);
        assert_eq!(breaker.state(at(15)), BreakerState::HalfOpen);
        let tried = breaker.tried(at(15));
        assert_eq!(tried.state(at(16)), BreakerState::Open);
        // Whoever tried has been ended in between.
        assert_eq!(tried.state(at(20)), BreakerState::HalfOpen);
    }

    #[test]
    fn stays_open_longer_each_time_and_closes_at_once() {
        let again = open(0).tried(at(15)).failed(at(16));
        assert_eq!(again.state(at(45)), BreakerState::Open);
        assert_eq!(again.state(at(46)), BreakerState::HalfOpen);
        let closed = again.tried(at(46)).succeeded(at(47)).unwrap();
        assert_eq!(closed.state(at(47)), BreakerState::Closed);
        assert_eq!(closed.openings, 0);
        assert!(closed.version > again.version);
        assert_eq!(closed.succeeded(at(48)), None);
    }

    #[test]
    fn a_success_can_make_up_for_failures() {
        let failed = Breaker::closed(at(0)).failed(at(0));
        assert_eq!(failed.succeeded(at(1)), None);
        let recovered = failed.recovered(at(1)).unwrap();
        assert_eq!((recovered.failures, recovered.version), (0, 2));
        assert_eq!(recovered.recovered(at(2)), None);
        assert!(open(0).recovered(at(20)).is_some());
    }

    #[test]
    fn never_stays_open_for_more_than_the_longest_pause() {
        let mut breaker = open(0);
        for _ in 0..40 {
            breaker = breaker.failed(at(0));
        }
        let end = at(0).checked_add(Breaker::LONGEST_PAUSE).unwrap();
        assert_eq!(breaker.open_until, Some(end));
    }

    #[test]
    fn a_name_can_be_spelled_in_an_expression() {
        for good in ["crm", "crm_2", "a"] {
            assert!(SourceName::parse(good).is_some(), "{good}");
        }
        let long = "a".repeat(33);
        for bad in ["", "2crm", "Crm", "crm-2", "crm.x", "_crm", &long] {
            assert!(SourceName::parse(bad).is_none(), "{bad}");
        }
    }
}
