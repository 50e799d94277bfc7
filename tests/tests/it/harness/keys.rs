//! A stand-in for AWS KMS: the operations of sealing and reading, over a keyring in memory.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use shared::{
    domain::approval::WrappedKey,
    ports::{
        Deadline,
        data_keys::{DataKeyMaker, DataKeyReader},
    },
    testkit::Keyring,
};
use tokio::time::Instant;

use super::http::{Request, Response, Server, response};

/// The id of the only key. What is wrapped under it the usual [`Keyring`] unwraps.
pub(crate) const REQUESTS_KEY: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";

pub(crate) struct KeyService(Server);

impl KeyService {
    pub(crate) async fn start() -> Self {
        let keyring = Arc::new(Keyring::default());
        let handler = move |request| answer(Arc::clone(&keyring), request);
        Self(Server::start(handler).await)
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }
}

async fn answer(keyring: Arc<Keyring>, request: Request) -> Option<Response> {
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    let asked: Value = serde_json::from_slice(request.body()).ok()?;
    let (status, body) = match perform(&keyring, target, &asked).await {
        Some(body) => (200, body),
        None => (400, json!({ "__type": "InvalidCiphertextException" })),
    };
    Some(response(
        status,
        "application/x-amz-json-1.1",
        body.to_string(),
    ))
}

/// `None` for what cannot be unwrapped.
async fn perform(keyring: &Keyring, target: &str, asked: &Value) -> Option<Value> {
    assert_eq!(asked["KeyId"], REQUESTS_KEY, "{asked}");
    let purpose = asked["EncryptionContext"]["request"].as_str()?;
    let soon = Deadline(Instant::now() + Duration::from_mins(1));
    match target {
        "TrentService.GenerateDataKey" => {
            let (key, wrapped) = keyring.make(purpose, soon).await.ok()?;
            Some(json!({
                "KeyId": REQUESTS_KEY,
                "Plaintext": STANDARD.encode(key.0),
                "CiphertextBlob": STANDARD.encode(wrapped.0),
            }))
        }
        "TrentService.Decrypt" => {
            let wrapped = STANDARD.decode(asked["CiphertextBlob"].as_str()?).ok()?;
            let key = keyring.unwrap(&WrappedKey(wrapped), purpose, soon).await;
            Some(json!({ "KeyId": REQUESTS_KEY, "Plaintext": STANDARD.encode(key.ok()?.0) }))
        }
        other => panic!("`{other}` is nothing that a function asks of KMS"),
    }
}
