//! Data keys of AWS KMS: made for whoever seals, unwrapped for whoever reads.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use aws_types::SdkConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::timeout_at;

use super::{
    aws::{Connection, Fault, Manners},
    signed::Signed,
};
use crate::{
    domain::approval::WrappedKey,
    ports::{
        Deadline,
        clock::Clock,
        data_keys::{DataKey, DataKeyError, DataKeyMaker, DataKeyReader},
    },
};

const SERVICE: &str = "kms";

/// KMS takes no longer ciphertext.
const MAX_WRAPPED: usize = 6144;

/// How long an unwrapped key is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);

const MAX_KEPT: usize = 1000;

/// What KMS says of a key that it did not wrap for this purpose.
const NOT_OURS: [&str; 2] = ["InvalidCiphertextException", "IncorrectKeyException"];

/// Data keys under one KMS key.
///
/// Ages are told by the time of day: while Lambda has an instance frozen, its own clock may stand still.
pub struct KmsDataKeys {
    key: String,
    clock: Arc<dyn Clock>,
    service: Signed,
    unwrapped: Unwrapped,
}

/// The one name in the encryption context, which the roles' conditions name too.
#[derive(Serialize)]
struct Context<'p> {
    request: &'p str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GenerateDataKey<'a> {
    key_id: &'a str,
    key_spec: &'static str,
    encryption_context: Context<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Decrypt<'a> {
    key_id: &'a str,
    ciphertext_blob: String,
    encryption_context: Context<'a>,
}

/// A key in the clear, and wrapped if it is new; both in Base64.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    plaintext: Option<String>,
    ciphertext_blob: Option<String>,
}

impl KmsDataKeys {
    /// `key` is the id, the ARN or an alias of the wrapping key.
    pub fn new(connection: &Connection, key: String, clock: Arc<dyn Clock>) -> Self {
        let service = Signed::new(connection, SERVICE, Manners::WITHIN_A_DECISION);
        Self::made(key, clock, service)
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub fn of(config: &SdkConfig, key: String, clock: Arc<dyn Clock>) -> Self {
        Self::made(key, clock, Signed::configured(config, "KMS", SERVICE))
    }

    fn made(key: String, clock: Arc<dyn Clock>, service: Signed) -> Self {
        Self {
            key,
            clock,
            service,
            unwrapped: Unwrapped::default(),
        }
    }

    async fn generate(&self, purpose: &str) -> Result<(DataKey, WrappedKey), DataKeyError> {
        let asked = GenerateDataKey {
            key_id: &self.key,
            key_spec: "AES_256",
            encryption_context: Context { request: purpose },
        };
        let target = "TrentService.GenerateDataKey";
        let answered: Answered = self.service.call(target, &asked).await.map_err(failure)?;
        let wrapped = octets(answered.ciphertext_blob)?;
        Ok((data_key(answered.plaintext)?, WrappedKey(wrapped)))
    }

    async fn decrypt(&self, key: &WrappedKey, purpose: &str) -> Result<DataKey, DataKeyError> {
        let asked = Decrypt {
            key_id: &self.key,
            ciphertext_blob: STANDARD.encode(&key.0),
            encryption_context: Context { request: purpose },
        };
        let target = "TrentService.Decrypt";
        let answered: Answered = self.service.call(target, &asked).await.map_err(failure)?;
        data_key(answered.plaintext)
    }
}

impl std::fmt::Debug for KmsDataKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KmsDataKeys")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl DataKeyMaker for KmsDataKeys {
    async fn make(
        &self,
        purpose: &str,
        deadline: Deadline,
    ) -> Result<(DataKey, WrappedKey), DataKeyError> {
        let made = timeout_at(deadline.0, self.generate(purpose)).await;
        made.unwrap_or(Err(DataKeyError::TimedOut))
    }
}

#[async_trait]
impl DataKeyReader for KmsDataKeys {
    async fn unwrap(
        &self,
        key: &WrappedKey,
        purpose: &str,
        deadline: Deadline,
    ) -> Result<DataKey, DataKeyError> {
        // KMS would call it a bad request, and not say of what.
        if !(1..=MAX_WRAPPED).contains(&key.0.len()) {
            return Err(DataKeyError::NotOurs);
        }
        let now = self.clock.now();
        if let Some(known) = self.unwrapped.find(key, purpose, now) {
            return Ok(known);
        }
        let unwrapped = timeout_at(deadline.0, self.decrypt(key, purpose)).await;
        let unwrapped = unwrapped.unwrap_or(Err(DataKeyError::TimedOut))?;
        self.unwrapped.keep(key, purpose, &unwrapped, now);
        Ok(unwrapped)
    }
}

/// Keys of a while ago, so that a list of requests is read once. The purpose is part of what they are found by.
#[derive(Default)]
struct Unwrapped(Mutex<HashMap<(Vec<u8>, String), Kept>>);

struct Kept {
    key: DataKey,
    until: Timestamp,
}

impl Unwrapped {
    fn find(&self, key: &WrappedKey, purpose: &str, now: Timestamp) -> Option<DataKey> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&(key.0.clone(), purpose.to_owned()))?;
        (now < kept.until).then(|| kept.key.clone())
    }

    fn keep(&self, key: &WrappedKey, purpose: &str, unwrapped: &DataKey, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| now < kept.until);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        let found_by = (key.0.clone(), purpose.to_owned());
        let until = now + KEPT_FOR;
        let key = unwrapped.clone();
        kept.insert(found_by, Kept { key, until });
    }
}

fn data_key(plaintext: Option<String>) -> Result<DataKey, DataKeyError> {
    let octets = octets(plaintext)?;
    octets.try_into().map(DataKey).map_err(|_| no_key())
}

fn octets(encoded: Option<String>) -> Result<Vec<u8>, DataKeyError> {
    let encoded = encoded.ok_or_else(no_key)?;
    STANDARD.decode(encoded).map_err(|_| no_key())
}

fn no_key() -> DataKeyError {
    DataKeyError::Unavailable("its answer has no key of 256 bits".to_owned())
}

fn failure(fault: Fault) -> DataKeyError {
    match fault {
        Fault::TimedOut => DataKeyError::TimedOut,
        Fault::Service(Some(code)) if NOT_OURS.contains(&code.as_str()) => DataKeyError::NotOurs,
        Fault::Service(code) => {
            DataKeyError::Unavailable(code.unwrap_or_else(|| "unknown error".to_owned()))
        }
        Fault::Other(problem) => DataKeyError::Unavailable(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(number: usize) -> WrappedKey {
        WrappedKey(number.to_be_bytes().to_vec())
    }

    fn known(unwrapped: &Unwrapped, now: Timestamp) -> usize {
        let found = |number: &usize| unwrapped.find(&wrapped(*number), "p", now).is_some();
        (0..=MAX_KEPT).filter(found).count()
    }

    #[test]
    fn no_more_than_so_many_keys_are_kept() {
        let (unwrapped, now) = (Unwrapped::default(), Timestamp::UNIX_EPOCH);
        for number in 0..MAX_KEPT {
            unwrapped.keep(&wrapped(number), "p", &DataKey([0; 32]), now);
        }
        assert_eq!(known(&unwrapped, now), MAX_KEPT);
        unwrapped.keep(&wrapped(MAX_KEPT), "p", &DataKey([0; 32]), now);
        assert_eq!(known(&unwrapped, now), 1);
    }

    #[test]
    fn old_keys_make_room_first() {
        let (unwrapped, start) = (Unwrapped::default(), Timestamp::UNIX_EPOCH);
        let later = start + KEPT_FOR;
        unwrapped.keep(&wrapped(0), "p", &DataKey([0; 32]), start);
        for number in 1..=MAX_KEPT {
            unwrapped.keep(&wrapped(number), "p", &DataKey([0; 32]), later);
        }
        assert_eq!(known(&unwrapped, later), MAX_KEPT);
    }
}
