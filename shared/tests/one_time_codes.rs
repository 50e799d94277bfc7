//! Codes by mail through the real router, callers' check and table; the mail service is the test's own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use jiff::{SignedDuration, Timestamp};
use local::engine::{Engine, create_table};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    adapters::dynamodb::Table,
    app::{
        callers::Callers,
        one_time_codes::{OneTimeCodes, Sender},
        policies::Policies,
    },
    domain::{
        caller::EntraTrust,
        key_set::SigningKey,
        language::Language,
        mail::Mailbox,
        one_time_code::DeliveryId,
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion, Publication},
    },
    http::{Budgets, Entrance, OneTimeCodeService, Trust},
    ports::{
        Deadline, StoreError,
        journal::{Journal, Notice},
        key_source::{KeySource, KeySourceError},
        mailer::{MailError, Mailer, Message},
        otp_deliveries::{Delivery, Lease, OtpDeliveries},
        policy_store::{NewVersion, PolicyStore},
    },
    telemetry::JsonJournal,
    testkit::{FixedClock, Remembered, recorded},
    wire::jwks::KeySet,
};
use tower::ServiceExt;

const CODE: &str = "12345678";
const RECIPIENT: &str = "someone@example.com";

/// Nothing but a test that waits for it reaches this.
const PATIENT: Duration = Duration::from_mins(10);

/// What the mail service does, in turn; at the end it takes everything.
#[derive(Clone, Copy)]
enum Fate {
    Takes,
    TakesItsTime,
    Rejects,
    Hangs,
}

#[derive(Default)]
struct Service {
    fates: Mutex<Vec<Fate>>,
    taken: Mutex<Vec<Message>>,
}

impl Service {
    fn of(fates: &[Fate]) -> Arc<Self> {
        let fates = fates.iter().rev().copied().collect();
        Arc::new(Self {
            fates: Mutex::new(fates),
            taken: Mutex::default(),
        })
    }

    fn mails(&self) -> Vec<Message> {
        self.taken.lock().unwrap().clone()
    }
}

#[async_trait]
impl Mailer for Service {
    async fn send(&self, message: &Message, _: Deadline) -> Result<(), MailError> {
        let fate = self.fates.lock().unwrap().pop().unwrap_or(Fate::Takes);
        match fate {
            Fate::Takes => {}
            Fate::TakesItsTime => tokio::time::sleep(Duration::from_millis(200)).await,
            Fate::Rejects => return Err(MailError::Rejected("MessageRejected".to_owned())),
            Fate::Hangs => std::future::pending().await,
        }
        self.taken.lock().unwrap().push(message.clone());
        Ok(())
    }
}

/// A table that is down.
struct NoTable;

#[async_trait]
impl OtpDeliveries for NoTable {
    async fn begin(&self, _: &DeliveryId, _: &Lease, _: Deadline) -> Result<bool, StoreError> {
        Err(StoreError::Throttled)
    }

    async fn delivery(&self, _: &DeliveryId, _: Deadline) -> Result<Option<Delivery>, StoreError> {
        Err(StoreError::Throttled)
    }

    async fn sent(&self, _: &DeliveryId, _: Deadline) -> Result<(), StoreError> {
        Err(StoreError::Throttled)
    }

    async fn release(&self, _: &DeliveryId, _: &Lease, _: Deadline) -> Result<(), StoreError> {
        Err(StoreError::Throttled)
    }
}

/// The key set of the fixtures.
struct OneKeySet;

#[async_trait]
impl KeySource for OneKeySet {
    async fn fetch(&self, _: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        let keys: KeySet =
            serde_json::from_str(include_str!("fixtures/jwks/test-sig-1.json")).unwrap();
        Ok(keys.signing_keys())
    }
}

/// A table on which any number of instances run.
struct World {
    case: Value,
    _engine: Engine,
    client: aws_sdk_dynamodb::Client,
    table: Arc<Table>,
    clock: Arc<FixedClock>,
    journal: Arc<Remembered>,
}

impl World {
    async fn new() -> Self {
        let case = include_str!("fixtures/cases/G01-otp-mail-handed-over-documented-response.json");
        let case: Value = serde_json::from_str(case).unwrap();
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, "codes").await.unwrap();
        let now = case["given"]["auth"]["now"].as_i64().unwrap();
        Self {
            case,
            _engine: engine,
            table: Arc::new(Table::new(client.clone(), "codes")),
            client,
            clock: Arc::new(FixedClock::at(Timestamp::from_second(now).unwrap())),
            journal: Arc::default(),
        }
    }

    fn instance(&self, service: &Arc<Service>, patience: Duration) -> Router {
        let deliveries = Arc::clone(&self.table) as Arc<dyn OtpDeliveries>;
        self.instance_with(
            service,
            patience,
            deliveries,
            Arc::clone(&self.journal) as _,
        )
    }

    fn instance_with(
        &self,
        service: &Arc<Service>,
        patience: Duration,
        deliveries: Arc<dyn OtpDeliveries>,
        journal: Arc<dyn Journal>,
    ) -> Router {
        let callers = Arc::new(Callers::new(
            Arc::clone(&self.table) as _,
            Arc::new(OneKeySet),
            Arc::clone(&self.table) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal),
        ));
        let policies = Arc::new(Policies::new(
            Arc::clone(&self.table) as _,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal),
        ));
        let sender = Sender {
            from: Mailbox::parse("Contoso <no-reply@contoso.com>").unwrap(),
            reply_to: None,
            default_language: Language::English,
        };
        let codes = OneTimeCodes::new(
            sender,
            deliveries,
            Arc::clone(service) as _,
            Arc::clone(&callers),
            policies,
            Arc::clone(&self.clock) as _,
            Arc::clone(&journal),
        );
        let budgets = Budgets {
            connector: patience,
            extension: patience,
        };
        let clock = Arc::clone(&self.clock) as _;
        let entrance = Entrance::new(self.trust(), budgets, callers, clock, journal);
        OneTimeCodeService::new(entrance, codes).router()
    }

    fn trust(&self) -> Trust {
        let auth = &self.case["given"]["auth"];
        let texts =
            |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
        Trust {
            certificates: Vec::new(),
            entra: Some(EntraTrust {
                tenant_id: auth["tenant_id"].as_str().unwrap().to_owned(),
                audiences: texts(&auth["audiences"]),
                issuers: texts(&auth["allowed_issuers"]),
                caller_app_id: auth["allowed_caller"].as_str().unwrap().to_owned(),
            }),
        }
    }

    /// The body of the case, with members changed: `null` takes one away.
    fn body(&self, changes: &[(&str, Value)]) -> String {
        let mut body = self.case["request"]["body"].clone();
        for (path, value) in changes {
            let (parent, name) = path.rsplit_once('/').unwrap();
            let members = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
            members.insert((*name).to_owned(), value.clone());
            members.retain(|_, value| !value.is_null());
        }
        body.to_string()
    }

    fn request(&self, path: &str, body: String) -> Request<Body> {
        let token = self.case["request"]["headers"]["Authorization"].as_str();
        Request::post(path)
            .header(header::AUTHORIZATION, token.unwrap())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .unwrap()
    }

    async fn ask(&self, instance: &Router, changes: &[(&str, Value)]) -> StatusCode {
        let request = self.request("/extensions/otp-send", self.body(changes));
        let (status, body) = answer(instance, request).await;
        // Nothing but the whole answer claims that there is a mail.
        assert_eq!(status == StatusCode::OK, !body.is_empty(), "{body}");
        if status == StatusCode::OK {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, self.case["expected"]["body"]);
        }
        status
    }
}

async fn answer(instance: &Router, request: Request<Body>) -> (StatusCode, String) {
    let response = instance.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

const CORRELATION: &str = "/data/authenticationContext/correlationId";

#[tokio::test]
async fn a_retry_on_another_instance_sends_no_second_mail() {
    let world = World::new().await;
    let service = Service::of(&[]);
    for _ in 0..3 {
        let instance = world.instance(&service, PATIENT);
        assert_eq!(world.ask(&instance, &[]).await, StatusCode::OK);
    }
    assert_eq!(service.mails().len(), 1);
    let outcomes: Vec<_> = world
        .journal
        .answers()
        .iter()
        .map(|a| (a.outcome, a.reason))
        .collect();
    let again = ("sent", Some("already-sent"));
    assert_eq!(outcomes, [("sent", None), again, again]);
}

#[tokio::test]
async fn a_request_beside_another_waits_for_its_mail() {
    let world = World::new().await;
    let service = Service::of(&[Fate::TakesItsTime]);
    let (one, other) = (
        world.instance(&service, PATIENT),
        world.instance(&service, PATIENT),
    );
    let answers = tokio::join!(world.ask(&one, &[]), world.ask(&other, &[]));
    assert_eq!(answers, (StatusCode::OK, StatusCode::OK));
    assert_eq!(service.mails().len(), 1);
}

#[tokio::test]
async fn what_was_refused_is_sent_by_the_retry() {
    let world = World::new().await;
    let service = Service::of(&[Fate::Rejects]);
    let instance = world.instance(&service, PATIENT);
    assert_eq!(world.ask(&instance, &[]).await, StatusCode::BAD_GATEWAY);
    assert_eq!(world.ask(&instance, &[]).await, StatusCode::OK);
    assert_eq!(service.mails().len(), 1);
    let failed = &world.journal.answers()[0];
    assert_eq!(
        (failed.outcome, failed.reason),
        ("failed", Some("mail-rejected"))
    );
    assert_eq!(failed.dependency_detail.as_deref(), Some("MessageRejected"));
}

#[tokio::test]
async fn nothing_is_claimed_while_a_service_hangs_and_its_lease_ends() {
    let world = World::new().await;
    let service = Service::of(&[Fate::Hangs]);
    let short = Duration::from_millis(400);
    let instance = world.instance(&service, short);
    assert_eq!(world.ask(&instance, &[]).await, StatusCode::BAD_GATEWAY);
    // The time of day stands still, so for the retry the first is at it.
    assert_eq!(world.ask(&instance, &[]).await, StatusCode::BAD_GATEWAY);
    let reasons: Vec<_> = world.journal.answers().iter().map(|a| a.reason).collect();
    assert_eq!(reasons, [Some("mail-timed-out"), Some("unfinished")]);
    world.clock.advance(SignedDuration::from_secs(1));
    let patient = world.instance(&service, PATIENT);
    assert_eq!(world.ask(&patient, &[]).await, StatusCode::OK);
    assert_eq!(service.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_is_sent_without_a_table_and_counted() {
    let world = World::new().await;
    let service = Service::of(&[]);
    let journal = Arc::clone(&world.journal) as _;
    let instance = world.instance_with(&service, PATIENT, Arc::new(NoTable), journal);
    assert_eq!(world.ask(&instance, &[]).await, StatusCode::OK);
    assert_eq!(service.mails().len(), 1);
    let counted = Notice::OtpDeliveryNotRecorded {
        failure: "throttled",
        detail: None,
    };
    assert!(world.journal.notices().contains(&counted));
}

#[tokio::test]
async fn what_is_another_delivery_is_sent() {
    let world = World::new().await;
    let service = Service::of(&[]);
    let instance = world.instance(&service, PATIENT);
    let code = ("/data/otpContext/oneTimeCode", json!("87654321"));
    let recipient = ("/data/otpContext/identifier", json!("other@example.com"));
    let nameless = (CORRELATION, Value::Null);
    for (changes, total) in [
        (vec![], 1),
        (vec![code], 2),
        (
            vec![(CORRELATION, json!("4444dddd-44ee-ffff-aa55-bbbbbbbb6666"))],
            3,
        ),
        (vec![nameless.clone()], 4),
        (vec![nameless.clone()], 4),
        (vec![nameless, recipient], 5),
    ] {
        assert_eq!(world.ask(&instance, &changes).await, StatusCode::OK);
        assert_eq!(service.mails().len(), total, "{changes:?}");
    }
}

#[rstest]
#[case::swedish("sv-se", "Din verifieringskod", "sv")]
#[case::unknown("tlh", "Your verification code", "en")]
#[tokio::test]
async fn a_mail_has_the_language_of_the_person(
    #[case] locale: &str,
    #[case] subject: &str,
    #[case] tag: &str,
) {
    let world = World::new().await;
    let service = Service::of(&[]);
    let instance = world.instance(&service, PATIENT);
    let client = json!({ "locale": locale, "market": locale });
    let change = ("/data/authenticationContext/client", client);
    assert_eq!(world.ask(&instance, &[change]).await, StatusCode::OK);
    let mail = service.mails().remove(0);
    assert_eq!(mail.to.as_str(), RECIPIENT);
    assert_eq!(mail.subject, subject);
    assert!(mail.html.contains(&format!("<html lang=\"{tag}\">")));
    for part in [mail.html, mail.text] {
        assert!(
            part.contains(CODE) && part.contains("My Test application"),
            "{part}"
        );
    }
}

#[tokio::test]
async fn the_policy_of_the_user_flow_has_its_own_mail() {
    let world = World::new().await;
    let document = json!({
        "default": "allow",
        "mail": { "from": "Fabrikam <hello@fabrikam.com>", "text": "{code} of {application}" },
    });
    let version = PolicyVersion {
        flow: PolicyFlow::parse("partners").unwrap(),
        number: 1,
    };
    let mut current = CurrentPolicies::default();
    current.point_to(&version);
    let new = NewVersion {
        publication: Publication {
            version,
            sha256: String::new(),
            author: String::new(),
            note: String::new(),
            at: Timestamp::UNIX_EPOCH,
        },
        source: String::new(),
        document: document.to_string(),
        prepared: None,
    };
    world
        .table
        .publish(&new, &current, &recorded())
        .await
        .unwrap();
    let service = Service::of(&[]);
    let instance = world.instance(&service, PATIENT);
    let path = "/extensions/partners/otp-send";
    let (status, _) = answer(&instance, world.request(path, world.body(&[]))).await;
    assert_eq!(status, StatusCode::OK);
    let mail = service.mails().remove(0);
    assert_eq!(mail.from.address.as_str(), "hello@fabrikam.com");
    assert_eq!(mail.text, "12345678 of My Test application");
    let policy = world.journal.answers().remove(0).policy.unwrap();
    assert_eq!(policy.number, 1);
}

#[rstest]
#[case::other_event("/type", json!("microsoft.graph.authenticationEvent.tokenIssuanceStart"), 400)]
#[case::no_code("/data/otpContext/oneTimeCode", Value::Null, 400)]
#[case::code_of_another_type("/data/otpContext/oneTimeCode", json!(12_345_678), 400)]
#[case::code_with_markup("/data/otpContext/oneTimeCode", json!("<b>"), 400)]
#[case::no_address("/data/otpContext/identifier", Value::Null, 400)]
#[case::two_addresses("/data/otpContext/identifier", json!("a@b.example, c@d.example"), 400)]
#[case::no_context("/data/otpContext", Value::Null, 400)]
#[case::other_tenant("/data/tenantId", json!("00000000-0000-0000-0000-000000000000"), 401)]
#[tokio::test]
async fn a_body_that_is_not_the_events_sends_nothing(
    #[case] path: &str,
    #[case] value: Value,
    #[case] expected: u16,
) {
    let world = World::new().await;
    let service = Service::of(&[]);
    let instance = world.instance(&service, PATIENT);
    let status = world.ask(&instance, &[(path, value)]).await;
    assert_eq!(status.as_u16(), expected);
    assert!(service.mails().is_empty());
}

#[tokio::test]
async fn strangers_garbage_and_other_paths_send_nothing() {
    let world = World::new().await;
    let service = Service::of(&[]);
    let instance = world.instance(&service, PATIENT);
    let path = "/extensions/otp-send";
    let asked = |change: fn(&mut Request<Body>)| {
        let mut request = world.request(path, world.body(&[]));
        change(&mut request);
        answer(&instance, request)
    };
    let (status, _) =
        asked(|request| drop(request.headers_mut().remove(header::AUTHORIZATION))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = asked(|request| *request.method_mut() = Method::GET).await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    let (status, _) = asked(|request| *request.body_mut() = Body::from("{")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, _) =
        asked(|request| drop(request.headers_mut().remove(header::CONTENT_TYPE))).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, _) =
        asked(|request| *request.uri_mut() = "/connectors/otp-send".parse().unwrap()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(service.mails().is_empty());
}

/// A log that a test reads.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_code_nor_address_is_in_the_log_or_the_table() {
    let world = World::new().await;
    let lines = Lines::default();
    let clock = Arc::clone(&world.clock) as _;
    let journal: Arc<dyn Journal> = Arc::new(JsonJournal::new(lines.clone(), clock));
    let service = Service::of(&[Fate::Takes, Fate::Takes, Fate::Rejects, Fate::Hangs]);
    let deliveries = Arc::clone(&world.table) as Arc<dyn OtpDeliveries>;
    let short = Duration::from_millis(400);
    let instance = world.instance_with(&service, short, deliveries, Arc::clone(&journal));
    let unrecorded = world.instance_with(&service, short, Arc::new(NoTable), journal);
    let correlation = |id: &str| (CORRELATION, json!(id));
    world.ask(&instance, &[]).await;
    world.ask(&unrecorded, &[]).await;
    world.ask(&instance, &[correlation(RECIPIENT)]).await;
    world.ask(&instance, &[(CORRELATION, Value::Null)]).await;
    let twice =
        format!(r#"{{"data":{{"otpContext":{{"{CODE}":1,"identifier":["{RECIPIENT}"]}}}}}}"#);
    answer(&instance, world.request("/extensions/otp-send", twice)).await;

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let items = world
        .client
        .scan()
        .table_name("codes")
        .send()
        .await
        .unwrap();
    let items = items.items();
    assert_eq!(
        items.len(),
        3,
        "one for each delivery that could be recorded"
    );
    let mails: Vec<_> = service.mails();
    let seen = [log, format!("{items:?}"), format!("{mails:?}")];
    for secret in [CODE, "someone", "example.com"] {
        for text in &seen {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
    assert!(items.iter().all(|item| item.contains_key("ttl")));
}
