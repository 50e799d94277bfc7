//! Odd events: what API Gateway and Lambda may send beside what Entra does.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::sign_up::{Protocol, Step};

use crate::harness::{Event, Function, PlatformDeadline, Surface, Verdict, World};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";
const CONNECTOR: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
const EXTENSION: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);
const IN_TIME: PlatformDeadline = PlatformDeadline::In(Duration::from_secs(5));

#[tokio::test]
async fn a_body_in_base64_is_the_same_body() {
    let world = World::new().await;
    for step in Step::ALL {
        let function = world.start(step).await;
        for surface in Surface::ALL.into_iter().filter(|s| s.step == step) {
            let event = world.event(surface, JOHN);
            let plain = function.send(&event).await;
            let encoded = function.send(&event.base64()).await;
            assert_eq!(plain.body, encoded.body);
            assert_eq!(encoded.verdict(), Verdict::Continue);
        }
    }
}

#[tokio::test]
async fn letters_of_every_script_come_through() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for surface in [CONNECTOR, EXTENSION] {
        let mut body = surface.body(JOHN);
        body["displayName"] = json!("Łukasz Øyvind 山田 🦀 \u{202e}abc");
        let event = Event::post(&surface.path()).json(&body);
        let event = world.authenticated(surface, event);
        for event in [event.clone(), event.base64()] {
            assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
        }
    }
}

#[tokio::test]
async fn an_event_without_the_usual_headers_is_answered_all_the_same() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let usual = [
        "accept",
        "host",
        "user-agent",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    ];
    for surface in [CONNECTOR, EXTENSION] {
        let full = world.event(surface, JOHN);
        for name in usual {
            let event = full.clone().without_header(name);
            assert_eq!(
                function.send(&event).await.verdict(),
                Verdict::Continue,
                "without {name}"
            );
        }
        let bare = usual.into_iter().fold(full, Event::without_header);
        assert_eq!(function.send(&bare).await.verdict(), Verdict::Continue);
        let nothing = bare
            .without_header("content-type")
            .without_header("authorization")
            .without_body();
        assert_eq!(function.send(&nothing).await.status, 401);
    }
}

#[tokio::test]
async fn headers_that_entra_does_not_send_change_nothing() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for surface in [CONNECTOR, EXTENSION] {
        let mut event = world.event(surface, JOHN);
        for (name, value) in [
            ("x-http-method-override", "DELETE"),
            ("x-original-url", "/connectors/before-token"),
            ("x-rewrite-url", "/connectors/before-token"),
            ("content-length", "5"),
            ("transfer-encoding", "chunked"),
            ("content-encoding", "gzip"),
            ("expect", "100-continue"),
            ("origin", "https://evil.example"),
            ("accept", "text/html"),
            ("accept-encoding", "gzip, br"),
            ("accept-language", "sv"),
            ("range", "bytes=0-1"),
            ("if-none-match", "*"),
            ("cookie", "a=b"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
        ] {
            event = event.header(name, value);
        }
        assert_eq!(function.send(&event).await.verdict(), Verdict::Continue);
    }
}

#[tokio::test]
async fn only_the_headers_of_the_contract_leave_a_function() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let event = world.event(CONNECTOR, JOHN);
    let path = CONNECTOR.path();
    for (event, status, more) in [
        (event.clone(), 200, Some("content-type")),
        (Event::post(&path), 401, Some("www-authenticate")),
        (Event::new("GET", &path), 405, Some("allow")),
        (
            event.clone().header("content-type", "text/plain"),
            415,
            None,
        ),
        (event.clone().body("x".repeat(300_000)), 413, None),
        (
            Event::post(&EXTENSION.path()).bearer("x"),
            401,
            Some("www-authenticate"),
        ),
        (
            world.authenticated(EXTENSION, Event::post(&EXTENSION.path()).json(&json!({}))),
            400,
            None,
        ),
    ] {
        // `send` refuses every header that is not in the contract at all.
        let answer = function.send(&event).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let mut names: Vec<&str> = answer.headers.keys().map(String::as_str).collect();
        names.retain(|name| *name != "content-length");
        let mut expected: Vec<&str> = ["cache-control"].into_iter().chain(more).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

/// What is no HTTP event of API Gateway at all fails alone, and not the function.
#[tokio::test]
async fn an_event_that_nobody_understands_does_not_end_the_function() {
    let world = World::new().await;
    let mut function = world.start(Step::BeforeCreatingUser).await;
    let good = world.event(CONNECTOR, JOHN);
    let with = |member: &str, value: Value| {
        let mut event = good.to_json();
        event[member] = value;
        event.to_string()
    };
    let mut bad_base64 = good.to_json();
    bad_base64["isBase64Encoded"] = json!(true);
    let mut headers = good.to_json();
    headers["headers"]["x bad name"] = json!("value\r\nwith: more");
    let mut host = good.to_json();
    host["headers"]["host"] = json!("sign up.example.com");
    let mut scheme = good.to_json();
    scheme["headers"]["x-forwarded-proto"] = json!("ht tp");
    for event in [
        "{}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "not JSON".to_owned(),
        json!({ "Records": [{ "eventSource": "aws:sqs", "body": JOHN }] }).to_string(),
        json!({ "version": "1.0", "path": CONNECTOR.path(), "httpMethod": "POST", "body": JOHN })
            .to_string(),
        with("version", json!("3.0")),
        with("requestContext", Value::Null),
        with("rawPath", Value::Null),
        with("rawPath", json!("no slash at the start")),
        with("rawPath", json!("//evil.example/x")),
        with("rawQueryString", json!("a=b c&<>\u{e4}#x")),
        with("headers", Value::Null),
        with("body", json!({ "email": JOHN })),
        with("cookies", json!(["a=b\r\nx: y"])),
        bad_base64.to_string(),
        headers.to_string(),
        host.to_string(),
        scheme.to_string(),
    ] {
        let outcome = function.invoke(event.clone(), IN_TIME).await;
        if let Err(error) = &outcome {
            let error = String::from_utf8_lossy(error);
            assert!(!error.contains(JOHN), "{event}: {error}");
        }
        if let Ok(payload) = outcome {
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            let body = payload["body"].as_str().unwrap_or_default();
            // Some are understood after all; then they are answered as any other request.
            assert!(payload["statusCode"].is_u64(), "{event}: {payload}");
            assert!(!body.contains("panicked"), "{event}: {payload}");
        }
        let answer = function.send(&good).await;
        assert_eq!(answer.verdict(), Verdict::Continue, "after {event}");
    }
    assert!(function.is_running().await);
    function.hides(&[JOHN.to_owned(), world.connector.password.clone()], 0);
}

#[tokio::test]
async fn five_hundred_requests_of_all_kinds_leave_the_function_as_it_was() {
    let world = World::new().await;
    let function: Function = world.start(Step::BeforeCreatingUser).await;
    let first = function.send(&world.event(CONNECTOR, JOHN)).await;
    for number in 0..100 {
        let address = format!("person{number}@domain{number}.example");
        for event in [
            world.event(CONNECTOR, &address),
            world.event(EXTENSION, &address),
            world.event(CONNECTOR, "not an address"),
            Event::post(&CONNECTOR.path()),
            world.event(CONNECTOR, &address).body("{"),
        ] {
            let answer = function.send(&event).await;
            assert!(answer.elapsed < Duration::from_secs(1), "{answer:?}");
        }
    }
    let last = function.send(&world.event(CONNECTOR, JOHN)).await;
    assert_eq!(last.body, first.body);
}
