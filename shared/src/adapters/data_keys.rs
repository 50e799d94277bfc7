//! Data keys of AWS KMS: made for whoever seals, unwrapped for whoever reads.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use async_trait::async_trait;
use aws_sdk_kms::{Client, primitives::Blob, types::DataKeySpec::Aes256};
use aws_types::SdkConfig;
use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout_at;

use super::aws::{Connection, Fault};
use crate::{
    domain::approval::WrappedKey,
    ports::{
        Deadline,
        clock::Clock,
        data_keys::{DataKey, DataKeyError, DataKeyMaker, DataKeyReader},
    },
};

/// The one name in the encryption context, which the roles' conditions name too.
const CONTEXT: &str = "request";

/// KMS takes no longer ciphertext.
const MAX_WRAPPED: usize = 6144;

/// How long an unwrapped key is kept.
const KEPT_FOR: SignedDuration = SignedDuration::from_mins(5);

const MAX_KEPT: usize = 1000;

/// What KMS says of a key that it did not wrap for this purpose.
const NOT_OURS: [&str; 2] = ["InvalidCiphertextException", "IncorrectKeyException"];

/// Data keys under one KMS key. Its client is built when the first one is wanted.
///
/// Ages are told by the time of day: while Lambda has an instance frozen, its own clock may stand still.
pub struct KmsDataKeys {
    key: String,
    clock: Arc<dyn Clock>,
    client: LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>,
    unwrapped: Unwrapped,
}

impl KmsDataKeys {
    /// `key` is the id, the ARN or an alias of the wrapping key.
    pub fn new(connection: Connection, key: String, clock: Arc<dyn Clock>) -> Self {
        Self::made(key, clock, move || Client::new(&connection.sdk_config()))
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub fn of(config: SdkConfig, key: String, clock: Arc<dyn Clock>) -> Self {
        Self::made(key, clock, move || Client::new(&config))
    }

    fn made(
        key: String,
        clock: Arc<dyn Clock>,
        client: impl FnOnce() -> Client + Send + 'static,
    ) -> Self {
        Self {
            key,
            clock,
            client: LazyLock::new(Box::new(client)),
            unwrapped: Unwrapped::default(),
        }
    }

    async fn generate(&self, purpose: &str) -> Result<(DataKey, WrappedKey), DataKeyError> {
        let answer = self
            .client
            .generate_data_key()
            .key_id(&self.key)
            .key_spec(Aes256)
            .encryption_context(CONTEXT, purpose)
            .send()
            .await
            .map_err(|error| failure(Fault::of(&error)))?;
        let wrapped = answer.ciphertext_blob.ok_or_else(no_key)?;
        Ok((
            data_key(answer.plaintext)?,
            WrappedKey(wrapped.into_inner()),
        ))
    }

    async fn decrypt(&self, key: &WrappedKey, purpose: &str) -> Result<DataKey, DataKeyError> {
        let answer = self
            .client
            .decrypt()
            .key_id(&self.key)
            .ciphertext_blob(Blob::new(key.0.clone()))
            .encryption_context(CONTEXT, purpose)
            .send()
            .await
            .map_err(|error| failure(Fault::of(&error)))?;
        data_key(answer.plaintext)
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

fn data_key(plaintext: Option<Blob>) -> Result<DataKey, DataKeyError> {
    let octets = plaintext.ok_or_else(no_key)?.into_inner();
    octets.try_into().map(DataKey).map_err(|_| no_key())
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
