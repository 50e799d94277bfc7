//! Endpoints, what they were told, and what they were told in vain.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use shared::{
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{EventFilter, EventId, EventKind, Hour},
        webhook::{Attempt, DeadWebhook, Outcome},
    },
    ports::{
        StoreError,
        dead_webhooks::DeadWebhooks,
        delivery_log::{DeliveryLog, DeliveryReader},
        endpoint_store::EndpointStore,
    },
};

use super::{fixture, recorded, requests::partition};

const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

pub(crate) fn endpoint(number: u64) -> Endpoint {
    Endpoint {
        id: EndpointId::new(number),
        url: "https://hooks.partner.example/events?key=1".to_owned(),
        kinds: vec![
            EventFilter::parse("sign_up.*").unwrap(),
            EventFilter::parse("account.provisioned").unwrap(),
        ],
        fields: vec!["email".to_owned()],
        state: EndpointState::Enabled,
        note: "of the CRM".to_owned(),
        created_at: NOW,
        revision: 1,
    }
}

fn event(number: u8) -> EventId {
    EventId::derive(NOW, &[&[number]])
}

#[tokio::test]
async fn endpoints_are_kept_as_they_are() {
    let f = fixture("endpoints").await;
    let store: &dyn EndpointStore = &*f.table;
    assert!(store.endpoints().await.unwrap().is_empty());
    let bare = Endpoint {
        fields: Vec::new(),
        note: String::new(),
        state: EndpointState::Gone(NOW),
        ..endpoint(1)
    };
    let disabled = Endpoint {
        state: EndpointState::Disabled(NOW),
        ..endpoint(2)
    };
    let all = [bare, disabled, endpoint(3)];
    for endpoint in all.iter().rev() {
        store.put(endpoint, None).await.unwrap();
    }
    assert_eq!(store.endpoints().await.unwrap(), all);
}

#[tokio::test]
async fn an_endpoint_is_changed_by_one_at_a_time() {
    let f = fixture("endpoint-changes").await;
    let store: &dyn EndpointStore = &*f.table;
    let first = endpoint(1);
    store.put(&first, None).await.unwrap();
    let again = store.put(&first, None).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let second = Endpoint {
        state: EndpointState::Gone(NOW),
        revision: 2,
        ..first.clone()
    };
    store.put(&second, None).await.unwrap();
    for late in [
        store.put(&second, None).await,
        EndpointStore::remove(store, &first, &recorded()).await,
    ] {
        assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    }
    EndpointStore::remove(store, &second, &recorded())
        .await
        .unwrap();
    assert!(store.endpoints().await.unwrap().is_empty());
}

fn attempt(endpoint: u64, event: EventId, number: u32) -> Attempt {
    Attempt {
        endpoint: EndpointId::new(endpoint),
        event,
        kind: EventKind::SignUpBlocked,
        number,
        at: NOW + SignedDuration::from_millis(i64::from(number)),
        outcome: Outcome::Answered(503),
        latency: Duration::from_millis(120),
        next: Some(NOW + SignedDuration::from_secs(5)),
    }
}

#[tokio::test]
async fn attempts_are_found_by_hour_and_by_event() {
    let f = fixture("delivery-log").await;
    let (log, reader): (&dyn DeliveryLog, &dyn DeliveryReader) = (&*f.table, &*f.table);
    let mut events = [event(1), event(2)];
    events.sort();
    let [one, other] = events;
    let last = Attempt {
        outcome: Outcome::parse("timed-out"),
        next: None,
        ..attempt(1, one.clone(), 12)
    };
    let of_one = [attempt(1, one.clone(), 2), last];
    let of_other = attempt(1, other.clone(), 1);
    let elsewhere = attempt(2, one.clone(), 1);
    for attempt in of_one.iter().chain([&of_other, &elsewhere, &of_other]) {
        log.note(attempt).await.unwrap();
    }
    let id = EndpointId::new(1);
    let hour = one.hour();
    let found = reader.attempts_in(&id, hour).await.unwrap();
    assert_eq!(found, [&of_one[..], &[of_other]].concat());
    assert_eq!(reader.attempts_for(&id, &one).await.unwrap(), of_one);
    let next = reader.attempts_in(&id, hour.next()).await.unwrap();
    assert!(next.is_empty());

    let items = partition(&f, &format!("DELIVERIES#{id}#{}", Hour::of(NOW))).await;
    let end = (NOW + SignedDuration::from_hours(30 * 24))
        .as_second()
        .to_string();
    assert!(items.iter().all(|item| *item["ttl"].as_n().unwrap() == end));
}

#[tokio::test]
async fn what_was_told_in_vain_is_listed_page_by_page_and_forgotten() {
    let f = fixture("dead-webhooks").await;
    let dead: &dyn DeadWebhooks = &*f.table;
    let id = EndpointId::new(1);
    let letter = |number: u16| DeadWebhook {
        endpoint: id.clone(),
        event: EventId::derive(NOW, &[&number.to_be_bytes()]),
        kind: EventKind::EntryAdded,
        attempts: 12,
        outcome: Outcome::Answered(500),
        at: NOW,
    };
    let mut all: Vec<DeadWebhook> = (0..510).map(letter).collect();
    for one in &all {
        dead.bury(one).await.unwrap();
    }
    // The same event once more.
    dead.bury(&all[0]).await.unwrap();
    all.sort_by(|one, other| one.event.cmp(&other.event));
    let first = dead.buried(&id, None).await.unwrap();
    assert_eq!(first.dead, all[..500]);
    let second = dead.buried(&id, first.next.as_ref()).await.unwrap();
    assert_eq!((second.dead.as_slice(), second.next), (&all[500..], None));
    for _ in 0..2 {
        dead.unbury(&all[0]).await.unwrap();
    }
    let left = dead.buried(&id, None).await.unwrap();
    assert_eq!(left.dead[0], all[1]);
    let others = dead.buried(&EndpointId::new(2), None).await.unwrap();
    assert!(others.dead.is_empty());

    let items = partition(&f, &format!("DEAD#{id}")).await;
    let end = (NOW + SignedDuration::from_hours(90 * 24))
        .as_second()
        .to_string();
    assert!(items.iter().all(|item| *item["ttl"].as_n().unwrap() == end));
}
