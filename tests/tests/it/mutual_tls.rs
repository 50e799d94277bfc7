//! Client certificates, from a real handshake to the answer.

use std::sync::Arc;

use serde_json::Value;
use shared::domain::sign_up::{Protocol, Step};

use crate::harness::{
    Authority, ClientIdentity, Event, Function, Gateway, Surface, Verdict, World, connector_body,
};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";
const SURFACE: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
const CONTINUE: &str = r#"{"version":"1.0.0","action":"Continue"}"#;

/// 1 June 2020.
const THEN: u64 = 1_590_969_600;
/// 1 June 2099.
const LATER: u64 = 4_083_955_200;

async fn start(world: &World, rules: &str) -> Arc<Function> {
    let settings = world.settings().set("CLIENT_CERTIFICATES", rules);
    Arc::new(Function::start(SURFACE.step, &settings).await)
}

fn body() -> Value {
    connector_body(SURFACE.step, JOHN)
}

async fn post(gateway: &Gateway, identity: &ClientIdentity) -> (u16, String) {
    gateway
        .post(Some(identity), &SURFACE.path(), &[], &body())
        .await
        .unwrap()
}

/// As Entra's portal and other tools write a thumbprint.
fn with_colons(digits: &str) -> String {
    let pairs: Vec<&str> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap())
        .collect();
    pairs.join(":")
}

#[tokio::test]
async fn a_listed_certificate_may_call_by_either_thumbprint_or_by_its_names() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let [by_sha1, by_sha256, by_colons, by_names, next, unlisted] =
        ["a", "b", "c", "d", "e", "f"].map(|name| authority.client(&format!("sign-up {name}")));
    let rules = [
        format!("thumbprint={}", by_sha1.sha1()),
        format!("thumbprint={}", by_sha256.sha256().to_lowercase()),
        format!("thumbprint={}", with_colons(&by_colons.sha1())),
        "subject=CN=sign-up d, O=Contoso|issuer=CN=authority, O=Contoso".to_owned(),
        // The next certificate of a rotation stands beside the one in use.
        format!("thumbprint={}", next.sha1()),
    ];
    let function = start(&world, &rules.join("; ")).await;
    let gateway = Gateway::start(Arc::clone(&function), &authority).await;
    for identity in [&by_sha1, &by_sha256, &by_colons, &by_names, &next] {
        let expected = (200, CONTINUE.to_owned());
        assert_eq!(post(&gateway, identity).await, expected);
    }
    let line = function.notice(|line| line["caller"].is_string()).await;
    assert_eq!(line["caller"], "certificate");

    let before = world.proxy.operations();
    assert_eq!(post(&gateway, &unlisted).await, (401, String::new()));
    let line = function.notice(|line| line["status"] == 401).await;
    assert_eq!(line["reason"], "certificate");
    assert_eq!(line["authentication_failures"], 1);
    assert_eq!(world.proxy.operations(), before, "nothing was read");
    assert_eq!(gateway.refused(), 0);
}

#[tokio::test]
async fn the_names_must_be_the_whole_names() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let function = start(
        &world,
        "subject=CN=sign-up, O=Contoso|issuer=CN=authority, O=Contoso",
    )
    .await;
    let gateway = Gateway::start(Arc::clone(&function), &authority).await;
    assert_eq!(post(&gateway, &authority.client("sign-up")).await.0, 200);
    for name in [
        "sign-up2",
        "sign",
        "SIGN-UP",
        "x, CN=sign-up",
        // A common name that reads like two parts of a name.
        "sign-up, O=Contoso",
    ] {
        let answer = post(&gateway, &authority.client(name)).await;
        assert_eq!(answer, (401, String::new()), "{name}");
    }
    // The right subject from another authority that the truststore trusts as well.
    let other = Authority::new("other authority");
    let gateway = Gateway::start(Arc::clone(&function), &other).await;
    let answer = post(&gateway, &other.client("sign-up")).await;
    assert_eq!(answer, (401, String::new()));
}

#[tokio::test]
async fn two_names_of_one_subject_are_not_one_name_with_a_comma() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let spoofed = authority.client_without_organization("sign-up, O=Contoso");
    let function = start(
        &world,
        "subject=CN=sign-up, O=Contoso|issuer=CN=authority, O=Contoso",
    )
    .await;
    let gateway = Gateway::start(Arc::clone(&function), &authority).await;
    assert_eq!(post(&gateway, &spoofed).await, (401, String::new()));
}

#[tokio::test]
async fn an_expired_or_future_certificate_is_refused_even_if_the_gateway_lets_it_through() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let expired = authority.client_of_years("sign-up", 2020, 2021);
    let future = authority.client_of_years("sign-up", 2099, 2100);
    let rules = format!(
        "thumbprint={};thumbprint={};subject=CN=sign-up, O=Contoso|issuer=CN=authority, O=Contoso",
        expired.sha1(),
        future.sha256()
    );
    let function = start(&world, &rules).await;
    for (identity, when) in [(&expired, THEN), (&future, LATER)] {
        let lax = Gateway::start_at(Arc::clone(&function), &authority, when).await;
        assert_eq!(post(&lax, identity).await, (401, String::new()));
        // A gateway with a right clock does not even finish the handshake.
        let strict = Gateway::start(Arc::clone(&function), &authority).await;
        let refused = strict
            .post(Some(identity), &SURFACE.path(), &[], &body())
            .await;
        assert!(refused.is_err());
        assert_eq!(strict.refused(), 1);
    }
    assert_eq!(world.proxy.count("BatchGetItem"), 1, "the one of the start");
}

#[tokio::test]
async fn a_handshake_without_a_certificate_of_the_truststore_fails() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let listed = authority.client("sign-up");
    // The same names under another key.
    let stranger = Authority::new("authority").client("sign-up");
    let rules = format!(
        "thumbprint={};thumbprint={}",
        listed.sha256(),
        stranger.sha256()
    );
    let function = start(&world, &rules).await;
    let gateway = Gateway::start(Arc::clone(&function), &authority).await;
    let forged = [("x-amzn-mtls-clientcert", "anything")];
    for (identity, headers) in [
        (None, &[] as &[(&str, &str)]),
        (None, &forged),
        (Some(&stranger), &[]),
    ] {
        let refused = gateway
            .post(identity, &SURFACE.path(), headers, &body())
            .await;
        assert!(refused.is_err(), "{refused:?}");
    }
    assert_eq!(gateway.refused(), 3);
    assert!(
        !function.lines().iter().any(|line| line.contains("outcome")),
        "the function never heard of it"
    );
    assert_eq!(post(&gateway, &listed).await.0, 200);
}

#[tokio::test]
async fn an_unlisted_certificate_cannot_pass_for_a_listed_one_by_headers() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let listed = authority.client("sign-up");
    let unlisted = authority.client("other");
    let function = start(&world, &format!("thumbprint={}", listed.sha256())).await;
    let gateway = Gateway::start(Arc::clone(&function), &authority).await;
    let pem = listed.pem().replace('\n', "%0A");
    let headers = [
        "x-arr-clientcert",
        "x-amzn-mtls-clientcert",
        "x-client-cert",
    ]
    .map(|name| (name, pem.as_str()));
    let answer = gateway
        .post(Some(&unlisted), &SURFACE.path(), &headers, &body())
        .await
        .unwrap();
    assert_eq!(answer, (401, String::new()));
}

#[tokio::test]
async fn a_certificate_opens_connectors_and_a_password_still_does() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let [listed, unlisted] = ["sign-up", "other"].map(|name| authority.client(name));
    let function = start(&world, &format!("thumbprint={}", listed.sha256())).await;
    let event = |identity: &ClientIdentity| {
        Event::post(&SURFACE.path())
            .json(&body())
            .certificate(&identity.pem())
    };
    let answer = function.send(&event(&listed)).await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    // Both proofs: one good one is enough, and the certificate comes first.
    let answer = function.send(&event(&listed).basic(&world.connector)).await;
    assert_eq!(answer.line["caller"], "certificate");
    let answer = function
        .send(&event(&unlisted).basic(&world.connector))
        .await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    assert!(
        answer.line["caller"]
            .as_str()
            .unwrap()
            .starts_with("credential:")
    );
    // A certificate is no token.
    let extension = Surface::new(SURFACE.step, Protocol::Extension);
    let event = Event::post(&extension.path())
        .json(&extension.body(JOHN))
        .certificate(&listed.pem());
    let answer = function.send(&event).await;
    answer.assert_refused(401, "no-bearer-token");
}

#[tokio::test]
async fn the_certificate_is_read_however_the_platform_breaks_its_lines() {
    let world = World::new().await;
    let authority = Authority::new("authority");
    let listed = authority.client("sign-up");
    let function = start(&world, &format!("thumbprint={}", listed.sha256())).await;
    let pem = listed.pem();
    let unix = pem.replace("\r\n", "\n");
    let event = |pem: &str| Event::post(&SURFACE.path()).json(&body()).certificate(pem);
    for pem in [
        unix.clone(),
        unix.replace('\n', "\r\n"),
        unix.trim_end().to_owned(),
        format!("{unix}\n\n"),
    ] {
        let answer = function.send(&event(&pem)).await;
        assert_eq!(answer.verdict(), Verdict::Continue, "{pem:?}");
    }
    for rubbish in [
        "",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        unix.get(..unix.len() / 2).unwrap(),
    ] {
        let answer = function.send(&event(rubbish)).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, ""),
            "{rubbish}"
        );
    }
}
