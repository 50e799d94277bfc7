//! Tokens by client credentials.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use jiff::SignedDuration;
use ring::{
    digest::{SHA256, digest},
    signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey},
};
use rstest::rstest;
use serde_json::{Value, json};
use shared::ports::outgoing::{Call, Credential, Outgoing, OutgoingError, Reply};

use x509_parser::pem::parse_x509_pem;

use crate::{
    World, far, near,
    servers::{Answer, Server},
    status, with,
};

/// Self-signed, of nobody, with its key.
const CERTIFICATE: &str = include_str!("../fixtures/client-certificate.pem");

const SECRET: &str = r#"{"client_id":"contoso crm","client_secret":"a+b/hush:"}"#;

/// A system and its token endpoint, on one server.
async fn system() -> (Server, World) {
    let server = Server::start().await;
    server.on("/crm", [Answer::status(200)]);
    server.on("/token", [granted("t1", 3600), granted("t2", 3600)]);
    let world = World::naming(&[&server.authority()]);
    world.secrets.put("client", SECRET);
    (server, world)
}

fn granted(token: &str, seconds: u32) -> Answer {
    let answer =
        format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{seconds}}}"#);
    Answer::reply(200, answer)
}

fn call(server: &Server, scope: Option<&str>) -> Call {
    let credential = Credential::ClientCredentials {
        token_url: server.url("/token"),
        scope: scope.map(str::to_owned),
        secret: "client".to_owned(),
    };
    with(&server.url("/crm"), &[credential])
}

/// The tokens that the system received, in order.
fn tokens(server: &Server) -> Vec<String> {
    let received = server.received();
    let calls = received.iter().filter(|request| request.path == "/crm");
    calls
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect()
}

fn no_token(result: Result<Reply, OutgoingError>) -> String {
    match result {
        Err(OutgoingError::Token(text)) => text,
        other => panic!("expected no token, found {other:?}"),
    }
}

#[tokio::test]
async fn a_token_is_asked_for_as_rfc_6749_has_it() {
    let (server, world) = system().await;
    let call = call(&server, Some("crm.read crm.write"));
    assert_eq!(status(world.http().call(&call, far()).await), 200);
    let asked = &server.received()[0];
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("POST", "/token")
    );
    assert_eq!(
        asked.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(
        asked.text(),
        "grant_type=client_credentials&scope=crm.read+crm.write"
    );
    // "contoso+crm:a%2Bb%2Fhush%3A"
    assert_eq!(
        asked.header("authorization"),
        Some("Basic Y29udG9zbytjcm06YSUyQmIlMkZodXNoJTNB")
    );
    assert_eq!(tokens(&server), ["Bearer t1"]);
}

/// The form that the token endpoint got.
fn form(body: &str) -> HashMap<String, String> {
    form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect()
}

fn part(text: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[tokio::test]
async fn a_client_with_a_certificate_signs_instead_of_telling_a_password() {
    let (server, world) = system().await;
    let secret = json!({ "client_id": "contoso crm", "certificate": CERTIFICATE });
    world.secrets.put("client", secret.to_string());
    assert_eq!(
        status(world.http().call(&call(&server, None), far()).await),
        200
    );

    let asked = &server.received()[0];
    assert_eq!(asked.header("authorization"), None);
    let form = form(asked.text());
    assert_eq!(form["client_id"], "contoso crm");
    assert_eq!(
        form["client_assertion_type"],
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    );
    let (signed, signature) = form["client_assertion"].rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();

    let (_, pem) = parse_x509_pem(CERTIFICATE.as_bytes()).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &pem.contents));
    assert_eq!(
        part(header),
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint })
    );
    let certificate = pem.parse_x509().unwrap();
    let key = &certificate.public_key().subject_public_key.data;
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key)
        .verify(
            signed.as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();

    let claims = part(claims);
    assert_eq!(claims["aud"], server.url("/token"));
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&json!("contoso crm"), &json!("contoso crm"))
    );
    let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
    assert_eq!(life, 300);
    assert!(claims["jti"].as_str().unwrap().len() >= 20);
}

fn without_key() -> &'static str {
    CERTIFICATE
        .split_inclusive("-----END CERTIFICATE-----")
        .next()
        .unwrap()
}

#[rstest]
#[case::no_certificate("hush")]
#[case::no_key(without_key())]
#[tokio::test]
async fn a_certificate_that_cannot_sign_is_told_without_it(#[case] pem: &str) {
    let (server, world) = system().await;
    let secret = json!({ "client_id": "a", "certificate": pem });
    world.secrets.put("client", secret.to_string());
    let error = world.http().call(&call(&server, None), far()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("PEM with a certificate"), "{error}");
    assert!(!error.contains("hush") && !error.contains("MII"), "{error}");
    assert_eq!(server.count("/token"), 0);
}

#[tokio::test]
async fn a_token_is_kept_for_its_scope() {
    let (server, world) = system().await;
    let http = world.http();
    for scope in [None, None, Some("crm.read"), None, Some("crm.read")] {
        assert_eq!(status(http.call(&call(&server, scope), far()).await), 200);
    }
    assert_eq!(server.count("/token"), 2);
    assert_eq!(
        tokens(&server),
        [
            "Bearer t1",
            "Bearer t1",
            "Bearer t2",
            "Bearer t1",
            "Bearer t2"
        ]
    );
}

#[rstest]
#[case::a_minute_before_its_end(granted("t1", 3600), 3540)]
#[case::after_five_minutes(
    Answer::reply(200, r#"{"access_token":"t1","token_type":"bearer"}"#),
    300
)]
#[tokio::test]
async fn a_token_is_replaced(#[case] first: Answer, #[case] seconds: i64) {
    let (server, world) = system().await;
    server.on("/token", [first, granted("t2", 3600)]);
    let http = world.http();
    let call = call(&server, None);
    for wait in [0, seconds - 1, 1] {
        world.clock.advance(SignedDuration::from_secs(wait));
        assert_eq!(status(http.call(&call, far()).await), 200);
    }
    assert_eq!(tokens(&server), ["Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn a_token_that_ends_at_once_serves_its_own_call() {
    let (server, world) = system().await;
    server.on("/token", [granted("t1", 60), granted("t2", 0)]);
    let http = world.http();
    for _ in 0..2 {
        assert_eq!(status(http.call(&call(&server, None), far()).await), 200);
    }
    assert_eq!(tokens(&server), ["Bearer t1", "Bearer t2"]);
}

#[tokio::test]
async fn calls_at_once_share_a_token() {
    let (server, world) = system().await;
    let http = world.http();
    let call = call(&server, None);
    let answers = join_all((0..8).map(|_| http.call(&call, far()))).await;
    assert!(answers.into_iter().all(|answer| status(answer) == 200));
    assert_eq!(server.count("/token"), 1);
}

#[tokio::test]
async fn calls_refused_at_once_share_the_new_token() {
    let (server, world) = system().await;
    let http = world.http();
    let call = call(&server, None);
    assert_eq!(status(http.call(&call, far()).await), 200);
    server.on(
        "/crm",
        [
            Answer::status(401),
            Answer::status(401),
            Answer::status(200),
        ],
    );
    let answers = join_all((0..2).map(|_| http.call(&call, far()))).await;
    assert!(answers.into_iter().all(|answer| answer.is_ok()));
    assert_eq!(server.count("/token"), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_along_with_its_secret() {
    let (server, world) = system().await;
    server.on("/crm", [Answer::status(401), Answer::status(200)]);
    world
        .secrets
        .rotate("client", r#"{"client_id":"contoso","client_secret":"new"}"#);
    assert_eq!(
        status(world.http().call(&call(&server, None), far()).await),
        200
    );
    assert_eq!(tokens(&server), ["Bearer t1", "Bearer t2"]);
    let asked: Vec<_> = server
        .received()
        .into_iter()
        .filter(|request| request.path == "/token")
        .collect();
    assert_ne!(
        asked[0].header("authorization"),
        asked[1].header("authorization")
    );
}

#[tokio::test]
async fn a_refused_client_is_tried_with_its_new_secret() {
    let (server, world) = system().await;
    server.on("/token", [Answer::status(401), granted("t1", 3600)]);
    world
        .secrets
        .rotate("client", r#"{"client_id":"contoso","client_secret":"new"}"#);
    assert_eq!(
        status(world.http().call(&call(&server, None), far()).await),
        200
    );
    assert_eq!(server.count("/token"), 2);
}

#[rstest]
#[case::refusal(
    Answer::reply(400, r#"{"error":"invalid_scope","error_description":"hush"}"#),
    "HTTP status 400, `invalid_scope`"
)]
#[case::unknown_refusal(Answer::reply(400, r#"{"error":"hush"}"#), "HTTP status 400")]
#[case::refused_client(Answer::reply(401, "hush"), "HTTP status 401")]
#[case::redirection(Answer::status(302), "HTTP status 302")]
#[case::fault(Answer::status(500), "HTTP status 500")]
#[case::garbage(
    Answer::reply(200, "hush"),
    "expected JSON with the texts `access_token` and `token_type` in the answer"
)]
#[case::no_token(
    Answer::reply(200, r#"{"token_type":"Bearer"}"#),
    "expected JSON with the texts `access_token` and `token_type` in the answer"
)]
#[case::another_type(
    Answer::reply(200, r#"{"access_token":"hush","token_type":"mac"}"#),
    "its type is not `Bearer`"
)]
#[case::two_lines(
    Answer::reply(200, r#"{"access_token":"hush\n","token_type":"Bearer"}"#),
    "it does not fit into a header"
)]
#[tokio::test]
async fn what_is_no_token_is_told(#[case] answer: Answer, #[case] expected: &str) {
    let (server, world) = system().await;
    server.on("/token", [answer]);
    let http = world.http();
    assert_eq!(
        no_token(http.call(&call(&server, None), far()).await),
        expected
    );
    assert!(tokens(&server).is_empty());
    assert!(!format!("{http:?}").contains("hush"));
}

#[tokio::test]
async fn a_token_endpoint_that_comes_back_is_asked_again() {
    let (server, world) = system().await;
    server.on("/token", [Answer::status(503), granted("t1", 3600)]);
    let http = world.http();
    no_token(http.call(&call(&server, None), far()).await);
    assert_eq!(status(http.call(&call(&server, None), far()).await), 200);
}

#[tokio::test]
async fn a_token_endpoint_that_hangs_costs_the_deadline_and_no_more() {
    let (server, world) = system().await;
    server.on("/token", [Answer::Hang]);
    let http = world.http();
    let result = http.call(&call(&server, None), near()).await;
    assert_eq!(result, Err(OutgoingError::TimedOut));
    server.on("/token", [granted("t1", 3600)]);
    assert_eq!(status(http.call(&call(&server, None), far()).await), 200);
}

#[tokio::test]
async fn a_token_endpoint_is_guarded_as_well() {
    let (server, world) = system().await;
    let inside = Server::start().await;
    let credential = Credential::ClientCredentials {
        token_url: inside.url("/token"),
        scope: None,
        secret: "client".to_owned(),
    };
    let call = with(&server.url("/crm"), &[credential]);
    crate::refusal(world.http().call(&call, far()).await);
    assert!(inside.received().is_empty());
}
