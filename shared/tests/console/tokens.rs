//! ID tokens that Entra has not given for this sign-in.

use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use local_entra::{model::TenantKind, tokens::Tokens};
use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::world::{APPROVER, CLIENT, World};

const SESSION: &str = "__Host-approvals-session";
const ANOTHER: &str = "99998888-7777-6666-5555-444433332222";

/// What a right token says beside what every token does.
fn claims(nonce: &str) -> Map<String, Value> {
    let claims = json!({
        "aud": CLIENT,
        "nonce": nonce,
        "oid": APPROVER,
        "preferred_username": "alex@contoso.example",
        "roles": ["Approver"],
    });
    claims.as_object().unwrap().clone()
}

fn right(world: &World, nonce: &str) -> String {
    signed(world, claims(nonce))
}

fn signed(world: &World, claims: Map<String, Value>) -> String {
    world.entra.tokens.id_token(TenantKind::Workforce, claims)
}

fn with(world: &World, nonce: &str, name: &str, value: &str) -> String {
    let mut claims = claims(nonce);
    claims.insert(name.to_owned(), value.into());
    signed(world, claims)
}

fn of_another_client(world: &World, nonce: &str) -> String {
    with(world, nonce, "aud", ANOTHER)
}

fn of_another_attempt(world: &World, _: &str) -> String {
    right(world, "another")
}

fn of_no_attempt(world: &World, nonce: &str) -> String {
    let mut claims = claims(nonce);
    claims.remove("nonce");
    signed(world, claims)
}

fn of_another_tenant(world: &World, nonce: &str) -> String {
    let mut tenant = world.entra.config.tenant.clone();
    ANOTHER.clone_into(&mut tenant.id);
    Tokens::new(&world.entra.origin, &tenant).id_token(TenantKind::Workforce, claims(nonce))
}

fn of_another_issuer(world: &World, nonce: &str) -> String {
    let tokens = &world.entra.tokens;
    tokens.id_token(TenantKind::External, claims(nonce))
}

/// More rights under the signature of fewer.
fn with_changed_claims(world: &World, nonce: &str) -> String {
    rewritten(&right(world, nonce), 1, |claims| {
        claims["roles"] = json!(["Administrator"]);
    })
}

fn with_a_changed_signature(world: &World, nonce: &str) -> String {
    let token = right(world, nonce);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut octets = URL_SAFE_NO_PAD.decode(signature).unwrap();
    octets[0] ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(octets))
}

fn with_another_key(world: &World, nonce: &str) -> String {
    rewritten(&right(world, nonce), 0, |header| {
        header["kid"] = "none".into();
    })
}

fn with_no_algorithm(world: &World, nonce: &str) -> String {
    rewritten(&right(world, nonce), 0, |header| {
        header["alg"] = "none".into();
    })
}

fn unsigned(world: &World, nonce: &str) -> String {
    let token = with_no_algorithm(world, nonce);
    let (signed, _) = token.rsplit_once('.').unwrap();
    format!("{signed}.")
}

/// The public key as if it were a shared secret.
fn with_a_symmetric_algorithm(world: &World, nonce: &str) -> String {
    rewritten(&right(world, nonce), 0, |header| {
        header["alg"] = "HS256".into();
    })
}

fn rewritten(token: &str, part: usize, change: fn(&mut Value)) -> String {
    let mut parts: Vec<_> = token.split('.').map(str::to_owned).collect();
    let mut json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&parts[part]).unwrap()).unwrap();
    change(&mut json);
    parts[part] = URL_SAFE_NO_PAD.encode(json.to_string());
    parts.join(".")
}

/// Whether somebody comes in with a token that is made for the nonce of their sign-in, and what the log says.
async fn comes_in(world: &World, make: fn(&World, &str) -> String) -> (bool, String) {
    let browser = world.browser();
    let start = browser.get("/console/sign-in").await;
    let nonce = start.location().split("&nonce=").nth(1).unwrap();
    let nonce = nonce.split('&').next().unwrap();
    world.token_endpoint.answer_with(make(world, nonce));
    let back = browser.at_entra(start.location(), APPROVER).await;
    let answer = browser.get(&back).await;
    let is_in = browser.cookies().contains_key(SESSION);
    let expected = if is_in {
        StatusCode::SEE_OTHER
    } else {
        StatusCode::BAD_REQUEST
    };
    assert_eq!(answer.status, expected);
    (is_in, format!("{:?}", world.journal.notices()))
}

#[tokio::test]
async fn the_right_token_opens_the_console() {
    let world = World::new().await;
    let (is_in, told) = comes_in(&world, right).await;
    assert!(is_in, "{told}");
}

#[rstest]
#[case::client(of_another_client, "audience")]
#[case::attempt(of_another_attempt, "nonce")]
#[case::no_attempt(of_no_attempt, "nonce")]
#[case::tenant(of_another_tenant, "issuer")]
#[case::issuer(of_another_issuer, "issuer")]
#[case::claims(with_changed_claims, "signature")]
#[case::signature(with_a_changed_signature, "signature")]
#[case::key(with_another_key, "unknown-key")]
#[case::no_algorithm(with_no_algorithm, "malformed-token")]
#[case::unsigned(unsigned, "malformed-token")]
#[case::symmetric(with_a_symmetric_algorithm, "malformed-token")]
#[case::nothing(|_: &World, _: &str| String::new(), "malformed-token")]
#[tokio::test]
async fn no_other_token_does(#[case] make: fn(&World, &str) -> String, #[case] why: &str) {
    let world = World::new().await;
    let (is_in, told) = comes_in(&world, make).await;
    assert!(!is_in);
    assert!(told.contains(&format!("sign-in-failed: {why}")), "{told}");
}

#[tokio::test]
async fn a_token_that_is_over_does_not() {
    let world = World::new().await;
    world.clock.advance(SignedDuration::from_hours(2));
    let (is_in, told) = comes_in(&world, right).await;
    assert!(!is_in);
    assert!(told.contains("sign-in-failed: expired"), "{told}");
}
