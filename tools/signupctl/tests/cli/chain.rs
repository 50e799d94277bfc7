//! Whether the audit chain is whole, from the command line.

use std::{fs, path::PathBuf, sync::Arc};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use shared::{
    adapters::{dynamodb::Connection, objects::Bucket, system_clock::SystemClock},
    app::{
        audit::of_setting,
        audit_chain::SegmentChain,
        events::lines::{of_event, of_record},
    },
    domain::{
        audit::{Changed, Record, SettingAction, SettingChange, Signature, day},
        event::KeptEvent,
        list::{Effect, ListEntry, ListName, Matcher},
    },
    ports::{
        audit_chain::{AuditChain, AuditLine},
        audit_store::{AuditKeeper, AuditStore},
        chain_heads::ChainHeads,
        clock::Clock,
        list_store::{Change, ListStore},
        objects::{ObjectReader, Objects},
    },
    testkit::FixedClock,
};
use tokio::net::TcpListener;

use crate::{
    desk::{Desk, Ran, TABLE, ran},
    events::{entry_added, keep},
};

const BUCKET: &str = "audit-bucket";
/// Where its objects are files, and so a copy of it.
const COPY: &str = "copy";

/// A deployment whose chain began two hours ago.
struct World {
    desk: Desk,
    endpoint: String,
    chain: SegmentChain,
    began: Timestamp,
}

impl World {
    async fn new() -> Self {
        let desk = Desk::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = local::bucket::Bucket::new(BUCKET, &desk.path(COPY)).router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let began = SystemClock.now() - SignedDuration::from_hours(2);
        let began = Timestamp::from_millisecond(began.as_millisecond()).unwrap();
        let chain = SegmentChain::new(
            Arc::new(bucket(&endpoint)),
            Arc::new(desk.table()),
            Arc::new(FixedClock::at(began)),
        );
        let world = Self {
            desk,
            endpoint,
            chain,
            began,
        };
        // Before the first segment there was no chain.
        let first = world.event("first").await;
        world.append(&[of_event(&first)]).await;
        world
    }

    /// With two events and a change of a list.
    async fn of_a_morning() -> Self {
        let world = Self::new().await;
        let lines = [
            of_event(&world.event("a").await),
            world.change().await,
            of_event(&world.event("b").await),
        ];
        world.append(&lines).await;
        world
    }

    async fn append(&self, lines: &[AuditLine]) {
        self.chain.append(lines).await.unwrap();
    }

    fn later(&self) -> Timestamp {
        self.began + SignedDuration::from_mins(1)
    }

    async fn event(&self, list: &str) -> KeptEvent {
        let event = entry_added(self.later(), list);
        keep(&self.desk, &event).await;
        event
    }

    async fn change(&self) -> AuditLine {
        let entry = ListEntry {
            matcher: Matcher::parse("evil.example").unwrap(),
            list: ListName::parse("default").unwrap(),
            effect: Effect::Deny,
            reason: "fraud".to_owned(),
            owner: String::new(),
            expires_at: None,
        };
        let signature = Signature {
            by: "robin".to_owned(),
            at: self.later(),
        };
        let table = self.desk.table();
        table
            .apply(&[Change::Put(entry)], &signature)
            .await
            .unwrap();
        let page = table.records(day(self.later()), None, 10).await.unwrap();
        of_record(&page.records[0])
    }

    /// The name of an object of the first day.
    fn object(&self, segment: u32) -> String {
        format!("audit/{}/{segment:08}.jsonl", day(self.began))
    }

    fn file(&self, segment: u32) -> PathBuf {
        self.desk.path(COPY).join(self.object(segment))
    }

    /// Takes an object away; gives what it was.
    fn remove(&self, segment: u32) -> String {
        let text = fs::read_to_string(self.file(segment)).unwrap();
        fs::remove_file(self.file(segment)).unwrap();
        text
    }

    fn write(&self, segment: u32, text: &str) {
        fs::write(self.file(segment), text).unwrap();
    }

    fn tamper(&self, segment: u32, change: impl FnOnce(&str) -> String) {
        let text = self.remove(segment);
        let changed = change(&text);
        assert_ne!(changed, text);
        self.write(segment, &changed);
    }

    async fn verify(&self, more: &[&str]) -> Ran {
        let arguments = [&["audit", "verify"], more].concat();
        let mut command = self.desk.command(&arguments);
        command
            .env("AUDIT_BUCKET", BUCKET)
            .env("AWS_ENDPOINT_URL_S3", &self.endpoint);
        ran(command).await
    }

    /// A run that finds something; gives the codes of what it finds.
    async fn findings(&self) -> Vec<String> {
        let ran = self.verify(&["--json"]).await;
        assert_eq!(ran.code, 1, "{ran:?}");
        let lines = ran
            .out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        let lines: Vec<Value> = lines.collect();
        let codes = lines.iter().filter_map(|line| line["finding"].as_str());
        let codes: Vec<String> = codes.map(str::to_owned).collect();
        assert_eq!(lines.last().unwrap()["findings"], codes.len());
        codes
    }
}

fn bucket(endpoint: &str) -> Bucket {
    let connection = Connection {
        region: "local".to_owned(),
        endpoint: Some(endpoint.to_owned()),
        access_key_id: "local".to_owned(),
        secret_access_key: "local".to_owned(),
        session_token: None,
    };
    Bucket::new(&connection, BUCKET)
}

#[tokio::test]
async fn a_whole_chain_is_told_as_such_from_the_bucket_and_from_a_copy() {
    let world = World::of_a_morning().await;
    let ran = world.verify(&[]).await;
    let told = "segments: 2, records: 4, the same in the table: 4\n";
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, told, "")
    );
    let ran = world.desk.run(&["audit", "verify", "--folder", COPY]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, told));
    let ran = world.desk.run(&["audit", "verify", "--bucket", ""]).await;
    assert_eq!(ran.code, 1);
    assert!(
        ran.err.starts_with("signupctl: --bucket: found nothing, "),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_record_that_was_changed_in_the_bucket_is_found() {
    let world = World::of_a_morning().await;
    world.tamper(2, |text| text.replace("fraud", "trust"));
    let ran = world.verify(&[]).await;
    assert_eq!(ran.code, 1);
    let object = world.object(2);
    let told = format!("{object}, line 3: expected the hash ");
    assert!(ran.out.starts_with(&told), "{}", ran.out);
    assert!(
        ran.out
            .contains(&format!(": the table says something else than {object}\n")),
        "{}",
        ran.out
    );
    assert_eq!(
        ran.err,
        "signupctl: the audit chain is not what it was: 2 findings\n"
    );
    assert!(!ran.out.contains("trust") && !ran.out.contains("evil.example"));
}

#[tokio::test]
async fn a_record_that_was_changed_in_the_table_is_found() {
    let world = World::of_a_morning().await;
    let event = entry_added(world.later(), "b");
    let key = |text: String| AttributeValue::S(text);
    let other = event.text.replace("\"deny\"", "\"allow\"");
    let updated = world
        .desk
        .client()
        .update_item()
        .table_name(TABLE)
        .key("pk", key(format!("EVENTS#{}", event.id.hour())))
        .key("sk", key(event.id.to_string()))
        .update_expression("SET #event = :event")
        .expression_attribute_names("#event", "event")
        .expression_attribute_values(":event", key(other))
        .send()
        .await;
    updated.unwrap();
    assert_eq!(world.findings().await, ["different"]);
}

#[tokio::test]
async fn a_change_that_is_gone_from_the_table_is_found() {
    let world = World::of_a_morning().await;
    let today = day(world.later());
    let page = world.desk.table().records(today, None, 10).await.unwrap();
    let key = |text: String| AttributeValue::S(text);
    let deleted = world
        .desk
        .client()
        .delete_item()
        .table_name(TABLE)
        .key("pk", key(format!("AUDIT#{today}")))
        .key("sk", key(page.records[0].id.to_string()))
        .send()
        .await;
    deleted.unwrap();
    assert_eq!(world.findings().await, ["not-in-table"]);
}

#[tokio::test]
async fn what_operators_change_is_compared_as_well() {
    for (chained, expected) in [(4, None), (5, Some("different"))] {
        let world = World::of_a_morning().await;
        let published = |version| {
            let change = SettingChange::of(SettingAction::PolicyPublish, "partners");
            change.with_version(version)
        };
        let record = of_setting(&Signature::new("robin", world.later()), published(4));
        world.desk.table().keep_record(&record).await.unwrap();
        assert_eq!(world.findings().await, ["not-in-chain"]);
        let chained = Record {
            changed: Changed::Settings(vec![published(chained)]),
            ..record
        };
        world.append(&[of_record(&chained)]).await;
        match expected {
            None => assert_eq!(world.verify(&[]).await.code, 0),
            Some(finding) => assert_eq!(world.findings().await, [finding]),
        }
    }
}

#[tokio::test]
async fn a_record_that_never_came_into_the_chain_is_found() {
    let world = World::of_a_morning().await;
    let event = world.event("never").await;
    let ran = world.verify(&[]).await;
    assert_eq!(ran.code, 1);
    let told = format!("{}: the table has it, ", event.id);
    assert!(ran.out.starts_with(&told), "{}", ran.out);
    // It comes late, and a second time.
    for _ in 0..2 {
        world.append(&[of_event(&event)]).await;
    }
    let ran = world.verify(&[]).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
}

#[tokio::test]
async fn segments_that_are_gone_or_new_are_found() {
    let world = World::of_a_morning().await;
    world.append(&[of_event(&world.event("c").await)]).await;
    let middle = world.remove(2);
    let told = ["missing", "not-in-chain", "not-in-chain", "not-in-chain"];
    assert_eq!(world.findings().await, told);
    world.write(2, &middle);
    let last = world.remove(3);
    assert_eq!(world.findings().await, ["missing", "not-in-chain"]);
    // One that was written anew has other hashes.
    world.write(3, &middle);
    assert_eq!(world.findings().await, ["broken", "not-in-chain"]);
    world.write(3, &last);
    assert_eq!(world.verify(&[]).await.code, 0);
}

#[tokio::test]
async fn without_a_chain_nothing_can_be_said() {
    let desk = Desk::new().await;
    let ran = desk.run(&["audit", "verify", "--folder", "."]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("no head of an audit chain"), "{}", ran.err);
    let ran = desk.run(&["audit", "verify", "--since", "yesterday"]).await;
    assert_eq!(ran.code, 64);
}

#[tokio::test]
async fn an_object_is_put_once() {
    let world = World::new().await;
    let bucket = bucket(&world.endpoint);
    assert_eq!(bucket.get("a/b.jsonl").await, Ok(None));
    assert_eq!(bucket.put_if_absent("a/b.jsonl", "one").await, Ok(true));
    assert_eq!(bucket.put_if_absent("a/b.jsonl", "two").await, Ok(false));
    assert_eq!(bucket.get("a/b.jsonl").await, Ok(Some(b"one".to_vec())));
}

/// The one in `docs/audit.md`.
fn documented_program() -> &'static str {
    let page = include_str!("../../../../docs/audit.md");
    let (_, program) = page.split_once("```python\n").unwrap();
    program.split_once("```").unwrap().0
}

#[tokio::test]
async fn the_documented_program_follows_the_chain() {
    let world = World::of_a_morning().await;
    let mut previous = "0".repeat(64);
    for segment in [1, 2] {
        let object = format!("{COPY}/{}", world.object(segment));
        let program = ["-c", documented_program(), &previous, &object];
        let ran = ran(world.desk.command_of("python3", &program)).await;
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        previous = ran.out.trim().to_owned();
    }
    let newest = world.desk.table().newest().await.unwrap().unwrap();
    assert_eq!(previous, newest.head.hash.to_string());
}
