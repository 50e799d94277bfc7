use std::{
    collections::BTreeMap,
    sync::{
        Mutex as Lock,
        atomic::{AtomicU32, Ordering},
    },
};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};

use super::{
    verify::{Finding, Period, Verification},
    *,
};
use crate::{
    domain::{
        audit::RecordId,
        event::{EventId, Hour, KeptEvent},
    },
    ports::{
        audit_store::{AuditStore, Page},
        chain_heads::Newest,
        event_log::{EventLog, EventPage},
        objects::ObjectReader,
    },
    testkit::FixedClock,
};

/// Late in the evening of 2026-01-15.
const NOW: Timestamp = Timestamp::constant(1_768_520_000, 0);

/// A bucket and the heads, in memory.
#[derive(Default)]
struct World {
    objects: Lock<BTreeMap<String, Vec<u8>>>,
    heads: Lock<BTreeMap<Date, Head>>,
    newest: Lock<Option<Newest>>,
    /// Heads that are not written, and the appends fail.
    lost_heads: AtomicU32,
}

#[async_trait]
impl ObjectReader for World {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, SinkError> {
        // Lets others run in between.
        tokio::task::yield_now().await;
        Ok(self.objects.lock().unwrap().get(name).cloned())
    }
}

#[async_trait]
impl Objects for World {
    async fn put_if_absent(&self, name: &str, content: &str) -> Result<bool, SinkError> {
        tokio::task::yield_now().await;
        let mut objects = self.objects.lock().unwrap();
        let is_new = !objects.contains_key(name);
        if is_new {
            objects.insert(name.to_owned(), content.as_bytes().to_vec());
        }
        Ok(is_new)
    }
}

#[async_trait]
impl ChainHeads for World {
    async fn newest(&self) -> Result<Option<Newest>, StoreError> {
        Ok(self.newest.lock().unwrap().clone())
    }

    async fn head(&self, day: Date) -> Result<Option<Head>, StoreError> {
        Ok(self.heads.lock().unwrap().get(&day).cloned())
    }

    async fn advance(&self, head: &Head, at: Timestamp) -> Result<(), StoreError> {
        tokio::task::yield_now().await;
        let left = |left: u32| left.checked_sub(1);
        let lost = &self.lost_heads;
        if lost
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, left)
            .is_ok()
        {
            return Err(StoreError::Throttled);
        }
        let mut heads = self.heads.lock().unwrap();
        let of_day = heads.entry(head.day).or_insert_with(|| head.clone());
        if of_day.segment < head.segment {
            *of_day = head.clone();
        }
        let mut newest = self.newest.lock().unwrap();
        let known = newest.get_or_insert_with(|| Newest {
            head: head.clone(),
            began_at: at,
        });
        if (known.head.day, known.head.segment) < (head.day, head.segment) {
            known.head = head.clone();
        }
        Ok(())
    }
}

/// A table without anything.
struct Nothing;

#[async_trait]
impl AuditStore for Nothing {
    async fn records(&self, _: Date, _: Option<&RecordId>, _: u16) -> Result<Page, StoreError> {
        Ok(Page {
            records: Vec::new(),
            next: None,
        })
    }
}

#[async_trait]
impl EventLog for Nothing {
    async fn hour(&self, _: Hour, _: Option<&EventId>) -> Result<EventPage, StoreError> {
        Ok(EventPage {
            events: Vec::new(),
            next: None,
        })
    }

    async fn event(&self, _: &EventId) -> Result<Option<KeptEvent>, StoreError> {
        Ok(None)
    }
}

impl World {
    fn instance(self: &Arc<Self>, clock: &Arc<FixedClock>) -> SegmentChain {
        SegmentChain::new(
            Arc::clone(self) as _,
            Arc::clone(self) as _,
            Arc::clone(clock) as _,
        )
    }

    fn names(&self) -> Vec<String> {
        self.objects.lock().unwrap().keys().cloned().collect()
    }

    /// The ids of all records, in the order of the chain, which is whole.
    async fn ids(self: &Arc<Self>, now: Timestamp) -> Vec<String> {
        let findings = self.findings(now).await;
        assert_eq!(findings, []);
        let objects = self.objects.lock().unwrap();
        let records = objects.values().flat_map(|octets| {
            let records = crate::domain::chain::readable(octets);
            records.into_iter().map(|record| record.id)
        });
        records.collect()
    }

    async fn findings(self: &Arc<Self>, now: Timestamp) -> Vec<Finding> {
        let verification = Verification {
            objects: Arc::clone(self) as _,
            heads: Arc::clone(self) as _,
            records: Arc::new(Nothing),
            events: Arc::new(Nothing),
            clock: Arc::new(FixedClock::at(now)),
        };
        let verified = verification.verify(&Period::default()).await;
        verified.unwrap().findings
    }
}

fn lines(ids: &[&str]) -> Vec<AuditLine> {
    let line = |id: &&str| AuditLine {
        id: (*id).to_owned(),
        at: NOW,
        text: "{}".to_owned(),
    };
    ids.iter().map(line).collect()
}

fn world() -> (Arc<World>, Arc<FixedClock>) {
    (Arc::default(), Arc::new(FixedClock::at(NOW)))
}

#[tokio::test]
async fn what_is_appended_is_in_the_chain_in_its_order() {
    let (world, clock) = world();
    let chain = world.instance(&clock);
    chain.append(&lines(&["a", "b"])).await.unwrap();
    chain.append(&[]).await.unwrap();
    chain.append(&lines(&["c"])).await.unwrap();
    assert_eq!(world.ids(NOW).await, ["a", "b", "c"]);
    assert_eq!(
        world.names(),
        [
            "audit/2026-01-15/00000001.jsonl",
            "audit/2026-01-15/00000002.jsonl"
        ]
    );
}

#[tokio::test]
async fn another_instance_goes_on_where_the_chain_ends() {
    let (world, clock) = world();
    let (one, other) = (world.instance(&clock), world.instance(&clock));
    one.append(&lines(&["a"])).await.unwrap();
    other.append(&lines(&["b"])).await.unwrap();
    one.append(&lines(&["c"])).await.unwrap();
    assert_eq!(world.ids(NOW).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn instances_at_the_same_time_make_one_chain() {
    let (world, clock) = world();
    let instances = (0..8).map(|instance| {
        let chain = world.instance(&clock);
        async move {
            for number in 0..10 {
                let id = format!("{instance}-{number}");
                chain.append(&lines(&[&id])).await.unwrap();
            }
        }
    });
    futures_util::future::join_all(instances).await;
    let mut ids = world.ids(NOW).await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 80);
    assert_eq!(world.names().len(), 80);
}

#[tokio::test]
async fn a_crash_before_the_head_is_written_loses_and_repeats_nothing() {
    let (world, clock) = world();
    let chain = world.instance(&clock);
    chain.append(&lines(&["a"])).await.unwrap();
    world.lost_heads.store(1, Ordering::SeqCst);
    let failed = chain.append(&lines(&["b"])).await;
    assert_eq!(failed, Err(SinkError::Throttled));
    // The batch comes again, to whichever instance.
    let again = world.instance(&clock);
    again.append(&lines(&["b"])).await.unwrap();
    assert_eq!(world.ids(NOW).await, ["a", "b"]);
}

#[tokio::test]
async fn whoever_comes_behind_a_crash_goes_on_behind_its_segment() {
    let (world, clock) = world();
    world.lost_heads.store(1, Ordering::SeqCst);
    let crashed = world.instance(&clock).append(&lines(&["a"])).await;
    assert!(crashed.is_err());
    let other = world.instance(&clock);
    other.append(&lines(&["b"])).await.unwrap();
    assert_eq!(world.ids(NOW).await, ["a", "b"]);
}

#[tokio::test]
async fn a_new_day_is_linked_to_the_day_before_which_is_closed() {
    let (world, clock) = world();
    let (early, late) = (world.instance(&clock), world.instance(&clock));
    early.append(&lines(&["a"])).await.unwrap();
    late.append(&lines(&["b"])).await.unwrap();
    let later = NOW + SignedDuration::from_hours(72);
    clock.set(later);
    early.append(&lines(&["c"])).await.unwrap();
    // This one's clock is behind.
    clock.set(NOW);
    late.append(&lines(&["d"])).await.unwrap();
    assert_eq!(world.ids(later).await, ["a", "b", "c", "d"]);
    assert_eq!(
        world.names(),
        [
            "audit/2026-01-15/00000001.jsonl",
            "audit/2026-01-15/00000002.jsonl",
            "audit/2026-01-15/00000003.jsonl",
            "audit/2026-01-18/00000001.jsonl",
            "audit/2026-01-18/00000002.jsonl",
        ]
    );
}

#[tokio::test]
async fn a_crash_behind_a_closed_day_is_followed_by_the_next_one() {
    let (world, clock) = world();
    let chain = world.instance(&clock);
    chain.append(&lines(&["a"])).await.unwrap();
    clock.set(NOW + SignedDuration::from_hours(24));
    world.lost_heads.store(1, Ordering::SeqCst);
    assert!(chain.append(&lines(&["b"])).await.is_err());
    // Nothing came until two days later.
    let later = NOW + SignedDuration::from_hours(72);
    clock.set(later);
    chain.append(&lines(&["b"])).await.unwrap();
    assert_eq!(world.ids(later).await, ["a", "b"]);
    assert_eq!(world.heads.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn more_than_four_megabytes_are_several_segments() {
    let (world, clock) = world();
    let mut all = lines(&["a", "b", "c", "d"]);
    for line in all.iter_mut().take(3) {
        line.text = format!(r#"{{"text":"{}"}}"#, "x".repeat(2 * 1024 * 1024 - 1024));
    }
    world.instance(&clock).append(&all).await.unwrap();
    assert_eq!(world.ids(NOW).await, ["a", "b", "c", "d"]);
    assert_eq!(world.names().len(), 2);
    for octets in world.objects.lock().unwrap().values() {
        assert!(octets.len() <= MAX_SEGMENT + 1024);
    }
}

#[tokio::test]
async fn something_else_in_the_place_of_a_segment_is_told() {
    let (world, clock) = world();
    let chain = world.instance(&clock);
    chain.append(&lines(&["a"])).await.unwrap();
    let name = "audit/2026-01-15/00000002.jsonl";
    let strange = b"{}\n".to_vec();
    world
        .objects
        .lock()
        .unwrap()
        .insert(name.to_owned(), strange);
    let failed = chain.append(&lines(&["b"])).await;
    let Err(SinkError::Refused(problem)) = failed else {
        panic!("{failed:?}");
    };
    assert!(
        problem.starts_with("audit/2026-01-15/00000002.jsonl, line 1: "),
        "{problem}"
    );
}

/// Three days with two segments each; gives the names of the objects.
async fn three_days(world: &Arc<World>, clock: &FixedClock, chain: &SegmentChain) -> Vec<String> {
    for day in 0..3 {
        clock.set(NOW + SignedDuration::from_hours(24 * day));
        for number in 0..2 {
            let id = format!("{day}-{number}");
            chain.append(&lines(&[&id])).await.unwrap();
        }
    }
    world.names()
}

#[tokio::test]
async fn each_removed_segment_is_found_and_the_rest_is_read() {
    for removed in 0..8 {
        let (world, clock) = world();
        let chain = world.instance(&clock);
        let names = three_days(&world, &clock, &chain).await;
        assert_eq!(names.len(), 8);
        assert_eq!(world.findings(clock.now()).await, []);
        world.objects.lock().unwrap().remove(&names[removed]);
        let object = names[removed].clone();
        let findings = world.findings(clock.now()).await;
        assert_eq!(findings, [Finding::Missing { object }]);
    }
}

#[tokio::test]
async fn a_segment_that_was_written_anew_does_not_fit_the_head() {
    let (world, clock) = world();
    world.instance(&clock).append(&lines(&["a"])).await.unwrap();
    let place = Place::first(date(2026, 1, 15));
    let other = place.seal(&[ChainRecord::new("b", NOW, "{}")]);
    let octets = other.text.into_bytes();
    world.objects.lock().unwrap().insert(place.object(), octets);
    let findings = world.findings(NOW).await;
    let [Finding::Head { found, .. }] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(*found, other.head.hash);
}

#[tokio::test]
async fn a_broken_segment_is_told_once() {
    let (world, clock) = world();
    let chain = world.instance(&clock);
    let names = three_days(&world, &clock, &chain).await;
    for name in &names {
        let whole = world.objects.lock().unwrap()[name].clone();
        let mut broken = whole.clone();
        let last = broken.len() - 2;
        broken[last] = b' ';
        let set = |octets| world.objects.lock().unwrap().insert(name.clone(), octets);
        set(broken);
        let findings = world.findings(clock.now()).await;
        assert!(matches!(&findings[0], Finding::Broken(broken) if broken.object == *name));
        assert_eq!(findings.len(), 1, "{findings:?}");
        set(whole);
    }
}
