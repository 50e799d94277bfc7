//! Records of the stream that could not be read.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use shared::{
    ports::{
        StoreError,
        dead_letters::{DeadLetter, DeadLetters},
    },
    testkit::recorded,
};

use super::fixture;

pub(crate) fn letter(id: &str) -> DeadLetter {
    DeadLetter {
        id: id.to_owned(),
        sequence: "100000000000000000001".to_owned(),
        item: Some(("ENTRY#07".to_owned(), "domain#example.com".to_owned())),
        reason: "the item `ENTRY#07/domain` comes without what it says now".to_owned(),
        at: "2026-12-01T10:00:00.123Z".parse().unwrap(),
    }
}

#[tokio::test]
async fn a_letter_stays_until_somebody_removes_it() {
    let f = fixture("dead-letters").await;
    let table: &dyn DeadLetters = &*f.table;
    assert_eq!(table.letters().await.unwrap(), []);
    let without = DeadLetter {
        item: None,
        ..letter("b")
    };
    for letter in [without.clone(), letter("a"), letter("a")] {
        table.bury(&letter).await.unwrap();
    }
    assert_eq!(table.letters().await.unwrap(), [letter("a"), without]);
    let record = recorded();
    table.remove("b", &record).await.unwrap();
    let again = table.remove("b", &recorded()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(table.letters().await.unwrap(), [letter("a")]);
}

#[tokio::test]
async fn a_letter_goes_by_itself_after_90_days() {
    let f = fixture("dead-letters-end").await;
    let letter = letter("a");
    f.table.bury(&letter).await.unwrap();
    let get = f.client.get_item().table_name(f.table.name());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let get = get.key("pk", text("DEAD#stream")).key("sk", text("a"));
    let item = get.send().await.unwrap().item.unwrap();
    let ends: Timestamp = "2027-03-01T10:00:00Z".parse().unwrap();
    assert_eq!(item["ttl"], AttributeValue::N(ends.as_second().to_string()));
}
