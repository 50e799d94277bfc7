//! What people have changed: decisions about requests, entries of lists, and whatever else operators look after.

mod setting;

use std::fmt;

use jiff::{Timestamp, civil::Date, tz::Offset};

pub use self::setting::{SettingAction, SettingChange};
use super::{
    approval::{Action, Actor, HistoryEntry, RequestId, State, later},
    list::{Effect, ListName, Matcher},
};

/// How many days a record is kept: a year, and some time to look back at it.
pub const KEPT_DAYS: u32 = 400;

/// Who changes something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub by: String,
    pub at: Timestamp,
}

impl Signature {
    pub fn new(by: &str, at: Timestamp) -> Self {
        Self {
            by: by.to_owned(),
            at,
        }
    }
}

/// What a person has changed at once. It is never changed itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: RecordId,
    pub signature: Signature,
    pub changed: Changed,
}

/// What was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Request(Decided),
    /// Entries that were written together.
    Entries(Vec<EntryChange>),
    /// What else operators changed together.
    Settings(Vec<SettingChange>),
}

/// A decision about a request, without whom it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub request: RequestId,
    /// The version that the decision made.
    pub version: u64,
    pub action: Action,
    pub from: Option<State>,
    pub to: State,
    pub reason: Option<String>,
}

/// What became of a matcher's place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    pub matcher: Matcher,
    pub list: ListName,
    /// `None` when it was not there.
    pub from: Option<Effect>,
    /// `None` when it was removed.
    pub to: Option<Effect>,
    /// Of the entry: the new one's, or that of the one that was removed.
    pub reason: String,
}

/// Names a record: the millisecond of the change, then what it is about or chance; the order of the texts is that of time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId(String);

impl RecordId {
    const LONGEST: usize = 60;

    fn new(at: Timestamp, rest: impl fmt::Display) -> Self {
        Self(format!("{:013}#{rest}", at.as_millisecond().max(0)))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (millisecond, rest) = text.split_once('#')?;
        let is_known = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'#';
        let is_fine = millisecond.len() == 13
            && millisecond.bytes().all(|octet| octet.is_ascii_digit())
            && !rest.is_empty()
            && rest.bytes().all(is_known)
            && text.len() <= Self::LONGEST;
        is_fine.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Record {
    /// `None` for what no person did: that is in the history of the request alone.
    pub fn of_request(request: &RequestId, entry: &HistoryEntry) -> Option<Self> {
        let Actor::Person(by) = &entry.by else {
            return None;
        };
        let version = entry.version;
        Some(Self {
            id: RecordId::new(entry.at, format_args!("{request}#{version:08}")),
            signature: Signature {
                by: by.clone(),
                at: entry.at,
            },
            changed: Changed::Request(Decided {
                request: request.clone(),
                version,
                action: entry.action,
                from: entry.from,
                to: entry.to,
                reason: entry.reason.clone(),
            }),
        })
    }

    /// The chance tells apart what one person changes within a millisecond.
    pub fn of_entries(signature: &Signature, changes: Vec<EntryChange>, chance: u128) -> Self {
        Self::of(signature, Changed::Entries(changes), chance)
    }

    /// The chance as in [`of_entries`](Self::of_entries).
    pub fn of_settings(signature: &Signature, changes: Vec<SettingChange>, chance: u128) -> Self {
        Self::of(signature, Changed::Settings(changes), chance)
    }

    fn of(signature: &Signature, changed: Changed, chance: u128) -> Self {
        Self {
            id: RecordId::new(signature.at, format_args!("{chance:032x}")),
            signature: signature.clone(),
            changed,
        }
    }

    /// The day, in UTC, under which it is found.
    pub fn day(&self) -> Date {
        day(self.signature.at)
    }

    /// When DynamoDB may delete it.
    pub fn kept_until(&self) -> Timestamp {
        later(self.signature.at, KEPT_DAYS)
    }

    /// How many changes it tells of.
    pub fn changes(&self) -> usize {
        match &self.changed {
            Changed::Request(_) => 1,
            Changed::Entries(changes) => changes.len(),
            Changed::Settings(changes) => changes.len(),
        }
    }
}

impl EntryChange {
    pub const fn action(&self) -> &'static str {
        match (self.from, self.to) {
            (None, _) => "add",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        }
    }
}

/// The day of a moment, in UTC.
pub fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// The first moment of a day, in UTC.
pub fn start(day: Date) -> Timestamp {
    let midnight = Offset::UTC.to_timestamp(day.at(0, 0, 0, 0));
    midnight.unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entries(when: &str, chance: u128) -> Record {
        let signature = Signature {
            by: "robin".to_owned(),
            at: at(when),
        };
        Record::of_entries(&signature, Vec::new(), chance)
    }

    fn decided(by: Actor) -> Option<Record> {
        let when = at("2026-11-22T23:59:59.999Z");
        let entry = HistoryEntry {
            version: 2,
            at: when,
            by,
            action: Action::Deny,
            from: Some(State::Pending),
            to: State::Denied,
            reason: Some("unknown".to_owned()),
            message: Some("Sorry.".to_owned()),
            edition: 1,
        };
        Record::of_request(&RequestId::new(when, [1; 10]), &entry)
    }

    #[test]
    fn only_what_people_do_is_recorded() {
        assert_eq!(decided(Actor::Applicant), None);
        assert_eq!(decided(Actor::System), None);
        let record = decided(Actor::Person("robin".to_owned())).unwrap();
        assert_eq!(record.signature.by, "robin");
        assert_eq!(record.day().to_string(), "2026-11-22");
    }

    #[test]
    fn records_are_in_the_order_of_time_and_none_has_the_id_of_another() {
        let (early, late) = ("2001-09-09T01:46:39.999Z", "2026-11-22T10:00:00Z");
        assert!(entries(early, u128::MAX).id < entries(late, 0).id);
        assert_ne!(entries(late, 0).id, entries(late, 1).id);
    }

    #[test]
    fn an_id_is_read_back() {
        let decision = decided(Actor::Person("robin".to_owned())).unwrap();
        for id in [decision.id, entries("2026-11-22T10:00:00Z", 7).id] {
            assert_eq!(RecordId::parse(id.as_str()), Some(id));
        }
    }

    #[rstest]
    #[case::nothing("")]
    #[case::no_rest("1795000000000#")]
    #[case::no_time("robin#1")]
    #[case::short("17950#1")]
    #[case::strange("1795000000000#<b>")]
    #[case::long("1795000000000#00000000000000000000000000000000000000000000000")]
    fn other_texts_are_no_ids(#[case] text: &str) {
        assert_eq!(RecordId::parse(text), None);
    }
}
