//! What people have changed: recorded with the change, once, and only then.

use jiff::{SignedDuration, Timestamp, civil::Date};
use shared::{
    domain::{
        approval::{Action, Actor, Change as Decision, State},
        audit::{Changed, Decided, EntryChange, KEPT_DAYS, Record, RecordId, Signature, day},
        list::{Effect, ListEntry, ListName},
    },
    ports::{
        StoreError,
        audit_store::AuditStore,
        list_store::{Change, ListStore, MAX_BATCH},
        request_store::RequestStore,
    },
};
use tokio::task::JoinSet;

use super::{
    Fixture, entry, fixture, matcher, put,
    requests::{by, changed, losing_an_answer, now, opened, partition, request, stored},
    signed,
};

pub(crate) fn today() -> Date {
    day(now())
}

pub(crate) async fn records(f: &Fixture) -> Vec<Record> {
    let page = f.table.records(today(), None, 1000).await.unwrap();
    assert_eq!(page.next, None);
    page.records
}

fn entries(record: &Record) -> &[EntryChange] {
    match &record.changed {
        Changed::Entries(changes) => changes,
        other => panic!("{other:?}"),
    }
}

fn remove(text: &str, list: &str) -> Change {
    Change::Remove {
        matcher: matcher(text),
        list: ListName::parse(list).unwrap(),
    }
}

fn at(moment: Timestamp) -> Signature {
    Signature {
        at: moment,
        ..signed()
    }
}

#[tokio::test]
async fn a_decision_is_recorded_with_its_author_and_no_applicant() {
    let f = fixture("audit-decision").await;
    let made = request(1, 1);
    opened(&f, &made).await;
    let change = by("eve", Action::Deny).because(Some("unknown".to_owned()));
    let change = change.telling(Some("Dear John".to_owned()));
    let (next, history) = made.after(&change, now()).unwrap();
    assert!(f.table.change(&made, &next, &history).await.unwrap());
    let found = records(&f).await;
    let [record] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(record.signature.by, "eve");
    assert_eq!(record.signature.at, now());
    let expected = Decided {
        request: made.id.clone(),
        version: 2,
        action: Action::Deny,
        from: Some(State::Pending),
        to: State::Denied,
        reason: Some("unknown".to_owned()),
    };
    assert_eq!(record.changed, Changed::Request(expected));
    let items = partition(&f, &format!("AUDIT#{}", today())).await;
    let stored = format!("{items:?}");
    for personal in [made.person.as_str(), made.applicant.as_str(), "Dear John"] {
        assert!(!stored.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn what_applicants_and_the_program_do_is_in_the_history_alone() {
    let f = fixture("audit-others").await;
    let made = request(1, 1);
    opened(&f, &made).await;
    let approved = changed(&f, &made, Action::Approve).await;
    let provision = Decision::new(Action::Provision, Actor::System);
    let (next, history) = approved.after(&provision, now()).unwrap();
    assert!(f.table.change(&approved, &next, &history).await.unwrap());
    let other = request(2, 2);
    opened(&f, &other).await;
    let withdraw = Decision::new(Action::Withdraw, Actor::Applicant);
    let (next, history) = other.after(&withdraw, now()).unwrap();
    assert!(f.table.change(&other, &next, &history).await.unwrap());
    assert_eq!(records(&f).await.len(), 1);
}

#[tokio::test]
async fn a_decision_that_is_not_made_is_not_recorded() {
    let f = fixture("audit-stale").await;
    let made = request(1, 1);
    opened(&f, &made).await;
    let (denied, history) = made.after(&by("bob", Action::Deny), now()).unwrap();
    changed(&f, &made, Action::Approve).await;
    for _ in 0..2 {
        assert!(!f.table.change(&made, &denied, &history).await.unwrap());
    }
    let found = records(&f).await;
    let authors: Vec<&str> = found.iter().map(|one| one.signature.by.as_str()).collect();
    assert_eq!(authors, ["eve"]);
}

#[tokio::test]
async fn a_request_that_gets_other_lifetimes_is_recorded_as_well() {
    let f = fixture("audit-reopen").await;
    let mut now_is = request(1, 1);
    opened(&f, &now_is).await;
    for action in [Action::Deny, Action::Reopen, Action::Approve] {
        now_is = changed(&f, &now_is, action).await;
    }
    let found = records(&f).await;
    let versions = found.iter().map(|record| match &record.changed {
        Changed::Request(decided) => decided.version,
        other => panic!("{other:?}"),
    });
    assert_eq!(versions.collect::<Vec<_>>(), [4, 3, 2]);
}

#[tokio::test]
async fn entries_that_are_written_together_are_one_record() {
    let f = fixture("audit-entries").await;
    let first = [
        put("example.com", Effect::Deny, "x"),
        put("a@example.com", Effect::Allow, "y"),
    ];
    f.table.apply(&first, &signed()).await.unwrap();
    let second = [
        put("example.com", Effect::Review, "x"),
        remove("a@example.com", "y"),
        // Neither changes anything.
        remove("nobody@example.com", "y"),
        put("example.com", Effect::Review, "x"),
    ];
    let later = at(now() + SignedDuration::from_secs(1));
    f.table.apply(&second, &later).await.unwrap();
    let found = records(&f).await;
    let [newer, older] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(newer.signature, later);
    let told = |record| {
        let changes = entries(record).iter();
        let mut told: Vec<_> = changes
            .map(|one| {
                (
                    one.matcher.to_string(),
                    one.list.to_string(),
                    one.from,
                    one.to,
                )
            })
            .collect();
        told.sort();
        told
    };
    let line = |text: &str, list: &str, from, to| (text.to_owned(), list.to_owned(), from, to);
    assert_eq!(
        told(older),
        [
            line("a@example.com", "y", None, Some(Effect::Allow)),
            line("example.com", "x", None, Some(Effect::Deny)),
        ]
    );
    assert_eq!(
        told(newer),
        [
            line("a@example.com", "y", Some(Effect::Allow), None),
            line("example.com", "x", Some(Effect::Deny), Some(Effect::Review)),
        ]
    );
    assert!(entries(newer).iter().all(|one| one.reason == "said so"));
}

#[tokio::test]
async fn the_same_changes_again_change_and_record_nothing() {
    let f = fixture("audit-again").await;
    let changes = [put("example.com", Effect::Deny, "x")];
    for _ in 0..3 {
        f.table.apply(&changes, &signed()).await.unwrap();
    }
    assert_eq!(records(&f).await.len(), 1);
    let comes_to_nothing = [
        put("b.example", Effect::Deny, "x"),
        remove("b.example", "x"),
    ];
    f.table.apply(&comes_to_nothing, &signed()).await.unwrap();
    assert_eq!(records(&f).await.len(), 1);
}

#[tokio::test]
async fn a_lost_answer_records_nothing_twice() {
    let f = fixture("audit-lost").await;
    // Another engine need not know a transaction again.
    if f.engine.is_none() {
        return;
    }
    let changes = [put("example.com", Effect::Deny, "x")];
    let table = losing_an_answer(&f);
    table.apply(&changes, &signed()).await.unwrap();
    assert_eq!(records(&f).await.len(), 1);
    let made = request(1, 1);
    opened(&f, &made).await;
    let (next, history) = made.after(&by("eve", Action::Deny), now()).unwrap();
    let table = losing_an_answer(&f);
    assert!(table.change(&made, &next, &history).await.unwrap());
    assert_eq!(records(&f).await.len(), 2);
}

#[tokio::test]
async fn a_full_batch_of_long_entries_and_its_record_are_one_transaction() {
    let f = fixture("audit-batch").await;
    let long = "é".repeat(ListEntry::MAX_NOTE);
    let changes: Vec<Change> = (0..MAX_BATCH)
        .map(|number| {
            let domain = format!("{}.example", "a".repeat(60));
            let text = format!("user{number}@{domain}");
            Change::Put(ListEntry {
                reason: long.clone(),
                owner: long.clone(),
                ..entry(&text, Effect::Deny, "x")
            })
        })
        .collect();
    f.table.apply(&changes, &signed()).await.unwrap();
    let found = records(&f).await;
    assert_eq!(found.len(), 1);
    assert_eq!(entries(&found[0]).len(), MAX_BATCH);
}

#[tokio::test]
async fn changes_at_the_same_moment_are_records_of_their_own() {
    let f = fixture("audit-moment").await;
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let table = f.table.clone();
        tasks.spawn(async move {
            let change = put("example.com", Effect::Deny, &format!("list-{number}"));
            table.apply(&[change], &signed()).await
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(records(&f).await.len(), 6);
}

#[tokio::test]
async fn a_day_ends_at_midnight_in_utc_and_is_paged_through_without_loss() {
    let f = fixture("audit-day").await;
    let midnight: Timestamp = "2026-12-02T00:00:00Z".parse().unwrap();
    for number in 0..7 {
        let moment = midnight + SignedDuration::from_millis(number - 4);
        let change = put("example.com", Effect::Deny, &format!("list-{number}"));
        f.table.apply(&[change], &at(moment)).await.unwrap();
    }
    for (date, expected) in [("2026-12-01", 4), ("2026-12-02", 3), ("2026-12-03", 0)] {
        let date: Date = date.parse().unwrap();
        let all = f.table.records(date, None, 1000).await.unwrap().records;
        assert_eq!(all.len(), expected);
        assert!(all.windows(2).all(|pair| pair[0].id > pair[1].id));
        for limit in [1, 2, 3, 4] {
            assert_eq!(all_pages(&f, date, limit).await, all, "{limit}");
        }
    }
}

async fn all_pages(f: &Fixture, date: Date, limit: u16) -> Vec<Record> {
    let (mut all, mut after): (Vec<Record>, Option<RecordId>) = (Vec::new(), None);
    loop {
        let page = f.table.records(date, after.as_ref(), limit).await.unwrap();
        assert!(page.records.len() <= limit.into());
        all.extend(page.records);
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn dynamodb_may_delete_a_record_after_four_hundred_days() {
    let f = fixture("audit-ttl").await;
    let made = request(1, 1);
    opened(&f, &made).await;
    changed(&f, &made, Action::Deny).await;
    f.table
        .apply(&[put("example.com", Effect::Deny, "x")], &signed())
        .await
        .unwrap();
    let days = SignedDuration::from_hours(24 * i64::from(KEPT_DAYS));
    let expected = (now() + days).as_second().to_string();
    let items = partition(&f, &format!("AUDIT#{}", today())).await;
    assert_eq!(items.len(), 2);
    for item in items {
        assert_eq!(item["ttl"].as_n().unwrap(), &expected);
    }
}

#[tokio::test]
async fn a_record_that_is_there_keeps_its_place() {
    let f = fixture("audit-append").await;
    let made = request(1, 1);
    opened(&f, &made).await;
    let (next, history) = made.after(&by("eve", Action::Deny), now()).unwrap();
    let taken = Record::of_request(&made.id, &history).unwrap();
    f.client
        .put_item()
        .table_name(f.table.name())
        .item("pk", attribute(&format!("AUDIT#{}", today())))
        .item("sk", attribute(taken.id.as_str()))
        .send()
        .await
        .unwrap();
    assert!(!f.table.change(&made, &next, &history).await.unwrap());
    assert_eq!(stored(&f, &made.id).await, made);
    let unreadable = f.table.records(today(), None, 9).await.unwrap_err();
    assert!(matches!(unreadable, StoreError::Corrupt { .. }));
}

fn attribute(text: &str) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned())
}
