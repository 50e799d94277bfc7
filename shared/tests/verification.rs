//! The identity providers: what each is asked, and what becomes of every answer and of every fault.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "verification/loopback.rs"]
mod loopback;
#[path = "verification/stand_ins.rs"]
mod stand_ins;

use std::{path::Path, sync::Arc, time::Duration};

use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    adapters::verification::{Problem, Verification, read},
    domain::verification::VerificationOutcome::{self, Failed, Refer, Unavailable, Verified},
    ports::{
        Deadline,
        outgoing::{Credential, MAX_REPLY_OCTETS, Reply},
        verifier::{Inquiry, Provider, Verified as Answered, Verifier},
    },
    testkit::FixedClock,
};
use tokio::time::Instant;

use crate::loopback::{Answer, Fault, Known, Loopback, Received, faulty, provider};

/// Of `experian-request.json`, as openssl computes it.
const SIGNATURE: &str = "9oom0RB+XDSEhvux/cRMvtfAyvuKmnSuv3qbxbxDPqw=";

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/verification")
        .join(name);
    let octets = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    octets.trim_ascii_end().to_vec()
}

fn secret() -> String {
    "name".to_owned()
}

fn http() -> Provider {
    Provider::Http {
        outcome: "/result/decision".to_owned(),
        verified: vec!["PASS".to_owned(), "1".to_owned(), "true".to_owned()],
        failed: vec!["FAIL".to_owned(), "0".to_owned(), "false".to_owned()],
        refer: vec!["Överprövning".to_owned()],
        reference: Some("/id".to_owned()),
    }
}

fn idology() -> Provider {
    Provider::Idology { secret: secret() }
}

fn experian() -> Provider {
    Provider::Experian { secret: secret() }
}

fn arkose() -> Provider {
    Provider::Arkose { secret: secret() }
}

fn recaptcha(minimum_score: Option<f64>, hostname: Option<&str>) -> Provider {
    Provider::Recaptcha {
        secret: secret(),
        minimum_score,
        hostname: hostname.map(str::to_owned),
    }
}

fn every_provider() -> [Provider; 5] {
    [
        http(),
        idology(),
        experian(),
        arkose(),
        recaptcha(Some(0.5), Some("login.example.com")),
    ]
}

/// What stands under `name` for a provider.
fn secret_text(provider: &Provider) -> &'static str {
    match provider {
        Provider::Http { .. } => "",
        Provider::Idology { .. } => r#"{"username": "idology-user", "password": "p&ss=wörd"}"#,
        Provider::Experian { .. } => {
            r#"{"tenant_id": "tenant-1", "request_type": "PreciseIdOnly", "hmac_key": "experian-hmac-key"}"#
        }
        Provider::Arkose { .. } => "arkose-key",
        Provider::Recaptcha { .. } => "recaptcha-key",
    }
}

fn inquiry(provider: Provider, url: &str) -> Inquiry {
    Inquiry {
        provider,
        url: url.to_owned(),
        credentials: Vec::new(),
        fields: Vec::new(),
        body: None,
        token: None,
        attempt: "attempt-1".to_owned(),
    }
}

fn with_fields(inquiry: Inquiry, fields: &[(&str, &str)]) -> Inquiry {
    Inquiry {
        fields: fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..inquiry
    }
}

fn with_token(inquiry: Inquiry, token: &str) -> Inquiry {
    Inquiry {
        token: Some(token.to_owned()),
        ..inquiry
    }
}

fn idology_person(url: &str, last_name: &str) -> Inquiry {
    with_fields(
        inquiry(idology(), url),
        &[
            ("firstName", "Zoë"),
            ("lastName", last_name),
            ("address", "1 Main Street"),
            ("zip", "62701"),
            ("ssnLast4", "6789"),
        ],
    )
}

fn experian_person(url: &str, surname: &str) -> Inquiry {
    with_fields(
        inquiry(experian(), url),
        &[
            ("workflow", "wf1"),
            ("ORG_CODE", "org"),
            ("MODEL_CODE", "model"),
            ("ipAddress", "203.0.113.7"),
            ("email", "zoe@example.com"),
            ("firstName", "Zoë"),
            ("middleNames", "Ann"),
            ("surName", surname),
            ("dateOfBirth", "1990-02-28"),
            ("street", "1 Main Street"),
            ("postTown", "Springfield"),
            ("postal", "62701"),
            ("stateProvinceCode", "IL"),
            ("countryCode", "US"),
            ("number", "+12175550123"),
        ],
    )
}

/// An inquiry that every stand-in of its provider verifies.
fn genuine(provider: Provider, url: &str) -> Inquiry {
    match provider {
        Provider::Http { .. } => Inquiry {
            body: Some(json!({"person": {"name": "PASS"}})),
            ..inquiry(provider, url)
        },
        Provider::Idology { .. } => idology_person(url, "Öberg"),
        Provider::Experian { .. } => experian_person(url, "Continue"),
        Provider::Arkose { .. } => with_token(inquiry(provider, url), "solved"),
        Provider::Recaptcha { .. } => with_token(inquiry(provider, url), "v3"),
    }
}

struct Bench {
    outgoing: Arc<Loopback>,
    secrets: Arc<Known>,
    verification: Verification,
}

impl Bench {
    fn new(secret: &str) -> Self {
        Self::with(Known::of("name", secret))
    }

    fn with(secrets: Arc<Known>) -> Self {
        let outgoing = Loopback::new();
        let clock = Arc::new(FixedClock::at("2026-11-21T14:30:00.25Z".parse().unwrap()));
        Self {
            verification: Verification::new(outgoing.clone(), secrets.clone(), clock),
            outgoing,
            secrets,
        }
    }

    async fn within(&self, inquiry: &Inquiry, time: Duration) -> Answered {
        let deadline = Deadline(Instant::now() + time);
        self.verification.verify(inquiry, deadline).await
    }

    async fn ask(&self, inquiry: &Inquiry) -> Answered {
        self.within(inquiry, Duration::from_mins(1)).await
    }
}

async fn ask(inquiry: &Inquiry) -> Answered {
    Bench::new(secret_text(&inquiry.provider))
        .ask(inquiry)
        .await
}

fn found(outcome: VerificationOutcome, reference: Option<&str>) -> Answered {
    Answered {
        outcome,
        reference: reference.map(str::to_owned),
        problem: None,
        may_have_happened: false,
    }
}

/// What the provider was sent and did not refuse it may have done.
fn unavailable(problem: &str) -> Answered {
    let is_certain = ["secret", "credentials-refused", "unknown-field"].contains(&problem);
    Answered {
        outcome: Unavailable,
        reference: None,
        problem: Some(problem.to_owned()),
        may_have_happened: !is_certain,
    }
}

// --- any JSON API

#[rstest]
#[case(json!("PASS"), found(Verified, Some("4711")))]
#[case(json!("pass"), found(Verified, Some("4711")))]
#[case(json!(1), found(Verified, Some("4711")))]
#[case(json!(true), found(Verified, Some("4711")))]
#[case(json!("Fail"), found(Failed, Some("4711")))]
#[case(json!(0), found(Failed, Some("4711")))]
#[case(json!(false), found(Failed, Some("4711")))]
#[case(json!("ÖVERPRÖVNING"), found(Refer, Some("4711")))]
#[case(json!("PASSED"), unavailable("unknown-outcome"))]
#[case(json!(""), unavailable("unknown-outcome"))]
#[case(json!(null), unavailable("unknown-outcome"))]
#[case(json!(["PASS"]), unavailable("unknown-outcome"))]
#[case(json!({"decision": "PASS"}), unavailable("unknown-outcome"))]
#[tokio::test]
async fn a_json_api_answers(#[case] word: Value, #[case] expected: Answered) {
    let url = provider(stand_ins::http).await;
    let asked = Inquiry {
        body: Some(json!({"person": {"name": word}})),
        ..inquiry(http(), &url)
    };
    assert_eq!(ask(&asked).await, expected);
}

#[tokio::test]
async fn a_json_api_without_a_body_is_got() {
    let url = provider(stand_ins::http).await;
    let asked = inquiry(http(), &format!("{url}?name=PASS"));
    assert_eq!(ask(&asked).await, found(Verified, Some("4711")));
}

#[test]
fn a_word_with_two_meanings_has_the_strictest() {
    let words = |verified: &str, failed: &str, refer: &str| Provider::Http {
        outcome: "/d".to_owned(),
        verified: vec![verified.to_owned()],
        failed: vec![failed.to_owned()],
        refer: vec![refer.to_owned()],
        reference: None,
    };
    let outcome = |provider: &Provider| read(provider, &ok(br#"{"d": "A"}"#)).unwrap().outcome;
    assert_eq!(outcome(&words("A", "A", "A")), Failed);
    assert_eq!(outcome(&words("A", "B", "A")), Refer);
    assert_eq!(outcome(&words("A", "B", "C")), Verified);
}

// --- IDology

#[rstest]
#[case("Öberg", found(Verified, Some("1800000001")))]
#[case("Failure", found(Failed, Some("1800000002")))]
#[case("Partial", found(Refer, Some("1800000003")))]
#[case("Restricted", found(Failed, Some("1800000004")))]
#[case("Located", found(Verified, Some("1800000005")))]
#[case("Remarks", found(Refer, Some("1800000006")))]
#[case("Nobody", found(Failed, Some("1800000007")))]
#[case("Failed", unavailable("provider-error"))]
#[tokio::test]
async fn idology_answers(#[case] last_name: &str, #[case] expected: Answered) {
    let url = provider(stand_ins::idology).await;
    assert_eq!(ask(&idology_person(&url, last_name)).await, expected);
}

#[tokio::test]
async fn idology_is_told_what_it_knows_names_for() {
    let bench = Bench::new(secret_text(&idology()));
    bench
        .ask(&idology_person(
            &provider(stand_ins::idology).await,
            "Ö & Co",
        ))
        .await;
    let body = bench.outgoing.calls()[0].body.clone().unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "username=idology-user&password=p%26ss%3Dw%C3%B6rd&invoice=attempt-1&firstName=Zo%C3%AB\
         &lastName=%C3%96+%26+Co&address=1+Main+Street&zip=62701&ssnLast4=6789"
    );
}

#[tokio::test]
async fn idology_without_an_address_is_unavailable() {
    let url = provider(stand_ins::idology).await;
    let asked = with_fields(inquiry(idology(), &url), &[("firstName", "Zoë")]);
    assert_eq!(ask(&asked).await, unavailable("provider-error"));
}

#[rstest]
#[case::truncated("<response><summary-result><key>id.success</key>")]
#[case::another_root("<answer><summary-result><key>id.success</key></summary-result></answer>")]
#[case::in_another_place(
    "<response><a><summary-result><key>id.success</key></summary-result></a></response>"
)]
#[case::as_an_attribute(r#"<response summary-result="id.success"/>"#)]
#[case::in_a_comment(
    "<response><!--<summary-result><key>id.success</key></summary-result>--></response>"
)]
#[case::two_summaries(
    "<response><summary-result><key>id.failure</key></summary-result>\
     <summary-result><key>id.success</key></summary-result></response>"
)]
#[case::two_keys(
    "<response><summary-result><key>id.success</key><key>id.failure</key></summary-result></response>"
)]
#[case::no_key("<response><summary-result>id.success</summary-result></response>")]
#[case::contradiction(
    "<response><summary-result><key>id.success</key></summary-result>\
     <results><key>result.no.match</key></results></response>"
)]
#[case::unknown_result(
    "<response><summary-result><key>id.success</key></summary-result>\
     <results><key>result.new</key></results></response>"
)]
#[case::unknown_summary(
    "<response><summary-result><key>id.successful</key></summary-result></response>"
)]
#[case::with_an_error(
    "<response><error>No</error><summary-result><key>id.success</key></summary-result></response>"
)]
#[case::document_type(
    "<!DOCTYPE response><response><summary-result><key>id.success</key></summary-result></response>"
)]
#[case::empty_document_type(
    "<!DOCTYPE response []><response><summary-result><key>id.success</key></summary-result></response>"
)]
#[case::bomb(
    r#"<!DOCTYPE r [<!ENTITY a "id.success"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
    <response><summary-result><key>&a;</key></summary-result><x>&c;</x></response>"#
)]
#[case::file(
    r#"<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]><response><id-number>&a;</id-number></response>"#
)]
#[case::unknown_entity(
    "<response><summary-result><key>&success;</key></summary-result></response>"
)]
#[case::empty("")]
#[case::html("<!doctype html><html><body>id.success</body></html>")]
fn xml_that_is_not_as_documented_says_nothing(#[case] text: &str) {
    assert!(read(&idology(), &ok(text.as_bytes())).is_err(), "{text}");
}

#[test]
fn somebody_on_a_list_has_failed_whatever_the_summary_says() {
    let text = "<response><summary-result><key>id.success</key></summary-result>\
                <restriction><key>global.watch.list</key></restriction></response>";
    assert_eq!(
        read(&idology(), &ok(text.as_bytes())).unwrap().outcome,
        Failed
    );
}

#[test]
fn large_and_deep_xml_is_refused_at_once() {
    let attributes = |count: u32| {
        let each = (0..count).map(|n| format!("a{n}=\"\""));
        each.collect::<Vec<_>>().join(" ")
    };
    for text in [
        "<a>".repeat(MAX_REPLY_OCTETS / 3),
        format!("<response {}/>", attributes(100_000)),
        format!(
            "<response><id-number>{}</id-number></response>",
            "7".repeat(MAX_REPLY_OCTETS)
        ),
    ] {
        assert_eq!(read(&idology(), &ok(text.as_bytes())), Err(Problem::Xml));
    }
    let wide = format!("<response {}/>", attributes(6_000));
    assert_eq!(
        read(&idology(), &ok(wide.as_bytes())),
        Err(Problem::UnknownOutcome)
    );
    let deep = format!(
        "<response>{}{}</response>",
        "<a>".repeat(5000),
        "</a>".repeat(5000)
    );
    assert_eq!(
        read(&idology(), &ok(deep.as_bytes())),
        Err(Problem::UnknownOutcome)
    );
}

// --- Experian

#[rstest]
#[case("Continue", found(Verified, Some("RB000000000126")))]
#[case("Accept", found(Verified, Some("RB000000000126")))]
#[case("Refer", found(Refer, Some("RB000000000126")))]
#[case("NoDecision", found(Refer, Some("RB000000000126")))]
#[case("Stop", found(Failed, Some("RB000000000126")))]
#[case("Decline", found(Failed, Some("RB000000000126")))]
#[case("Approve", unavailable("unknown-outcome"))]
#[case("Null", unavailable("unknown-outcome"))]
#[case("Warn", unavailable("provider-error"))]
#[case("Error", unavailable("provider-error"))]
#[tokio::test]
async fn experian_answers(#[case] surname: &str, #[case] expected: Answered) {
    let url = provider(stand_ins::experian).await;
    assert_eq!(ask(&experian_person(&url, surname)).await, expected);
}

#[rstest]
#[case(json!({"responseHeader": ["INFO", "1", {"decision": "CONTINUE"}]}))]
#[case(json!({"responseHeader": {"responseType": "INFO", "overallResponse": ["CONTINUE"]}}))]
#[case(json!({"responseHeader": {"overallResponse": {"decision": "CONTINUE"}}}))]
#[case(json!({"responseHeader": {"responseType": "INFO", "overallResponse": {"decision": true}}}))]
#[case(json!({"responseHeader": {"responseType": "INFO", "overallResponse": "CONTINUE"}}))]
#[case(json!({"responseType": "INFO", "overallResponse": {"decision": "CONTINUE"}}))]
fn json_that_is_not_as_documented_says_nothing(#[case] answer: Value) {
    assert_eq!(outcome(&experian(), &answer), Err(Problem::Json));
}

#[tokio::test]
async fn experian_gets_the_request_of_the_sample_with_its_signature() {
    let bench = Bench::new(secret_text(&experian()));
    let certificate = Credential::ClientCertificate {
        secret: "certificate".to_owned(),
    };
    let asked = Inquiry {
        credentials: vec![certificate.clone()],
        ..experian_person(&provider(stand_ins::experian).await, "Continue")
    };
    assert_eq!(bench.ask(&asked).await.outcome, Verified);
    let call = &bench.outgoing.calls()[0];
    assert_eq!(
        String::from_utf8(call.body.clone().unwrap()).unwrap(),
        String::from_utf8(fixture("experian-request.json")).unwrap()
    );
    let signature = call
        .headers
        .iter()
        .find(|(name, _)| name == "hmac-signature");
    assert_eq!(signature.unwrap().1, SIGNATURE);
    assert_eq!(call.credentials, [certificate]);
}

#[tokio::test]
async fn experian_is_told_nothing_that_is_not_known() {
    let bench = Bench::new(secret_text(&experian()));
    let asked = with_fields(
        inquiry(experian(), &provider(stand_ins::experian).await),
        &[
            ("surName", "Continue"),
            ("buildingNumber", "17"),
            ("county", "Essex"),
        ],
    );
    assert_eq!(bench.ask(&asked).await.outcome, Verified);
    let body: Value =
        serde_json::from_slice(bench.outgoing.calls()[0].body.as_ref().unwrap()).unwrap();
    assert_eq!(body["header"]["options"], json!({}));
    assert_eq!(body["payload"].get("device"), None);
    assert_eq!(
        body["payload"]["contacts"],
        json!([{
            "id": "MAINCONTACT_1",
            "person": {"names": [{"id": "MAINPERSONNAME_1", "type": "CURRENT", "surName": "Continue"}]},
            "addresses": [{
                "id": "MAINADDRESS_1", "addressType": "CURRENT", "buildingNumber": "17", "county": "Essex"
            }]
        }])
    );
}

#[tokio::test]
async fn a_field_without_a_place_is_not_sent_to_experian() {
    let bench = Bench::new(secret_text(&experian()));
    let asked = with_fields(
        inquiry(experian(), "http://127.0.0.1:1"),
        &[("surname", "Continue")],
    );
    assert_eq!(bench.ask(&asked).await, unavailable("unknown-field"));
    assert!(bench.outgoing.calls().is_empty());
}

// --- Arkose

#[rstest]
#[case("solved", found(Verified, Some("22612c147bb418c8.2570749403")))]
#[case("unsolved", found(Failed, Some("22612c147bb418c8.2570749403")))]
#[case("legit-v3", found(Verified, Some("3595d2c014d3c5f01.1116018803")))]
#[case("not-legit-v3", found(Failed, Some("3595d2c014d3c5f01.1116018803")))]
#[case("made up", found(Failed, None))]
#[case("error", unavailable("provider-error"))]
#[tokio::test]
async fn arkose_answers(#[case] token: &str, #[case] expected: Answered) {
    let url = provider(stand_ins::arkose).await;
    assert_eq!(
        ask(&with_token(inquiry(arkose(), &url), token)).await,
        expected
    );
}

#[rstest]
#[case(json!({"error": "INVALID TOKEN"}), Ok(Failed))]
#[case(json!({"error": "token expired"}), Ok(Failed))]
#[case(json!({"error": "no such account", "session_details": {"solved": true}}), Err(Problem::ProviderError))]
#[case(json!({"session_is_legit": 1}), Ok(Verified))]
#[case(json!({"session_is_legit": 0}), Ok(Failed))]
#[case(json!({"session_is_legit": true, "solved": false}), Ok(Failed))]
#[case(json!({"session_is_legit": true, "session_details": {"solved": false}}), Ok(Failed))]
#[case(json!({"solved": true}), Err(Problem::Json))]
#[case(json!({"session_is_legit": "true"}), Err(Problem::Json))]
#[case(json!({"session_details": {"solved": "true"}}), Err(Problem::Json))]
#[case(json!({"session_details": {"solved": 1}}), Err(Problem::Json))]
#[case(json!({"session_details": {}}), Err(Problem::Json))]
#[case(json!({"session_details": [true, "session"]}), Err(Problem::Json))]
#[case(json!({}), Err(Problem::Json))]
#[case(json!(1), Err(Problem::Json))]
fn arkose_is_read(#[case] answer: Value, #[case] expected: Result<VerificationOutcome, Problem>) {
    assert_eq!(outcome(&arkose(), &answer), expected);
}

// --- reCAPTCHA

#[rstest]
#[case("v2", None, None, found(Verified, None))]
#[case("v3", Some(0.5), Some("login.example.com"), found(Verified, None))]
#[case("v3", Some(0.9), Some("LOGIN.example.com"), found(Verified, None))]
#[case("v3", Some(0.91), None, found(Failed, None))]
#[case("low", None, None, found(Verified, None))]
#[case("low", Some(0.5), None, found(Failed, None))]
#[case("elsewhere", Some(0.5), None, found(Verified, None))]
#[case("elsewhere", Some(0.5), Some("login.example.com"), found(Failed, None))]
#[case("used", None, None, found(Failed, None))]
#[case("made up", None, None, found(Failed, None))]
#[case("bad", None, None, unavailable("provider-error"))]
#[case("v2", Some(0.5), None, unavailable("not-json"))]
#[tokio::test]
async fn recaptcha_answers(
    #[case] token: &str,
    #[case] minimum_score: Option<f64>,
    #[case] hostname: Option<&str>,
    #[case] expected: Answered,
) {
    let url = provider(stand_ins::recaptcha).await;
    let asked = with_token(inquiry(recaptcha(minimum_score, hostname), &url), token);
    assert_eq!(ask(&asked).await, expected);
}

#[rstest]
#[case(json!({"success": false}), Ok(Failed))]
#[case(json!({"success": false, "error-codes": ["missing-input-response"]}), Ok(Failed))]
#[case(json!({"success": false, "error-codes": ["missing-input-secret"]}), Err(Problem::CredentialsRefused))]
#[case(json!({"success": false, "error-codes": ["timeout-or-duplicate", "bad-request"]}), Err(Problem::ProviderError))]
#[case(json!({"success": false, "error-codes": ["something-new"]}), Err(Problem::UnknownOutcome))]
#[case(json!({"success": true, "error-codes": ["timeout-or-duplicate"]}), Ok(Failed))]
#[case(json!({"success": "true"}), Err(Problem::Json))]
#[case(json!({"success": 1}), Err(Problem::Json))]
#[case(json!({"success": true, "score": "0.9"}), Err(Problem::Json))]
#[case(json!({"score": 0.9}), Err(Problem::Json))]
#[case(json!([true, 0.9, "login.example.com", []]), Err(Problem::Json))]
fn recaptcha_is_read(
    #[case] answer: Value,
    #[case] expected: Result<VerificationOutcome, Problem>,
) {
    assert_eq!(outcome(&recaptcha(None, None), &answer), expected);
}

#[test]
fn a_host_that_is_not_told_is_not_the_one() {
    let provider = recaptcha(None, Some("login.example.com"));
    assert_eq!(outcome(&provider, &json!({"success": true})), Ok(Failed));
}

#[test]
fn octets_that_are_no_text_are_refused_where_nobody_reads_them_too() {
    let text = br#"{"success": true, "action": "?"}"#;
    let octets = text.map(|octet| if octet == b'?' { 0xff } else { octet });
    assert!(verifies(&recaptcha(None, None), text));
    assert!(!verifies(&recaptcha(None, None), &octets));
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let twice = br#"{"success": false, "success": true}"#;
    assert_eq!(read(&recaptcha(None, None), &ok(twice)), Err(Problem::Json));
}

// --- every provider

#[rstest]
#[case(stand_ins::arkose, arkose())]
#[case(stand_ins::recaptcha, recaptcha(None, None))]
#[tokio::test]
async fn a_bot_check_without_a_token_has_failed(
    #[case] answer: fn(&Received) -> Answer,
    #[case] asked: Provider,
) {
    let url = provider(answer).await;
    assert_eq!(ask(&inquiry(asked, &url)).await, found(Failed, None));
}

#[rstest]
#[case(
    stand_ins::idology,
    idology(),
    r#"{"username": "idology-user", "password": "old"}"#
)]
#[case(
    stand_ins::experian,
    experian(),
    r#"{"tenant_id": "tenant-1", "request_type": "PreciseIdOnly", "hmac_key": "old"}"#
)]
#[case(stand_ins::recaptcha, recaptcha(None, None), "old")]
#[tokio::test]
async fn a_secret_that_is_refused_is_read_again(
    #[case] answer: fn(&Received) -> Answer,
    #[case] asked: Provider,
    #[case] secret: &str,
) {
    let url = provider(answer).await;
    let bench = Bench::new(secret);
    assert_eq!(
        bench.ask(&genuine(asked.clone(), &url)).await,
        unavailable("credentials-refused")
    );
    assert_eq!(bench.secrets.forgotten(), ["name"]);

    let bench = Bench::new(secret_text(&asked));
    assert_eq!(bench.ask(&genuine(asked, &url)).await.outcome, Verified);
    assert!(bench.secrets.forgotten().is_empty());
}

#[rstest]
#[case(idology())]
#[case(experian())]
#[tokio::test]
async fn a_secret_of_another_form_is_the_secrets_fault(
    #[case] provider: Provider,
    #[values("canary", "{}", r#"{"username": 1}"#, "[]", "")] secret: &str,
) {
    let bench = Bench::new(secret);
    let answered = bench.ask(&genuine(provider, "http://127.0.0.1:1")).await;
    assert_eq!(answered, unavailable("secret"));
    assert!(bench.outgoing.calls().is_empty());
}

#[tokio::test]
async fn a_secret_that_is_absent_is_the_secrets_fault() {
    for provider in [idology(), experian(), arkose(), recaptcha(None, None)] {
        let bench = Bench::with(Known::of("another", secret_text(&provider)));
        let answered = bench.ask(&genuine(provider, "http://127.0.0.1:1")).await;
        assert_eq!(answered, unavailable("secret"));
        assert!(bench.outgoing.calls().is_empty());
    }
}

#[rstest]
#[case(Fault::Hang, "timed-out")]
#[case(Fault::Reset, "connection")]
#[case(Fault::Garbage, "connection")]
#[case(Fault::Truncated, "connection")]
#[tokio::test]
async fn a_connection_that_fails_says_nothing_about_the_person(
    #[case] fault: Fault,
    #[case] problem: &str,
) {
    let url = faulty(fault.clone()).await;
    let time = match fault {
        Fault::Hang => Duration::from_millis(100),
        Fault::Reset | Fault::Garbage | Fault::Truncated => Duration::from_mins(1),
    };
    for asked in every_provider() {
        let bench = Bench::new(secret_text(&asked));
        let answered = bench.within(&genuine(asked, &url), time).await;
        assert_eq!(answered, unavailable(problem), "{fault:?}");
    }
}

#[tokio::test]
async fn nobody_listening_has_checked_nobody() {
    for asked in every_provider() {
        let bench = Bench::new(secret_text(&asked));
        let answered = bench.ask(&genuine(asked, "http://127.0.0.1:1")).await;
        assert_eq!(answered.problem.as_deref(), Some("connection"));
        assert!(!answered.may_have_happened);
    }
}

#[rstest]
#[case(|_: &Received| (302, "text/html", Vec::new()), false)]
#[case(|_: &Received| (404, "text/html", Vec::new()), false)]
#[case(|_: &Received| (429, "text/html", Vec::new()), false)]
#[case(|_: &Received| (503, "text/html", Vec::new()), false)]
#[case(|_: &Received| (500, "text/html", Vec::new()), true)]
#[case(|_: &Received| (502, "text/html", Vec::new()), true)]
#[case(|_: &Received| (504, "text/html", Vec::new()), true)]
#[tokio::test]
async fn who_refuses_has_checked_nobody(
    #[case] answer: fn(&Received) -> Answer,
    #[case] may_have_happened: bool,
) {
    let url = provider(answer).await;
    for asked in every_provider() {
        let answered = ask(&genuine(asked, &url)).await;
        assert_eq!(answered.outcome, Unavailable);
        assert_eq!(answered.may_have_happened, may_have_happened);
    }
}

#[rstest]
#[case(|_: &Received| (500, "application/json", br#"{"success": true}"#.to_vec()), &["status-500"])]
#[case(|_: &Received| (302, "text/html", Vec::new()), &["status-302"])]
#[case(|_: &Received| (429, "text/html", Vec::new()), &["status-429"])]
#[case(|_: &Received| (403, "text/html", Vec::new()), &["credentials-refused"])]
#[case(|_: &Received| (200, "text/html", b"<html><body>Sign in</body></html>".to_vec()), &["not-json", "not-xml"])]
#[case(|_: &Received| (200, "application/json", br#"{"success": tr"#.to_vec()), &["not-json", "not-xml"])]
#[case(|_: &Received| (200, "application/json", Vec::new()), &["not-json", "not-xml"])]
#[case(|_: &Received| (200, "application/json", b"\xff\xfe\x00{\x00}\x00".to_vec()), &["not-json", "not-xml"])]
#[case(|_: &Received| (200, "application/json", b"[".repeat(100_000)), &["not-json", "not-xml"])]
#[case(|_: &Received| (200, "application/json", vec![b' '; 2 * MAX_REPLY_OCTETS]), &["too-long"])]
#[case(|_: &Received| (204, "application/json", Vec::new()), &["not-json", "not-xml"])]
#[tokio::test]
async fn an_answer_of_another_kind_says_nothing_about_the_person(
    #[case] answer: fn(&Received) -> Answer,
    #[case] problems: &[&str],
) {
    let url = provider(answer).await;
    for asked in every_provider() {
        let answered = ask(&genuine(asked, &url)).await;
        assert_eq!(answered.outcome, Unavailable);
        let problem = answered.problem.unwrap();
        assert!(problems.contains(&problem.as_str()), "{problem}");
    }
}

/// Whatever goes wrong, a value of the person or of the secret is in nothing that can be printed.
#[tokio::test]
async fn nothing_that_is_printed_shows_a_value() {
    let reflecting: fn(&Received) -> Answer = |received| (200, "text/plain", received.body.clone());
    let refusing: fn(&Received) -> Answer = |received| (500, "text/plain", received.body.clone());
    let urls = [
        provider(reflecting).await,
        provider(refusing).await,
        faulty(Fault::Reset).await,
        "http://127.0.0.1:1/canary".to_owned(),
        "canary".to_owned(),
    ];
    for asked in every_provider() {
        for url in &urls {
            let asked = Inquiry {
                fields: vec![
                    ("firstName".to_owned(), "canary".to_owned()),
                    ("canary".to_owned(), "canary".to_owned()),
                ],
                body: Some(json!({"name": "canary"})),
                token: Some("canary".to_owned()),
                attempt: "canary".to_owned(),
                ..inquiry(asked.clone(), url)
            };
            for secret in [
                r#"{"username": "canary", "password": "canary", "tenant_id": "canary", "request_type": "canary", "hmac_key": "canary"}"#,
                "canary",
            ] {
                let bench = Bench::new(secret);
                let answered = bench.ask(&asked).await;
                let printed = format!(
                    "{answered:?} {asked:?} {:?} {:?}",
                    bench.verification,
                    bench.outgoing.calls()
                );
                assert!(!printed.contains("canary"), "{printed}");
            }
        }
    }
}

fn ok(body: &[u8]) -> Reply {
    Reply {
        status: 200,
        retry_after: None,
        body: body.to_vec(),
    }
}

fn outcome(provider: &Provider, answer: &Value) -> Result<VerificationOutcome, Problem> {
    read(provider, &ok(answer.to_string().as_bytes())).map(|finding| finding.outcome)
}

fn verifies(provider: &Provider, body: &[u8]) -> bool {
    read(provider, &ok(body)).is_ok_and(|finding| finding.outcome == Verified)
}

/// Every documented answer that verifies somebody.
fn successes() -> Vec<(Provider, Vec<u8>)> {
    vec![
        (
            http(),
            br#"{"result": {"decision": "PASS"}, "id": 4711}"#.to_vec(),
        ),
        (idology(), fixture("idology-success.xml")),
        (idology(), fixture("idology-located.xml")),
        (experian(), fixture("experian-continue.json")),
        (arkose(), fixture("arkose-solved.json")),
        (arkose(), fixture("arkose-v3-legit.json")),
        (recaptcha(None, None), fixture("recaptcha-v2.json")),
        (
            recaptcha(Some(0.5), Some("login.example.com")),
            fixture("recaptcha-v3.json"),
        ),
    ]
}

/// Documented answers that are more than three octets away from each that verifies somebody.
fn refusals() -> Vec<(Provider, Vec<u8>)> {
    let mut refusals = vec![(http(), br#"{"result": {"decision": "FAIL"}}"#.to_vec())];
    for (provider, names) in [
        (
            idology(),
            &[
                "failure.xml",
                "partial.xml",
                "restricted.xml",
                "remarks.xml",
                "login.xml",
                "error.xml",
            ][..],
        ),
        (experian(), &["no-decision-made.json", "error.json"]),
        (
            arkose(),
            &["unsolved.json", "denied.json", "v3-not-legit.json"],
        ),
        (
            recaptcha(None, None),
            &["timeout-or-duplicate.json", "bad-request.json"],
        ),
    ] {
        let kind = match provider {
            Provider::Http { .. } => "http",
            Provider::Idology { .. } => "idology",
            Provider::Experian { .. } => "experian",
            Provider::Arkose { .. } => "arkose",
            Provider::Recaptcha { .. } => "recaptcha",
        };
        for name in names {
            refusals.push((provider.clone(), fixture(&format!("{kind}-{name}"))));
        }
    }
    refusals
}

#[test]
fn an_answer_that_was_cut_short_never_verifies() {
    for (provider, body) in successes() {
        assert!(verifies(&provider, &body));
        for end in 0..body.len() {
            assert!(!verifies(&provider, &body[..end]), "{provider:?} {end}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_octets_never_verify(body in proptest::collection::vec(any::<u8>(), 0..400), status in 0_u16..600) {
        for provider in every_provider() {
            let finding = read(&provider, &Reply { status, retry_after: None, body: body.clone() });
            prop_assert!(finding.is_err());
        }
    }

    #[test]
    fn an_answer_of_one_provider_never_verifies_for_another(
        (one, other) in (0_usize..8, 0_usize..5),
        status in 200_u16..300,
    ) {
        let (provider, body) = successes().swap_remove(one);
        let asked = every_provider()[other].clone();
        let is_its_own = std::mem::discriminant(&provider) == std::mem::discriminant(&asked);
        let finding = read(&asked, &Reply { status, retry_after: None, body });
        prop_assert!(is_its_own || finding.is_err());
    }

    #[test]
    fn a_refusal_with_a_few_octets_changed_never_verifies(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        removed in 0_usize..=3,
        added in proptest::collection::vec(any::<u8>(), 0..=3),
    ) {
        let refusals = refusals();
        let (provider, body) = &refusals[which.index(refusals.len())];
        let start = at.index(body.len());
        let end = (start + removed).min(body.len());
        let changed = [&body[..start], &added, &body[end..]].concat();
        prop_assert!(!verifies(provider, &changed), "{}", String::from_utf8_lossy(&changed));
    }
}
