//! AWS KMS, as its JSON 1.1 protocol has it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[expect(dead_code, reason = "other tests need more of it")]
mod servers;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    adapters::{data_keys::KmsDataKeys, dynamodb::Connection},
    domain::approval::WrappedKey,
    ports::{
        Deadline,
        data_keys::{DataKey, DataKeyError, DataKeyMaker, DataKeyReader},
    },
    testkit::FixedClock,
};
use tokio::time::Instant;

use self::servers::{Answer, Server};

const KEY: [u8; 32] = [5; 32];
const WRAPPED: &[u8] = b"a wrapped key";
const PURPOSE: &str = "01jd0000000000000000000000";

/// More time than any call needs.
fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

/// A deadline for calls that never end by themselves.
fn near() -> Deadline {
    Deadline(Instant::now() + Duration::from_millis(300))
}

struct Scene {
    server: Server,
    clock: Arc<FixedClock>,
    keys: KmsDataKeys,
}

impl Scene {
    async fn answering(answer: Answer) -> Self {
        let server = Server::start().await;
        server.on("/", [answer]);
        let clock = Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH));
        let connection = Connection {
            region: "eu-north-1".to_owned(),
            endpoint: Some(server.url("/")),
            access_key_id: "id".to_owned(),
            secret_access_key: "secret".to_owned(),
            session_token: Some("session".to_owned()),
        };
        let keys = KmsDataKeys::new(&connection, "alias/requests".to_owned(), clock.clone());
        Self {
            server,
            clock,
            keys,
        }
    }

    async fn make(&self) -> Result<([u8; 32], Vec<u8>), DataKeyError> {
        let (key, wrapped) = self.keys.make(PURPOSE, far()).await?;
        Ok((key.0, wrapped.0))
    }

    async fn unwrap(&self, wrapped: &[u8], purpose: &str) -> Result<[u8; 32], DataKeyError> {
        let wrapped = WrappedKey(wrapped.to_vec());
        let key = self.keys.unwrap(&wrapped, purpose, far()).await;
        key.map(|DataKey(octets)| octets)
    }

    fn requests(&self) -> usize {
        self.server.count("/")
    }

    /// What the first request wanted.
    fn asked(&self) -> (String, Value) {
        let received = self.server.received();
        let request = received.first().unwrap();
        let target = request.header("x-amz-target").unwrap().to_owned();
        (target, serde_json::from_str(request.text()).unwrap())
    }
}

fn made() -> Answer {
    let body = json!({
        "KeyId": "arn:aws:kms:eu-north-1:111122223333:key/k",
        "Plaintext": STANDARD.encode(KEY),
        "CiphertextBlob": STANDARD.encode(WRAPPED),
    });
    answer(200, &body)
}

fn unwrapped(octets: &[u8]) -> Answer {
    answer(200, &json!({ "Plaintext": STANDARD.encode(octets) }))
}

fn fault(status: u16, code: &str) -> Answer {
    answer(status, &json!({ "__type": code, "message": "hush" }))
}

fn answer(status: u16, body: &Value) -> Answer {
    Answer::Reply {
        status,
        headers: vec![("content-type", "application/x-amz-json-1.1".to_owned())],
        body: body.to_string().into(),
    }
}

#[tokio::test]
async fn a_key_is_made_for_its_purpose() {
    let scene = Scene::answering(made()).await;
    assert_eq!(scene.requests(), 0);
    assert_eq!(scene.make().await, Ok((KEY, WRAPPED.to_vec())));
    let wanted = json!({
        "KeyId": "alias/requests",
        "KeySpec": "AES_256",
        "EncryptionContext": { "request": PURPOSE },
    });
    let expected = ("TrentService.GenerateDataKey".to_owned(), wanted);
    assert_eq!(scene.asked(), expected);
    let received = scene.server.received();
    let header = |name| received.first().and_then(|request| request.header(name));
    assert_eq!(header("x-amz-security-token"), Some("session"));
    let signed = header("authorization").unwrap();
    assert!(signed.contains("/eu-north-1/kms/aws4_request"), "{signed}");
}

#[tokio::test]
async fn no_two_seals_share_a_key() {
    let scene = Scene::answering(made()).await;
    scene.make().await.unwrap();
    scene.make().await.unwrap();
    assert_eq!(scene.requests(), 2);
}

#[tokio::test]
async fn a_key_is_unwrapped_for_its_purpose() {
    let scene = Scene::answering(unwrapped(&KEY)).await;
    assert_eq!(scene.unwrap(WRAPPED, PURPOSE).await, Ok(KEY));
    let wanted = json!({
        "KeyId": "alias/requests",
        "CiphertextBlob": STANDARD.encode(WRAPPED),
        "EncryptionContext": { "request": PURPOSE },
    });
    let expected = ("TrentService.Decrypt".to_owned(), wanted);
    assert_eq!(scene.asked(), expected);
}

#[tokio::test]
async fn an_unwrapped_key_is_kept_for_five_minutes() {
    let scene = Scene::answering(unwrapped(&KEY)).await;
    for (wait, requests) in [(0, 1), (299, 1), (1, 2), (1, 2)] {
        scene.clock.advance(SignedDuration::from_secs(wait));
        assert_eq!(scene.unwrap(WRAPPED, PURPOSE).await, Ok(KEY));
        assert_eq!(scene.requests(), requests, "{wait} seconds later");
    }
}

#[tokio::test]
async fn a_kept_key_is_of_no_use_for_another_purpose() {
    let scene = Scene::answering(unwrapped(&KEY)).await;
    scene.unwrap(WRAPPED, PURPOSE).await.unwrap();
    let refusal = fault(400, "InvalidCiphertextException");
    scene.server.on("/", [refusal]);
    let other = scene.unwrap(WRAPPED, "another request").await;
    assert_eq!(other, Err(DataKeyError::NotOurs));
    assert_eq!(scene.unwrap(WRAPPED, PURPOSE).await, Ok(KEY));
}

#[tokio::test]
async fn a_refusal_is_not_kept() {
    let scene = Scene::answering(fault(400, "AccessDeniedException")).await;
    assert!(scene.unwrap(WRAPPED, PURPOSE).await.is_err());
    scene.server.on("/", [unwrapped(&KEY)]);
    assert_eq!(scene.unwrap(WRAPPED, PURPOSE).await, Ok(KEY));
}

#[rstest]
#[case::changed_or_another_request("InvalidCiphertextException")]
#[case::another_wrapping_key("IncorrectKeyException")]
#[tokio::test]
async fn what_was_wrapped_otherwise_is_not_ours(#[case] code: &str) {
    let scene = Scene::answering(fault(400, code)).await;
    let key = scene.unwrap(WRAPPED, PURPOSE).await;
    assert_eq!(key, Err(DataKeyError::NotOurs));
}

#[rstest]
#[case::erased(0)]
#[case::too_long(6145)]
#[tokio::test]
async fn what_cannot_be_a_wrapped_key_is_not_asked_for(#[case] octets: usize) {
    let scene = Scene::answering(unwrapped(&KEY)).await;
    let key = scene.unwrap(&vec![1; octets], PURPOSE).await;
    assert_eq!(key, Err(DataKeyError::NotOurs));
    assert_eq!(scene.requests(), 0);
}

#[rstest]
#[case::no_permission(400, "AccessDeniedException")]
#[case::switched_off(400, "DisabledException")]
#[case::being_deleted(400, "KMSInvalidStateException")]
#[case::no_such_key(400, "NotFoundException")]
#[case::down(500, "KMSInternalException")]
#[tokio::test]
async fn an_outage_is_told_by_its_code_alone(#[case] status: u16, #[case] code: &str) {
    let scene = Scene::answering(fault(status, code)).await;
    let expected = DataKeyError::Unavailable(code.to_owned());
    assert_eq!(scene.make().await, Err(expected.clone()));
    assert_eq!(scene.unwrap(WRAPPED, PURPOSE).await, Err(expected));
}

#[rstest]
#[case::short(unwrapped(&[5; 16]))]
#[case::none(answer(200, &json!({})))]
#[tokio::test]
async fn an_answer_needs_a_key_of_256_bits(#[case] answer: Answer) {
    let scene = Scene::answering(answer).await;
    let expected = "the key service cannot be used: its answer has no key of 256 bits";
    for told in [
        scene.make().await.unwrap_err(),
        scene.unwrap(WRAPPED, PURPOSE).await.unwrap_err(),
    ] {
        assert_eq!(told.to_string(), expected);
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_an_outage() {
    let scene = Scene::answering(Answer::Close).await;
    let error = scene.make().await.unwrap_err();
    assert!(matches!(error, DataKeyError::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_call_that_hangs_costs_the_deadline() {
    let scene = Scene::answering(Answer::Hang).await;
    let made = scene.keys.make(PURPOSE, near()).await;
    assert_eq!(made.map(|_| ()), Err(DataKeyError::TimedOut));
    let wrapped = WrappedKey(WRAPPED.to_vec());
    let key = scene.keys.unwrap(&wrapped, PURPOSE, near()).await;
    assert_eq!(key.map(|_| ()), Err(DataKeyError::TimedOut));
}

#[tokio::test]
async fn a_hiccup_is_tried_again_within_the_deadline() {
    let scene = Scene::answering(made()).await;
    let hiccup = fault(500, "KMSInternalException");
    scene.server.on("/", [hiccup, made()]);
    assert_eq!(scene.make().await, Ok((KEY, WRAPPED.to_vec())));
}

#[rstest]
#[case::no_permission(400, "AccessDeniedException", 1)]
#[case::slow_down(400, "ThrottlingException", 3)]
#[case::down(500, "KMSInternalException", 3)]
#[tokio::test]
async fn only_what_may_pass_is_asked_again(
    #[case] status: u16,
    #[case] code: &str,
    #[case] requests: usize,
) {
    let scene = Scene::answering(fault(status, code)).await;
    assert!(scene.make().await.is_err());
    assert_eq!(scene.requests(), requests);
}

#[tokio::test]
async fn nobody_who_prints_it_sees_a_key() {
    let scene = Scene::answering(made()).await;
    let (key, wrapped) = scene.keys.make(PURPOSE, far()).await.unwrap();
    let told = format!("{:?} {key:?} {wrapped:?}", scene.keys);
    assert!(!told.contains("secret") && !told.contains("5, 5"), "{told}");
}
