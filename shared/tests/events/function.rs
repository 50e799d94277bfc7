//! The function as it is deployed, but for Lambda.

use std::sync::Arc;

use local::engine::{Engine, StreamStart, create_table};
use serde_json::{Value, json};
use shared::{
    adapters::dynamodb::{Table, stream_record},
    app::events::Events,
    compose,
    domain::{audit::Signature, list::Effect},
    ports::list_store::{Change, ListStore},
    testkit::{FixedClock, Remembered},
};

use crate::{
    servers::{Answer, Server},
    world::{NOW, TABLE, entry, far},
};

fn made(engine: &Engine, more: &[(&str, &str)]) -> Result<Events, Vec<String>> {
    let endpoint = engine.endpoint();
    let own = [
        ("TABLE_NAME", TABLE),
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
    ];
    let settings = [&own[..], more].concat();
    let clock = Arc::new(FixedClock::at(NOW));
    let journal = Arc::new(Remembered::default());
    compose::events(settings.as_slice(), clock, journal)
}

/// Everything in the stream of a fresh table in which an entry was added.
async fn change(engine: &Engine) -> Vec<Value> {
    let client = engine.connection().client();
    create_table(&client, TABLE).await.unwrap();
    let put = Change::Put(entry("john@example.com", Effect::Deny));
    let by_eve = Signature {
        by: "eve".to_owned(),
        at: NOW,
    };
    let table = Table::new(client, TABLE);
    table.apply(&[put], &by_eve).await.unwrap();
    all(engine)
}

fn all(engine: &Engine) -> Vec<Value> {
    let mut stream = engine.stream(TABLE, StreamStart::Beginning).unwrap();
    stream.read(100).unwrap()
}

async fn take(events: &Events, records: Vec<Value>) -> Vec<String> {
    let records: Vec<_> = records.into_iter().map(stream_record).collect();
    events.take(&records, far()).await
}

#[tokio::test]
async fn it_tells_the_bus_that_it_is_told_of() {
    let engine = Engine::in_memory().await.unwrap();
    let server = Server::start().await;
    let answer = json!({ "Entries": [{ "EventId": "1" }] });
    server.on("/", [Answer::reply(200, answer.to_string())]);
    let url = server.url("");
    let bus = [
        ("EVENT_BUS", "sign-ups"),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", url.as_str()),
    ];
    let events = made(&engine, &bus).unwrap();
    let records = change(&engine).await;
    assert!(take(&events, records).await.is_empty());
    assert_eq!(server.count("/"), 0);
    assert!(take(&events, all(&engine)).await.is_empty());
    assert_eq!(server.count("/"), 1);
}

#[tokio::test]
async fn it_keeps_events_where_nobody_is_told() {
    let engine = Engine::in_memory().await.unwrap();
    let events = made(&engine, &[]).unwrap();
    let records = change(&engine).await;
    let before = records.len();
    assert!(take(&events, records).await.is_empty());
    assert_eq!(all(&engine).len(), before + 1);
}

#[tokio::test]
async fn what_cannot_be_kept_comes_again() {
    let engine = Engine::in_memory().await.unwrap();
    let records = change(&engine).await;
    let events = made(&engine, &[("TABLE_NAME", "nowhere")]).unwrap();
    let failed = take(&events, records).await;
    assert_eq!(failed.len(), 1);
}

#[tokio::test]
async fn it_keeps_what_others_are_told_for_a_week_at_least() {
    let engine = Engine::in_memory().await.unwrap();
    let days = |text| made(&engine, &[("EVENT_DAYS", text)]).unwrap().days;
    assert_eq!(["0", "30"].map(days), [7, 30]);
    assert_eq!(made(&engine, &[]).unwrap().days, 90);
}

#[tokio::test]
async fn it_does_not_start_with_a_bad_setting() {
    let engine = Engine::in_memory().await.unwrap();
    let bad = [("EVENT_TOPIC_ARN", "sign-ups"), ("EVENT_DAYS", "many")];
    let problems = made(&engine, &bad).unwrap_err();
    assert_eq!(problems.len(), 2, "{problems:?}");
}
