//! The cases of a custom approval system: its policy, and the requests that are there before a case begins.

use jiff::Timestamp;
use serde_json::Value;
use shared::{
    adapters::dynamodb::Table,
    app::sealing::seal,
    domain::{
        approval::{ApplicantKey, ApprovalRequest, RequestId, State},
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        person::PersonKey,
        sign_up::{SignUp, Step},
    },
    ports::{
        Deadline,
        approval_requests::{ApprovalRequests, Filed},
        clock::Clock,
        request_store::RequestStore,
    },
    testkit::{Keyring, pending},
};
use tokio::time::{Duration, Instant};

/// A policy under which a case's `auto` is what happens, in the words of the case.
pub(crate) fn policy(given: &Value) -> String {
    let default = match given["auto"].as_str() {
        Some("approve") => "allow",
        Some("deny") => "deny",
        _ => "review",
    };
    let messages = &given["messages"];
    let words = [
        ("block-already-pending", &messages["pending"]),
        ("block-already-pending", &messages["block"]),
        ("block-pending", &messages["waiting"]),
        ("block-request-denied", &messages["denied"]),
        ("block-not-allowed", &messages["denied"]),
        ("title-pending", &messages["block_title"]),
    ];
    let words = words.into_iter().filter(|(_, text)| text.is_string());
    let words = words.map(|(code, text)| format!("[message.{code}]\nen = {text}\n"));
    format!("default = \"{default}\"\n{}", words.collect::<String>())
}

/// Stores the case's earlier request. A record that the sample calls approved is one whose account is there.
pub(crate) async fn store_record(table: &Table, clock: &dyn Clock, case: &Value) {
    let record = &case["given"]["record"];
    let Some(address) = record["email"].as_str() else {
        return;
    };
    let state = match record["state"].as_str().unwrap() {
        "approved" => State::Provisioned,
        name => State::parse(name).unwrap(),
    };
    let sign_up = applied(address, &record["issuers"], &case["request"]["body"]);
    let request = request(&sign_up, state, clock.now());
    let deadline = Deadline(Instant::now() + Duration::from_secs(10));
    let keys = Keyring::default();
    let sealed = seal(&keys, &request.id, b"{}", deadline).await.unwrap();
    let opened = table.open(&request, &sealed, None, deadline).await;
    assert_eq!(opened.unwrap(), Filed::Yes);
}

/// Whoever applied earlier: with the subject of the case's own request, where it comes through the same provider.
fn applied(address: &str, issuers: &Value, body: &Value) -> SignUp {
    let own = body["identities"].as_array().cloned().unwrap_or_default();
    let identity = |issuer: &Value| {
        let same = own.iter().find(|identity| identity["issuer"] == *issuer);
        let subject = same.and_then(|identity| identity["issuerAssignedId"].as_str());
        Identity {
            provider: IdentityProvider::parse(issuer.as_str().unwrap()).unwrap(),
            subject: Subject::parse(subject.unwrap_or("0123456789")).ok(),
        }
    };
    let issuers = issuers.as_array().into_iter().flatten();
    SignUp {
        step: Step::BeforeCreatingUser,
        addresses: vec![EmailAddress::parse(address).unwrap()],
        identities: issuers.map(identity).collect(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    }
}

fn request(sign_up: &SignUp, state: State, now: Timestamp) -> ApprovalRequest {
    let id = RequestId::new(now, [1; 10]);
    ApprovalRequest {
        applicant: ApplicantKey::of(sign_up).unwrap(),
        state,
        ..pending(id, PersonKey::of(sign_up).unwrap(), now)
    }
}

/// Whether as many requests are there as the case expects.
pub(crate) async fn stored(table: &Table, expected: &Value) -> Result<(), String> {
    let expected = &expected["records_created_total"];
    if !expected.is_u64() {
        return Ok(());
    }
    let found = table.count(State::Pending, 10).await.unwrap();
    if *expected != found {
        return Err(format!("{found} requests, expected {expected}"));
    }
    Ok(())
}
