//! The consumers of events in `examples/consumers`: real processes that are sent signed webhooks.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use local_entra::{
    Simulator,
    directory::{NewAccount, Source},
    model::{Attributes, TenantKind},
};
use ring::hmac;
use serde_json::{Value, json};
use shared::{adapters::system_clock::SystemClock, ports::clock::Clock};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::harness::{TENANT, client};

const KEY: &[u8] = b"a key of webhooks with enough octets";

/// A running consumer.
struct Consumer {
    url: String,
    _process: Child,
}

impl Consumer {
    async fn start(program: &str, settings: &[(&str, &str)]) -> Self {
        let mut process = Command::new("python3")
            .arg(folder().join(program))
            .env("WEBHOOK_SECRET", format!("whsec_b2xk {}", secret()))
            .env("PORT", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = said.next_line().await.unwrap().unwrap();
        Self {
            url: line.strip_prefix("listening on ").unwrap().to_owned(),
            _process: process,
        }
    }

    /// Sends an event as a deployment does; gives the status of the answer.
    async fn send(&self, id: &str, event: &Value) -> u16 {
        self.send_at(id, event, SystemClock.now()).await
    }

    async fn send_at(&self, id: &str, event: &Value, at: Timestamp) -> u16 {
        let body = event.to_string();
        let (at, signature) = signed(id, &body, at);
        self.post(id, &at, &signature, body).await
    }

    async fn post(&self, id: &str, at: &str, signature: &str, body: String) -> u16 {
        let client = client().build().unwrap();
        let request = client
            .post(&self.url)
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.unwrap().status().as_u16()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/consumers")
}

fn secret() -> String {
    format!("whsec_{}", STANDARD.encode(KEY))
}

/// The headers `webhook-timestamp` and `webhook-signature`; the latter with one of another secret before it.
fn signed(id: &str, body: &str, at: Timestamp) -> (String, String) {
    let at = at.as_second().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, KEY);
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    let other = STANDARD.encode([7; 32]);
    let signature = format!("v1,{other} v1,{}", STANDARD.encode(tag.as_ref()));
    (at, signature)
}

fn event(kind: &str, data: &Value) -> Value {
    json!({
        "id": "evt_2026011512_0123456789abcdef0123456789abcdef",
        "version": 1,
        "timestamp": "2026-01-15T12:00:00Z",
        "type": kind,
        "data": data,
    })
}

fn changed(kind: &str, revision: u64, to: &str) -> Value {
    let data = json!({ "request": "r1", "revision": revision, "action": "open", "to": to, "by": "applicant" });
    let mut event = event(kind, &data);
    event["personal"] = json!({ "email": "john@partner.example" });
    event
}

/// What a query of an SQLite file finds.
async fn rows(database: &str, query: &str) -> Value {
    let program = "import json, sqlite3, sys\n\
                   print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))";
    let mut python = Command::new("python3");
    let output = python.args(["-c", program, database, query]).output().await;
    serde_json::from_slice(&output.unwrap().stdout).unwrap()
}

#[tokio::test]
async fn the_company_database_changes_once_for_each_event() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("partners.sqlite");
    let database = file.to_str().unwrap();
    let consumer = Consumer::start("company_database.py", &[("DATABASE", database)]).await;
    let created = changed("approval_request.created", 1, "pending");
    let approved = changed("approval_request.approved", 2, "approved");
    let provisioned = event(
        "account.provisioned",
        &json!({ "request": "r1", "account": "a1" }),
    );
    let blocked = event(
        "sign_up.blocked",
        &json!({ "reason": "denied", "decided_by": "list default" }),
    );
    // Each twice, and not in their order.
    let events = [
        ("1", &provisioned),
        ("2", &approved),
        ("3", &created),
        ("4", &blocked),
    ];
    for (id, event) in events.into_iter().chain(events) {
        assert_eq!(consumer.send(id, event).await, 204, "{id}");
    }
    assert_eq!(
        rows(
            database,
            "SELECT request, state, revision, email, account FROM partners"
        )
        .await,
        json!([["r1", "approved", 2, "john@partner.example", "a1"]])
    );
    assert_eq!(
        rows(database, "SELECT day, reason, number FROM blocked").await,
        json!([["2026-01-15", "denied", 1]])
    );
    // One that cannot be handled changes nothing, so that it can come again.
    assert_eq!(
        consumer
            .send("5", &event("sign_up.blocked", &json!({})))
            .await,
        500
    );
    assert_eq!(consumer.send("5", &blocked).await, 204);
    assert_eq!(
        rows(database, "SELECT number FROM blocked").await,
        json!([[2]])
    );
}

#[tokio::test]
async fn what_is_not_signed_now_by_the_secret_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("partners.sqlite");
    let database = file.to_str().unwrap();
    let consumer = Consumer::start("company_database.py", &[("DATABASE", database)]).await;
    let created = changed("approval_request.created", 1, "pending");
    let now = SystemClock.now();
    for minutes in [-6, 6] {
        let at = now + jiff::SignedDuration::from_mins(minutes);
        assert_eq!(consumer.send_at("1", &created, at).await, 401);
    }
    let body = created.to_string();
    let (at, signature) = signed("1", &body, now);
    let (at, signature) = (at.as_str(), signature.as_str());
    for (id, at, signature, body) in [
        ("2", at, signature, body.clone()),
        ("1", at, "", body.clone()),
        ("1", at, "v1,AAAA", body.clone()),
        ("1", "soon", signature, body.clone()),
        ("1", at, signature, format!("{body} ")),
    ] {
        assert_eq!(consumer.post(id, at, signature, body).await, 401);
    }
    assert_eq!(
        rows(database, "SELECT count(*) FROM seen").await,
        json!([[0]])
    );
    assert_eq!(consumer.post("1", at, signature, body).await, 204);
    assert_eq!(
        rows(database, "SELECT count(*) FROM seen").await,
        json!([[1]])
    );
}

#[tokio::test]
async fn a_chat_is_told_once_without_a_name() {
    let simulator = Simulator::of_example(|_| {}).await.unwrap();
    let chat = format!("{}/receiver/chat", simulator.origin);
    let console = "https://sign-up.contoso.com/console/";
    let consumer = Consumer::start(
        "chat.py",
        &[("CHAT_URL", chat.as_str()), ("CONSOLE_URL", console)],
    )
    .await;
    let created = changed("approval_request.created", 1, "pending");
    let published = event(
        "policy.published",
        &json!({ "flow": "partners", "version": 7 }),
    );
    let other = event("list_entry.added", &json!({ "list": "default" }));
    for _ in 0..2 {
        for (id, event) in [("1", &created), ("2", &published), ("3", &other)] {
            assert_eq!(consumer.send(id, event).await, 204);
        }
    }
    let mut told: Vec<String> = simulator
        .receiver
        .all()
        .iter()
        .map(|one| one.body.clone())
        .collect();
    told.reverse();
    let texts: Vec<Value> = told
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(
        texts,
        [
            json!({ "text": "Somebody waits for a decision: https://sign-up.contoso.com/console/requests/r1" }),
            json!({ "text": "Version 7 of the policy of partners decides now." }),
        ]
    );
}

#[tokio::test]
async fn an_account_is_in_the_group_however_often_it_is_told() {
    let simulator = Simulator::of_example(|_| {}).await.unwrap();
    let account = simulator.directory.create(NewAccount {
        tenant: TenantKind::Workforce,
        user_principal_name: "john@contoso.onmicrosoft.com".to_owned(),
        mail: None,
        user_type: "Guest".to_owned(),
        enabled: true,
        identities: Vec::new(),
        attributes: Attributes::default(),
        source: Source::Graph,
    });
    let account = account.unwrap();
    let group = "0a8e7c1d-52f4-4f7e-9d57-8f3f2b9c1eff";
    let graph = format!("{}/graph/v1.0", simulator.origin);
    let settings = [
        ("LOGIN_URL", simulator.origin.as_str()),
        ("GRAPH_URL", graph.as_str()),
        ("TENANT_ID", TENANT),
        ("CLIENT_ID", "c2b7b4ea-0f5c-4a7b-8f0e-3a3f1d9a6e52"),
        ("CLIENT_SECRET", "local-graph-secret"),
        ("GROUP_ID", group),
    ];
    let consumer = Consumer::start("group_membership.py", &settings).await;
    let told = event(
        "account.provisioned",
        &json!({ "request": "r1", "account": account.id }),
    );
    for _ in 0..2 {
        assert_eq!(consumer.send("1", &told).await, 204);
    }
    let entry = simulator.directory.entry(&account.id).unwrap();
    assert_eq!(entry.groups.into_iter().collect::<Vec<_>>(), [group]);
    let unknown = event(
        "account.provisioned",
        &json!({ "request": "r2", "account": group }),
    );
    assert_eq!(consumer.send("2", &unknown).await, 500);
}
