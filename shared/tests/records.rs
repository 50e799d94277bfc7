//! The record of each decision: what it says, that a retry leaves one, and what happens when it cannot be kept.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    adapters::dynamodb::Table,
    app::{
        callers::Callers,
        decide::{Asked, Decide, Decided},
        decisions::Decisions,
    },
    domain::{
        attribute::{AttributeName, AttributeValue, ClaimValue},
        caller::{CertificateRule, ClientCertificate},
        decision::{BlockReason, DecidedBy, Decision, Violation},
        event::{Hour, KeptEvent, RecordTerms},
        key_set::SigningKey,
        publication::{PolicyFlow, PolicyVersion},
        sign_up::{Protocol, Step},
    },
    http::{Route, Service, Trust, VerifiedCertificate},
    ports::{
        Deadline, StoreError,
        event_log::{EventKeeper, EventLog},
        journal::Notice,
        key_source::{KeySource, KeySourceError},
    },
    testkit::{FixedClock, Remembered, settings},
};
use tower::ServiceExt;

const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);
const BODY: &str = r#"{"email":"john@example.com","displayName":"John Smith","extension_0_x":"y"}"#;

/// Decides as it is told.
#[derive(Default)]
struct Told(Mutex<Option<Decided>>);

#[async_trait]
impl Decide for Told {
    async fn decide(&self, _: Asked<'_>, _: Deadline) -> Decided {
        self.0.lock().unwrap().take().unwrap()
    }
}

struct NoKeys;

#[async_trait]
impl KeySource for NoKeys {
    async fn fetch(&self, _: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        Ok(Vec::new())
    }
}

/// Keeps events in a table, unless it is down or hangs.
struct Keeper {
    table: Arc<Table>,
    is_down: AtomicBool,
    hangs: AtomicBool,
}

#[async_trait]
impl EventKeeper for Keeper {
    async fn keep(&self, event: &KeptEvent, until: Timestamp) -> Result<bool, StoreError> {
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_down.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("AccessDeniedException".to_owned()));
        }
        self.table.keep(event, until).await
    }
}

struct World {
    step: Step,
    service: Arc<Service>,
    decide: Arc<Told>,
    keeper: Arc<Keeper>,
    journal: Arc<Remembered>,
    clock: Arc<FixedClock>,
    _engine: Engine,
}

impl World {
    async fn new(step: Step, fields: &[&str]) -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, "records").await.unwrap();
        let table = Arc::new(Table::new(client, "records"));
        let keeper = Arc::new(Keeper {
            table: Arc::clone(&table),
            is_down: false.into(),
            hangs: false.into(),
        });
        let clock = Arc::new(FixedClock::at(NOW));
        let journal = Arc::new(Remembered::default());
        let callers = Arc::new(Callers::new(
            Arc::clone(&table) as _,
            Arc::new(NoKeys),
            table,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        ));
        let trust = Trust {
            certificates: vec![CertificateRule::Thumbprint("a".repeat(40))],
            entra: None,
        };
        let terms = RecordTerms {
            days: 90,
            fields: fields.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut settings = settings(step, trust);
        settings.decisions = Some(Decisions::new(Arc::clone(&keeper) as _, terms));
        let decide = Arc::new(Told::default());
        let service = Service::new(
            settings,
            callers,
            Arc::clone(&decide) as _,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        );
        Self {
            step,
            service,
            decide,
            keeper,
            journal,
            clock,
            _engine: engine,
        }
    }

    async fn answer(&self, decided: Decided) -> StatusCode {
        self.answer_to(BODY, "a", decided).await
    }

    /// Of a caller with that certificate.
    async fn answer_to(&self, body: &str, thumbprint: &str, decided: Decided) -> StatusCode {
        *self.decide.0.lock().unwrap() = Some(decided);
        let route = Route {
            step: self.step,
            protocol: Protocol::Connector,
        };
        let certificate = ClientCertificate {
            subject: "CN=entra".to_owned(),
            issuer: "CN=ca".to_owned(),
            sha1: thumbprint.repeat(40),
            sha256: "b".repeat(64),
            not_before: Timestamp::MIN,
            not_after: Timestamp::MAX,
        };
        let request = Request::post(route.path())
            .header("content-type", "application/json")
            .extension(VerifiedCertificate(certificate))
            .body(Body::from(body.to_owned()))
            .unwrap();
        let answered = self.service.router().oneshot(request).await;
        answered.unwrap().status()
    }

    async fn kept(&self) -> Vec<KeptEvent> {
        let page = self.keeper.table.hour(Hour::of(NOW), None).await.unwrap();
        assert_eq!(page.next, None);
        page.events
    }

    async fn only(&self) -> (KeptEvent, Value) {
        let mut kept = self.kept().await;
        assert_eq!(kept.len(), 1, "{kept:?}");
        let event = kept.remove(0);
        let text = serde_json::from_str(&event.text).unwrap();
        (event, text)
    }

    fn unrecorded(&self) -> Vec<(String, &'static str)> {
        let notices = self.journal.notices().into_iter();
        let unrecorded = notices.filter_map(|notice| match notice {
            Notice::DecisionNotRecorded { event, failure, .. } => Some((event, failure)),
            _ => None,
        });
        unrecorded.collect()
    }
}

fn name(name: &str) -> AttributeName {
    AttributeName::new(name).unwrap()
}

fn go_on() -> Decided {
    let city = AttributeValue::Text("Redmond".to_owned());
    Decided::new(Decision::Continue(vec![(
        name("city"),
        ClaimValue::One(city),
    )]))
}

#[rstest]
#[case::goes_on(go_on(), "sign_up.continued", "continue", None)]
#[case::blocked(block(BlockReason::Denied), "sign_up.blocked", "block", Some("denied"))]
#[case::waits(
    block(BlockReason::PendingReview),
    "sign_up.reviewed",
    "review",
    Some("pending")
)]
#[case::waits_still(
    block(BlockReason::AlreadyPending),
    "sign_up.blocked",
    "block",
    Some("already-pending")
)]
#[case::invalid(invalid(), "sign_up.invalid", "invalid", None)]
#[case::unavailable(
    block(BlockReason::Unavailable),
    "sign_up.failed",
    "block",
    Some("unavailable")
)]
#[case::failed_and_goes_on(failed(), "sign_up.failed", "continue", Some("throttled"))]
#[tokio::test]
async fn each_decision_is_kept(
    #[case] decided: Decided,
    #[case] kind: &str,
    #[case] outcome: &str,
    #[case] reason: Option<&str>,
) {
    let world = World::new(Step::BeforeCreatingUser, &[]).await;
    world.answer(decided).await;
    let (event, text) = world.only().await;
    assert_eq!(event.kind.name(), kind);
    assert_eq!(
        (&text["id"], &text["type"]),
        (&json!(event.id.as_str()), &json!(kind))
    );
    assert_eq!(text["timestamp"], "2026-01-15T12:00:00Z");
    let data = &text["data"];
    assert_eq!(data["step"], "before-creating-user");
    assert_eq!(data["protocol"], "connector");
    assert_eq!(data["outcome"], outcome);
    assert_eq!(data.get("reason").and_then(Value::as_str), reason);
    let told = world.journal.answers().remove(0);
    assert_eq!(data["reference"], told.reference.unwrap().to_string());
    assert_eq!(world.unrecorded(), []);
}

fn block(reason: BlockReason) -> Decided {
    Decided::new(Decision::Block(reason))
}

fn invalid() -> Decided {
    Decided::new(Decision::Invalid(vec![Violation {
        field: name("city"),
        label: None,
        code: "required".to_owned(),
        arguments: Vec::new(),
        text: None,
    }]))
}

fn failed() -> Decided {
    Decided {
        failure: Some(StoreError::Throttled),
        ..go_on()
    }
}

#[tokio::test]
async fn it_says_what_decided_and_names_nobody() {
    let world = World::new(Step::BeforeCreatingUser, &[]).await;
    let decided = Decided {
        decided_by: Some(DecidedBy::Rule("free-mail".to_owned())),
        policy: Some(PolicyVersion {
            flow: PolicyFlow::Others,
            number: 7,
        }),
        ..go_on()
    };
    world.answer(decided).await;
    let (event, text) = world.only().await;
    let data = &text["data"];
    assert_eq!(data["decided_by"], "rule free-mail");
    assert_eq!(data["policy"], json!({ "flow": "*", "version": 7 }));
    assert_eq!(data["claims"], json!(["city"]));
    assert!(event.personal.is_empty());
    for personal in ["john", "example.com", "Smith", "Redmond"] {
        assert!(!event.text.contains(personal), "{}", event.text);
    }
}

#[tokio::test]
async fn it_says_of_a_person_what_the_operator_asks_for() {
    let wanted = [
        "email",
        "displayName",
        "identities",
        "country",
        "extension_x",
    ];
    let world = World::new(Step::BeforeCreatingUser, &wanted).await;
    world.answer(go_on()).await;
    let (event, _) = world.only().await;
    let said = serde_json::to_value(&event.personal).unwrap();
    assert_eq!(said["email"], "john@example.com");
    assert_eq!(said["displayName"], "John Smith");
    assert_eq!(said.get("identities"), None);
    assert_eq!(said.get("country"), None);
    assert!(!format!("{event:?}").contains("john@"), "{event:?}");
}

#[tokio::test]
async fn a_retry_leaves_one_record_and_another_outcome_another() {
    let world = World::new(Step::BeforeCreatingUser, &[]).await;
    world.answer(block(BlockReason::Denied)).await;
    world.clock.set("2026-01-15T12:00:03Z".parse().unwrap());
    world.answer(block(BlockReason::Denied)).await;
    let (event, _) = world.only().await;
    assert_eq!(event.at, NOW);
    world.answer(go_on()).await;
    assert_eq!(world.kept().await.len(), 2);
}

#[tokio::test]
async fn nothing_is_kept_of_who_may_not_call() {
    let world = World::new(Step::BeforeCreatingUser, &[]).await;
    let status = world.answer_to(BODY, "c", go_on()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.kept().await, []);
}

#[tokio::test]
async fn a_body_that_names_nobody_is_a_block() {
    let world = World::new(Step::BeforeCreatingUser, &[]).await;
    world.answer_to("{}", "a", go_on()).await;
    let (event, text) = world.only().await;
    assert_eq!(event.kind.name(), "sign_up.blocked");
    assert_eq!(text["data"]["reason"], "unidentified");
}

#[tokio::test]
async fn a_token_is_news_when_it_got_claims() {
    let world = World::new(Step::BeforeToken, &[]).await;
    world
        .answer(Decided::new(Decision::Continue(Vec::new())))
        .await;
    assert_eq!(world.kept().await, []);
    world.answer(go_on()).await;
    let (event, text) = world.only().await;
    assert_eq!(event.kind.name(), "claims.added_to_token");
    assert_eq!(text["data"]["claims"], json!(["city"]));
}

#[rstest]
#[case::is_down(true, "unavailable")]
#[case::hangs(false, "timed-out")]
#[tokio::test]
async fn what_cannot_be_kept_is_in_the_log(#[case] is_down: bool, #[case] failure: &str) {
    let world = World::new(Step::BeforeCreatingUser, &["email"]).await;
    world.keeper.is_down.store(is_down, Ordering::Relaxed);
    world.keeper.hangs.store(!is_down, Ordering::Relaxed);
    let status = world.answer(block(BlockReason::Denied)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(world.kept().await, []);
    let unrecorded = world.unrecorded();
    assert_eq!(unrecorded.len(), 1);
    let (event, found) = &unrecorded[0];
    assert_eq!(*found, failure);
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["type"], "sign_up.blocked");
    assert!(!event.to_string().contains("john"), "{event}");
}
