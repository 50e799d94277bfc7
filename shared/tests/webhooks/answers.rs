//! What a message is, and what becomes of it by what the endpoint answers.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::Value;
use shared::{
    adapters::system_clock::SystemClock,
    compose,
    domain::{
        endpoint::{Endpoint, EndpointState},
        event::EventId,
        webhook::{Outcome, SigningKey},
    },
    ports::{clock::Clock, endpoint_store::EndpointStore, event_bus::Task},
    testkit::{FixedClock, Nobody, Remembered, recorded},
};
use standardwebhooks::Webhook;

use crate::{
    queue::{Faults, Queue},
    servers::{Answer, Received},
    world::{NOW, PATH, World, keys, task},
};

fn header<'r>(received: &'r Received, name: &str) -> &'r str {
    received.header(name).unwrap()
}

/// What the independent library says that the signature has to be.
fn expected(key: &SigningKey, received: &Received) -> String {
    let webhook = Webhook::new(&key.text()).unwrap();
    let at = header(received, "webhook-timestamp").parse().unwrap();
    let id = header(received, "webhook-id");
    webhook.sign(id, at, &received.body).unwrap()
}

#[tokio::test]
async fn an_endpoint_gets_the_event_signed() {
    let world = World::new().await;
    world.receiver.on(PATH, [Answer::status(204)]);
    let (endpoint, event) = (world.endpoint().await, world.event(1).await);
    assert_eq!(world.take(&[task(&endpoint, &event)]).await, [true]);

    let received = world.receiver.received().remove(0);
    assert_eq!(received.method, "POST");
    assert_eq!(header(&received, "content-type"), "application/json");
    assert_eq!(header(&received, "webhook-id"), event.id.as_str());
    let at = NOW.as_second().to_string();
    assert_eq!(header(&received, "webhook-timestamp"), at);
    let signature = header(&received, "webhook-signature");
    assert_eq!(signature, expected(&keys().newest, &received));
    assert_eq!(received.text(), event.text);

    assert_eq!(world.told(), [("delivered", "204".to_owned())]);
    let line = world.lines().remove(0);
    assert_eq!(line.endpoint.as_deref(), Some(endpoint.id.as_str()));
    assert_eq!(
        (line.kind, line.attempt),
        (Some("list_entry.added"), Some(1))
    );
    let attempt = world.attempts(&endpoint, &event).await.remove(0);
    assert_eq!(attempt.outcome, Outcome::Answered(204));
    assert_eq!((attempt.number, attempt.at, attempt.next), (1, NOW, None));
    assert!(world.queue.waiting().is_empty());
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_sign() {
    let world = World::new().await;
    world.receiver.on(PATH, [Answer::status(200)]);
    let endpoint = world.endpoint().await;
    let both = keys().with(SigningKey::new(&[2; 32]));
    world.has_keys(&endpoint, &both).await;
    assert!(world.tell(&endpoint, 1).await);
    let received = world.receiver.received().remove(0);
    let signature = header(&received, "webhook-signature");
    let old = both.older.clone().unwrap();
    let each = [expected(&both.newest, &received), expected(&old, &received)];
    assert_eq!(signature, each.join(" "));
}

/// The library looks at the time of day, too.
#[tokio::test]
async fn a_receiver_that_verifies_takes_it() {
    let world = World::new().await;
    let now = SystemClock.now();
    world.clock.set(now);
    world.receiver.on(PATH, [Answer::status(200)]);
    let endpoint = world.endpoint().await;
    assert!(world.tell(&endpoint, 1).await);
    let received = world.receiver.received().remove(0);
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, header(&received, name).parse().unwrap());
    }
    let webhook = Webhook::new(&keys().newest.text()).unwrap();
    webhook.verify(&received.body, &headers).unwrap();
}

#[rstest]
#[case::unavailable(503)]
#[case::not_found(404)]
#[case::moved(302)]
#[tokio::test]
async fn what_fails_comes_again_after_a_pause(#[case] status: u16) {
    let world = World::new().await;
    let elsewhere = world.receiver.url("/elsewhere");
    let headers = vec![("location", elsewhere)];
    let body = Vec::new();
    world.receiver.on(
        PATH,
        [Answer::Reply {
            status,
            headers,
            body,
        }],
    );
    let (endpoint, event) = (world.endpoint().await, world.event(1).await);
    assert_eq!(world.take(&[task(&endpoint, &event)]).await, [true]);
    assert_eq!(world.told(), [("retry", status.to_string())]);
    assert_eq!(world.receiver.received().len(), 1, "nothing is followed");

    let (visible_at, again) = world.queue.waiting().remove(0);
    assert_eq!(again.attempts, 1);
    let pause = again.due - NOW.as_millisecond();
    assert!((4000..=6000).contains(&pause), "{pause}");
    assert!(visible_at.as_millisecond() >= again.due);
    let attempt = world.attempts(&endpoint, &event).await.remove(0);
    assert_eq!(attempt.next.unwrap().as_millisecond(), again.due);
}

#[tokio::test]
async fn an_endpoint_may_ask_for_more_time() {
    let world = World::new().await;
    let headers = vec![("retry-after", "3600".to_owned())];
    let body = Vec::new();
    world.receiver.on(
        PATH,
        [Answer::Reply {
            status: 429,
            headers,
            body,
        }],
    );
    let endpoint = world.endpoint().await;
    assert!(world.tell(&endpoint, 1).await);
    let (visible_at, again) = world.queue.waiting().remove(0);
    assert_eq!(again.due, NOW.as_millisecond() + 3_600_000);
    // As long as a queue delays at the most.
    assert_eq!(visible_at, NOW + SignedDuration::from_mins(15));
}

#[tokio::test]
async fn what_is_not_due_is_sent_on_without_a_line() {
    let world = World::new().await;
    let (endpoint, event) = (world.endpoint().await, world.event(1).await);
    let due = NOW + SignedDuration::from_hours(2);
    let early = Task {
        attempts: 6,
        due: due.as_millisecond(),
        ..task(&endpoint, &event)
    };
    assert_eq!(world.take(std::slice::from_ref(&early)).await, [true]);
    let (visible_at, again) = world.queue.waiting().remove(0);
    assert_eq!(again, early);
    assert_eq!(visible_at, NOW + SignedDuration::from_mins(15));
    assert_eq!((world.sent(), world.told().len()), (0, 0));
}

#[tokio::test]
async fn what_fails_for_the_last_time_is_a_dead_letter() {
    let world = World::new().await;
    world.receiver.on(PATH, [Answer::status(500)]);
    let (endpoint, event) = (world.endpoint().await, world.event(1).await);
    let last = Task {
        attempts: 11,
        ..task(&endpoint, &event)
    };
    assert_eq!(world.take(&[last]).await, [true]);
    assert_eq!(world.told(), [("dead", "500".to_owned())]);
    assert!(world.queue.waiting().is_empty());
    let dead = world.buried(&endpoint).await.remove(0);
    assert_eq!((dead.event, dead.attempts), (event.id, 12));
    assert_eq!((dead.outcome, dead.at), (Outcome::Answered(500), NOW));
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_told_nothing_more() {
    let world = World::new().await;
    world.receiver.on(PATH, [Answer::status(410)]);
    let endpoint = world.endpoint().await;
    assert!(world.tell(&endpoint, 1).await);
    assert_eq!(world.state(&endpoint).await, EndpointState::Gone(NOW));
    assert!(world.tell(&endpoint, 2).await);
    let gone = "gone".to_owned();
    assert_eq!(
        world.told(),
        [("gone", "410".to_owned()), ("dropped", gone)]
    );
    assert_eq!(world.sent(), 1);
    assert!(world.queue.waiting().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_somebody_changes_meanwhile_hears_once_more() {
    let world = World::new().await;
    world.receiver.on(
        PATH,
        [Answer::status(410).after(Duration::from_millis(300))],
    );
    let (endpoint, event) = (world.endpoint().await, world.event(1).await);
    let tasks = [task(&endpoint, &event)];
    let changed = Endpoint {
        note: "of the CRM".to_owned(),
        revision: 2,
        ..endpoint.clone()
    };
    let change = async {
        while world.sent() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.put(&changed).await;
    };
    let (done, ()) = tokio::join!(world.take(&tasks), change);
    assert_eq!(done, [false]);
    assert_eq!(world.state(&endpoint).await, EndpointState::Enabled);
    assert_eq!(world.take(&tasks).await, [true]);
    assert_eq!(world.state(&endpoint).await, EndpointState::Gone(NOW));
}

#[tokio::test]
async fn nothing_is_sent_to_whom_nobody_wants_to_be_told() {
    let world = World::new().await;
    let (disabled, removed) = (world.endpoint().await, world.endpoint().await);
    let next = Endpoint {
        state: EndpointState::Disabled(NOW),
        revision: 2,
        ..disabled.clone()
    };
    world.put(&next).await;
    EndpointStore::remove(&*world.store, &removed, &recorded())
        .await
        .unwrap();
    let kept = world.endpoint().await;
    let event = world.event(1).await;
    let unkept = Task {
        event: EventId::derive(NOW, &[b"another"]),
        ..task(&kept, &event)
    };
    let tasks = [task(&disabled, &event), task(&removed, &event), unkept];
    assert_eq!(world.take(&tasks).await, [true; 3]);
    let why = ["disabled", "removed", "forgotten"];
    assert_eq!(world.told(), why.map(|why| ("dropped", why.to_owned())));
    assert_eq!(world.sent(), 0);
}

#[tokio::test]
async fn a_message_that_says_nothing_is_put_back() {
    let world = World::new().await;
    assert_eq!(world.webhooks.take(&[None]).await, [false]);
    assert_eq!(world.told(), [("unreadable", String::new())]);
}

#[tokio::test]
async fn without_its_secret_nothing_is_sent() {
    let mut world = World::new().await;
    world.webhooks.sender.secrets = Arc::new(Nobody);
    let endpoint = world.endpoint().await;
    assert!(world.tell(&endpoint, 1).await);
    assert_eq!(world.told(), [("retry", "secret".to_owned())]);
    assert_eq!(world.sent(), 0);
}

#[tokio::test]
async fn what_is_out_of_order_here_brings_the_message_again() {
    let mut world = World::new().await;
    world.receiver.on(PATH, [Answer::status(503)]);
    let endpoint = world.endpoint().await;
    let full = Faults {
        are_not_taken: 100,
        ..Faults::default()
    };
    world.webhooks.queue = Arc::new(Queue::with(Arc::clone(&world.clock), full));
    assert!(!world.tell(&endpoint, 1).await);
    assert_eq!(world.told(), [("later", "it is throttled".to_owned())]);
}

#[tokio::test]
async fn the_log_has_neither_urls_nor_what_was_said() {
    let world = World::new().await;
    world
        .receiver
        .on(PATH, [Answer::status(503), Answer::status(200)]);
    let endpoint = world.endpoint().await;
    world.tell(&endpoint, 1).await;
    world.tell(&endpoint, 2).await;
    let log = format!("{:?}", world.journal.notices());
    for text in [PATH, "127.0.0.1", "default", "whsec", "deny"] {
        assert!(!log.contains(text), "{text}: {log}");
    }
}

/// A connection that breaks is no answer.
#[tokio::test]
async fn an_endpoint_that_is_down_and_comes_back_is_told() {
    let world = World::new().await;
    world.receiver.on(PATH, [Answer::status(200)]);
    let endpoint = world.endpoint().await;
    world.receiver.switch_off();
    assert!(world.tell(&endpoint, 1).await);
    assert_eq!(world.told(), [("retry", "connection".to_owned())]);
    world.receiver.switch_on();
    world.clock.advance(SignedDuration::from_secs(10));
    let received = world.queue.receive(10);
    let again: Vec<Task> = received.iter().map(|one| one.task.clone()).collect();
    let done = world.take(&again).await;
    world.queue.settle(&received, &done);
    assert_eq!(world.told()[1], ("delivered", "200".to_owned()));
    assert!(world.queue.waiting().is_empty());
    let body: Value = serde_json::from_str(world.receiver.received()[0].text()).unwrap();
    assert_eq!(body["type"], "list_entry.added");
}

#[test]
fn it_does_not_start_without_a_queue() {
    let clock = Arc::new(FixedClock::at(NOW));
    let journal = Arc::new(Remembered::default());
    let problems = compose::webhooks(&[("AWS_REGION", "local")], clock, journal);
    let problems = problems.unwrap_err();
    for name in ["TABLE_NAME", "REQUESTS_KEY", "WEBHOOKS_QUEUE_URL"] {
        assert!(problems.iter().any(|one| one.starts_with(name)), "{name}");
    }
}
