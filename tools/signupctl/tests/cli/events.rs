//! What happened, from the command line.

use std::sync::{Arc, Mutex};

use axum::{Router, body::Bytes};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{
            EntryFact, Event, EventFilter, EventId, Fact, KeptEvent, Personal, PolicyFact,
            PolicyNumber,
        },
        list::Effect,
    },
    ports::{
        dead_letters::{DeadLetter, DeadLetters},
        endpoint_store::EndpointStore,
        event_bus::Task,
        event_log::{EventKeeper, EventLog},
    },
};
use tokio::net::TcpListener;

use crate::{
    audit::told,
    desk::{Desk, ran},
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An entry of a list, which somebody is told with its matcher.
pub(crate) fn entry_added(when: Timestamp, list: &str) -> KeptEvent {
    let fact = EntryFact {
        list: list.to_owned(),
        matcher: "address",
        effect: Effect::Deny,
        replaces: None,
        expires_at: None,
    };
    let event = Event::new(when, Fact::EntryAdded(fact), &[list.as_bytes()]);
    let personal = [("matcher".to_owned(), json!("john@example.com"))];
    KeptEvent::new(&event, Personal(personal.into())).unwrap()
}

fn policy_published(when: &str) -> KeptEvent {
    let fact = PolicyFact {
        policy: PolicyNumber {
            flow: "partners".to_owned(),
            version: 7,
        },
        before: Some(6),
    };
    let event = Event::new(at(when), Fact::PolicyPublished(fact), &[b"7"]);
    KeptEvent::new(&event, Personal::default()).unwrap()
}

pub(crate) async fn keep(desk: &Desk, event: &KeptEvent) {
    let kept = desk.table().keep(event, Timestamp::MAX).await;
    assert!(kept.unwrap());
}

/// Two events of a morning, and one of the day after.
async fn three(desk: &Desk) -> [KeptEvent; 3] {
    let events = [
        entry_added(at("2026-01-15T10:20:00Z"), "default"),
        policy_published("2026-01-15T10:10:00Z"),
        policy_published("2026-01-16T00:00:00Z"),
    ];
    for event in &events {
        keep(desk, event).await;
    }
    events
}

const DAY: [&str; 6] = [
    "event",
    "list",
    "--since",
    "2026-01-15",
    "--until",
    "2026-01-15",
];

#[tokio::test]
async fn a_table_tells_what_happened_in_the_order_of_time() {
    let desk = Desk::new().await;
    let [entry, policy, _] = three(&desk).await;
    let listed = desk.output(&DAY).await;
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            vec!["AT", "TYPE", "ABOUT", "ID"],
            vec![
                "2026-01-15T10:10:00Z",
                "policy.published",
                "partners",
                policy.id.as_str()
            ],
            vec![
                "2026-01-15T10:20:00Z",
                "list_entry.added",
                "default",
                entry.id.as_str()
            ],
        ]
    );
}

#[tokio::test]
async fn kinds_and_times_are_chosen() {
    let desk = Desk::new().await;
    let [entry, _, _] = three(&desk).await;
    let of_lists = [
        &DAY[..],
        &[
            "--json",
            "--type",
            "list_entry.*",
            "--type",
            "sign_up.blocked",
        ],
    ];
    assert_eq!(
        desk.output(&of_lists.concat()).await,
        format!("{}\n", entry.text)
    );
    let since = ["event", "list", "--json", "--since", "2026-01-15T10:15:00Z"];
    assert_eq!(
        desk.output(&[&since[..], &["--until", "2026-01-16T00:00:00Z"]].concat())
            .await
            .lines()
            .count(),
        1
    );
    let ran = desk.run(&["event", "list"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "nothing of that kind happened\n");
    let ran = desk.run(&["event", "list", "--type", "sign_up"]).await;
    assert_eq!(ran.code, 64);
    assert!(ran.err.contains("`sign_up.blocked`"), "{}", ran.err);
}

#[tokio::test]
async fn an_event_is_shown_with_what_is_kept_of_the_person() {
    let desk = Desk::new().await;
    let [entry, ..] = three(&desk).await;
    let shown = desk
        .output(&["event", "show", entry.id.as_str(), "--json"])
        .await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["type"], "list_entry.added");
    assert_eq!(shown["personal"]["matcher"], "john@example.com");
    let other = EventId::derive(entry.at, &[b"other"]);
    let ran = desk.run(&["event", "show", other.as_str()]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert_eq!(ran.err, format!("signupctl: there is no event {other}\n"));
    assert_eq!(desk.run(&["event", "show", "7"]).await.code, 64);
}

#[tokio::test]
async fn the_schema_is_json() {
    let schema = Desk::new().await.output(&["event", "schema"]).await;
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(schema.to_string().contains("sign_up.blocked"), "{schema}");
}

#[tokio::test]
async fn decisions_that_are_in_the_log_alone_are_kept_once() {
    let desk = Desk::new().await;
    let event = policy_published("2026-01-15T10:10:00Z");
    let told: Value = serde_json::from_str(&event.text).unwrap();
    let line = json!({ "level": "ERROR", "dependency": "decision-records", "event": told });
    desk.file(
        "log.jsonl",
        format!("START\n{line}\n{{\"step\":\"before-token\"}}\n{line}\n"),
    );
    let out = desk.output(&["event", "restore", "log.jsonl"]).await;
    assert_eq!(out, "restored: 1, in the table already: 1\n");
    let out = desk.output(&["event", "restore", "log.jsonl"]).await;
    assert_eq!(out, "restored: 0, in the table already: 2\n");
    desk.file("none.jsonl", "START\n");
    desk.output(&["event", "restore", "none.jsonl"]).await;
    let recorded = told_of(&desk).await;
    let restored = recorded.iter().map(|[action, _]| action.as_str());
    assert_eq!(restored.collect::<Vec<_>>(), ["event.restore"; 2]);
    let kept = desk.table().event(&event.id).await.unwrap().unwrap();
    assert_eq!(kept.at, event.at);
    assert_eq!(serde_json::from_str::<Value>(&kept.text).unwrap(), told);
}

#[tokio::test]
async fn a_line_with_half_an_event_is_told_and_the_others_are_kept() {
    let desk = Desk::new().await;
    let line = |event: Value| json!({ "dependency": "decision-records", "event": event });
    let whole = serde_json::from_str(&policy_published("2026-01-15T10:10:00Z").text).unwrap();
    let (bad, good) = (line(json!({ "id": "evt_1" })), line(whole));
    let lines = format!("{bad}\n{good}\n");
    let ran = desk
        .run_with_input(&["event", "restore", "-"], lines.as_bytes())
        .await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (2, "restored: 1, in the table already: 0\n")
    );
    assert_eq!(ran.err, "-, line 1: it has no whole event\n");
}

/// What the audit has, without by whom.
async fn told_of(desk: &Desk) -> Vec<[String; 2]> {
    let told = told(desk).await.into_iter();
    told.map(|[_, action, about]| [action, about]).collect()
}

/// A queue that takes whatever comes; gives where it is.
async fn queue() -> (String, Arc<Mutex<Vec<Task>>>) {
    let taken: Arc<Mutex<Vec<Task>>> = Arc::default();
    let queue = Arc::clone(&taken);
    let answer = move |body: Bytes| async move {
        let batch: Value = serde_json::from_slice(&body).unwrap();
        let entries = batch["Entries"].as_array().unwrap();
        let tasks = entries
            .iter()
            .map(|one| one["MessageBody"].as_str().unwrap());
        let tasks = tasks.map(|task| serde_json::from_str::<Task>(task).unwrap());
        queue.lock().unwrap().extend(tasks);
        let ids = entries.iter().map(|one| json!({ "Id": one["Id"] }));
        json!({ "Successful": ids.collect::<Vec<_>>(), "Failed": [] }).to_string()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, taken)
}

#[tokio::test]
async fn endpoints_are_told_once_more_of_what_they_want() {
    let desk = Desk::new().await;
    let [entry, policy, _] = three(&desk).await;
    let endpoint = |number, kinds| Endpoint {
        id: EndpointId::new(number),
        url: "https://partners.contoso.com/webhooks".to_owned(),
        kinds: vec![EventFilter::parse(kinds).unwrap()],
        fields: Vec::new(),
        state: EndpointState::Enabled,
        note: String::new(),
        created_at: at("2026-01-15T10:00:00Z"),
        revision: 1,
    };
    let (all, lists) = (endpoint(1, "*"), endpoint(2, "list_entry.*"));
    for endpoint in [&all, &lists] {
        EndpointStore::put(&desk.table(), endpoint, None)
            .await
            .unwrap();
    }
    let (url, taken) = queue().await;
    let replay = async |more: &[&str]| {
        let day = [
            "event",
            "replay",
            "--since",
            "2026-01-15",
            "--until",
            "2026-01-15",
        ];
        let mut command = desk.command(&[&day[..], more].concat());
        command
            .env("AWS_ENDPOINT_URL_SQS", &url)
            .env("WEBHOOKS_QUEUE_URL", format!("{url}/1/webhooks"));
        ran(command).await
    };
    let told = replay(&[]).await;
    assert_eq!(
        (told.code, told.out.as_str()),
        (0, "put into the queue: 3\n"),
        "{told:?}"
    );
    let task = |endpoint: &Endpoint, event: &KeptEvent| Task {
        endpoint: endpoint.id.clone(),
        event: event.id.clone(),
        attempts: 0,
        due: 0,
    };
    let expected = [
        task(&all, &policy),
        task(&all, &entry),
        task(&lists, &entry),
    ];
    assert_eq!(*taken.lock().unwrap(), expected);
    let mut recorded = told_of(&desk).await;
    recorded.sort();
    let replayed = [&all, &lists].map(|one| ["event.replay", one.id.as_str()].map(str::to_owned));
    assert_eq!(recorded, replayed);
    let only = ["--endpoint", lists.id.as_str(), "--type", "policy.*"];
    assert_eq!(replay(&only).await.out, "put into the queue: 0\n");
    let unknown = replay(&["--endpoint", EndpointId::new(3).as_str()]).await;
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.err.contains("expected an endpoint that is enabled"),
        "{}",
        unknown.err
    );
}

#[tokio::test]
async fn records_that_could_not_be_read_are_shown_and_removed() {
    let desk = Desk::new().await;
    let none = desk.run(&["event", "dead", "list"]).await;
    assert_eq!(none.err, "every record could be read\n");
    let letter = DeadLetter {
        id: "e1".to_owned(),
        sequence: "100".to_owned(),
        item: Some(("ENTRY#07".to_owned(), "domain#example.com".to_owned())),
        reason: "it is as no version writes it".to_owned(),
        at: at("2026-01-15T10:20:00Z"),
    };
    desk.table().bury(&letter).await.unwrap();
    let listed = desk.output(&["event", "dead", "list"]).await;
    assert!(listed.contains("ENTRY#07 domain#example.com"), "{listed}");
    let listed = desk.output(&["event", "dead", "list", "--json"]).await;
    let line: Value = serde_json::from_str(&listed).unwrap();
    let expected = json!({
        "at": "2026-01-15T10:20:00Z",
        "id": "e1",
        "sequence": "100",
        "pk": "ENTRY#07",
        "sk": "domain#example.com",
        "reason": "it is as no version writes it",
    });
    assert_eq!(line, expected);

    let other = desk.run(&["event", "dead", "remove", "e2"]).await;
    assert_eq!(other.code, 1);
    assert!(other.err.contains("e2: expected the id of a record"));
    assert_eq!(desk.run(&["event", "dead", "remove", "e1"]).await.code, 0);
    assert!(desk.table().letters().await.unwrap().is_empty());
}
