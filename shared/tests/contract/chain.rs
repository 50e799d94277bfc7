//! Where the audit chain ends: it only moves on.

use jiff::{SignedDuration, civil::Date};
use shared::{
    domain::{
        audit::day,
        chain::{ChainRecord, Head, Place},
    },
    ports::chain_heads::{ChainHeads, Newest},
};

use super::{Fixture, fixture, requests::now};

/// The heads of three segments, of which the second closes its day.
fn heads() -> [Head; 3] {
    let record = [ChainRecord::new("1", now(), "{}")];
    let first = Place::first(day(now())).seal(&record).head;
    let tomorrow = first.day.tomorrow().unwrap();
    let closed = first.next().close(tomorrow).head;
    let third = closed.next().seal(&record).head;
    [first, closed, third]
}

async fn newest(f: &Fixture) -> Option<Newest> {
    f.table.newest().await.unwrap()
}

async fn of_day(f: &Fixture, day: Date) -> Option<Head> {
    f.table.head(day).await.unwrap()
}

#[tokio::test]
async fn the_head_of_the_chain_and_of_each_day_is_its_last_segment() {
    let f = fixture("chain-heads").await;
    assert_eq!(newest(&f).await, None);
    let all = heads();
    for (minutes, head) in (0..).zip(&all) {
        let at = now() + SignedDuration::from_mins(minutes);
        f.table.advance(head, at).await.unwrap();
        let expected = Newest {
            head: head.clone(),
            began_at: now(),
        };
        assert_eq!(newest(&f).await, Some(expected));
        assert_eq!(of_day(&f, head.day).await.as_ref(), Some(head));
    }
    let [_, closed, third] = all;
    assert_eq!(of_day(&f, closed.day).await, Some(closed));
    let later = third.day.tomorrow().unwrap();
    assert_eq!(of_day(&f, later).await, None);
}

#[tokio::test]
async fn whoever_comes_late_does_not_move_it_back() {
    let f = fixture("chain-late").await;
    let [first, closed, third] = heads();
    for head in [&closed, &first, &third, &closed, &first] {
        f.table.advance(head, now()).await.unwrap();
    }
    assert_eq!(newest(&f).await.unwrap().head, third);
    assert_eq!(of_day(&f, first.day).await, Some(closed));
}
