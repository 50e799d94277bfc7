//! Every golden case of Microsoft's contract, through the real router, callers' check, parser and renderer,
//! with DynamoDB behind it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "golden/approval.rs"]
mod approval;
mod publishing;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use jiff::Timestamp;
use local::engine::{Engine, create_table};
use serde_json::{Value, json};
use shared::{
    adapters::dynamodb::Table,
    app::{
        approvals::Approvals,
        callers::Callers,
        credentials::{Credentials, verifier},
        decide::{Asked, Decide, Decided, Decider, Others},
        disposable::DisposableLists,
        one_time_codes::{OneTimeCodes, Sender},
        policies::Policies,
        readiness::Readiness,
    },
    domain::{
        attribute::{AttributeName, AttributeValue, ClaimValue},
        caller::{CertificateRule, ClientCertificate, Credential, EntraTrust, Slot},
        code::{CodeDigest, InvitationCode},
        decision::Decision,
        key_set::SigningKey,
        mail::Mailbox,
        sign_up::{Protocol, Step},
    },
    http::{Entrance, OneTimeCodeService, Route, Service, Trust, VerifiedCertificate},
    policy::{
        Circumstances, Patience, Policy, compile, document::Document, look_up::NOTHING,
        predicate::disposable::BUILT_IN,
    },
    ports::{
        Deadline,
        clock::Clock,
        code_store::CodeStore,
        credential_store::CredentialStore,
        key_source::{KeySource, KeySourceError},
        mailer::{MailError, Mailer, Message},
    },
    testkit::{FixedClock, Keyring, Nobody, Remembered, recorded, settings},
    wire::{
        auth_extension::{Action, ExtensionResponse},
        jwks::KeySet,
    },
};
use tower::ServiceExt;

use crate::publishing::publish;

/// How far a case goes through the product.
enum Mode {
    /// Everything is real: the lists decide.
    Lists,
    /// The case says what was decided (its claims); the rest is real.
    Decided(Decision),
    /// The case's rules as a policy, which decides.
    Ruled(Box<Policy>),
    /// A one-time code is mailed.
    Mailed,
    /// The case's texts are the operator's own; the bytes of the answer are compared.
    Literal(ExtensionResponse),
}

fn mode(case: &Value) -> Mode {
    let given = &case["given"];
    match case["id"].as_str().unwrap() {
        "A08" | "B11" | "B13" | "C15" | "C16" | "F01" | "F03" | "F05" => {
            Mode::Decided(Decision::Continue(claims(&given["return_claims"])))
        }
        "C05" => {
            let blanked = given["blank_on_success"][0].as_str().unwrap();
            Mode::Decided(Decision::Continue(claims(
                &serde_json::json!({ blanked: "" }),
            )))
        }
        "E03" | "E11" => Mode::Literal(ExtensionResponse::new(
            route(case).event(),
            Action::ShowBlockPage {
                title: text(&given["messages"]["block_title"]),
                message: text(&given["messages"]["block"]),
            },
        )),
        "E10" | "E13" => {
            let action = &case["expected"]["body"]["data"]["actions"][0];
            let errors = action["attributeErrors"].as_object().unwrap();
            Mode::Literal(ExtensionResponse::new(
                route(case).event(),
                Action::ShowValidationError {
                    message: text(&action["message"]),
                    attribute_errors: errors.iter().map(|(k, v)| (k.clone(), text(v))).collect(),
                },
            ))
        }
        _ if case["event"] == "emailOtpSend" => Mode::Mailed,
        _ if given["rules"].is_array() => Mode::Ruled(Box::new(policy(&given["rules"]))),
        _ => Mode::Lists,
    }
}

#[tokio::test]
async fn every_case_of_the_contract_holds() {
    let mut failures = Vec::new();
    let mut held = 0;
    for (name, case) in cases() {
        if case["surface"] == "graph-provisioning" {
            // Run by `provisioning.rs`: nobody calls the product there.
            continue;
        }
        let outcome = match mode(&case) {
            Mode::Lists => run(&case, None).await,
            Mode::Decided(decision) => run(&case, Some(Arc::new(Given(decision)))).await,
            Mode::Mailed => run_mailed(&case).await,
            Mode::Ruled(policy) => run(&case, Some(Arc::new(Ruled(*policy)))).await,
            Mode::Literal(response) => compare(
                &case,
                StatusCode::OK,
                &serde_json::to_vec(&response).unwrap(),
            ),
        };
        match outcome {
            Ok(()) => held += 1,
            Err(problem) => failures.push(format!("{name}: {problem}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(held >= 60, "only {held} cases were run");
}

fn cases() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    std::fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let case = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
            (file.file_name().into_string().unwrap(), case)
        })
        .collect()
}

fn route(case: &Value) -> Route {
    let (protocol, place) = match case["surface"].as_str().unwrap() {
        "api-connector" => (Protocol::Connector, case["step"].as_str().unwrap()),
        _ => (Protocol::Extension, case["event"].as_str().unwrap()),
    };
    let step = match place {
        "PostFederationSignup" | "attributeCollectionStart" => Step::AfterFederation,
        "PostAttributeCollection" | "attributeCollectionSubmit" => Step::BeforeCreatingUser,
        "PreTokenIssuance" | "tokenIssuanceStart" => Step::BeforeToken,
        other => panic!("no step for {other}"),
    };
    Route { step, protocol }
}

/// What stands under a service that is configured as a case says.
struct World {
    table: Arc<Table>,
    clock: Arc<FixedClock>,
    journal: Arc<Remembered>,
    callers: Arc<Callers>,
    policies: Arc<Policies>,
}

impl World {
    async fn of(case: &Value) -> (Engine, Self) {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, "golden").await.unwrap();
        let table = Arc::new(Table::new(client, "golden"));
        let auth = &case["given"]["auth"];
        let seconds = auth["now"]
            .as_i64()
            .or(case["given"]["now"].as_i64())
            .unwrap_or(1_768_478_400);
        let clock = Arc::new(FixedClock::at(Timestamp::from_second(seconds).unwrap()));
        store_credentials(&table, &clock, auth).await;
        let journal = Arc::new(Remembered::default());
        let callers = Arc::new(Callers::new(
            Arc::clone(&table) as _,
            Arc::new(OneKeySet),
            Arc::clone(&table) as _,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        ));
        let policies = Arc::new(Policies::new(
            Arc::clone(&table) as _,
            Arc::clone(&clock) as _,
            Arc::clone(&journal) as _,
        ));
        let world = Self {
            table,
            clock,
            journal,
            callers,
            policies,
        };
        (engine, world)
    }
}

/// Sends the case's request to a service that is configured as the case says.
async fn run(case: &Value, decided: Option<Arc<dyn Decide>>) -> Result<(), String> {
    let (_engine, world) = World::of(case).await;
    let World {
        table,
        clock,
        journal,
        callers,
        policies,
    } = world;
    if case["given"]["policy"] == "invitation-code" {
        store_codes(&table, &case["given"]["codes"]).await;
    }
    if case["given"]["policy"] == "approval" {
        publish(&table, &approval::policy(&case["given"])).await;
        approval::store_record(&table, clock.as_ref(), case).await;
    }
    let route = route(case);
    let disposable = Arc::new(DisposableLists::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    let decide = decided.unwrap_or_else(|| {
        let readiness = Readiness::new(Arc::new(Nobody), Arc::clone(&journal) as _);
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let nobody = Arc::new(Nobody);
        let mut others = Others::new(&table, Arc::clone(&nobody) as _, nobody, readiness, &time);
        others.approvals = (route.step == Step::BeforeCreatingUser).then(|| Approvals {
            requests: Arc::clone(&table) as _,
            keys: Arc::new(Keyring::default()),
            clock: time,
        });
        Arc::new(Decider::new(
            Arc::clone(&table) as _,
            policies,
            disposable,
            others,
            Arc::clone(&clock) as _,
        ))
    });
    let settings = settings(route.step, trust(&case["given"]["auth"]));
    let service = Service::new(settings, callers, decide, clock, journal);
    for _ in 1..case["given"]["deliver_times"].as_u64().unwrap_or(1) {
        answered(case, service.router(), &route.path()).await?;
    }
    answered(case, service.router(), &route.path()).await?;
    approval::stored(&table, &case["expected"]["side_effects"]).await
}

/// Mails the code of the case, after that of the case before it.
async fn run_mailed(case: &Value) -> Result<(), String> {
    let (_engine, world) = World::of(case).await;
    let mailer = Arc::new(Outbox::default());
    let settings = settings(Step::BeforeToken, trust(&case["given"]["auth"]));
    let sender = Sender {
        from: Mailbox::parse("no-reply@contoso.com").unwrap(),
        reply_to: None,
        default_language: settings.default_language,
    };
    let codes = OneTimeCodes::new(
        sender,
        Arc::clone(&world.table) as _,
        Arc::clone(&mailer) as _,
        Arc::clone(&world.callers),
        world.policies,
        Arc::clone(&world.clock) as _,
        Arc::clone(&world.journal) as _,
    );
    let entrance = Entrance::new(
        settings.trust,
        settings.budgets,
        world.callers,
        world.clock,
        Arc::clone(&world.journal) as _,
    );
    let router = OneTimeCodeService::new(entrance, codes).router();
    if let Some(previous) = case["given"]["previous_call"].as_str() {
        let all = cases();
        let (_, previous) = all.iter().find(|(_, one)| one["id"] == previous).unwrap();
        answered(previous, router.clone(), OTP_PATH).await?;
    }
    for _ in 0..case["given"]["deliver_times"].as_u64().unwrap_or(1) {
        answered(case, router.clone(), OTP_PATH).await?;
    }
    mailed(&case["expected"]["side_effects"], &mailer, &world.journal)
}

const OTP_PATH: &str = "/extensions/otp-send";

fn mailed(expected: &Value, mailer: &Outbox, journal: &Remembered) -> Result<(), String> {
    let mails = mailer.0.lock().unwrap();
    let contains =
        |mail: &Message, part: &str| mail.html.contains(part) && mail.text.contains(part);
    for wanted in expected["mails"].as_array().into_iter().flatten() {
        let (to, part) = (text(&wanted["to"]), text(&wanted["contains"]));
        let found = |mail: &&Message| mail.to.as_str() == to && contains(mail, &part);
        if !mails.iter().any(|mail| found(&mail)) {
            return Err(format!("no mail to {to}"));
        }
    }
    let total = &expected["mails_total_after_previous"];
    if total.is_u64() && *total != mails.len() {
        return Err(format!("{} mails, expected {total}", mails.len()));
    }
    let log = format!("{:?}{:?}", journal.answers(), journal.notices());
    for secret in expected["log_not_contains"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if log.contains(&text(secret)) {
            return Err(format!("{secret} is in the log"));
        }
    }
    Ok(())
}

/// A mail service that takes everything.
#[derive(Default)]
struct Outbox(Mutex<Vec<Message>>);

#[async_trait]
impl Mailer for Outbox {
    async fn send(&self, message: &Message, _: Deadline) -> Result<(), MailError> {
        self.0.lock().unwrap().push(message.clone());
        Ok(())
    }
}

async fn answered(case: &Value, router: Router, path: &str) -> Result<(), String> {
    let response = router.oneshot(request(case, path)).await.unwrap();
    let status = response.status();
    let content_type = response.headers().get(header::CONTENT_TYPE).cloned();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    if case["expected"]["headers"].is_object() {
        let found = content_type.map(|value| value.to_str().unwrap().to_owned());
        if found.as_deref() != Some("application/json") {
            return Err(format!("content type {found:?}"));
        }
    }
    compare(case, status, &body)
}

/// The policy of the sample that the cases come from, with its words.
const INVITATIONS: &str = r#"
default = "allow"
[attribute.extension_InvitationCode]
required = true
invitation = true
blank = true
[message.invalid-code]
en = "The invitation code you provided is invalid."
[message.invalid-code-expired]
en = "The invitation code you provided has expired."
"#;

async fn store_codes(table: &Arc<Table>, codes: &Value) {
    publish(table, INVITATIONS).await;
    for code in codes.as_array().unwrap() {
        let claim = |value: &Value| ClaimValue::One(AttributeValue::Text(text(value)));
        let claims = code["claims"].as_object().unwrap().iter();
        let invitation = InvitationCode {
            digest: CodeDigest::of(code["code"].as_str().unwrap()).unwrap(),
            uses: 1,
            used: 0,
            created_at: Timestamp::UNIX_EPOCH,
            expires_at: code["expires"]
                .as_i64()
                .map(|end| Timestamp::from_second(end).unwrap()),
            bound_to: None,
            claims: claims
                .map(|(name, value)| (name.clone(), claim(value)))
                .collect(),
            note: String::new(),
            revoked: false,
        };
        CodeStore::create(table.as_ref(), &[invitation], &recorded())
            .await
            .unwrap();
    }
}

async fn store_credentials(table: &Arc<Table>, clock: &Arc<FixedClock>, auth: &Value) {
    let credentials = Credentials::new(Arc::clone(table) as _, Arc::clone(clock) as _);
    for credential in auth["basic"].as_array().into_iter().flatten() {
        let (username, password) = (text(&credential["username"]), text(&credential["password"]));
        if credentials
            .create_with(&username, password.clone(), "tests")
            .await
            .is_err()
        {
            // What the product refuses to make, put there behind its back.
            let credential = Credential {
                slot: Slot::First,
                id: "empty".to_owned(),
                username,
                verifier: verifier(password.as_bytes()),
                created_at: Timestamp::UNIX_EPOCH,
                last_used_at: None,
            };
            CredentialStore::create(table.as_ref(), &credential, &recorded())
                .await
                .unwrap();
        }
    }
}

fn trust(auth: &Value) -> Trust {
    let texts = |value: &Value| value.as_array().unwrap().iter().map(text).collect();
    Trust {
        certificates: auth["client_certificates"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|c| CertificateRule::Thumbprint(text(&c["thumbprint"]).to_lowercase()))
            .collect(),
        entra: auth["tenant_id"].as_str().map(|tenant| EntraTrust {
            tenant_id: tenant.to_owned(),
            audiences: texts(&auth["audiences"]),
            issuers: texts(&auth["allowed_issuers"]),
            caller_app_id: text(&auth["allowed_caller"]),
        }),
    }
}

fn request(case: &Value, path: &str) -> Request<Body> {
    let wire = &case["request"];
    let query = wire["query"]
        .as_str()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let mut request = Request::builder()
        .method(wire["method"].as_str().unwrap())
        .uri(format!("{path}{query}"));
    for (name, value) in wire["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    if let Some(certificate) = wire["tls_client_certificate"].as_object() {
        let time =
            |name: &str| Timestamp::from_second(certificate[name].as_i64().unwrap()).unwrap();
        request = request.extension(VerifiedCertificate(ClientCertificate {
            subject: text(&certificate["subject"]),
            issuer: text(&certificate["issuer"]),
            sha1: text(&certificate["thumbprint_sha1"]).to_lowercase(),
            sha256: "0".repeat(64),
            not_before: time("notBefore"),
            not_after: time("notAfter"),
        }));
    }
    let body = match wire["body_raw"].as_str() {
        Some(raw) => raw.to_owned(),
        None => wire["body"].to_string(),
    };
    request.body(Body::from(body)).unwrap()
}

fn compare(case: &Value, status: StatusCode, body: &[u8]) -> Result<(), String> {
    let expected = &case["expected"];
    let acceptable = match &expected["status"] {
        Value::Array(statuses) => statuses.contains(&Value::from(status.as_u16())),
        one => one.as_u64() == Some(u64::from(status.as_u16())),
    };
    let shown = String::from_utf8_lossy(body).into_owned();
    if !acceptable {
        return Err(format!(
            "status {status}, expected {}; {shown}",
            expected["status"]
        ));
    }
    if status == StatusCode::UNAUTHORIZED && !body.is_empty() {
        return Err(format!("a body with 401: {shown}"));
    }
    let found: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if !expected["body"].is_null() && expected["body"] != found {
        return Err(format!("body {shown}, expected {}", expected["body"]));
    }
    let matchers = |name: &str| expected[name].as_array().cloned().unwrap_or_default();
    for matcher in matchers("body_match") {
        if !holds(&matcher, &found) {
            return Err(format!("{matcher} does not hold for {shown}"));
        }
    }
    for matcher in matchers("body_match_none") {
        if holds(&matcher, &found) {
            return Err(format!("{matcher} holds for {shown}"));
        }
    }
    if status == StatusCode::OK {
        for matcher in matchers("body_match_if_200") {
            if !holds(&matcher, &found) {
                return Err(format!("{matcher} does not hold for {shown}"));
            }
        }
    }
    Ok(())
}

fn holds(matcher: &Value, body: &Value) -> bool {
    let found = body.pointer(matcher["path"].as_str().unwrap());
    let wanted = &matcher["value"];
    let has = |part: &Value| {
        found
            .and_then(Value::as_str)
            .is_some_and(|t| t.contains(&text(part)))
    };
    match matcher["op"].as_str().unwrap() {
        "equals" => found == Some(wanted),
        "one_of" => wanted
            .as_array()
            .unwrap()
            .iter()
            .any(|one| found == Some(one)),
        "exists" => found.is_some(),
        "absent" => found.is_none(),
        "type" => match wanted.as_str().unwrap() {
            "string" => found.is_some_and(Value::is_string),
            other => panic!("type {other}"),
        },
        "contains" => has(wanted),
        "not_contains" => !has(wanted),
        "count" => {
            found.and_then(Value::as_array).map(Vec::len)
                == wanted.as_u64().map(|n| usize::try_from(n).unwrap())
        }
        "max_bytes_keys_values" => {
            let members = found.and_then(Value::as_object).unwrap();
            let octets = |value: &Value| match value {
                Value::Array(items) => items.iter().map(|item| text(item).len()).sum(),
                one => text(one).len(),
            };
            let total: usize = members
                .iter()
                .map(|(name, value)| name.len() + octets(value))
                .sum();
            total <= usize::try_from(wanted.as_u64().unwrap()).unwrap()
        }
        other => panic!("operator {other}"),
    }
}

/// A claim set to `null` is one that is not returned.
fn claims(given: &Value) -> Vec<(AttributeName, ClaimValue)> {
    let one = |value: AttributeValue| Some(ClaimValue::One(value));
    given
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| {
            let value = match value {
                Value::String(text) => one(AttributeValue::Text(text.clone())),
                Value::Bool(flag) => one(AttributeValue::Flag(*flag)),
                Value::Number(number) => one(AttributeValue::Number(number.as_i64().unwrap())),
                Value::Array(items) => Some(ClaimValue::Many(items.iter().map(text).collect())),
                _ => None,
            }?;
            Some((AttributeName::new(name).unwrap(), value))
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The case's decision.
struct Given(Decision);

/// Decides by a policy, without any list entry.
struct Ruled(Policy);

#[async_trait]
impl Decide for Ruled {
    async fn decide(&self, asked: Asked<'_>, _: Deadline) -> Decided {
        let verdict = self.0.decide(Circumstances {
            sign_up: asked.sign_up,
            entries: &[],
            user_flow: None,
            now: Timestamp::UNIX_EPOCH,
            patience: Patience::ENDLESS,
            disposable: &BUILT_IN,
            found: &NOTHING,
        });
        Decided {
            block_text: verdict.block_text,
            ..Decided::new(verdict.decision)
        }
    }
}

/// The rules of a case in the words of a policy.
fn policy(rules: &Value) -> Policy {
    let mut document = json!({ "default": "allow", "attribute": {}, "rule": [], "message": {} });
    for (number, rule) in rules.as_array().unwrap().iter().enumerate() {
        let code = format!("own-{number}");
        document["message"][&code] = match &rule["message"] {
            Value::Object(texts) => texts
                .iter()
                .map(|(tag, text)| (tag.replace("default", "en"), text.clone()))
                .collect(),
            text => json!({ "en": text }),
        };
        if let Some(domains) = rule["allowed_domains"].as_array() {
            let rules = document["rule"].as_array_mut().unwrap();
            rules.push(json!({
                "id": code,
                "when": format!("!(email.domain in {})", Value::from(domains.clone())),
                "effect": "deny",
                "message": code,
            }));
            continue;
        }
        let mut attribute = json!({ "message": code });
        for (key, found) in rule.as_object().unwrap() {
            match key.as_str() {
                "required" | "pattern" => attribute[key] = found.clone(),
                "minimum" => {
                    attribute["minimum"] = found.clone();
                    attribute["type"] = json!("integer");
                }
                "min_length" => attribute["min-length"] = found.clone(),
                "allowed" => attribute["allowed"] = found.clone(),
                "claim" | "message" | "on_fail" => {}
                other => panic!("no word of a policy for {other}"),
            }
        }
        document["attribute"][text(&rule["claim"])] = attribute;
    }
    let document: Document = serde_json::from_value(document).unwrap();
    compile(&document).unwrap()
}

#[async_trait]
impl Decide for Given {
    async fn decide(&self, _: Asked<'_>, _: Deadline) -> Decided {
        Decided::new(self.0.clone())
    }
}

/// The key set of the fixtures, published by every issuer.
struct OneKeySet;

#[async_trait]
impl KeySource for OneKeySet {
    async fn fetch(&self, _: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        let keys: KeySet =
            serde_json::from_str(include_str!("fixtures/jwks/test-sig-1.json")).unwrap();
        Ok(keys.signing_keys())
    }
}
