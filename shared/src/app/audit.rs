//! What people have changed, for those who look back.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    domain::{
        approval::State,
        audit::{Changed, Decided, EntryChange, Record, RecordId, SettingChange, Signature},
        list::Effect,
    },
    ports::{
        StoreError,
        audit_store::{AuditStore, Page},
    },
};

/// Records that are read at once.
const READ: usize = 100;

/// Reads for a page of which only some are wanted.
const READS: usize = 20;

/// Most changes of a page: an answer of a function has at most 6 MB.
const CHANGES: usize = 2000;

/// Which part of a day somebody wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// In UTC.
    pub day: Date,
    /// Only what somebody of exactly this name did.
    pub by: Option<String>,
    pub after: Option<RecordId>,
}

impl Wanted {
    fn includes(&self, record: &Record) -> bool {
        let by = self.by.as_ref();
        by.is_none_or(|by| *by == record.signature.by)
    }
}

/// A change as it is told, whatever it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Change")
)]
pub struct Told<'r> {
    /// Of a request as in its history; of an entry `add`, `change` or `remove`; of anything else what it is and what was done,
    /// such as `credential.create`.
    pub action: &'static str,
    pub request: Option<&'r str>,
    /// The version of the request that the change made; that of a policy, or of the list of disposable domains.
    pub version: Option<u64>,
    /// The kind of the entry's matcher: `address`, `domain`, `suffix`, `provider` or `identity`.
    pub kind: Option<&'static str>,
    pub matcher: Option<String>,
    pub list: Option<&'r str>,
    /// The state of the request, or the effect of the entry, before.
    pub from: Option<&'static str>,
    /// The same afterwards; `null` for an entry that was removed.
    pub to: Option<&'static str>,
    pub reason: Option<&'r str>,
    /// Of anything but a request or an entry: which one, by its id, its name or a fingerprint. Absent elsewhere.
    // What is chained already has to be told as it was: without these two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<&'r str>,
    /// How many there were, where they are not told one by one. Absent elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
}

/// The changes of a record.
pub fn told(record: &Record) -> Vec<Told<'_>> {
    match &record.changed {
        Changed::Request(decided) => vec![decided.into()],
        Changed::Entries(changes) => changes.iter().map(Told::from).collect(),
        Changed::Settings(changes) => changes.iter().map(Told::from).collect(),
    }
}

impl<'r> From<&'r Decided> for Told<'r> {
    fn from(decided: &'r Decided) -> Self {
        Self {
            action: decided.action.name(),
            request: Some(decided.request.as_str()),
            version: Some(decided.version),
            from: decided.from.map(State::name),
            to: Some(decided.to.name()),
            reason: decided.reason.as_deref(),
            ..Self::default()
        }
    }
}

impl<'r> From<&'r EntryChange> for Told<'r> {
    fn from(change: &'r EntryChange) -> Self {
        let reason = Some(change.reason.as_str());
        Self {
            action: change.action(),
            kind: Some(change.matcher.kind().name()),
            matcher: Some(change.matcher.to_string()),
            list: Some(change.list.as_str()),
            from: change.from.map(Effect::name),
            to: change.to.map(Effect::name),
            reason: reason.filter(|reason| !reason.is_empty()),
            ..Self::default()
        }
    }
}

impl<'r> From<&'r SettingChange> for Told<'r> {
    fn from(change: &'r SettingChange) -> Self {
        Self {
            action: change.action.name(),
            version: change.version.map(u64::from),
            about: change.about.as_deref(),
            count: change.count,
            ..Self::default()
        }
    }
}

/// The record of a change that is not one of a request or of an entry.
pub fn of_setting(signature: &Signature, change: SettingChange) -> Record {
    of_settings(signature, vec![change])
}

/// The same of several that are made together.
pub fn of_settings(signature: &Signature, changes: Vec<SettingChange>) -> Record {
    Record::of_settings(signature, changes, fastrand::u128(..))
}

/// The records of changes.
pub struct Audit {
    store: Arc<dyn AuditStore>,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Audit")
    }
}

impl Audit {
    pub fn new(store: Arc<dyn AuditStore>) -> Self {
        Self { store }
    }

    /// At most `most` records, the newest first. Filters while reading, and ends a page early rather than reading on for a rare
    /// one.
    pub async fn page(&self, wanted: &Wanted, most: usize) -> Result<Page, StoreError> {
        let size = if wanted.by.is_none() { most } else { READ };
        let size = u16::try_from(size.min(READ)).unwrap_or(u16::MAX);
        let mut page = Page {
            records: Vec::new(),
            next: wanted.after.clone(),
        };
        for _ in 0..READS {
            let read = self
                .store
                .records(wanted.day, page.next.as_ref(), size)
                .await?;
            page.next = read.next;
            let found = read.records.into_iter();
            page.records
                .extend(found.filter(|record| wanted.includes(record)));
            let fit = fitting(&page.records, most);
            if fit < page.records.len() {
                page.records.truncate(fit);
                page.next = page.records.last().map(|last| last.id.clone());
                break;
            }
            if fit == most || page.next.is_none() {
                break;
            }
        }
        Ok(page)
    }
}

/// How many of the records fit into a page. One alone always does.
fn fitting(records: &[Record], most: usize) -> usize {
    let mut changes = 0;
    let fitting = records.iter().take(most).take_while(|record| {
        changes += record.changes();
        changes <= CHANGES
    });
    fitting.count()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::domain::{
        audit::{SettingAction, day},
        list::{ListName, Matcher},
    };

    const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

    /// Records in memory, the newest first, and how often they were read.
    struct Drawer(Vec<Record>, Mutex<usize>);

    #[async_trait]
    impl AuditStore for Drawer {
        async fn records(
            &self,
            _: Date,
            after: Option<&RecordId>,
            limit: u16,
        ) -> Result<Page, StoreError> {
            *self.1.lock().unwrap() += 1;
            let left = self.0.iter();
            let mut left = left.filter(|record| after.is_none_or(|after| record.id < *after));
            let records: Vec<Record> = left.by_ref().take(limit.into()).cloned().collect();
            let next = left.next().and(records.last()).map(|last| last.id.clone());
            Ok(Page { records, next })
        }
    }

    fn entry() -> EntryChange {
        EntryChange {
            matcher: Matcher::parse("example.com").unwrap(),
            list: ListName::parse("default").unwrap(),
            from: None,
            to: Some(Effect::Deny),
            reason: String::new(),
        }
    }

    /// So many records, each of so many changes; every `nth` is by robin.
    fn records(count: i64, changes: usize, nth: i64) -> Vec<Record> {
        let record = |number: i64| {
            let by = if number % nth == 0 { "robin" } else { "alex" };
            let signature = Signature {
                by: by.to_owned(),
                at: NOW + SignedDuration::from_secs(number),
            };
            Record::of_entries(&signature, vec![entry(); changes], 0)
        };
        (0..count).rev().map(record).collect()
    }

    /// The lengths of all pages, and how often the store was read.
    async fn pages(records: Vec<Record>, by: Option<&str>, most: usize) -> (Vec<usize>, usize) {
        let drawer = Arc::new(Drawer(records, Mutex::default()));
        let audit = Audit::new(Arc::clone(&drawer) as _);
        let mut wanted = Wanted {
            day: day(NOW),
            by: by.map(str::to_owned),
            after: None,
        };
        let mut lengths = Vec::new();
        loop {
            let page = audit.page(&wanted, most).await.unwrap();
            lengths.push(page.records.len());
            wanted.after = page.next;
            if wanted.after.is_none() {
                let reads = *drawer.1.lock().unwrap();
                return (lengths, reads);
            }
        }
    }

    #[test]
    fn what_was_chained_before_there_were_settings_is_told_as_it_was() {
        let signature = Signature {
            by: "robin".to_owned(),
            at: NOW,
        };
        let record = Record::of_entries(&signature, vec![entry()], 0);
        assert_eq!(
            serde_json::to_string(&told(&record)).unwrap(),
            r#"[{"action":"add","request":null,"version":null,"kind":"domain","matcher":"example.com","list":"default","from":null,"to":"deny","reason":null}]"#
        );
        let change = SettingChange::of(SettingAction::PolicyPublish, "partners").with_version(4);
        let told = serde_json::to_value(told(&of_setting(&signature, change))).unwrap();
        assert_eq!(
            (&told[0]["action"], &told[0]["about"], &told[0]["version"]),
            (&"policy.publish".into(), &"partners".into(), &4.into())
        );
    }

    #[tokio::test]
    async fn a_day_comes_in_pages_of_one_read_each() {
        assert_eq!(pages(Vec::new(), None, 50).await, (vec![0], 1));
        assert_eq!(pages(records(50, 1, 1), None, 50).await, (vec![50], 1));
        let (lengths, reads) = pages(records(120, 1, 1), None, 50).await;
        assert_eq!((lengths, reads), (vec![50, 50, 20], 3));
    }

    #[tokio::test]
    async fn what_one_person_did_is_found_among_others() {
        let (lengths, reads) = pages(records(1000, 1, 10), Some("robin"), 60).await;
        assert_eq!(lengths, [60, 40]);
        assert_eq!(reads, 10);
        assert_eq!(pages(records(9, 1, 1), Some("Robin"), 50).await.0, [0]);
    }

    #[tokio::test]
    async fn a_page_ends_early_for_somebody_rare() {
        let (lengths, reads) = pages(records(2500, 1, 2500), Some("robin"), 50).await;
        assert_eq!(lengths, [0, 1]);
        assert_eq!(reads, 25);
    }

    #[tokio::test]
    async fn a_page_of_large_records_stays_small() {
        let (lengths, _) = pages(records(50, 99, 1), None, 50).await;
        assert_eq!(lengths, [20, 20, 10]);
    }
}
