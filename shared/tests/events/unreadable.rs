//! Records that nobody can read hold up none of the others.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use shared::{
    adapters::dynamodb::stream_record,
    app::events::derive::derive,
    domain::{event::EventKind, list::Effect},
    ports::dead_letters::DeadLetters,
    testkit::recorded,
};

use crate::world::{TABLE, World, entry};

async fn write(world: &World, pk: &str, sk: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = world.client.put_item().table_name(TABLE);
    let put = put.item("pk", text(pk)).item("sk", text(sk));
    let put = put.item("schema", AttributeValue::N("99".to_owned()));
    put.send().await.unwrap();
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_buried_and_the_rest_goes_on() {
    let world = World::new().await;
    write(&world, "ENTRY#07", "address#mallory@example.com").await;
    world.put(entry("john@example.com", Effect::Deny)).await;
    assert_eq!(world.deliver().await, 0);
    assert_eq!(world.others.bus.kinds(), [EventKind::EntryAdded]);
    let letters = world.table.letters().await.unwrap();
    let [letter] = &letters[..] else {
        panic!("{letters:?}")
    };
    let item = (
        "ENTRY#07".to_owned(),
        "address#mallory@example.com".to_owned(),
    );
    assert_eq!(letter.item, Some(item));
    let reason = "the item `ENTRY#07/address` is not as this version writes it";
    assert_eq!(letter.reason, reason);
    let told = world.told();
    let buried: usize = told.iter().map(|told| told.buried).sum();
    assert_eq!(buried, 1);
    assert!(!format!("{told:?}").contains("mallory"));

    world.rewind();
    world.deliver().await;
    assert_eq!(world.table.letters().await.unwrap().len(), 1);
    DeadLetters::remove(&*world.table, &letter.id, &recorded())
        .await
        .unwrap();
    assert!(world.table.letters().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_no_record_is_buried_too() {
    let world = World::new().await;
    let failed = world.take(&[json!({ "eventID": "e1" }), json!(null)]).await;
    assert!(failed.is_empty());
    let letters = world.table.letters().await.unwrap();
    let ids: Vec<_> = letters.iter().map(|letter| letter.id.as_str()).collect();
    assert_eq!(ids, ["e1", "unnamed"]);
    assert!(letters.iter().all(|letter| letter.item.is_none()));
}

/// What the fuzzer starts from is what DynamoDB sends.
#[test]
fn the_seeds_of_the_fuzzer_can_be_read() {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/seeds/table_change");
    let mut events = 0;
    for seed in std::fs::read_dir(seeds).unwrap() {
        let seed = std::fs::read(seed.unwrap().path()).unwrap();
        let read = stream_record(serde_json::from_slice(&seed).unwrap());
        events += derive(&read.id, &read.change.unwrap()).len();
    }
    // A decision, an account, an entry that changes and one that expires, and two policies.
    assert_eq!(events, 6);
}

#[tokio::test]
async fn items_of_other_kinds_are_nobodys_business() {
    let world = World::new().await;
    write(&world, "BREAKER#crm", "CURRENT").await;
    write(&world, "DIRECTORY#01", "SUBJECT#john@example.com").await;
    assert_eq!(world.deliver().await, 0);
    assert!(world.told().is_empty());
    assert!(world.table.letters().await.unwrap().is_empty());
}
