//! AWS KMS as far as sealing needs it: `GenerateDataKey` and `Decrypt` of AWS JSON 1.1, with one key that is always the same, so
//! that what was sealed is read after a restart. Whoever signs a request is believed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Router, body::Bytes, http::HeaderMap, response::Response, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::aws_json::{self, Fault};
use crate::Simulator;

/// The id of the only key.
pub const KEY_ID: &str = "10ca10ca-0000-4000-8000-000000000001";

const KEY_ARN: &str = "arn:aws:kms:local:000000000000:key/10ca10ca-0000-4000-8000-000000000001";

/// The key itself is the digest of this. It guards nothing but what somebody tries out on one machine.
const KEY_MATERIAL: &[u8] = b"the wrapping key of the local KMS";

const NOT_FOUND: Fault = ("NotFoundException", "Invalid keyId");
const INVALID_CIPHERTEXT: Fault = ("InvalidCiphertextException", "");

/// The address of an endpoint ends with a slash or not, as whoever configures it likes.
pub(super) fn router() -> Router<Arc<Simulator>> {
    Router::new()
        .route("/keys", post(answer))
        .route("/keys/", post(answer))
}

/// Names and values, in one order.
type Context = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey {
    key_id: String,
    key_spec: String,
    #[serde(default)]
    encryption_context: Context,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt {
    key_id: Option<String>,
    ciphertext_blob: String,
    #[serde(default)]
    encryption_context: Context,
}

async fn answer(headers: HeaderMap, body: Bytes) -> Response {
    let answer = match aws_json::target(&headers) {
        "TrentService.GenerateDataKey" => read(&body).and_then(|asked| generate(&asked)),
        "TrentService.Decrypt" => read(&body).and_then(|asked| decrypt(&asked)),
        _ => Err((
            "UnknownOperationException",
            "this simulator knows GenerateDataKey and Decrypt and nothing else",
        )),
    };
    aws_json::respond(answer)
}

fn read<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Fault> {
    let message = "expected the members of the operation";
    serde_json::from_slice(body).map_err(|_| ("SerializationException", message))
}

fn generate(asked: &GenerateDataKey) -> Result<Value, Fault> {
    known(&asked.key_id)?;
    if asked.key_spec != "AES_256" {
        let message = "this simulator makes keys of the spec AES_256 and no others";
        return Err(("ValidationException", message));
    }
    let internal = ("KMSInternalException", "there is no source of chance");
    let key: [u8; 32] = random().ok_or(internal)?;
    let wrapped = wrap(&key, &asked.encryption_context).ok_or(internal)?;
    Ok(json!({
        "KeyId": KEY_ARN,
        "Plaintext": STANDARD.encode(key),
        "CiphertextBlob": STANDARD.encode(wrapped),
    }))
}

fn decrypt(asked: &Decrypt) -> Result<Value, Fault> {
    asked.key_id.as_deref().map_or(Ok(()), known)?;
    let wrapped = STANDARD.decode(&asked.ciphertext_blob);
    let wrapped = wrapped.map_err(|_| INVALID_CIPHERTEXT)?;
    let key = unwrap(&wrapped, &asked.encryption_context).ok_or(INVALID_CIPHERTEXT)?;
    Ok(json!({
        "KeyId": KEY_ARN,
        "Plaintext": STANDARD.encode(key),
        "EncryptionAlgorithm": "SYMMETRIC_DEFAULT",
    }))
}

fn known(key: &str) -> Result<(), Fault> {
    let is_known = key == KEY_ID || key == KEY_ARN;
    is_known.then_some(()).ok_or(NOT_FOUND)
}

fn wrap(key: &[u8], context: &Context) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE_LEN] = random()?;
    let mut octets = key.to_vec();
    let sealing = Nonce::assume_unique_for_key(nonce);
    let bound = Aad::from(bound_to(context));
    let wrapping = wrapping_key()?;
    let sealed = wrapping.seal_in_place_append_tag(sealing, bound, &mut octets);
    sealed.ok()?;
    Some([nonce.as_slice(), &octets].concat())
}

fn unwrap(wrapped: &[u8], context: &Context) -> Option<Vec<u8>> {
    let (nonce, rest) = wrapped.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut octets = rest.to_vec();
    let bound = Aad::from(bound_to(context));
    let key = wrapping_key()?.open_in_place(nonce, bound, &mut octets);
    Some(key.ok()?.to_vec())
}

fn bound_to(context: &Context) -> Vec<u8> {
    json!(context).to_string().into_bytes()
}

fn wrapping_key() -> Option<LessSafeKey> {
    let key = digest(&SHA256, KEY_MATERIAL);
    let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).ok()?;
    Some(LessSafeKey::new(key))
}

fn random<const LENGTH: usize>() -> Option<[u8; LENGTH]> {
    let mut octets = [0; LENGTH];
    SystemRandom::new().fill(&mut octets).ok()?;
    Some(octets)
}
