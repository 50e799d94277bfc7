//! Who is told of events, from the command line.

use std::sync::{Arc, Mutex};

use axum::{Json, Router, extract::State, routing::post};
use jiff::{SignedDuration, Timestamp};
use local_entra::{
    Simulator,
    faults::{ReceiverFaults, Switches},
};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    adapters::{
        dynamodb::Connection,
        secrets::{SecretsManager, SecretsSettings},
        system_clock::SystemClock,
    },
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{EventId, EventKind},
        webhook::{Attempt, DeadWebhook, Outcome, SigningKeys},
    },
    ports::{
        Deadline,
        clock::Clock,
        dead_webhooks::DeadWebhooks,
        delivery_log::DeliveryLog,
        endpoint_store::{EndpointReader, EndpointStore},
        secrets::{Secret, SecretError, Secrets},
    },
};
use tokio::{
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    audit::told,
    desk::{Desk, Ran, ran},
};

/// A table, Secrets Manager, and somebody who receives.
struct Scene {
    desk: Desk,
    entra: Arc<Simulator>,
}

impl Scene {
    async fn new() -> Self {
        Self {
            desk: Desk::new().await,
            entra: Simulator::of_example(|_| {}).await.unwrap(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let arguments = [&["endpoint"], arguments].concat();
        let mut command = self.desk.command(&arguments);
        let secrets = format!("{}/secrets", self.entra.origin);
        command.env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets);
        command.env("PRIVATE_HOSTS", "127.0.0.1");
        command
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments)).await
    }

    async fn output(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    fn url(&self) -> String {
        format!("{}/receiver/crm", self.entra.origin)
    }

    /// An endpoint of the receiver. Its id and its secret.
    async fn added(&self) -> (String, String) {
        let out = self.output(&["add", &self.url(), "--type", "*"]).await;
        (value(&out, "id"), value(&out, "secret"))
    }

    async fn endpoint(&self) -> Endpoint {
        let table = self.desk.table();
        EndpointReader::endpoints(&table).await.unwrap().remove(0)
    }

    /// What the audit has of an endpoint, the newest first.
    async fn recorded(&self, id: &str) -> Vec<String> {
        let told = told(&self.desk).await.into_iter();
        let of_it = told.filter(|[_, _, about]| about == id);
        of_it.map(|[_, action, _]| action).collect()
    }

    /// The keys as they are in Secrets Manager.
    async fn keys(&self, id: &str) -> SigningKeys {
        let secret = self.secret(&format!("webhooks/{id}")).await.unwrap();
        SigningKeys::parse(secret.reveal()).unwrap()
    }

    async fn secret(&self, name: &str) -> Result<Secret, SecretError> {
        let connection = Connection {
            region: "local".to_owned(),
            endpoint: Some(format!("{}/secrets", self.entra.origin)),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        };
        let settings = SecretsSettings {
            connection,
            prefix: "signup-connectors".to_owned(),
        };
        let secrets = SecretsManager::new(settings, Arc::new(SystemClock));
        let deadline = Deadline(Instant::now() + Duration::from_mins(1));
        secrets.secret(name, deadline).await
    }
}

/// The value of a line `name: value`.
fn value(out: &str, name: &str) -> String {
    let mut lines = out.lines();
    let found = lines.find_map(|line| line.strip_prefix(&format!("{name}: ")));
    found
        .unwrap_or_else(|| panic!("no {name} in {out}"))
        .to_owned()
}

fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn an_endpoint_is_added_with_a_secret_that_is_shown_once() {
    let scene = Scene::new().await;
    let url = "https://hooks.partner.example/events";
    let add = [
        "add",
        url,
        "--type",
        "sign_up.*",
        "--type",
        "account.provisioned",
        "--field",
        "email",
        "--note",
        "of the CRM",
    ];
    let ran = scene.run(&add).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let (id, secret) = (value(&ran.out, "id"), value(&ran.out, "secret"));
    assert!(!ran.err.contains(&secret), "{}", ran.err);
    assert_eq!(scene.keys(&id).await.newest.text(), secret);
    let endpoint = scene.endpoint().await;
    assert_eq!(
        (endpoint.id.as_str(), endpoint.url.as_str()),
        (id.as_str(), url)
    );
    assert!(endpoint.wants(EventKind::SignUpBlocked) && !endpoint.wants(EventKind::EntryAdded));

    let listed = scene.output(&["list"]).await;
    assert!(!listed.contains(&secret), "{listed}");
    let row = listed.lines().nth(1).unwrap();
    let cells: Vec<&str> = row.split("  ").filter(|cell| !cell.is_empty()).collect();
    let types = "sign_up.*, account.provisioned";
    assert_eq!(
        cells.iter().map(|cell| cell.trim()).collect::<Vec<_>>(),
        [id.as_str(), "enabled", types, "email", url, "of the CRM"]
    );
    let line = lines(&scene.output(&["list", "--json"]).await).remove(0);
    assert_eq!(line["types"], json!(["sign_up.*", "account.provisioned"]));
    assert_eq!(
        (&line["state"], &line["since"]),
        (&json!("enabled"), &Value::Null)
    );
}

#[tokio::test]
async fn a_list_without_endpoints_says_how_to_add_one() {
    let ran = Scene::new().await.run(&["list"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(ran.err.contains("signupctl endpoint add"), "{}", ran.err);
}

#[tokio::test]
async fn a_test_is_a_signed_message_that_tells_of_nothing() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    let out = scene.output(&["test", &id]).await;
    assert!(
        out.starts_with("204 after ") && out.ends_with(" ms\n"),
        "{out}"
    );
    let received = scene.entra.receiver.all().remove(0);
    let header = |name: &str| {
        let mut headers = received.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.unwrap().1.clone()
    };
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(body["type"], "webhook.test");
    assert_eq!(body["id"], header("webhook-id").as_str());
    let at = header("webhook-timestamp").parse().unwrap();
    let at = Timestamp::from_second(at).unwrap();
    let keys = scene.keys(&id).await;
    let expected = keys.signature(&header("webhook-id"), at, &received.body);
    assert_eq!(header("webhook-signature"), expected);

    scene.entra.faults.set(Switches {
        receiver: ReceiverFaults {
            status: 500,
            ..ReceiverFaults::default()
        },
        ..Switches::default()
    });
    let ran = scene.run(&["test", &id]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("500 after "), "{}", ran.out);
    assert!(
        ran.err.contains("expected a status from 200 to 299"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn a_test_does_not_reach_into_a_private_network() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    let mut command = scene.command(&["test", &id]);
    command.env("PRIVATE_HOSTS", "");
    let ran = ran(command).await;
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("not-permitted after "), "{}", ran.out);
    assert!(scene.entra.receiver.all().is_empty());
}

#[tokio::test]
async fn a_secret_is_rotated_in_two_steps() {
    let scene = Scene::new().await;
    let (id, old) = scene.added().await;
    let ran = scene.run(&["rotate-secret", &id, "--drop-old"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("it has one secret only"), "{}", ran.err);
    let new = value(&scene.output(&["rotate-secret", &id]).await, "secret");
    let keys = scene.keys(&id).await;
    assert_eq!(keys.newest.text(), new);
    assert_eq!(keys.older.unwrap().text(), old);
    let out = scene.output(&["rotate-secret", &id, "--drop-old"]).await;
    assert!(out.contains("the newest secret alone"), "{out}");
    let keys = scene.keys(&id).await;
    assert_eq!((keys.newest.text(), keys.older), (new, None));
    let expected = ["drop-secret", "rotate-secret", "add"].map(|did| format!("endpoint.{did}"));
    assert_eq!(scene.recorded(&id).await, expected);
}

#[tokio::test]
async fn an_endpoint_is_disabled_enabled_and_removed() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    scene.output(&["disable", &id]).await;
    let state = scene.endpoint().await.state;
    assert!(matches!(state, EndpointState::Disabled(_)), "{state:?}");
    let line = lines(&scene.output(&["list", "--json"]).await).remove(0);
    assert_eq!(line["state"], "disabled");
    assert!(line["since"].is_string());
    scene.output(&["enable", &id]).await;
    assert_eq!(scene.endpoint().await.state, EndpointState::Enabled);
    let secret = format!("webhooks/{id}");
    assert!(scene.secret(&secret).await.is_ok());
    let ran = scene.run(&["remove", &id]).await;
    assert_eq!((ran.code, ran.out), (0, format!("removed {id}\n")));
    let told = format!("its secret `signup-connectors/{secret}` is deleted");
    assert!(ran.err.starts_with(&told), "{}", ran.err);
    let gone = scene.secret(&secret).await;
    assert!(matches!(gone, Err(SecretError::Absent(_))), "{gone:?}");
    let expected = ["remove", "enable", "disable", "add"].map(|did| format!("endpoint.{did}"));
    assert_eq!(scene.recorded(&id).await, expected);
    for command in ["disable", "enable", "remove", "test", "rotate-secret"] {
        let ran = scene.run(&[command, &id]).await;
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{command}");
        assert!(ran.err.contains("there is no endpoint"), "{}", ran.err);
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_deleted_is_named() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    let mut command = scene.command(&["remove", &id]);
    let nowhere = format!("{}/nowhere", scene.entra.origin);
    command.env("AWS_ENDPOINT_URL_SECRETS_MANAGER", nowhere);
    let ran = ran(command).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    let told = format!("delete `signup-connectors/webhooks/{id}` in AWS Secrets Manager");
    assert!(ran.err.contains(&told), "{}", ran.err);
    assert!(ran.err.contains(&format!("{id} is removed")), "{}", ran.err);
    assert_eq!(scene.recorded(&id).await[0], "endpoint.remove");
}

#[tokio::test]
async fn there_are_twenty_endpoints_at_the_most() {
    let scene = Scene::new().await;
    let table = scene.desk.table();
    let (id, _) = scene.added().await;
    let one = scene.endpoint().await;
    for number in 1..20 {
        let another = Endpoint {
            id: EndpointId::new(number),
            ..one.clone()
        };
        EndpointStore::put(&table, &another, None).await.unwrap();
    }
    let ran = scene.run(&["add", &scene.url(), "--type", "*"]).await;
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("20 endpoints"), "{}", ran.err);
    scene.output(&["remove", &id]).await;
    scene.output(&["add", &scene.url(), "--type", "*"]).await;
}

#[tokio::test]
async fn the_log_tells_what_an_endpoint_answered() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    let ran = scene.run(&["log", &id]).await;
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert_eq!(ran.err, "it was told nothing of that\n");
    let table = scene.desk.table();
    let now = SystemClock.now();
    let of = |hours: i64, number: u32, outcome: &str| {
        let at = now - SignedDuration::from_hours(hours);
        Attempt {
            endpoint: EndpointId::parse(&id).unwrap(),
            event: EventId::derive(at, &[b"1"]),
            kind: EventKind::SignUpBlocked,
            number,
            at,
            outcome: Outcome::parse(outcome),
            latency: Duration::from_millis(120),
            next: None,
        }
    };
    let attempts = [of(1, 1, "503"), of(1, 2, "204"), of(50, 1, "timed-out")];
    for attempt in &attempts {
        table.note(attempt).await.unwrap();
    }
    let today = lines(&scene.output(&["log", &id, "--json"]).await);
    let told = |line: &Value| (line["attempt"].as_u64().unwrap(), line["answer"].clone());
    assert_eq!(
        today.iter().map(told).collect::<Vec<_>>(),
        [(1, json!("503")), (2, json!("204"))]
    );
    assert_eq!(today[0]["type"], "sign_up.blocked");
    assert_eq!(today[0]["latency_ms"], 120);
    let earlier = scene.output(&["log", &id, "--since", "3d"]).await;
    assert_eq!(earlier.lines().count(), 4);
    let third = earlier.lines().nth(1).unwrap();
    assert!(
        third.contains("  sign_up.blocked  1        timed-out  120"),
        "{third}"
    );
    let event = attempts[0].event.as_str();
    let of_one = scene
        .output(&["log", &id, "--event", event, "--json"])
        .await;
    assert_eq!(lines(&of_one), today);
}

/// A queue that takes everything, and what it was sent.
#[derive(Clone, Default)]
struct Sqs(Arc<Mutex<Vec<Value>>>);

impl Sqs {
    async fn start(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .route("/", post(take))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    fn tasks(&self) -> Vec<Value> {
        self.0.lock().unwrap().clone()
    }
}

async fn take(State(sqs): State<Sqs>, body: String) -> Json<Value> {
    let batch: Value = serde_json::from_str(&body).unwrap();
    let entries = batch["Entries"].as_array().unwrap();
    let successful = entries.iter().map(|entry| json!({ "Id": entry["Id"] }));
    let successful: Vec<Value> = successful.collect();
    let bodies = entries
        .iter()
        .map(|entry| entry["MessageBody"].as_str().unwrap());
    let tasks = bodies.map(|body| serde_json::from_str(body).unwrap());
    sqs.0.lock().unwrap().extend(tasks);
    Json(json!({ "Successful": successful, "Failed": [] }))
}

#[tokio::test]
async fn what_was_told_in_vain_is_listed_and_told_again() {
    let scene = Scene::new().await;
    let (id, _) = scene.added().await;
    let (disabled, _) = scene.added().await;
    scene.output(&["disable", &disabled]).await;
    let table = scene.desk.table();
    let now = SystemClock.now();
    for (endpoint, letters) in [(&id, 12_u8), (&disabled, 1)] {
        for number in 0..letters {
            let dead = DeadWebhook {
                endpoint: EndpointId::parse(endpoint).unwrap(),
                event: EventId::derive(now, &[&[number]]),
                kind: EventKind::SignUpBlocked,
                attempts: 12,
                outcome: Outcome::Answered(500),
                at: now,
            };
            table.bury(&dead).await.unwrap();
        }
    }
    let listed = lines(&scene.output(&["dead", "list", "--json"]).await);
    assert_eq!(listed.len(), 13);
    assert_eq!(listed[0]["answer"], "500");
    let of_one = scene
        .output(&["dead", "list", "--endpoint", &disabled])
        .await;
    assert_eq!(of_one.lines().count(), 2);

    let sqs = Sqs::default();
    let url = sqs.start().await;
    let replay = |arguments: &[&str]| {
        let arguments = [&["dead", "replay"], arguments].concat();
        let mut command = scene.command(&arguments);
        command.env("AWS_ENDPOINT_URL_SQS", &url);
        command.env("WEBHOOKS_QUEUE_URL", "https://sqs.local/1/webhooks");
        ran(command)
    };
    let done = replay(&[]).await;
    assert_eq!(
        (done.code, done.out),
        (0, format!("{id}: told again: 12\n"))
    );
    let tasks = sqs.tasks();
    assert_eq!(tasks.len(), 12);
    assert!(tasks.iter().all(|task| task["endpoint"] == id.as_str()));
    assert!(tasks.iter().all(|task| task["attempts"] == 0));
    let left = lines(&scene.output(&["dead", "list", "--json"]).await);
    assert_eq!(left.len(), 1);
    assert_eq!(scene.recorded(&id).await[0], "endpoint.replay");

    let refused = replay(&["--endpoint", &disabled]).await;
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    assert!(refused.err.contains("is disabled"), "{}", refused.err);
    let ran = scene.run(&["dead", "replay"]).await;
    assert!(
        ran.err.contains("--queue-url: found nothing"),
        "{}",
        ran.err
    );
}

#[rstest]
#[case::plain_http(&["add", "http://hooks.partner.example/", "--type", "*"], "expected an HTTPS URL")]
#[case::no_type(&["add", "https://hooks.partner.example/"], "--type")]
#[case::no_such_type(&["add", "https://hooks.partner.example/", "--type", "sign_ups.*"], "all of one subject such as `sign_up.*`")]
#[case::bad_field(&["add", "https://hooks.partner.example/", "--type", "*", "--field", "e-mail"], "expected `email`")]
#[case::bad_id(&["test", "ep_1"], "expected `ep_` and 16 digits")]
#[case::bad_since(&["log", "ep_0123456789abcdef", "--since", "yesterday"], "or how long ago, such as 2h")]
#[case::bad_event(&["log", "ep_0123456789abcdef", "--event", "1"], "expected `evt_` with an hour")]
#[tokio::test]
async fn a_command_that_is_not_understood_says_what_it_expects(
    #[case] arguments: &[&str],
    #[case] told: &str,
) {
    let ran = Scene::new().await.run(arguments).await;
    assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{ran:?}");
    assert!(ran.err.contains(told), "{}", ran.err);
}
