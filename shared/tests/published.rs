//! A published policy decides, a new version is picked up in time, and a bad one never decides. Time stands still but for
//! the tests' own steps.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{
    app::{
        callers::{Callers, FRESH_FOR},
        credentials::verifier,
        decide::Decider,
        policies::Policies,
    },
    domain::{
        caller::{Credential, EntraTrust, Slot},
        key_set::SigningKey,
        publication::{PolicyFlow, PolicyVersion},
        sign_up::Step,
    },
    http::{Service, Trust},
    policy::document::Document,
    ports::{
        Deadline, StoreError,
        credential_use::CredentialUse,
        journal::{Answered, Notice},
        key_source::{KeySource, KeySourceError},
        policy_reader::PolicyReader,
        sign_up_reader::{CallerRecords, Facts, SignUpReader, Wanted},
    },
    testkit::{FixedClock, Remembered, settings},
    wire::jwks::KeySet,
};
use tokio::time::Instant;
use tower::ServiceExt;

const CONNECTOR: &str = "/connectors/before-creating-user";
const PARTNERS: &str = "/connectors/partners/before-creating-user";

/// The world behind the ports, counting what is asked of it.
#[derive(Default)]
struct World {
    records: Mutex<CallerRecords>,
    documents: Mutex<BTreeMap<PolicyVersion, String>>,
    down: AtomicBool,
    document_takes: Mutex<Duration>,
    reads: AtomicUsize,
    document_reads: AtomicUsize,
}

#[async_trait]
impl SignUpReader for World {
    async fn read(&self, wanted: Wanted<'_>, _: Deadline) -> Result<Facts, StoreError> {
        self.reads.fetch_add(1, SeqCst);
        if self.down.load(SeqCst) {
            return Err(StoreError::Throttled);
        }
        let records = || self.records.lock().unwrap().clone();
        Ok(Facts {
            caller_records: wanted.caller_records.then(records),
            calls: 1,
            ..Facts::default()
        })
    }
}

#[async_trait]
impl PolicyReader for World {
    async fn document(
        &self,
        version: &PolicyVersion,
        _: Deadline,
    ) -> Result<Option<String>, StoreError> {
        self.document_reads.fetch_add(1, SeqCst);
        let takes = *self.document_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        if self.down.load(SeqCst) {
            return Err(StoreError::Throttled);
        }
        Ok(self.documents.lock().unwrap().get(version).cloned())
    }
}

#[async_trait]
impl KeySource for World {
    async fn fetch(&self, _: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        let keys: KeySet =
            serde_json::from_str(include_str!("fixtures/jwks/test-sig-1.json")).unwrap();
        Ok(keys.signing_keys())
    }
}

#[async_trait]
impl CredentialUse for World {
    async fn record(&self, _: Slot, _: &str, _: Timestamp, _: Deadline) -> Result<(), StoreError> {
        Ok(())
    }
}

impl World {
    /// A new version, current from now on.
    fn publish(&self, flow: &str, number: u32, toml: &str) {
        let document: Document = toml::from_str(toml).unwrap();
        self.put(flow, number, serde_json::to_string(&document).unwrap());
    }

    fn put(&self, flow: &str, number: u32, json: String) {
        let version = version(flow, number);
        let mut records = self.records.lock().unwrap();
        records
            .policies
            .versions
            .insert(version.flow.clone(), number);
        self.documents.lock().unwrap().insert(version, json);
    }
}

fn version(flow: &str, number: u32) -> PolicyVersion {
    PolicyVersion {
        flow: PolicyFlow::parse(flow).unwrap(),
        number,
    }
}

struct Fixture {
    world: Arc<World>,
    clock: Arc<FixedClock>,
    journal: Arc<Remembered>,
    policies: Arc<Policies>,
    service: Arc<Service>,
}

/// A case of the contract whose token and tenant are used.
fn extension_case() -> Value {
    let case = include_str!("fixtures/cases/E10-submit-validation-error-is-http-200.json");
    serde_json::from_str(case).unwrap()
}

fn trust() -> Trust {
    let auth = extension_case()["given"]["auth"].clone();
    let texts = |name: &str| serde_json::from_value(auth[name].clone()).unwrap();
    Trust {
        certificates: Vec::new(),
        entra: Some(EntraTrust {
            tenant_id: auth["tenant_id"].as_str().unwrap().to_owned(),
            audiences: texts("audiences"),
            issuers: texts("allowed_issuers"),
            caller_app_id: auth["allowed_caller"].as_str().unwrap().to_owned(),
        }),
    }
}

/// A function after its start.
async fn started(world: World) -> Fixture {
    let world = Arc::new(world);
    world.records.lock().unwrap().credentials = vec![Credential {
        slot: Slot::First,
        id: "a".to_owned(),
        username: "entra".to_owned(),
        verifier: verifier(b"secret"),
        created_at: Timestamp::UNIX_EPOCH,
        last_used_at: None,
    }];
    let clock = Arc::new(FixedClock::at(
        Timestamp::from_second(1_768_478_400).unwrap(),
    ));
    let journal = Arc::new(Remembered::default());
    let callers = Arc::new(Callers::new(
        Arc::clone(&world) as _,
        Arc::clone(&world) as _,
        Arc::clone(&world) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    let policies = Arc::new(Policies::new(
        Arc::clone(&world) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    callers.renew(soon()).await.unwrap();
    policies
        .load(&callers.records().unwrap().policies, soon())
        .await;
    let decider = Decider::new(
        Arc::clone(&world) as _,
        Arc::clone(&policies),
        Arc::clone(&clock) as _,
    );
    let mut settings = settings(Step::BeforeCreatingUser, trust());
    settings.budgets.connector = Duration::from_secs(4);
    let service = Service::new(
        settings,
        callers,
        Arc::new(decider),
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    );
    Fixture {
        world,
        clock,
        journal,
        policies,
        service,
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_millis(800))
}

impl Fixture {
    async fn post(&self, path: &str, authorization: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("authorization", authorization)
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.service.router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// The action of a connector's answer.
    async fn action(&self, path: &str) -> String {
        let body = json!({ "email": "ada@contoso.com", "givenName": "Ada", "ui_locales": "en-US" });
        let (_, page) = self.post(path, "Basic ZW50cmE6c2VjcmV0", &body).await;
        page["action"].as_str().unwrap().to_owned()
    }

    fn told(&self) -> Answered {
        self.journal.answers().pop().unwrap()
    }

    /// The notices that tell of a version that is not activated.
    fn failures(&self) -> Vec<Notice> {
        let mut notices = self.journal.notices();
        notices.retain(|notice| {
            matches!(
                notice,
                Notice::PolicyRefused { .. } | Notice::PolicyUnavailable { .. }
            )
        });
        notices
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_version_decides_once_the_callers_records_are_read_again() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.told().policy, Some(version("*", 1)));

    f.world.publish("*", 2, "default = \"allow\"");
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    assert_eq!(f.told().policy, Some(version("*", 2)));
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    // One at the start, one for each decision; and one for each version.
    assert_eq!(f.world.reads.load(SeqCst), 1 + 4);
    assert_eq!(f.world.document_reads.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_does_not_compile_is_never_activated_and_told_once() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    let rule = json!({ "id": "a", "when": "emial.domain ==", "effect": "allow" });
    let bad = [
        json!({ "default": "allow", "rule": [rule] }).to_string(),
        "{\"defualt\":\"allow\"}".to_owned(),
    ];
    for (number, json) in (2..).zip(bad) {
        f.world.put("*", number, json);
        for _ in 0..3 {
            f.clock.advance(FRESH_FOR);
            assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
            assert_eq!(f.told().policy, Some(version("*", 1)));
        }
    }
    let failures = f.failures();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(
        matches!(&failures[0], Notice::PolicyRefused { version: told, problems }
            if *told == version("*", 2) && problems[0].starts_with("rule[1].when")),
        "{failures:?}"
    );
    assert_eq!(f.world.document_reads.load(SeqCst), 3);
    f.world.publish("*", 4, "default = \"allow\"");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
}

#[tokio::test(start_paused = true)]
async fn a_flow_whose_policy_never_compiled_fails_closed_and_no_other_does() {
    let world = World::default();
    world.put("partners", 1, "{}".to_owned());
    let f = started(world).await;
    assert_eq!(f.action(PARTNERS).await, "ShowBlockPage");
    let told = f.told();
    assert_eq!(told.reason, Some("unavailable"));
    assert_eq!(told.dependency_failure, Some("unavailable"));
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    assert_eq!(f.failures().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_could_not_be_read_is_tried_again() {
    let f = started(World::default()).await;
    let records = f.world.records.lock().unwrap().clone();
    f.world.publish("*", 1, "default = \"allow\"");
    *f.world.documents.lock().unwrap() = BTreeMap::new();
    for _ in 0..3 {
        let none = f.policies.get(&version("*", 1), soon()).await;
        assert!(none.is_none());
    }
    assert_eq!(f.world.document_reads.load(SeqCst), 1);
    *f.world.records.lock().unwrap() = records;
    f.world.publish("*", 1, "default = \"allow\"");
    f.clock.advance(SignedDuration::from_secs(1));
    let active = f.policies.get(&version("*", 1), soon()).await.unwrap();
    assert_eq!(active.version.number, 1);
    assert_eq!(f.failures().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_version_takes_no_decision_its_deadline() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    f.world.publish("*", 2, "default = \"allow\"");
    *f.world.document_takes.lock().unwrap() = Duration::from_secs(2);
    let asked = Instant::now();
    let active = f.policies.get(&version("*", 2), soon()).await.unwrap();
    assert_eq!(active.version.number, 1);
    assert!(asked.elapsed() <= Duration::from_millis(450));
    // Where none runs, it is waited for until the deadline and no longer.
    let asked = Instant::now();
    assert!(f.policies.get(&version("shop", 1), soon()).await.is_none());
    assert!(asked.elapsed() <= Duration::from_millis(850));
    // The read went on behind it.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let active = f.policies.get(&version("*", 2), soon()).await.unwrap();
    assert_eq!(active.version.number, 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_table_cannot_be_read_the_policy_says_what_happens() {
    let world = World::default();
    let outage = "default = \"deny\"\non-unavailable = \"continue\"";
    world.publish("*", 1, outage);
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    f.world.down.store(true, SeqCst);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    let told = f.told();
    assert_eq!(told.dependency_failure, Some("throttled"));
    assert_eq!(told.policy, Some(version("*", 1)));
}

#[tokio::test(start_paused = true)]
async fn a_flow_with_a_policy_counts_as_configured() {
    let f = started(World::default()).await;
    assert_eq!(f.action(PARTNERS).await, "Continue");
    f.world.publish("customers", 1, "default = \"allow\"");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(PARTNERS).await, "ShowBlockPage");
    assert_eq!(f.told().reason, Some("miswired"));
    f.world.publish("partners", 1, "default = \"allow\"");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(PARTNERS).await, "Continue");
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_which_rule_decided_and_which_are_only_watched() {
    let world = World::default();
    let rules = r#"
        default = "allow"
        [[rule]]
        id = "watched"
        when = "email.domain == 'contoso.com'"
        effect = "log"
        [[rule]]
        id = "not-contoso"
        when = "email.domain == 'contoso.com'"
        effect = "deny"
        message = "own-page"
        [message.own-page]
        en = "Contoso people have an account already."
    "#;
    world.publish("*", 1, rules);
    let f = started(world).await;
    let body = json!({ "email": "ada@contoso.com", "ui_locales": "en-US" });
    let (_, page) = f.post(CONNECTOR, "Basic ZW50cmE6c2VjcmV0", &body).await;
    assert_eq!(
        page["userMessage"],
        "Contoso people have an account already."
    );
    let told = f.told();
    assert_eq!(told.rules_logged, ["watched"]);
    assert!(told.rules_failed.is_empty());
    assert!(format!("{:?}", told.decided_by).contains("not-contoso"));
}

#[tokio::test(start_paused = true)]
async fn a_policys_validation_error_reaches_both_protocols() {
    let world = World::default();
    let policy = r#"
        default = "allow"
        [attribute.city]
        required = true
        message = "city"
        [message.city]
        en = "Tell us your city."
    "#;
    world.publish("*", 1, policy);
    let f = started(world).await;
    let body = json!({ "email": "ada@contoso.com", "ui_locales": "en-US" });
    let (status, page) = f.post(CONNECTOR, "Basic ZW50cmE6c2VjcmV0", &body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(page["action"], "ValidationError");
    let sentence = page["userMessage"].as_str().unwrap();
    assert!(sentence.contains("Tell us your city."), "{sentence}");

    let request = &extension_case()["request"];
    let token = request["headers"]["Authorization"].as_str().unwrap();
    let path = "/extensions/attribute-collection-submit";
    let (status, page) = f.post(path, token, &request["body"]).await;
    assert_eq!(status, StatusCode::OK);
    let action = &page["data"]["actions"][0];
    let errors = json!({ "city": "Tell us your city." });
    assert_eq!(action["attributeErrors"], errors, "{page}");
    assert_eq!(f.told().outcome, "invalid");
}
