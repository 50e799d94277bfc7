//! Invitation codes: made once, used exactly as often as they may be.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use shared::{
    adapters::dynamodb::Table,
    domain::{
        code::{CodeDigest, InvitationCode},
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError,
        code_redeemer::{CodeRedeemer, Redeemed},
        code_store::{CodeStore, MAX_BATCH, PARTS},
    },
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinSet,
    time::Instant,
};

use super::{Fixture, fixture, matcher, patient, recorded, records::every_type, soon};

pub(crate) fn digest(text: &str) -> CodeDigest {
    CodeDigest::of(text).unwrap()
}

pub(crate) fn person(number: usize) -> PersonKey {
    PersonKey::of_address(&format!("user{number}@example.com"))
}

pub(crate) fn code(text: &str, uses: u32) -> InvitationCode {
    InvitationCode {
        digest: digest(text),
        uses,
        used: 0,
        created_at: now(),
        expires_at: None,
        bound_to: None,
        claims: std::collections::BTreeMap::new(),
        note: String::new(),
        revoked: false,
    }
}

fn now() -> Timestamp {
    "2026-12-01T10:00:00Z".parse().unwrap()
}

async fn redeem(table: &Table, code: &str, number: usize) -> Redeemed {
    let (code, person) = (digest(code), person(number));
    table.redeem(&code, &person, now(), soon()).await.unwrap()
}

async fn used(f: &Fixture, code: &str) -> u32 {
    f.codes()
        .find_code(&digest(code))
        .await
        .unwrap()
        .unwrap()
        .used
}

#[tokio::test]
async fn a_code_is_read_back_as_it_was_made() {
    let f = fixture("code").await;
    let mut made = code("WELCOME", 3);
    made.expires_at = Some("2030-01-31T12:00:00Z".parse().unwrap());
    made.bound_to = Some(matcher("example.com"));
    made.claims = every_type();
    made.note = "fair in Malmö".to_owned();
    f.codes()
        .create(std::slice::from_ref(&made), &recorded())
        .await
        .unwrap();
    assert_eq!(f.codes().find_code(&made.digest).await.unwrap(), Some(made));
    assert_eq!(f.codes().find_code(&digest("OTHER")).await.unwrap(), None);
}

#[tokio::test]
async fn codes_are_made_all_or_none() {
    let f = fixture("code-conflict").await;
    f.codes()
        .create(&[code("A", 1)], &recorded())
        .await
        .unwrap();
    let again = f
        .codes()
        .create(&[code("B", 1), code("A", 9)], &recorded())
        .await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(f.codes().find_code(&digest("B")).await.unwrap(), None);
    let kept = f.codes().find_code(&digest("A")).await.unwrap().unwrap();
    assert_eq!(kept.uses, 1);
}

#[tokio::test]
async fn a_full_batch_of_codes_is_found_part_by_part_without_redemptions() {
    let f = fixture("code-batch").await;
    let codes: Vec<InvitationCode> = (0..MAX_BATCH).map(|n| code(&format!("C{n}"), 1)).collect();
    f.codes().create(&codes, &recorded()).await.unwrap();
    assert_eq!(redeem(&f.table, "C0", 1).await, Redeemed::Yes);
    let mut found = 0;
    for part in 0..PARTS {
        let (codes, next) = f.codes().part(part, None).await.unwrap();
        assert_eq!(next, None);
        found += codes.len();
    }
    assert_eq!(found, MAX_BATCH);
}

#[tokio::test]
async fn a_code_is_used_up() {
    let f = fixture("code-used-up").await;
    f.codes()
        .create(&[code("TWO", 2)], &recorded())
        .await
        .unwrap();
    assert_eq!(redeem(&f.table, "TWO", 1).await, Redeemed::Yes);
    assert_eq!(redeem(&f.table, "TWO", 1).await, Redeemed::Yes);
    assert_eq!(used(&f, "TWO").await, 1);
    assert_eq!(redeem(&f.table, "TWO", 2).await, Redeemed::Yes);
    assert_eq!(redeem(&f.table, "TWO", 3).await, Redeemed::No);
    assert_eq!(redeem(&f.table, "TWO", 1).await, Redeemed::Yes, "again");
    assert_eq!(used(&f, "TWO").await, 2);
}

#[tokio::test]
async fn a_code_that_never_was_helps_nobody() {
    let f = fixture("code-unknown").await;
    assert_eq!(redeem(&f.table, "NONE", 1).await, Redeemed::No);
    assert_eq!(redeem(&f.table, "NONE", 1).await, Redeemed::No);
    assert_eq!(f.codes().find_code(&digest("NONE")).await.unwrap(), None);
}

#[tokio::test]
async fn a_revoked_code_helps_neither_new_people_nor_those_who_used_it() {
    let f = fixture("code-revoked").await;
    f.codes()
        .create(&[code("GONE", 5)], &recorded())
        .await
        .unwrap();
    assert_eq!(redeem(&f.table, "GONE", 1).await, Redeemed::Yes);
    for _ in 0..2 {
        assert!(f.table.revoke(&digest("GONE"), &recorded()).await.unwrap());
    }
    assert_eq!(redeem(&f.table, "GONE", 1).await, Redeemed::No);
    assert_eq!(redeem(&f.table, "GONE", 2).await, Redeemed::No);
    assert_eq!(used(&f, "GONE").await, 1);
    assert!(!f.table.revoke(&digest("NONE"), &recorded()).await.unwrap());
    assert_eq!(f.codes().find_code(&digest("NONE")).await.unwrap(), None);
}

#[tokio::test]
async fn a_code_counts_before_its_end_and_not_from_then_on() {
    let f = fixture("code-expired").await;
    let mut short = code("SHORT", 5);
    let end: Timestamp = "2026-12-31T00:00:00Z".parse().unwrap();
    short.expires_at = Some(end);
    f.codes()
        .create(std::slice::from_ref(&short), &recorded())
        .await
        .unwrap();
    let almost = "2026-12-30T23:59:59.9Z".parse().unwrap();
    for (at, number, expected) in [
        (almost, 1, Redeemed::Yes),
        (almost, 1, Redeemed::Yes),
        (end, 1, Redeemed::No),
        (end, 2, Redeemed::No),
    ] {
        let redeemed = f
            .table
            .redeem(&short.digest, &person(number), at, soon())
            .await;
        assert_eq!(redeemed.unwrap(), expected, "{number} at {at}");
    }
    assert_eq!(used(&f, "SHORT").await, 1);
}

/// A deadline for one of many.
pub(crate) fn unhurried() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(2))
}

/// Many people with one table: what is tried is the count, not the speed.
#[derive(Clone)]
pub(crate) struct Crowd {
    pub(crate) table: Arc<Table>,
    room: Arc<Semaphore>,
}

impl Crowd {
    pub(crate) fn of(f: &Fixture) -> Self {
        // Another author's engine need not keep transactions apart; there they come one after another.
        let room = if f.engine.is_some() { 200 } else { 1 };
        Self {
            table: Arc::new(Table::new(patient(&f.client), f.table.name())),
            room: Arc::new(Semaphore::new(room)),
        }
    }

    /// Holds its place until it is dropped.
    pub(crate) async fn turn(&self) -> SemaphorePermit<'_> {
        self.room.acquire().await.unwrap()
    }

    async fn redeem(&self, code: &CodeDigest, number: usize) -> Redeemed {
        let _turn = self.turn().await;
        let person = person(number);
        let redeemed = self.table.redeem(code, &person, now(), unhurried());
        redeemed.await.unwrap()
    }

    async fn revoke(&self, code: &CodeDigest) -> bool {
        let _turn = self.turn().await;
        self.table.revoke(code, &recorded()).await.unwrap()
    }

    /// What became of everybody who used a code at the same time.
    async fn at_once(&self, code: &str, people: impl Iterator<Item = usize>) -> Vec<Redeemed> {
        let mut tasks = JoinSet::new();
        for number in people {
            let (crowd, code) = (self.clone(), digest(code));
            tasks.spawn(async move { crowd.redeem(&code, number).await });
        }
        tasks.join_all().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_people_at_once_exactly_fifty_use_a_code_for_fifty() {
    let f = fixture("code-crowd").await;
    f.codes()
        .create(&[code("FIFTY", 50)], &recorded())
        .await
        .unwrap();
    let redeemed = Crowd::of(&f).at_once("FIFTY", 0..200).await;
    let yes = redeemed.iter().filter(|r| **r == Redeemed::Yes).count();
    assert_eq!((redeemed.len(), yes), (200, 50));
    assert_eq!(used(&f, "FIFTY").await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_twenty_times_at_once_uses_a_code_once() {
    let f = fixture("code-again").await;
    f.codes()
        .create(&[code("ONE", 20)], &recorded())
        .await
        .unwrap();
    let twenty_times = std::iter::repeat_n(7, 20);
    let redeemed = Crowd::of(&f).at_once("ONE", twenty_times).await;
    assert_eq!(redeemed, [Redeemed::Yes; 20]);
    assert_eq!(used(&f, "ONE").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_revoked_in_between_is_used_by_nobody_after_that() {
    let f = fixture("code-between").await;
    f.codes()
        .create(&[code("STOP", 1000)], &recorded())
        .await
        .unwrap();
    let crowd = Crowd::of(&f);
    let people = tokio::spawn({
        let crowd = crowd.clone();
        async move { crowd.at_once("STOP", 0..60).await }
    });
    assert!(crowd.revoke(&digest("STOP")).await);
    let redeemed = people.await.unwrap();
    let yes = redeemed.iter().filter(|r| **r == Redeemed::Yes).count();
    assert_eq!(used(&f, "STOP").await as usize, yes);
    assert_eq!(crowd.redeem(&digest("STOP"), 61).await, Redeemed::No);
    assert_eq!(used(&f, "STOP").await as usize, yes);
}

#[tokio::test]
async fn a_redemption_ends_by_the_deadline() {
    let f = fixture("code-late").await;
    let (code, person) = (digest("X"), person(1));
    let late = f
        .table
        .redeem(&code, &person, now(), Deadline(Instant::now()));
    assert!(matches!(late.await, Err(StoreError::TimedOut)));
}
