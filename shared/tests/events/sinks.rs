//! Amazon `EventBridge`, SNS and SQS as their protocols have them.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    adapters::{dynamodb::Connection, event_bus::EventBridge, task_queue::Sqs, topic::Sns},
    domain::{
        endpoint::EndpointId,
        event::{EntryFact, Event, Fact, KeptEvent, Personal},
        list::Effect,
    },
    ports::event_bus::{EventBus, SinkError, Task, TaskQueue, Topic},
};

use crate::servers::{Answer, Received, Server};

const AT: Timestamp = Timestamp::constant(1_768_478_400, 500_000_000);
const TOPIC: &str = "arn:aws:sns:eu-north-1:111122223333:sign-ups";
const QUEUE: &str = "https://sqs.eu-north-1.amazonaws.com/111122223333/webhooks";

async fn answering(answer: Answer) -> (Server, Connection) {
    let server = Server::start().await;
    server.on("/", [answer]);
    let connection = Connection {
        region: "eu-north-1".to_owned(),
        endpoint: Some(server.url("/")),
        access_key_id: "id".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: Some("token".to_owned()),
    };
    (server, connection)
}

fn events(number: u8) -> Vec<KeptEvent> {
    let event = |number: u8| {
        let fact = EntryFact {
            list: format!("list-{number}"),
            matcher: "address",
            effect: Effect::Deny,
            replaces: None,
            expires_at: None,
        };
        let event = Event::new(AT, Fact::EntryAdded(fact), &[&[number]]);
        let matcher = ("matcher".to_owned(), json!("john@example.com"));
        KeptEvent::new(&event, Personal([matcher].into())).unwrap()
    };
    (0..number).map(event).collect()
}

fn tasks(number: u8) -> Vec<Task> {
    let task = |event: KeptEvent| Task {
        endpoint: EndpointId::new(1),
        event: event.id,
        attempts: 0,
        due: 0,
    };
    events(number).into_iter().map(task).collect()
}

/// The only request, which is signed and names nobody.
fn only(server: &Server) -> Received {
    let received = server.received();
    let [request] = &received[..] else {
        panic!("{} requests", received.len())
    };
    let signature = request.header("authorization").unwrap();
    assert!(
        signature.starts_with("AWS4-HMAC-SHA256 Credential=id/"),
        "{signature}"
    );
    assert_eq!(request.header("x-amz-security-token"), Some("token"));
    assert!(!request.text().contains("john"));
    request.clone()
}

fn json_of(server: &Server) -> Value {
    serde_json::from_str(only(server).text()).unwrap()
}

fn refused(code: &str) -> Result<(), SinkError> {
    Err(SinkError::Refused(code.to_owned()))
}

#[tokio::test]
async fn a_bus_gets_each_event_as_it_is_kept() {
    let answer =
        json!({ "FailedEntryCount": 0, "Entries": [{ "EventId": "1" }, { "EventId": "2" }] });
    let (server, connection) = answering(Answer::reply(200, answer.to_string())).await;
    let bus = EventBridge::new(&connection, "sign-ups".to_owned());
    let events = events(2);
    assert_eq!(bus.publish(&events).await, [Ok(()), Ok(())]);
    let request = only(&server);
    assert_eq!(request.header("x-amz-target"), Some("AWSEvents.PutEvents"));
    assert_eq!(
        request.header("content-type"),
        Some("application/x-amz-json-1.1")
    );
    let sent = json_of(&server);
    let entry = json!({
        "EventBusName": "sign-ups",
        "Source": "signup-connectors",
        "DetailType": "list_entry.added",
        "Detail": events[0].text,
        "Time": AT.as_second(),
    });
    assert_eq!(sent["Entries"][0], entry);
    assert_eq!(sent["Entries"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_bus_that_takes_some_says_which() {
    let entries = json!([
        { "EventId": "1" },
        { "ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded" },
        { "ErrorCode": "InternalFailure" },
        { "ErrorCode": "MalformedDetail" },
    ]);
    let answer = json!({ "FailedEntryCount": 3, "Entries": entries });
    let (_server, connection) = answering(Answer::reply(200, answer.to_string())).await;
    let bus = EventBridge::new(&connection, "sign-ups".to_owned());
    let internal = SinkError::Unavailable("InternalFailure".to_owned());
    assert_eq!(
        bus.publish(&events(4)).await,
        [
            Ok(()),
            Err(SinkError::Throttled),
            Err(internal),
            refused("MalformedDetail")
        ]
    );
}

#[tokio::test]
async fn a_bus_that_is_not_there_takes_nothing() {
    let fault = json!({ "__type": "com.amazonaws.events#ResourceNotFoundException" });
    let (server, connection) = answering(Answer::reply(400, fault.to_string())).await;
    let bus = EventBridge::new(&connection, "sign-ups".to_owned());
    let expected = refused("ResourceNotFoundException");
    assert_eq!(bus.publish(&events(2)).await, [expected.clone(), expected]);
    server.on("/", [Answer::reply(200, "{}")]);
    let told = bus.publish(&events(1)).await;
    assert!(
        matches!(told[..], [Err(SinkError::Unavailable(_))]),
        "{told:?}"
    );
    server.on("/", [Answer::status(503)]);
    let told = bus.publish(&events(1)).await;
    assert_eq!(told, [Err(SinkError::Unavailable("status 503".to_owned()))]);
    server.switch_off();
    let told = bus.publish(&events(1)).await;
    assert!(
        matches!(told[..], [Err(SinkError::Unavailable(_))]),
        "{told:?}"
    );
    let told = format!("{told:?}");
    assert!(
        !told.contains("john") && !told.contains("list_entry"),
        "{told}"
    );
}

const PUBLISHED: &str = r#"<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">
  <PublishBatchResult>
    <Failed>
      <member><Id>1</Id><Code>InternalError</Code><SenderFault>false</SenderFault></member>
    </Failed>
    <Successful>
      <member><Id>2</Id><MessageId>b</MessageId></member>
      <member><Id>0</Id><MessageId>a</MessageId></member>
    </Successful>
  </PublishBatchResult>
  <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>
</PublishBatchResponse>"#;

#[tokio::test]
async fn a_topic_gets_messages_by_whose_type_subscriptions_choose() {
    let (server, connection) = answering(Answer::reply(200, PUBLISHED)).await;
    let topic = Sns::new(&connection, TOPIC.to_owned());
    let events = events(3);
    let internal = Err(SinkError::Unavailable("InternalError".to_owned()));
    assert_eq!(topic.publish(&events).await, [Ok(()), internal, Ok(())]);
    let request = only(&server);
    let form: HashMap<String, String> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    let entry = "PublishBatchRequestEntries.member.1";
    for (name, value) in [
        ("Action", "PublishBatch"),
        ("Version", "2010-03-31"),
        ("TopicArn", TOPIC),
        (format!("{entry}.Id").as_str(), "0"),
        (format!("{entry}.Message").as_str(), events[0].text.as_str()),
        (
            format!("{entry}.MessageAttributes.entry.1.Name").as_str(),
            "type",
        ),
        (
            format!("{entry}.MessageAttributes.entry.1.Value.DataType").as_str(),
            "String",
        ),
        (
            format!("{entry}.MessageAttributes.entry.1.Value.StringValue").as_str(),
            "list_entry.added",
        ),
        ("PublishBatchRequestEntries.member.3.Id", "2"),
    ] {
        assert_eq!(form.get(name).map(String::as_str), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_topic_that_refuses_says_why() {
    let fault = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>x</Message></Error></ErrorResponse>";
    let (server, connection) = answering(Answer::reply(404, fault)).await;
    let topic = Sns::new(&connection, TOPIC.to_owned());
    assert_eq!(topic.publish(&events(1)).await, [refused("NotFound")]);
    for unreadable in ["", "<a", "<PublishBatchResponse/>", "\u{0}"] {
        server.on("/", [Answer::reply(200, unreadable)]);
        let told = topic.publish(&events(1)).await;
        assert!(
            matches!(told[..], [Err(SinkError::Unavailable(_))]),
            "{told:?}"
        );
    }
    server.on("/", [Answer::status(429)]);
    assert_eq!(topic.publish(&events(1)).await, [Err(SinkError::Throttled)]);
}

#[tokio::test]
async fn a_queue_gets_tasks_with_their_delay() {
    let answer = json!({
        "Successful": [{ "Id": "1", "MessageId": "m" }],
        "Failed": [{ "Id": "0", "Code": "InternalError", "SenderFault": false }],
    });
    let (server, connection) = answering(Answer::reply(200, answer.to_string())).await;
    let queue = Sqs::new(&connection, QUEUE.to_owned());
    let tasks = tasks(2);
    let internal = Err(SinkError::Unavailable("InternalError".to_owned()));
    let told = queue.send(&tasks, Duration::from_millis(4_001)).await;
    assert_eq!(told, [internal, Ok(())]);
    assert_eq!(
        only(&server).header("x-amz-target"),
        Some("AmazonSQS.SendMessageBatch")
    );
    let sent = json_of(&server);
    assert_eq!(sent["QueueUrl"], QUEUE);
    let first = &sent["Entries"][0];
    assert_eq!(
        (&first["Id"], &first["DelaySeconds"]),
        (&json!("0"), &json!(5))
    );
    let body: Task = serde_json::from_str(first["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(body, tasks[0]);
}

#[tokio::test]
async fn no_task_is_put_off_for_longer_than_a_queue_can() {
    let answer = json!({ "Successful": [{ "Id": "0" }] });
    let (server, connection) = answering(Answer::reply(200, answer.to_string())).await;
    let queue = Sqs::new(&connection, QUEUE.to_owned());
    let told = queue.send(&tasks(1), Duration::from_hours(24)).await;
    assert_eq!(told, [Ok(())]);
    assert_eq!(json_of(&server)["Entries"][0]["DelaySeconds"], 900);
}

#[tokio::test]
async fn what_a_queue_does_not_mention_is_not_taken() {
    let (_server, connection) = answering(Answer::reply(200, "{}")).await;
    let queue = Sqs::new(&connection, QUEUE.to_owned());
    let told = queue.send(&tasks(1), Duration::ZERO).await;
    assert!(
        matches!(told[..], [Err(SinkError::Unavailable(_))]),
        "{told:?}"
    );
}
