//! That nothing is lost and nothing is told under another id, whatever comes twice or fails.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::{
    domain::{
        approval::Action,
        endpoint::EndpointState,
        event::EventKind,
        list::{Effect, ListEntry, ListName},
    },
    ports::journal::Told,
};

use crate::world::{TABLE, World, endpoint, entry};

/// A request and an entry.
async fn changes(world: &World) {
    let request = world.opened("zoe@partner.example").await;
    world.change(&request, Action::Deny, "eve").await;
    world.put(entry("john@example.com", Effect::Deny)).await;
}

#[tokio::test]
async fn a_stream_that_comes_twice_repeats_ids_and_makes_no_event() {
    let world = World::new().await;
    changes(&world).await;
    world.deliver().await;
    let first = world.others.bus.ids();
    assert_eq!(first.len(), 3);
    world.forget();
    let before = world.told().len();
    world.rewind();
    world.deliver().await;
    assert_eq!(world.others.bus.ids(), first);
    let kept: usize = world.told().iter().skip(before).map(|told| told.kept).sum();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn an_item_that_is_written_as_it_was_is_no_event() {
    let world = World::new().await;
    world.put(entry("john@example.com", Effect::Deny)).await;
    let part = part_of_entries(&world.read());
    world.rewind();
    world.deliver().await;
    assert_eq!(world.others.bus.kinds(), [EventKind::EntryAdded]);
    world.forget();
    let query = world.client.query().table_name(TABLE);
    let query = query.key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", AttributeValue::S(part));
    for item in query.send().await.unwrap().items.unwrap() {
        let put = world.client.put_item().table_name(TABLE);
        put.set_item(Some(item)).send().await.unwrap();
    }
    let again = world.read();
    assert_eq!(again.len(), 1);
    assert!(world.take(&again).await.is_empty());
    world.deliver().await;
    assert!(world.others.bus.all().is_empty());
}

/// The partition of the only entry.
fn part_of_entries(records: &[Value]) -> String {
    let parts = records.iter();
    let mut parts = parts.filter_map(|record| record.pointer("/dynamodb/Keys/pk/S")?.as_str());
    let part = parts.find(|part| part.starts_with("ENTRY#"));
    part.unwrap().to_owned()
}

#[tokio::test]
async fn a_batch_that_comes_again_after_some_were_told_loses_nothing() {
    let world = World::new().await;
    let all = endpoint(1, &["*"], EndpointState::Enabled);
    world.others.endpoints.lock().unwrap().push(all);
    changes(&world).await;
    // The bus has them, the queue takes none: neither in this batch nor when it is tried again.
    world.others.queue.refuses(usize::MAX);
    assert_eq!(world.deliver().await, 3);
    assert!(world.others.queue.all().is_empty());
    let told = world.told();
    let last = told.last().unwrap();
    assert!(last.failures > 0);
    assert_eq!(last.problem.as_deref(), Some("the queue: it is throttled"));
    world.others.queue.refuses(0);
    assert_eq!(world.deliver().await, 0);
    let tasks = world.others.queue.all();
    let tasked: BTreeSet<_> = tasks.iter().map(|task| task.event.to_string()).collect();
    let bus: BTreeSet<_> = world.others.bus.ids().into_iter().collect();
    assert_eq!(tasked.len(), 3);
    assert_eq!(bus, tasked);
    assert!(world.others.bus.ids().len() > 3);
}

#[tokio::test]
async fn only_what_the_bus_refuses_is_told_it_again() {
    let world = World::new().await;
    changes(&world).await;
    world.others.bus.refuses(1);
    assert_eq!(world.deliver().await, 0);
    let ids = world.others.bus.ids();
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (3, 3));
    assert_eq!(world.others.topic.ids(), ids);
}

#[tokio::test]
async fn nobody_is_told_what_is_not_audited() {
    let world = World::new().await;
    changes(&world).await;
    world.others.chain_is_broken.store(true, Ordering::SeqCst);
    assert_eq!(world.deliver().await, 3);
    assert!(world.others.bus.all().is_empty());
    assert!(world.others.queue.all().is_empty());
    let told = world.told();
    let problem = told.last().unwrap().problem.as_deref();
    let expected = "the audit chain: it cannot be reached: status 503";
    assert_eq!(problem, Some(expected));
    world.others.chain_is_broken.store(false, Ordering::SeqCst);
    assert_eq!(world.deliver().await, 0);
    assert_eq!(world.others.bus.all().len(), 3);
}

#[tokio::test]
async fn events_and_what_people_change_are_audited() {
    let world = World::new().await;
    changes(&world).await;
    world.deliver().await;
    let lines = world.others.lines.lock().unwrap().clone();
    // A denial, an entry, and the three events.
    assert_eq!(lines.len(), 5);
    let events = lines.iter().filter(|line| line.id.starts_with("evt_"));
    assert_eq!(events.count(), 3);
    for line in &lines {
        let text: Value = serde_json::from_str(&line.text).unwrap();
        assert!(text.is_object());
        let is_event = line.id.starts_with("evt_");
        assert!(!is_event || !line.text.contains("john"), "{}", line.text);
    }
}

#[tokio::test]
async fn the_log_tells_numbers_and_names_nobody() {
    let world = World::new().await;
    world.put(entry("john@example.com", Effect::Deny)).await;
    let other = entry("john@example.com", Effect::Allow);
    let list = ListName::parse("partners").unwrap();
    world.put(ListEntry { list, ..other }).await;
    world.deliver().await;
    let told = world.told();
    let sum = |of: fn(&Told) -> usize| told.iter().map(of).sum::<usize>();
    assert_eq!(sum(|told| told.kept), 2);
    assert_eq!((sum(|told| told.to_bus), sum(|told| told.to_topic)), (2, 2));
    assert_eq!(sum(|told| told.tasks), 0);
    // Two records of what people changed, and two events.
    assert_eq!(sum(|told| told.audited), 4);
    assert!(!format!("{told:?}").contains("john"));
}
