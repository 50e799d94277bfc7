//! The whole way of a request in memory: the real router, callers' check, parser, rules and renderer
//! over a table that never fails.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderValue, Request, StatusCode, header},
};
use jiff::Timestamp;
use serde_json::Value;
use shared::{
    app::{
        callers::Callers,
        credentials::verifier,
        decide::Decider,
        disposable::DisposableLists,
        one_time_codes::{OneTimeCodes, Sender},
        policies::Policies,
    },
    domain::{
        caller::{Credential, EntraTrust, Slot},
        key_set::{SigningKey, SigningKeys},
        list::{Effect, ListEntry, ListName},
        mail::Mailbox,
        one_time_code::DeliveryId,
        publication::PolicyVersion,
        sign_up::Step,
    },
    http::{Entrance, OTP_SEND, OneTimeCodeService, Route, Service, Trust},
    ports::{
        Deadline, StoreError,
        credential_use::CredentialUse,
        disposable_reader::DisposableReader,
        journal::{Answered, Journal, Notice},
        key_source::{KeySource, KeySourceError},
        mailer::{MailError, Mailer, Message},
        otp_deliveries::{Delivery, Lease, OtpDeliveries},
        policy_reader::PolicyReader,
        sign_up_reader::{CallerRecords, Facts, FoundInTable, SignUpReader, Wanted},
    },
    testkit::{FixedClock, others, settings},
    wire::jwks::KeySet,
};
use tokio::{
    runtime::{Builder, Runtime},
    time::Instant,
};
use tower::ServiceExt;

/// The one connector credential.
pub(crate) const USERNAME: &str = "connector";
pub(crate) const PASSWORD: &str = "pass:word";

/// Two cases of the contract: each with a token, whom it is for, and when it is valid.
const VERSION_2: &str = include_str!(
    "../../../shared/tests/fixtures/cases/E01-start-continue-with-default-behaviour.json"
);
const VERSION_1: &str = include_str!(
    "../../../shared/tests/fixtures/cases/J05-token-validation-v1-token-appid-claim-and-app-id-uri-audience.json"
);
/// The key that signed both.
const KEYS: &str = include_str!("../../../shared/tests/fixtures/jwks/test-sig-1.json");

/// Whoever is at this domain is denied.
const DENIED: &str = "denied.example";

/// One service for each step, and a thread to run them on.
pub(crate) struct World {
    runtime: Runtime,
    routers: BTreeMap<&'static str, Router>,
    codes: Router,
    /// The mails that were handed over.
    pub(crate) outbox: Arc<Outbox>,
    /// `Bearer …` of the cases.
    pub(crate) tokens: [String; 2],
}

/// An answer: its status and its JSON, `Null` without a body.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let [case, other] =
            [VERSION_2, VERSION_1].map(|case| serde_json::from_str::<Value>(case).unwrap());
        let tokens = [&case, &other].map(|case| {
            let token = case.pointer("/request/headers/Authorization").unwrap();
            token.as_str().unwrap().to_owned()
        });
        let trust = trust(case.pointer("/given/auth").unwrap());
        let now = case.pointer("/given/auth/now").unwrap().as_i64().unwrap();
        let now = Timestamp::from_second(now).unwrap();
        let routers = Step::ALL
            .into_iter()
            .map(|step| {
                let router = router(&runtime, step, trust.clone(), now);
                (step.name(), router)
            })
            .collect();
        let outbox = Arc::new(Outbox::default());
        let codes = codes_router(&runtime, trust, now, Arc::clone(&outbox));
        Self {
            runtime,
            routers,
            codes,
            outbox,
            tokens,
        }
    }

    pub(crate) fn token(&self) -> &str {
        let [token, _] = &self.tokens;
        token
    }

    /// Sends a request; `None` when HTTP itself cannot carry the header.
    pub(crate) fn ask(&self, route: Route, authorization: &[u8], body: &[u8]) -> Option<Answer> {
        let router = self.routers.get(route.step.name()).unwrap();
        self.post(router, &route.path(), authorization, body)
    }

    /// Sends a request for a code by mail.
    pub(crate) fn ask_to_mail(&self, authorization: &[u8], body: &[u8]) -> Answer {
        let path = format!("/extensions/{OTP_SEND}");
        self.post(&self.codes, &path, authorization, body).unwrap()
    }

    fn post(
        &self,
        router: &Router,
        path: &str,
        authorization: &[u8],
        body: &[u8],
    ) -> Option<Answer> {
        let authorization = HeaderValue::from_bytes(authorization).ok()?;
        let request = Request::post(path)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_vec()))
            .unwrap();
        let router = router.clone();
        self.runtime.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status();
            let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            let body = if body.is_empty() {
                Value::Null
            } else {
                serde_json::from_slice(&body).unwrap()
            };
            Some(Answer { status, body })
        })
    }
}

fn trust(auth: &Value) -> Trust {
    let text = |name: &str| auth.get(name).unwrap().as_str().unwrap().to_owned();
    let texts = |name: &str| {
        let texts = auth.get(name).unwrap().as_array().unwrap().iter();
        texts.map(|t| t.as_str().unwrap().to_owned()).collect()
    };
    Trust {
        certificates: Vec::new(),
        entra: Some(EntraTrust {
            tenant_id: text("tenant_id"),
            audiences: texts("audiences"),
            issuers: texts("allowed_issuers"),
            caller_app_id: text("allowed_caller"),
        }),
    }
}

/// What stands under each service.
struct Ground {
    table: Arc<Table>,
    clock: Arc<FixedClock>,
    callers: Arc<Callers>,
    policies: Arc<Policies>,
}

fn ground(runtime: &Runtime, trust: &Trust, now: Timestamp) -> Ground {
    let mut signing_keys = SigningKeys::default();
    for issuer in &trust.entra.as_ref().unwrap().issuers {
        let keys: KeySet = serde_json::from_str(KEYS).unwrap();
        signing_keys.replace(issuer, keys.signing_keys());
    }
    let table = Arc::new(Table(CallerRecords {
        credentials: vec![Credential {
            slot: Slot::First,
            id: "fuzz".to_owned(),
            username: USERNAME.to_owned(),
            verifier: verifier(PASSWORD.as_bytes()),
            created_at: now,
            last_used_at: Some(now),
        }],
        signing_keys,
        keys_fetched_at: Some(now),
        ..CallerRecords::default()
    }));
    let clock = Arc::new(FixedClock::at(now));
    let callers = Arc::new(Callers::new(
        Arc::clone(&table) as _,
        Arc::clone(&table) as _,
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::new(Silence),
    ));
    // What a function does at its start.
    let soon = Deadline(Instant::now() + Duration::from_mins(10));
    runtime.block_on(callers.renew(soon)).unwrap();
    let policies = Arc::new(Policies::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::new(Silence),
    ));
    Ground {
        table,
        clock,
        callers,
        policies,
    }
}

fn router(runtime: &Runtime, step: Step, trust: Trust, now: Timestamp) -> Router {
    let Ground {
        table,
        clock,
        callers,
        policies,
    } = ground(runtime, &trust, now);
    let settings = settings(step, trust);
    let disposable = Arc::new(DisposableLists::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::new(Silence),
    ));
    let others = others(Arc::clone(&table) as _, Arc::clone(&clock) as _);
    let decide = Arc::new(Decider::new(
        table,
        policies,
        disposable,
        others,
        Arc::clone(&clock) as _,
    ));
    Service::new(settings, callers, decide, clock, Arc::new(Silence)).router()
}

fn codes_router(runtime: &Runtime, trust: Trust, now: Timestamp, outbox: Arc<Outbox>) -> Router {
    let ground = ground(runtime, &trust, now);
    let settings = settings(Step::BeforeToken, trust);
    let sender = Sender {
        from: Mailbox::parse("no-reply@contoso.com").unwrap(),
        reply_to: None,
        default_language: settings.default_language,
    };
    let codes = OneTimeCodes::new(
        sender,
        Arc::new(NothingIsSent),
        outbox,
        Arc::clone(&ground.callers),
        ground.policies,
        Arc::clone(&ground.clock) as _,
        Arc::new(Silence),
    );
    let entrance = Entrance::new(
        settings.trust,
        settings.budgets,
        ground.callers,
        ground.clock,
        Arc::new(Silence),
    );
    OneTimeCodeService::new(entrance, codes).router()
}

/// A mail service that takes everything.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Vec<Message>>);

impl Outbox {
    pub(crate) fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, message: &Message, _: Deadline) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

/// So each code is sent.
struct NothingIsSent;

#[async_trait]
impl OtpDeliveries for NothingIsSent {
    async fn begin(&self, _: &DeliveryId, _: &Lease, _: Deadline) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn delivery(&self, _: &DeliveryId, _: Deadline) -> Result<Option<Delivery>, StoreError> {
        Ok(None)
    }

    async fn sent(&self, _: &DeliveryId, _: Deadline) -> Result<(), StoreError> {
        Ok(())
    }

    async fn release(&self, _: &DeliveryId, _: &Lease, _: Deadline) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A table in which one domain is denied.
struct Table(CallerRecords);

#[async_trait]
impl SignUpReader for Table {
    async fn read(&self, wanted: Wanted<'_>, _: Deadline) -> Result<Facts, StoreError> {
        let denied = wanted.matchers.iter().filter(|m| m.to_string() == DENIED);
        let entry = |matcher: &shared::domain::list::Matcher| ListEntry {
            matcher: matcher.clone(),
            list: ListName::parse("denied").unwrap(),
            effect: Effect::Deny,
            reason: String::new(),
            owner: String::new(),
            expires_at: None,
        };
        Ok(Facts {
            entries: denied.map(entry).collect(),
            standing: None,
            caller_records: wanted.caller_records.then(|| self.0.clone()),
            found: FoundInTable::default(),
            read_units: 1.0,
            calls: 1,
        })
    }
}

#[async_trait]
impl PolicyReader for Table {
    async fn prepared(
        &self,
        _: &PolicyVersion,
        _: Deadline,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn document(&self, _: &PolicyVersion, _: Deadline) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl DisposableReader for Table {
    async fn domains(&self, _: u32, _: Deadline) -> Result<Option<String>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl KeySource for Table {
    async fn fetch(&self, issuer: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        Err(KeySourceError {
            issuer: issuer.to_owned(),
            problem: "the table has them".to_owned(),
        })
    }
}

#[async_trait]
impl CredentialUse for Table {
    async fn record(&self, _: Slot, _: &str, _: Timestamp, _: Deadline) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Nobody reads the log.
struct Silence;

impl Journal for Silence {
    fn answered(&self, _: &Answered) {}

    fn notice(&self, notice: &Notice) {
        // The service catches a panic and answers in protocol; here it is a finding all the same.
        assert!(
            !matches!(notice, Notice::Panicked { .. }),
            "a handler panicked"
        );
    }
}
