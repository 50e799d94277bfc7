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
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    app::{
        callers::{Callers, FRESH_FOR},
        credentials::verifier,
        decide::{Asked, Decide, Decider},
        disposable::DisposableLists,
        policies::Policies,
    },
    domain::{
        caller::{Credential, EntraTrust, Slot},
        decision::Decision,
        key_set::SigningKey,
        language::LanguageWishes,
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion},
        shadow::{Comparison, Disagreement},
        sign_up::{Protocol, SignUp, Step},
    },
    http::{Service, Trust},
    policy::{Outcome, compile, document::Document, prepared},
    ports::{
        Deadline, StoreError,
        credential_use::CredentialUse,
        disposable_reader::DisposableReader,
        journal::{Answered, Journal, Notice},
        key_source::{KeySource, KeySourceError},
        policy_reader::PolicyReader,
        sign_up_reader::{CallerRecords, Facts, SignUpReader, Wanted},
    },
    telemetry::JsonJournal,
    testkit::{FixedClock, Remembered, others, settings},
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
    prepared: Mutex<BTreeMap<PolicyVersion, Vec<u8>>>,
    down: AtomicBool,
    document_takes: Mutex<Duration>,
    lists: Mutex<BTreeMap<u32, String>>,
    list_takes: Mutex<Duration>,
    list_reads: AtomicUsize,
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
    async fn prepared(
        &self,
        version: &PolicyVersion,
        _: Deadline,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.prepared.lock().unwrap().get(version).cloned())
    }

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
impl DisposableReader for World {
    async fn domains(&self, number: u32, _: Deadline) -> Result<Option<String>, StoreError> {
        self.list_reads.fetch_add(1, SeqCst);
        let takes = *self.list_takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        Ok(self.lists.lock().unwrap().get(&number).cloned())
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

    /// A new list of disposable domains, which counts from now on.
    fn refresh(&self, number: u32, list: &str) {
        self.lists.lock().unwrap().insert(number, list.to_owned());
        self.records.lock().unwrap().policies.disposable = Some(number);
    }

    /// What is prepared of a version for every user flow.
    fn prepare(&self, number: u32, octets: Vec<u8>) {
        let mut prepared = self.prepared.lock().unwrap();
        prepared.insert(version("*", number), octets);
    }

    fn put(&self, flow: &str, number: u32, json: String) {
        let version = version(flow, number);
        self.point(|current| current.point_to(&version));
        self.documents.lock().unwrap().insert(version, json);
    }

    /// A new version, the candidate from now on.
    fn shadow(&self, flow: &str, number: u32, toml: &str) {
        let document: Document = toml::from_str(toml).unwrap();
        self.put_candidate(flow, number, serde_json::to_string(&document).unwrap());
    }

    fn put_candidate(&self, flow: &str, number: u32, json: String) {
        let version = version(flow, number);
        self.point(|current| {
            current.candidates.insert(version.flow.clone(), number);
        });
        self.documents.lock().unwrap().insert(version, json);
    }

    fn point(&self, change: impl FnOnce(&mut CurrentPolicies)) {
        change(&mut self.records.lock().unwrap().policies);
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
    let disposable = Arc::new(DisposableLists::new(
        Arc::clone(&world) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    let current = callers.records().unwrap().policies.clone();
    policies.load(&current, soon()).await;
    disposable.load(&current, soon()).await;
    let decider = Decider::new(
        Arc::clone(&world) as _,
        Arc::clone(&policies),
        disposable,
        others(Arc::clone(&world) as _, Arc::clone(&clock) as _),
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

    /// What is compared with the answer of the connector, once candidates are loaded.
    async fn compared(&self, path: &str) -> Option<Comparison> {
        self.clock.advance(FRESH_FOR);
        self.action(path).await;
        self.loaded().await;
        self.action(path).await;
        self.told().shadow
    }

    /// Decides as the services behind it do.
    fn decider(&self) -> Decider {
        let disposable = DisposableLists::new(
            Arc::clone(&self.world) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&self.journal) as _,
        );
        Decider::new(
            Arc::clone(&self.world) as _,
            Arc::clone(&self.policies),
            Arc::new(disposable),
            others(Arc::clone(&self.world) as _, Arc::clone(&self.clock) as _),
            Arc::clone(&self.clock) as _,
        )
    }

    /// Lets what happens behind the answers end.
    async fn loaded(&self) {
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    /// What is told of candidates.
    fn of_candidates(&self) -> Vec<Notice> {
        let mut notices = self.journal.notices();
        notices.retain(|notice| {
            matches!(
                notice,
                Notice::CandidateLoaded { .. } | Notice::CandidateUnusable { .. }
            )
        });
        notices
    }

    /// Passes the time after which a decision reads the callers' records, takes that decision, and lets everything behind
    /// it end.
    async fn follow(&self) {
        self.clock.advance(FRESH_FOR);
        self.action(CONNECTOR).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
    }

    /// The notices that tell of a version that is not activated.
    fn failures(&self) -> Vec<Notice> {
        let mut notices = self.journal.notices();
        notices.retain(|notice| {
            matches!(
                notice,
                Notice::PolicyRefused { .. }
                    | Notice::PolicyUnavailable { .. }
                    | Notice::DisposableListUnavailable { .. }
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
async fn a_sentence_of_the_policy_beside_a_field_has_the_reference_too() {
    let world = World::default();
    let policy = r#"
        default = "allow"
        [attribute.city]
        required = true
        message = "our-towns"
        [message.our-towns]
        en = "One of our towns, please ({reference})."
    "#;
    world.publish("*", 1, policy);
    let f = started(world).await;
    let body = json!({ "email": "ada@contoso.com", "ui_locales": "en" });
    let (status, page) = f.post(CONNECTOR, "Basic ZW50cmE6c2VjcmV0", &body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let reference = f.told().reference.unwrap();
    let expected = format!("One of our towns, please ({reference}).");
    assert_eq!(page["userMessage"], expected);
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

/// As `publish` prepares it.
fn prepared(toml: &str) -> Vec<u8> {
    let document: Document = toml::from_str(toml).unwrap();
    prepared::encode(&compile(&document).unwrap()).unwrap()
}

const NOT_OF_CONTOSO: &str = r#"
default = "allow"
[[rule]]
id = "not-of-contoso"
when = "email.domain.matches('^contoso[.]')"
effect = "deny"
"#;

#[tokio::test(start_paused = true)]
async fn what_is_prepared_decides_and_the_document_is_not_read() {
    let world = World::default();
    world.publish("*", 1, "default = \"allow\"");
    world.prepare(1, prepared(NOT_OF_CONTOSO));
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.world.document_reads.load(SeqCst), 0);
}

#[rstest]
#[case::of_the_form_before(|octets: &mut Vec<u8>| octets[0] = 1)]
#[case::of_a_later_form(|octets: &mut Vec<u8>| octets[0] += 1)]
#[case::cut_off(|octets: &mut Vec<u8>| octets.truncate(octets.len() / 2))]
#[case::empty(Vec::clear)]
#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_compiled_of_the_document(#[case] damage: fn(&mut Vec<u8>)) {
    let world = World::default();
    world.publish("*", 1, NOT_OF_CONTOSO);
    let mut octets = prepared("default = \"allow\"");
    damage(&mut octets);
    world.prepare(1, octets);
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.world.document_reads.load(SeqCst), 1);
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

const RULES: &str = r#"
    default = "deny"
    [[rule]]
    id = "contoso"
    when = "email.domain == 'contoso.com'"
    effect = "allow"
"#;

/// Where the candidate would let somebody in by its rule.
fn lets_in() -> Disagreement {
    Disagreement {
        outcome: "continue",
        decided_by: Some("rule contoso".to_owned()),
        ..Disagreement::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_candidate_is_picked_up_without_a_deployment_and_decides_nothing() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    f.world.shadow("*", 2, RULES);
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    f.loaded().await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    let told = f.told();
    assert_eq!(told.policy, Some(version("*", 1)));
    assert_eq!(
        told.shadow,
        Some(Comparison {
            candidate: version("*", 2),
            rules_failed: Vec::new(),
            disagreement: Some(lets_in()),
        })
    );
    let loaded = Notice::CandidateLoaded {
        version: version("*", 2),
    };
    assert_eq!(f.of_candidates(), [loaded]);
    // One read at the start, one for each decision; and one for each version.
    assert_eq!(f.world.reads.load(SeqCst), 1 + 2);
    assert_eq!(f.world.document_reads.load(SeqCst), 2);

    f.world.shadow("*", 3, "default = \"deny\"");
    let compared = f.compared(CONNECTOR).await.unwrap();
    assert_eq!(compared.candidate, version("*", 3));
    assert_eq!(compared.disagreement, None);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_from_before_the_start_is_compared() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    world.shadow("*", 2, RULES);
    let f = started(world).await;
    f.loaded().await;
    f.action(CONNECTOR).await;
    let compared = f.told().shadow.unwrap();
    assert_eq!(compared.disagreement, Some(lets_in()));
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_a_candidate() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    f.world.shadow("*", 2, RULES);
    *f.world.document_takes.lock().unwrap() = Duration::from_secs(2);
    f.clock.advance(FRESH_FOR);
    let asked = Instant::now();
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(f.told().shadow, None);
    // A new current version does not queue behind it either.
    *f.world.document_takes.lock().unwrap() = Duration::ZERO;
    f.world.publish("*", 3, "default = \"review\"");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.told().policy, Some(version("*", 3)));
    assert_eq!(asked.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_cannot_be_used_is_told_once_and_changes_nothing() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    let f = started(world).await;
    f.world.put_candidate("*", 2, "{}".to_owned());
    for _ in 0..3 {
        assert_eq!(f.compared(CONNECTOR).await, None);
        assert_eq!(f.told().policy, Some(version("*", 1)));
    }
    f.world.shadow("*", 3, RULES);
    f.world.documents.lock().unwrap().remove(&version("*", 3));
    for _ in 0..3 {
        assert_eq!(f.compared(CONNECTOR).await, None);
    }
    let told: Vec<_> = f
        .of_candidates()
        .into_iter()
        .map(|notice| match notice {
            Notice::CandidateUnusable {
                version, failure, ..
            } => (version.number, failure),
            notice => panic!("{notice:?}"),
        })
        .collect();
    assert_eq!(told, [(2, "refused"), (3, "absent")]);
    assert!(f.failures().is_empty());
    // Once it is there, it is compared after all.
    f.world.shadow("*", 3, RULES);
    assert!(f.compared(CONNECTOR).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn the_first_policy_of_a_flow_can_be_tried_beside_the_settings() {
    let f = started(World::default()).await;
    f.world.shadow("*", 1, "default = \"review\"");
    let compared = f.compared(PARTNERS).await.unwrap();
    assert_eq!(f.told().policy, None);
    assert_eq!(f.told().outcome, "continue");
    assert_eq!(compared.candidate, version("*", 1));
    let disagreement = compared.disagreement.unwrap();
    assert_eq!(disagreement.outcome, "review");
    assert_eq!(disagreement.decided_by.as_deref(), Some("default"));
    // A candidate makes no name a wiring mistake.
    f.world.shadow("customers", 1, "default = \"allow\"");
    let compared = f.compared(PARTNERS).await.unwrap();
    assert_eq!(compared.candidate, version("*", 1));
    // Nor does that of the others count where a policy of its own decides.
    f.world.publish("partners", 1, "default = \"allow\"");
    assert_eq!(f.compared(PARTNERS).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_promoted_candidate_decides_without_being_read_again() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    world.shadow("*", 2, RULES);
    let f = started(world).await;
    f.loaded().await;
    f.world.point(|current| current.point_to(&version("*", 2)));
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    let told = f.told();
    assert_eq!((told.policy, told.shadow), (Some(version("*", 2)), None));
    assert_eq!(f.world.document_reads.load(SeqCst), 2);
    assert!(f.policies.candidate(&version("*", 2)).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_candidate_that_has_ended_is_dropped() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    world.shadow("*", 2, RULES);
    let f = started(world).await;
    f.loaded().await;
    assert!(f.policies.candidate(&version("*", 2)).is_some());
    f.world.point(|current| current.candidates.clear());
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.told().shadow, None);
    assert!(f.policies.candidate(&version("*", 2)).is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_compared_where_no_policy_decided() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    world.shadow("*", 2, RULES);
    let f = started(world).await;
    f.loaded().await;
    f.world.down.store(true, SeqCst);
    f.action(CONNECTOR).await;
    let told = f.told();
    assert_eq!(told.dependency_failure, Some("throttled"));
    assert_eq!(told.shadow, None);
}

fn nobody_at(step: Step) -> SignUp {
    SignUp {
        step,
        addresses: Vec::new(),
        identities: Vec::new(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_waits_for_its_claims_and_not_too_long() {
    let f = started(World::default()).await;
    let watched = r#"
        default = "deny"
        [[rule]]
        id = "watched"
        when = "true"
        effect = "log"
        steps = ["before-token"]
    "#;
    f.world.publish("*", 1, watched);
    *f.world.document_takes.lock().unwrap() = Duration::from_secs(2);
    let current = f.world.records.lock().unwrap().policies.clone();
    let settings = settings(Step::BeforeToken, trust());
    let sign_up = nobody_at(Step::BeforeToken);
    let asked = Asked {
        sign_up: &sign_up,
        protocol: Protocol::Connector,
        user_flow: None,
        settings: &settings.policies,
        current: Some(&current),
        caller_records: false,
    };
    let decider = f.decider();
    let begun = Instant::now();
    let first = decider.decide(asked, soon()).await;
    assert_eq!(first.decision, Decision::Continue(Vec::new()));
    let half = Duration::from_millis(400);
    assert_eq!((first.policy, begun.elapsed()), (None, half));
    f.loaded().await;
    let second = decider.decide(asked, soon()).await;
    assert_eq!(second.decision, Decision::Continue(Vec::new()));
    assert_eq!(second.policy, Some(version("*", 1)));
    let [rule] = second.rules.as_slice() else {
        panic!("{:?}", second.rules);
    };
    assert_eq!((&*rule.id, rule.outcome), ("watched", Outcome::Holds));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_compared_before_the_token() {
    let world = World::default();
    world.publish("*", 1, "default = \"deny\"");
    world.shadow("*", 2, RULES);
    let f = started(world).await;
    f.loaded().await;
    let current = f.world.records.lock().unwrap().policies.clone();
    let settings = settings(Step::BeforeToken, trust());
    let sign_up = nobody_at(Step::BeforeToken);
    let asked = Asked {
        sign_up: &sign_up,
        protocol: Protocol::Connector,
        user_flow: None,
        settings: &settings.policies,
        current: Some(&current),
        caller_records: false,
    };
    let decider = f.decider();
    assert_eq!(decider.decide(asked, soon()).await.shadow, None);
    let late = Asked {
        sign_up: &SignUp {
            step: Step::BeforeCreatingUser,
            ..sign_up.clone()
        },
        ..asked
    };
    assert!(decider.decide(late, soon()).await.shadow.is_some());
    // Nor where there is no time left.
    let past = Deadline(Instant::now());
    assert_eq!(decider.decide(late, past).await.shadow, None);
}

/// A journal's lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Fixture {
    /// The last answer as a line of the log.
    fn line(&self) -> String {
        let lines = Lines::default();
        JsonJournal::new(lines.clone(), Arc::clone(&self.clock) as _).answered(&self.told());
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_tells_a_disagreement_in_the_policies_words_and_nothing_of_the_person() {
    let world = World::default();
    let current = r#"
        default = "allow"
        [attribute.givenName]
        normalise = ["upper-case"]
    "#;
    world.publish("*", 1, current);
    let f = started(world).await;
    let body = json!({
        "email": "gudrun@lindqvist.example",
        "givenName": "Gudrun",
        "SURNAME": "lindqvist",
        "extension_00001111aaaa2222bbbb3333cccc4444_Number": "kungsgatan",
        "extension_Gudrun": "lindqvist",
        "ui_locales": "en-US",
    });
    let renaming = r#"
        default = "allow"
        [attribute.surname]
        normalise = ["upper-case"]
        [[rule]]
        id = "unsure"
        when = "attributes.extension_Number > 3"
        effect = "deny"
        on-error = "ignore"
    "#;
    let correcting = r#"
        default = "allow"
        [attribute.extension_Number]
        max-length = 3
        [attribute.city]
        required = true
    "#;
    let expected = [
        (
            renaming,
            json!({
                "shadow_outcome": "continue",
                "shadow_decided_by": "default",
                "shadow_rules_failed": ["unsure"],
                "shadow_returned": ["surname"],
                "shadow_not_returned": ["givenname"],
            }),
        ),
        (
            correcting,
            json!({
                "shadow_outcome": "invalid",
                "shadow_decided_by": "default",
                "shadow_violations": ["city invalid-required", "number invalid-too-long"],
                "shadow_not_returned": ["givenname"],
            }),
        ),
    ];
    for (number, (candidate, expected)) in (2..).zip(expected) {
        f.world.shadow("*", number, candidate);
        f.compared(CONNECTOR).await;
        f.post(CONNECTOR, "Basic ZW50cmE6c2VjcmV0", &body).await;
        let line = f.line();
        let mut fields: serde_json::Map<String, Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(fields["shadow_policy"], "*");
        assert_eq!(fields["shadow_version"], number);
        assert_eq!(fields["shadow_comparisons"], 1);
        assert_eq!(fields["shadow_disagreements"], 1);
        fields.retain(|name, _| expected.get(name).is_some());
        assert_eq!(Value::Object(fields), expected, "{line}");
        for secret in ["gudrun", "lindqvist", "kungsgatan", "0001111aaaa"] {
            assert!(!line.to_lowercase().contains(secret), "{secret} in {line}");
        }
    }
}

/// Denies what the list of disposable domains has; the sign-ups of these tests come from contoso.com.
const NOT_DISPOSABLE: &str = r#"
    default = "allow"
    [[rule]]
    id = "disposable"
    when = "email.disposable"
    effect = "deny"
"#;

#[tokio::test(start_paused = true)]
async fn a_refreshed_list_of_disposable_domains_counts_without_a_deployment() {
    let world = World::default();
    world.publish("*", 1, NOT_DISPOSABLE);
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "Continue");

    f.world.refresh(1, "contoso.com\n");
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    f.world.refresh(2, "fabrikam.com\n");
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    // Parents count as in the built-in list, and nothing is read twice.
    f.world.refresh(3, "com.example\ncontoso.com\n");
    f.clock.advance(FRESH_FOR);
    let body = json!({ "email": "ada@mail.contoso.com", "ui_locales": "en-US" });
    let (_, page) = f.post(CONNECTOR, "Basic ZW50cmE6c2VjcmV0", &body).await;
    assert_eq!(page["action"], "ShowBlockPage");
    assert_eq!(f.world.list_reads.load(SeqCst), 3);

    f.world.records.lock().unwrap().policies.disposable = None;
    f.clock.advance(FRESH_FOR);
    assert_eq!(f.action(CONNECTOR).await, "Continue");
}

#[tokio::test(start_paused = true)]
async fn a_start_loads_the_list_only_for_a_policy() {
    let world = World::default();
    world.refresh(4, "contoso.com\n");
    let f = started(world).await;
    f.follow().await;
    assert_eq!(f.world.list_reads.load(SeqCst), 0);

    let world = World::default();
    world.refresh(4, "contoso.com\n");
    world.publish("*", 1, NOT_DISPOSABLE);
    let f = started(world).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    let activated = Notice::DisposableListActivated {
        number: 4,
        domains: 1,
    };
    assert!(f.journal.notices().contains(&activated));
}

#[tokio::test(start_paused = true)]
async fn a_slow_list_takes_the_start_and_one_decision_a_moment_and_no_more() {
    let world = World::default();
    world.publish("*", 1, NOT_DISPOSABLE);
    world.refresh(1, "contoso.com\n");
    *world.list_takes.lock().unwrap() = Duration::from_secs(2);
    let start = Instant::now();
    let f = started(world).await;
    assert!(start.elapsed() <= Duration::from_millis(550));
    let asked = Instant::now();
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    assert_eq!(asked.elapsed(), Duration::ZERO);
    // The read went on behind it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    assert_eq!(f.world.list_reads.load(SeqCst), 1);

    f.world.refresh(2, "fabrikam.com\n");
    f.clock.advance(FRESH_FOR);
    for waits in [100, 0] {
        let asked = Instant::now();
        assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
        assert!(asked.elapsed() <= Duration::from_millis(waits + 5));
    }
    assert_eq!(f.world.list_reads.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_used_is_told_once_and_the_one_before_it_stays() {
    let world = World::default();
    world.publish("*", 1, NOT_DISPOSABLE);
    world.refresh(1, "contoso.com\n");
    let f = started(world).await;
    // Not there, and there but not in order.
    f.world.records.lock().unwrap().policies.disposable = Some(2);
    for _ in 0..3 {
        f.follow().await;
        assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    }
    assert_eq!(f.world.list_reads.load(SeqCst), 1 + 3);
    f.world.refresh(3, "b.example\na.example\n");
    for _ in 0..3 {
        f.follow().await;
        assert_eq!(f.action(CONNECTOR).await, "ShowBlockPage");
    }
    assert_eq!(f.world.list_reads.load(SeqCst), 1 + 3 + 1);
    let failures = f.failures();
    assert!(
        matches!(
            &failures[..],
            [
                Notice::DisposableListUnavailable {
                    number: 2,
                    failure: "absent",
                    ..
                },
                Notice::DisposableListUnavailable {
                    number: 3,
                    failure: "refused",
                    ..
                },
            ]
        ),
        "{failures:?}"
    );
    f.world.refresh(4, "fabrikam.com\n");
    f.follow().await;
    assert_eq!(f.action(CONNECTOR).await, "Continue");
}

#[tokio::test(start_paused = true)]
async fn a_slow_list_does_not_come_back_after_a_newer_one() {
    let world = World::default();
    world.publish("*", 1, NOT_DISPOSABLE);
    let f = started(world).await;
    f.world.refresh(1, "contoso.com\n");
    *f.world.list_takes.lock().unwrap() = Duration::from_secs(2);
    f.clock.advance(FRESH_FOR);
    f.action(CONNECTOR).await;
    f.world.refresh(2, "fabrikam.com\n");
    *f.world.list_takes.lock().unwrap() = Duration::ZERO;
    f.follow().await;
    assert_eq!(f.action(CONNECTOR).await, "Continue");
    assert_eq!(f.world.list_reads.load(SeqCst), 2);
}
