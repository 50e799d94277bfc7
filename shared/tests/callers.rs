//! What proves a caller is renewed often enough, and never more often than it may be. Time stands still but
//! for the tests' own steps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shared::{
    app::{
        callers::{Callers, FRESH_FOR},
        credentials::verifier,
    },
    domain::{
        caller::{Caller, Credential, Slot},
        key_set::{SigningKey, SigningKeys},
    },
    ports::{
        Deadline, StoreError,
        credential_use::CredentialUse,
        journal::Notice,
        key_source::{KeySource, KeySourceError},
        sign_up_reader::{CallerRecords, Facts, SignUpReader, Wanted},
    },
    testkit::{FixedClock, Remembered},
};
use tokio::time::Instant;

const ISSUER: &str = "https://login.example/v2.0";

/// The world behind the ports, counting what is asked of it.
#[derive(Default)]
struct World {
    records: Mutex<CallerRecords>,
    keys: Mutex<Vec<SigningKey>>,
    down: AtomicBool,
    fetch_takes: Mutex<Duration>,
    reads: AtomicUsize,
    fetches: AtomicUsize,
    uses: AtomicUsize,
}

#[async_trait]
impl SignUpReader for World {
    async fn read(&self, wanted: Wanted<'_>, _: Deadline) -> Result<Facts, StoreError> {
        assert!(wanted.caller_records);
        self.reads.fetch_add(1, SeqCst);
        if self.down.load(SeqCst) {
            return Err(StoreError::Throttled);
        }
        let caller_records = Some(self.records.lock().unwrap().clone());
        Ok(Facts {
            caller_records,
            ..Facts::default()
        })
    }
}

#[async_trait]
impl KeySource for World {
    async fn fetch(&self, issuer: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        self.fetches.fetch_add(1, SeqCst);
        let takes = *self.fetch_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if self.down.load(SeqCst) {
            return Err(KeySourceError {
                issuer: issuer.to_owned(),
                problem: "down".to_owned(),
            });
        }
        Ok(self.keys.lock().unwrap().clone())
    }
}

#[async_trait]
impl CredentialUse for World {
    async fn record(&self, _: Slot, _: &str, _: Timestamp, _: Deadline) -> Result<(), StoreError> {
        self.uses.fetch_add(1, SeqCst);
        if self.down.load(SeqCst) {
            Err(StoreError::Throttled)
        } else {
            Ok(())
        }
    }
}

struct Fixture {
    world: Arc<World>,
    clock: Arc<FixedClock>,
    journal: Arc<Remembered>,
    callers: Arc<Callers>,
}

fn fixture() -> Fixture {
    let world = Arc::new(World::default());
    let clock = Arc::new(FixedClock::at(
        Timestamp::from_second(1_768_478_400).unwrap(),
    ));
    let journal = Arc::new(Remembered::default());
    let callers = Arc::new(Callers::new(
        Arc::clone(&world) as _,
        Arc::clone(&world) as _,
        Arc::clone(&world) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    Fixture {
        world,
        clock,
        journal,
        callers,
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_millis(800))
}

fn credential(id: &str) -> Credential {
    Credential {
        slot: Slot::First,
        id: id.to_owned(),
        username: "entra".to_owned(),
        verifier: verifier(b"secret"),
        created_at: Timestamp::UNIX_EPOCH,
        last_used_at: None,
    }
}

fn key(kid: &str) -> SigningKey {
    SigningKey {
        kid: kid.to_owned(),
        modulus: vec![1],
        exponent: vec![3],
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_cause_one_read_in_twenty_seconds() {
    let f = fixture();
    f.callers.renew(soon()).await.unwrap();
    for _ in 0..100 {
        f.callers.renew_for_stranger(soon()).await.unwrap();
    }
    assert_eq!(f.world.reads.load(SeqCst), 1);
    f.clock.advance(FRESH_FOR);
    for _ in 0..100 {
        f.callers.renew_for_stranger(soon()).await.unwrap();
    }
    assert_eq!(f.world.reads.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn records_read_along_with_a_decision_count_as_read() {
    let f = fixture();
    f.callers.renew(soon()).await.unwrap();
    assert!(!f.callers.are_stale());
    f.clock.advance(FRESH_FOR);
    assert!(f.callers.are_stale());
    f.callers.renewed(CallerRecords {
        credentials: vec![credential("a")],
        ..CallerRecords::default()
    });
    assert!(!f.callers.are_stale());
    f.callers.renew_for_stranger(soon()).await.unwrap();
    assert_eq!(f.world.reads.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retired_credential_is_no_longer_accepted() {
    let f = fixture();
    f.callers.renewed(CallerRecords {
        credentials: vec![credential("a")],
        ..CallerRecords::default()
    });
    let caller = Caller::Credential {
        slot: Slot::First,
        id: "a".to_owned(),
    };
    assert!(f.callers.still_accepts(&caller));
    f.callers.renewed(CallerRecords::default());
    assert!(!f.callers.still_accepts(&caller));
}

#[tokio::test(start_paused = true)]
async fn the_last_known_records_stay_while_the_table_is_down() {
    let f = fixture();
    f.world
        .records
        .lock()
        .unwrap()
        .credentials
        .push(credential("a"));
    f.callers.renew(soon()).await.unwrap();
    f.world.down.store(true, SeqCst);
    f.clock.advance(FRESH_FOR);
    assert!(f.callers.renew_for_stranger(soon()).await.is_err());
    assert_eq!(f.callers.records().unwrap().credentials.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn records_that_were_never_read_are_tried_again_after_a_second() {
    let f = fixture();
    f.world.down.store(true, SeqCst);
    assert!(f.callers.renew(soon()).await.is_err());
    assert!(f.callers.renew_for_stranger(soon()).await.is_err());
    assert_eq!(f.world.reads.load(SeqCst), 1);
    f.world.down.store(false, SeqCst);
    f.clock.advance(SignedDuration::from_secs(1));
    f.callers.renew_for_stranger(soon()).await.unwrap();
    assert!(f.callers.records().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_fetched_at_most_once_a_minute() {
    let f = fixture();
    f.world.keys.lock().unwrap().push(key("a"));
    for _ in 0..50 {
        assert_eq!(f.callers.signing_key(ISSUER, "forged", soon()).await, None);
    }
    assert_eq!(f.world.fetches.load(SeqCst), 1);
    assert_eq!(
        f.callers.signing_key(ISSUER, "a", soon()).await,
        Some(key("a"))
    );
    assert_eq!(f.world.fetches.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_is_survived_without_a_failed_request() {
    let f = fixture();
    f.world.keys.lock().unwrap().push(key("old"));
    assert!(f.callers.signing_key(ISSUER, "old", soon()).await.is_some());
    f.world.keys.lock().unwrap().push(key("new"));
    f.clock.advance(SignedDuration::from_mins(1));
    assert!(f.callers.signing_key(ISSUER, "new", soon()).await.is_some());
    assert!(f.callers.signing_key(ISSUER, "old", soon()).await.is_some());
    assert_eq!(f.world.fetches.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_key_of_one_issuer_proves_nothing_for_another() {
    let f = fixture();
    let mut keys = SigningKeys::default();
    keys.replace("https://other.example", vec![key("a")]);
    f.callers.renewed(CallerRecords {
        signing_keys: keys,
        keys_fetched_at: Some(Timestamp::from_second(1_768_478_000).unwrap()),
        ..CallerRecords::default()
    });
    assert!(
        f.callers
            .signing_key("https://other.example", "a", soon())
            .await
            .is_some()
    );
    assert_eq!(f.callers.signing_key(ISSUER, "a", soon()).await, None);
}

#[tokio::test(start_paused = true)]
async fn keys_of_the_table_serve_for_a_day_and_longer_only_while_entra_is_down() {
    let f = fixture();
    let mut keys = SigningKeys::default();
    keys.replace(ISSUER, vec![key("a")]);
    f.callers.renewed(CallerRecords {
        signing_keys: keys,
        keys_fetched_at: Some(Timestamp::from_second(1_768_478_400).unwrap()),
        ..CallerRecords::default()
    });
    assert!(f.callers.signing_key(ISSUER, "a", soon()).await.is_some());
    assert_eq!(f.world.fetches.load(SeqCst), 0);
    f.clock
        .set(Timestamp::from_second(1_768_478_400 + 24 * 3600).unwrap());
    f.world.down.store(true, SeqCst);
    assert!(f.callers.signing_key(ISSUER, "a", soon()).await.is_some());
    assert_eq!(f.world.fetches.load(SeqCst), 1);
    assert!(matches!(
        f.journal.notices()[..],
        [Notice::KeysUnavailable { .. }]
    ));
}

#[tokio::test(start_paused = true)]
async fn a_slow_fetch_costs_one_request_and_serves_the_next() {
    let f = fixture();
    f.world.keys.lock().unwrap().push(key("a"));
    *f.world.fetch_takes.lock().unwrap() = Duration::from_secs(2);
    let started = Instant::now();
    assert_eq!(f.callers.signing_key(ISSUER, "a", soon()).await, None);
    assert_eq!(started.elapsed(), Duration::from_millis(800));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(f.callers.signing_key(ISSUER, "a", soon()).await.is_some());
    assert_eq!(f.world.fetches.load(SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_use_is_recorded_once_an_hour() {
    let f = fixture();
    f.callers.renewed(CallerRecords {
        credentials: vec![credential("a")],
        ..CallerRecords::default()
    });
    for _ in 0..10 {
        f.callers.used(Slot::First, "a");
        tokio::task::yield_now().await;
    }
    assert_eq!(f.world.uses.load(SeqCst), 1);
    f.clock
        .set(Timestamp::from_second(1_768_478_400 + 3600).unwrap());
    f.callers.used(Slot::First, "a");
    tokio::task::yield_now().await;
    assert_eq!(f.world.uses.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_use_that_could_not_be_recorded_is_recorded_with_the_next() {
    let f = fixture();
    f.callers.renewed(CallerRecords {
        credentials: vec![credential("a")],
        ..CallerRecords::default()
    });
    f.world.down.store(true, SeqCst);
    f.callers.used(Slot::First, "a");
    tokio::task::yield_now().await;
    f.world.down.store(false, SeqCst);
    f.callers.used(Slot::First, "a");
    tokio::task::yield_now().await;
    assert_eq!(f.world.uses.load(SeqCst), 2);
    assert!(matches!(
        f.journal.notices()[..],
        [Notice::CredentialUseNotRecorded { .. }]
    ));
}
