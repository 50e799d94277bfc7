//! A program that fails while it decides still answers in protocol, and says so in the log.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use jiff::Timestamp;
use serde_json::Value;
use shared::{
    adapters::dynamodb::Table,
    app::{
        callers::Callers,
        decide::{Asked, Decide, Decided},
    },
    domain::{
        caller::{CertificateRule, ClientCertificate},
        key_set::SigningKey,
        policy::OnUnavailable,
        sign_up::{Protocol, Step},
    },
    http::{Route, Service, Trust, VerifiedCertificate},
    ports::{
        Deadline,
        journal::Notice,
        key_source::{KeySource, KeySourceError},
    },
    testkit::{FixedClock, Remembered, settings},
};
use tower::ServiceExt;

/// Fails as a fault of our own would.
struct Broken;

#[async_trait]
impl Decide for Broken {
    async fn decide(&self, _: Asked<'_>, _: Deadline) -> Decided {
        panic!("a fault of the program");
    }
}

struct NoKeys;

#[async_trait]
impl KeySource for NoKeys {
    async fn fetch(&self, _: &str, _: Deadline) -> Result<Vec<SigningKey>, KeySourceError> {
        Ok(Vec::new())
    }
}

/// Status and body for a caller with a listed certificate, so that nothing needs the table.
async fn answer(step: Step) -> (StatusCode, Vec<u8>, Arc<Remembered>) {
    let engine = local::engine::Engine::in_memory().await.unwrap();
    let table = Arc::new(Table::new(engine.connection().client(), "none"));
    let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
    let journal = Arc::new(Remembered::default());
    let callers = Arc::new(Callers::new(
        Arc::clone(&table) as _,
        Arc::new(NoKeys),
        table,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    ));
    let mut settings = settings(
        step,
        Trust {
            certificates: vec![CertificateRule::Thumbprint("a".repeat(40))],
            entra: None,
        },
    );
    settings.policies.default.on_unavailable = OnUnavailable::Continue;
    let service = Service::new(
        settings,
        callers,
        Arc::new(Broken),
        clock,
        Arc::clone(&journal) as _,
    );
    let route = Route {
        step,
        protocol: Protocol::Connector,
    };
    let request = Request::post(route.path())
        .header("content-type", "application/json")
        .extension(VerifiedCertificate(ClientCertificate {
            subject: "CN=entra".to_owned(),
            issuer: "CN=ca".to_owned(),
            sha1: "a".repeat(40),
            sha256: "b".repeat(64),
            not_before: Timestamp::MIN,
            not_after: Timestamp::MAX,
        }))
        .body(Body::from(r#"{"email":"john@example.com"}"#))
        .unwrap();
    let response = service.router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, body.to_vec(), journal)
}

#[tokio::test]
async fn a_panic_becomes_a_block_page_even_where_an_outage_would_continue() {
    let (status, body, journal) = answer(Step::BeforeCreatingUser).await;
    let page: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        (status, &page["action"]),
        (StatusCode::OK, &Value::from("ShowBlockPage"))
    );
    let notices = journal.notices();
    assert!(
        notices.contains(&Notice::Panicked {
            step: "before-creating-user"
        }),
        "{notices:?}"
    );
    let told = journal.answers().remove(0);
    assert_eq!((told.outcome, told.reason), ("block", Some("unavailable")));
    let reference = told.reference.unwrap().to_string();
    assert!(
        page["userMessage"].as_str().unwrap().contains(&reference),
        "{page}"
    );
}

#[tokio::test]
async fn a_panic_at_the_token_step_fails_the_call() {
    let (status, body, _) = answer(Step::BeforeToken).await;
    assert_eq!((status, body.len()), (StatusCode::BAD_REQUEST, 0));
}
