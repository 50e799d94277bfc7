//! Entra's bearer tokens, and the keys that prove them.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::{
    adapters::system_clock::SystemClock,
    domain::sign_up::{Protocol, Step},
    ports::clock::Clock,
};

use crate::harness::{
    AUDIENCE_URI, Answer, CALLER_APP_ID, Entra, Event, Function, Key, Mode, Surface, TENANT, Token,
    Verdict, World, extension_body,
};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";
const SURFACE: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);

fn request(token: &str) -> Event {
    Event::post(&SURFACE.path())
        .json(&SURFACE.body(JOHN))
        .bearer(token)
}

async fn ask(function: &Function, token: &Token) -> Answer {
    function.send(&request(&token.text())).await
}

fn now() -> i64 {
    SystemClock.now().as_second()
}

#[tokio::test]
async fn tokens_of_both_versions_are_accepted_at_every_event() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        let surface = Surface::new(step, Protocol::Extension);
        for token in [
            world.entra.token(),
            world.entra.token().claim("aud", AUDIENCE_URI),
            world
                .entra
                .token()
                .claim("aud", json!(["other", AUDIENCE_URI])),
            world.entra.token_v1(),
            world.entra.token().claim("tid", TENANT.to_uppercase()),
            world.entra.token().without_claim("nbf"),
            // Clocks differ a little.
            world.entra.token().claim("exp", now() - 10),
            world.entra.token().claim("nbf", now() + 10),
        ] {
            let event = Event::post(&surface.path()).json(&surface.body(JOHN));
            let answer = function.send(&event.bearer(&token.text())).await;
            assert_eq!(answer.verdict(), Verdict::Continue, "{token:?}");
            assert_eq!(answer.line["caller"], "entra");
        }
    }
    assert_eq!(world.entra.fetches(), (0, 0), "the table has the keys");
}

/// What is wrong, the token, and what the log calls it.
type Wrong = (&'static str, String, &'static str);

fn wrong_claims(entra: &Entra) -> Vec<Wrong> {
    let of = |name: &str, value: Value| entra.token().claim(name, value).text();
    let without = |name: &str| entra.token().without_claim(name).text();
    let nobody = "00000000-0000-0000-0000-000000000000";
    let microsoft = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let longer = format!("{}/", entra.issuer());
    let appid_in_v2 = entra
        .token()
        .without_claim("azp")
        .claim("appid", CALLER_APP_ID);
    let azp_in_v1 = entra
        .token_v1()
        .without_claim("appid")
        .claim("azp", CALLER_APP_ID);
    vec![
        ("another audience", of("aud", json!(nobody)), "audience"),
        ("no audience", without("aud"), "malformed-token"),
        ("no audience in the list", of("aud", json!([])), "audience"),
        (
            "an issuer not configured",
            of("iss", json!(microsoft)),
            "issuer",
        ),
        ("a longer issuer", of("iss", json!(longer)), "issuer"),
        ("no issuer", without("iss"), "malformed-token"),
        (
            "another application",
            of("azp", json!(nobody)),
            "calling-application",
        ),
        ("no application", without("azp"), "calling-application"),
        (
            "the application under version 1's name",
            appid_in_v2.text(),
            "calling-application",
        ),
        (
            "the application under version 2's name",
            azp_in_v1.text(),
            "calling-application",
        ),
        ("another tenant", of("tid", json!(nobody)), "tenant"),
        ("no tenant", without("tid"), "malformed-token"),
        ("expired", of("exp", json!(now() - 60)), "expired"),
        ("expired long ago", of("exp", json!(0)), "expired"),
        ("a time out of range", of("exp", json!(i64::MAX)), "time"),
        (
            "a time as text",
            of("exp", json!("tomorrow")),
            "malformed-token",
        ),
        ("no end", without("exp"), "malformed-token"),
        (
            "not valid yet",
            of("nbf", json!(now() + 60)),
            "not-yet-valid",
        ),
        ("another version", of("ver", json!("3.0")), "version"),
        ("no version", without("ver"), "malformed-token"),
    ]
}

fn wrong_signatures(entra: &Entra) -> Vec<Wrong> {
    let good = || entra.token();
    let alg = |name: &str| good().header("alg", name);
    let own_key = good()
        .key(Key::Stranger)
        .header("kid", "first")
        .header("jwk", json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }));
    let critical = good().header("crit", json!(["b64"]));
    vec![
        ("no signature", alg("none").unsigned(), "malformed-token"),
        ("no signature under RS256", good().unsigned(), "signature"),
        ("alg None", alg("None").text(), "malformed-token"),
        (
            "HS256 with the public key",
            alg("HS256").confused(),
            "malformed-token",
        ),
        ("an HMAC under RS256", good().confused(), "signature"),
        ("RS512", alg("RS512").text(), "malformed-token"),
        (
            "no alg",
            good().without_header("alg").text(),
            "malformed-token",
        ),
        ("a critical extension", critical.text(), "malformed-token"),
        ("a key of its own", own_key.text(), "signature"),
        (
            "a known kid of a stranger",
            good().signed_with(Key::Stranger).text(),
            "signature",
        ),
        (
            "the key of a kid that is known",
            good().signed_with(Key::Second).text(),
            "signature",
        ),
        (
            "no kid",
            good().without_header("kid").text(),
            "malformed-token",
        ),
        (
            "a kid that is no text",
            good().header("kid", 1).text(),
            "malformed-token",
        ),
        ("one letter changed", changed(&good().text()), "signature"),
    ]
}

fn no_tokens(entra: &Entra) -> Vec<Wrong> {
    let good = entra.token().text();
    let malformed = [
        ("two parts", "e30.e30".to_owned()),
        ("four parts", format!("{good}.x")),
        ("nothing", String::new()),
        ("no Base64", "%%.%%.%%".to_owned()),
        ("no JSON", "AAAA.AAAA.AAAA".to_owned()),
        ("too long", "x".repeat(20_000)),
        ("a nesting bomb", bomb()),
        ("two tokens", format!("{good}, Bearer {good}")),
    ];
    malformed
        .into_iter()
        .map(|(what, token)| (what, token, "malformed-token"))
        .collect()
}

#[tokio::test]
async fn a_token_with_anything_wrong_is_refused_and_reads_nothing() {
    let world = World::new().await;
    let wrong = [wrong_claims, wrong_signatures, no_tokens].map(|table| table(&world.entra));
    for step in Step::ALL {
        let function = world.start(step).await;
        let surface = Surface::new(step, Protocol::Extension);
        let bare = Event::post(&surface.path()).json(&surface.body(JOHN));
        let before = world.proxy.operations();
        for (what, token, reason) in wrong.iter().flatten() {
            let answer = function.send(&bare.clone().bearer(token)).await;
            assert_eq!(answer.line["reason"], *reason, "{what}");
            answer.assert_refused(401, reason);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.line["authentication_failures"], 1);
        }
        assert_eq!(world.proxy.operations(), before, "nothing was read");
    }
    assert_eq!(world.entra.fetches(), (0, 0), "and nothing was fetched");
}

#[tokio::test]
async fn a_request_without_a_token_in_its_place_is_refused_and_reads_nothing() {
    let world = World::new().await;
    let token = world.entra.token().text();
    for step in Step::ALL {
        let function = world.start(step).await;
        let surface = Surface::new(step, Protocol::Extension);
        let bare = Event::post(&surface.path()).json(&surface.body(JOHN));
        let before = world.proxy.operations();
        for event in [
            bare.clone(),
            bare.clone().header("authorization", ""),
            bare.clone().header("authorization", "Bearer"),
            bare.clone().header("authorization", &token),
            bare.clone()
                .header("authorization", &format!("Token {token}")),
            bare.clone()
                .header("x-authorization", &format!("Bearer {token}")),
            bare.clone()
                .header("cookie", &format!("access_token={token}")),
            bare.clone().query(&format!("access_token={token}")),
            bare.basic(&world.connector),
        ] {
            let answer = function.send(&event).await;
            answer.assert_refused(401, "no-bearer-token");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
        assert_eq!(world.proxy.operations(), before, "nothing was read");
    }
}

/// The token with one letter of its signature changed.
fn changed(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (start, end) = signature.split_at(100);
    let (letter, end) = end.split_at(1);
    let other = if letter == "A" { "B" } else { "A" };
    format!("{signed}.{start}{other}{end}")
}

fn bomb() -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = format!("{{\"x\":{}", "[".repeat(8_000));
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","kid":"first"}"#);
    format!("{header}.{}.AAAA", URL_SAFE_NO_PAD.encode(claims))
}

#[tokio::test]
async fn a_body_of_another_tenant_than_the_tokens_is_refused() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        let surface = Surface::new(step, Protocol::Extension);
        let before = world.proxy.operations();
        let mut body = extension_body(step, JOHN);
        body["data"]["tenantId"] = json!("99999999-0000-cccc-1111-dddd2222eeee");
        let event = Event::post(&surface.path()).json(&body);
        let answer = function.send(&world.authenticated(surface, event)).await;
        assert_eq!((answer.status, answer.body.as_str()), (401, ""));
        assert_eq!(answer.line["reason"], "tenant-of-body");
        assert_eq!(world.proxy.operations(), before, "nothing was read");

        body["data"]["tenantId"] = json!(TENANT.to_uppercase());
        let event = Event::post(&surface.path()).json(&body);
        let answer = function.send(&world.authenticated(surface, event)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
    }
}

#[tokio::test]
async fn a_key_of_one_issuer_proves_nothing_for_another() {
    let world = World::new().await;
    // The table knows the second key for the version 1 issuer only.
    let mut keys = world.entra.signing_keys();
    keys.replace(&world.entra.issuer_v1(), vec![Key::Second.signing_key()]);
    world.save_keys(&keys, SystemClock.now()).await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let v1 = ask(&function, &world.entra.token_v1().key(Key::Second)).await;
    assert_eq!(v1.verdict(), Verdict::Continue);
    let v2 = ask(&function, &world.entra.token().key(Key::Second)).await;
    v2.assert_refused(401, "unknown-key");
}

#[tokio::test]
async fn entra_exchanges_its_keys_without_a_refused_request() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let with = |key: Key| world.entra.token().key(key);
    assert_eq!(
        ask(&function, &with(Key::First)).await.verdict(),
        Verdict::Continue
    );
    world.entra.publish(&[Key::First, Key::Second]);
    for key in [Key::Second, Key::First, Key::Second, Key::First] {
        let answer = ask(&function, &with(key)).await;
        assert_eq!(answer.verdict(), Verdict::Continue, "{key:?}");
        assert_in_budget(&answer);
    }
    world.entra.publish(&[Key::Second]);
    for _ in 0..5 {
        let answer = ask(&function, &with(Key::Second)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
    }
    assert_eq!(world.entra.fetches(), (1, 1), "one fetch was enough");
    let notice = function.notice(|line| line["issuer"].is_string()).await;
    assert_eq!(
        (&notice["level"], &notice["keys"]),
        (&json!("INFO"), &json!(2))
    );
}

fn assert_in_budget(answer: &Answer) {
    let limit = Duration::from_millis(800 + 500);
    assert!(answer.elapsed < limit, "too late: {answer:?}");
}

#[tokio::test]
async fn unknown_keys_cause_one_fetch_in_a_minute() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for number in 0..30 {
        let token = world
            .entra
            .token()
            .header("kid", format!("made-up-{number}"));
        ask(&function, &token)
            .await
            .assert_refused(401, "unknown-key");
    }
    assert_eq!(world.entra.fetches(), (1, 1));
    // Who is known is not concerned.
    let answer = ask(&function, &world.entra.token()).await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    // The other issuer has a minute of its own.
    for _ in 0..5 {
        let token = world.entra.token_v1().header("kid", "made-up");
        ask(&function, &token)
            .await
            .assert_refused(401, "unknown-key");
    }
    assert_eq!(world.entra.fetches(), (2, 2));
}

#[tokio::test]
async fn keys_that_are_missing_or_old_in_the_table_are_fetched_when_they_are_needed() {
    for age in [None, Some(SignedDuration::from_hours(25))] {
        let world = World::bare().await;
        if let Some(age) = age {
            world.store_keys(SystemClock.now() - age).await;
        }
        let function = world.start(Step::BeforeCreatingUser).await;
        assert_eq!(
            world.entra.fetches(),
            (0, 0),
            "a start needs no second service"
        );
        for _ in 0..3 {
            for token in [world.entra.token(), world.entra.token_v1()] {
                let answer = ask(&function, &token).await;
                assert_eq!(answer.verdict(), Verdict::Continue);
                assert_in_budget(&answer);
            }
        }
        assert_eq!(world.entra.fetches(), (2, 2), "once for each issuer");
    }
}

#[tokio::test]
async fn a_withdrawn_key_of_an_old_table_is_not_trusted_when_entra_can_be_asked() {
    let world = World::bare().await;
    let old: Timestamp = SystemClock.now() - SignedDuration::from_hours(25);
    world.store_keys(old).await;
    world.entra.publish(&[Key::Second]);
    let function = world.start(Step::BeforeCreatingUser).await;
    let answer = ask(&function, &world.entra.token().key(Key::Second)).await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    let answer = ask(&function, &world.entra.token().key(Key::First)).await;
    answer.assert_refused(401, "unknown-key");
}

#[tokio::test]
async fn old_keys_of_the_table_serve_in_time_while_entra_is_out_of_order() {
    for mode in [Mode::Failing, Mode::Hanging] {
        let world = World::bare().await;
        let old: Timestamp = SystemClock.now() - SignedDuration::from_hours(25);
        world.store_keys(old).await;
        world.entra.behave(mode);
        let function = world.start(Step::BeforeCreatingUser).await;
        for _ in 0..3 {
            let answer = ask(&function, &world.entra.token()).await;
            assert_eq!(answer.verdict(), Verdict::Continue, "{mode:?}");
            assert_eq!(answer.line["deadline_misses"], Value::Null);
        }
        // A key that never was trusted does not become so.
        let answer = ask(&function, &world.entra.token().key(Key::Second)).await;
        answer.assert_refused(401, "unknown-key");
        assert_in_budget(&answer);
    }
}

#[tokio::test]
async fn entra_out_of_order_refuses_unknown_keys_in_time_and_serves_known_ones() {
    for mode in [Mode::Failing, Mode::Hanging] {
        let world = World::new().await;
        let function = world.start(Step::BeforeCreatingUser).await;
        world.entra.behave(mode);
        let unknown = world.entra.token().key(Key::Second);
        let answer = ask(&function, &unknown).await;
        answer.assert_refused(401, "unknown-key");
        assert_in_budget(&answer);
        let answer = ask(&function, &world.entra.token()).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
        assert!(answer.elapsed < Duration::from_millis(500), "{answer:?}");
        let notice = function
            .notice(|line| line["dependency"] == "entra-keys")
            .await;
        assert_eq!(notice["level"], "ERROR");
        assert_eq!(notice["dependency_failures"], 1);
        assert_eq!(
            notice["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"],
            "dependency_failures"
        );
    }
}

#[tokio::test]
async fn entra_out_of_order_at_the_start_does_not_keep_connectors_out() {
    for mode in [Mode::Failing, Mode::Hanging] {
        let world = World::bare().await;
        let login = world.create_credential("connector").await;
        world.entra.behave(mode);
        let started = tokio::time::Instant::now();
        let function = world.start(Step::BeforeCreatingUser).await;
        // Lambda gives the init phase ten seconds.
        assert!(started.elapsed() < Duration::from_secs(5));
        let connector = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
        let event = Event::post(&connector.path()).json(&connector.body(JOHN));
        let answer = function.send(&event.basic(&login)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
        let answer = ask(&function, &world.entra.token()).await;
        answer.assert_refused(401, "unknown-key");
        assert_in_budget(&answer);
    }
}

#[tokio::test]
async fn a_token_is_not_a_way_to_make_the_function_fetch_from_elsewhere() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let url = world.entra.issuer();
    let elsewhere = world
        .entra
        .token()
        .header("kid", "made-up")
        .claim("iss", format!("{url}/../../elsewhere/v2.0"))
        .header("jku", format!("{url}/keys"))
        .header("x5u", format!("{url}/keys"));
    let answer = ask(&function, &elsewhere).await;
    answer.assert_refused(401, "issuer");
    assert_eq!(world.entra.fetches(), (0, 0));
    assert_eq!(answer.line["dependency_failure"], Value::Null);
}
