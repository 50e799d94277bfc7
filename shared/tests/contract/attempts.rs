//! One attempt at a verification at a time, and the evidence that stays.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use jiff::{SignedDuration, Timestamp};
use shared::{
    domain::{
        person::PersonKey,
        source::SourceName,
        verification::{AttemptKey, Evidence, VerificationOutcome},
    },
    ports::{
        Lease,
        attempts::{Attempt, Attempts, EvidenceReader},
    },
};
use tokio::task::JoinSet;

use super::{Fixture, codes::person, fixture, soon};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn attempt(name: &str) -> AttemptKey {
    AttemptKey::of(&[name.as_bytes()])
}

fn evidence(made: Timestamp, outcome: VerificationOutcome) -> Evidence {
    Evidence {
        verification: SourceName::parse("idology").unwrap(),
        provider: "idology".to_owned(),
        outcome,
        reference: Some("R-1".to_owned()),
        at: made,
    }
}

const LEASE: SignedDuration = SignedDuration::from_secs(5);

fn lease(holder: u64, now: Timestamp) -> Lease {
    Lease {
        holder,
        from: now,
        until: now + LEASE,
    }
}

/// Begins for whoever accepts evidence of the last minute.
async fn begin_by(f: &Fixture, who: &PersonKey, key: &AttemptKey, lease: &Lease) -> Attempt {
    let since = lease.from - SignedDuration::from_mins(1);
    let begun = f.table.begin(who, key, since, lease, soon());
    begun.await.unwrap()
}

/// Begins at a moment as somebody who has begun nothing before.
async fn begin(f: &Fixture, who: &PersonKey, key: &AttemptKey, now: Timestamp) -> Attempt {
    static HOLDERS: AtomicU64 = AtomicU64::new(1_000);
    let holder = HOLDERS.fetch_add(1, Ordering::Relaxed);
    begin_by(f, who, key, &lease(holder, now)).await
}

/// Begins as the holder 1.
async fn take(f: &Fixture, who: &PersonKey, key: &AttemptKey, now: Timestamp) -> Lease {
    let lease = lease(1, now);
    assert_eq!(begin_by(f, who, key, &lease).await, Attempt::Yours);
    lease
}

#[tokio::test]
async fn an_attempt_is_one_callers_until_its_lease_runs_out() {
    let f = fixture("attempt-lease").await;
    let (who, key) = (person(1), attempt("a"));
    assert_eq!(begin(&f, &who, &key, at(0)).await, Attempt::Yours);
    assert_eq!(begin(&f, &who, &key, at(1)).await, Attempt::Running);
    let almost = at(5) - SignedDuration::from_millis(1);
    assert_eq!(begin(&f, &who, &key, almost).await, Attempt::Running);
    assert_eq!(begin(&f, &who, &attempt("b"), at(1)).await, Attempt::Yours);
    assert_eq!(begin(&f, &person(2), &key, at(1)).await, Attempt::Yours);
    assert_eq!(begin(&f, &who, &key, at(5)).await, Attempt::Yours);
    assert_eq!(begin(&f, &who, &key, at(9)).await, Attempt::Running);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_at_once_one_takes_an_attempt_and_one_takes_it_over() {
    let f = Arc::new(fixture("attempt-crowd").await);
    for start in [0, 60] {
        let mut tasks = JoinSet::new();
        for _ in 0..20 {
            let f = Arc::clone(&f);
            tasks.spawn(async move { begin(&f, &person(1), &attempt("a"), at(start)).await });
        }
        let begun = tasks.join_all().await;
        let yours = begun.iter().filter(|a| **a == Attempt::Yours).count();
        let running = begun.iter().filter(|a| **a == Attempt::Running).count();
        assert_eq!((yours, running), (1, 19));
    }
}

#[tokio::test]
async fn what_came_of_it_stands_until_it_is_too_old() {
    let f = fixture("attempt-done").await;
    let (who, key) = (person(1), attempt("a"));
    assert_eq!(begin(&f, &who, &key, at(0)).await, Attempt::Yours);
    let made = evidence(at(2), VerificationOutcome::Verified);
    f.table
        .finish(&who, &key, &made, at(10_000), soon())
        .await
        .unwrap();
    let done = Attempt::Done(made);
    assert_eq!(begin(&f, &who, &key, at(3)).await, done);
    assert_eq!(begin(&f, &who, &key, at(62)).await, done);
    assert_eq!(begin(&f, &who, &key, at(63)).await, Attempt::Yours);
}

#[tokio::test]
async fn whoever_lost_the_answer_knows_its_own_lease_again() {
    let f = fixture("attempt-again").await;
    let (who, key) = (person(1), attempt("a"));
    let ours = take(&f, &who, &key, at(0)).await;
    assert_eq!(begin(&f, &who, &key, at(1)).await, Attempt::Running);
    assert_eq!(begin_by(&f, &who, &key, &ours).await, Attempt::Yours);
}

#[tokio::test]
async fn an_attempt_that_came_to_nothing_is_given_back_and_one_that_was_made_is_not() {
    let f = fixture("attempt-release").await;
    let (who, key) = (person(1), attempt("a"));
    let lease = take(&f, &who, &key, at(0)).await;
    for _ in 0..2 {
        f.table.release(&who, &key, &lease, soon()).await.unwrap();
    }
    let lease = take(&f, &who, &key, at(1)).await;
    let made = evidence(at(1), VerificationOutcome::Refer);
    f.table
        .finish(&who, &key, &made, at(10_000), soon())
        .await
        .unwrap();
    f.table.release(&who, &key, &lease, soon()).await.unwrap();
    assert_eq!(begin(&f, &who, &key, at(2)).await, Attempt::Done(made));
}

#[tokio::test]
async fn an_attempt_that_may_have_been_made_is_held_for_its_time() {
    let f = fixture("attempt-hold").await;
    let (who, key) = (person(1), attempt("a"));
    let lease = take(&f, &who, &key, at(0)).await;
    for _ in 0..2 {
        let held = f.table.hold(&who, &key, &lease, at(60), soon());
        held.await.unwrap();
    }
    assert_eq!(ttl(&f, &who).await, at(61).as_second());
    let almost = at(60) - SignedDuration::from_millis(1);
    for now in [at(1), almost] {
        assert_eq!(begin(&f, &who, &key, now).await, Attempt::Unclear);
    }
    assert_eq!(f.table.evidence(&who).await.unwrap(), []);
    assert_eq!(begin(&f, &who, &key, at(60)).await, Attempt::Yours);
    assert_eq!(begin(&f, &who, &key, at(61)).await, Attempt::Running);
}

#[tokio::test]
async fn an_attempt_that_was_made_or_given_back_is_not_held() {
    let f = fixture("attempt-late-hold").await;
    let (who, key) = (person(1), attempt("a"));
    let late = lease(1, at(0));
    let held = f.table.hold(&who, &key, &late, at(60), soon());
    held.await.unwrap();
    let late = take(&f, &who, &key, at(0)).await;
    let made = evidence(at(1), VerificationOutcome::Verified);
    f.table
        .finish(&who, &key, &made, at(10_000), soon())
        .await
        .unwrap();
    let held = f.table.hold(&who, &key, &late, at(60), soon());
    held.await.unwrap();
    assert_eq!(begin(&f, &who, &key, at(2)).await, Attempt::Done(made));
}

#[tokio::test]
async fn an_attempt_that_somebody_took_over_stays_its_own() {
    let f = fixture("attempt-taken-over").await;
    let (who, key) = (person(1), attempt("a"));
    let late = take(&f, &who, &key, at(0)).await;
    assert_eq!(begin(&f, &who, &key, at(5)).await, Attempt::Yours);
    let held = f.table.hold(&who, &key, &late, at(60), soon());
    held.await.unwrap();
    f.table.release(&who, &key, &late, soon()).await.unwrap();
    assert_eq!(begin(&f, &who, &key, at(6)).await, Attempt::Running);
}

#[tokio::test]
async fn the_evidence_of_a_person_is_told_the_newest_first() {
    let f = fixture("evidence").await;
    let who = person(1);
    let mut failed = evidence(at(1), VerificationOutcome::Failed);
    failed.reference = None;
    let verified = evidence(at(2), VerificationOutcome::Verified);
    for (name, made) in [("b", &failed), ("a", &verified)] {
        let key = attempt(name);
        f.table
            .finish(&who, &key, made, at(10_000), soon())
            .await
            .unwrap();
    }
    assert_eq!(begin(&f, &who, &attempt("c"), at(3)).await, Attempt::Yours);
    assert_eq!(f.table.evidence(&who).await.unwrap(), [verified, failed]);
    assert_eq!(f.table.evidence(&person(2)).await.unwrap(), []);
}

#[tokio::test]
async fn dynamodb_may_delete_a_lease_after_it_and_evidence_after_its_time() {
    let f = fixture("attempt-ttl").await;
    let (who, key) = (person(1), attempt("a"));
    assert_eq!(begin(&f, &who, &key, at(0)).await, Attempt::Yours);
    assert_eq!(ttl(&f, &who).await, at(6).as_second());
    let made = evidence(at(1), VerificationOutcome::Verified);
    f.table
        .finish(&who, &key, &made, at(10_000), soon())
        .await
        .unwrap();
    assert_eq!(ttl(&f, &who).await, at(10_000).as_second());
}

async fn ttl(f: &Fixture, who: &PersonKey) -> i64 {
    let pk = format!("EVIDENCE#{}", who.as_str());
    let found = f
        .client
        .query()
        .table_name(f.table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", aws_sdk_dynamodb::types::AttributeValue::S(pk))
        .send()
        .await
        .unwrap();
    found.items()[0]["ttl"].as_n().unwrap().parse().unwrap()
}
