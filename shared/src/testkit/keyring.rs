//! A key service in memory.

use async_trait::async_trait;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{
    app::sealing,
    domain::approval::WrappedKey,
    ports::{
        Deadline,
        data_keys::{DataKey, DataKeyError, DataKeyMaker, DataKeyReader},
    },
};

/// Wraps data keys as a key service does: each for its purpose alone, under a key that stays inside.
#[derive(Debug)]
pub struct Keyring(DataKey);

impl Keyring {
    pub const fn with_root(root: [u8; 32]) -> Self {
        Self(DataKey(root))
    }
}

impl Default for Keyring {
    fn default() -> Self {
        Self::with_root([7; 32])
    }
}

#[async_trait]
impl DataKeyMaker for Keyring {
    async fn make(
        &self,
        purpose: &str,
        _deadline: Deadline,
    ) -> Result<(DataKey, WrappedKey), DataKeyError> {
        let unavailable = || DataKeyError::Unavailable("no chance is left".to_owned());
        let mut key = [0; 32];
        let filled = SystemRandom::new().fill(&mut key);
        filled.map_err(|_| unavailable())?;
        let wrapped = sealing::encrypt(&self.0, purpose, &key).ok_or_else(unavailable)?;
        Ok((DataKey(key), WrappedKey(wrapped)))
    }
}

#[async_trait]
impl DataKeyReader for Keyring {
    async fn unwrap(
        &self,
        key: &WrappedKey,
        purpose: &str,
        _deadline: Deadline,
    ) -> Result<DataKey, DataKeyError> {
        let unwrapped = sealing::decrypt(&self.0, purpose, &key.0);
        let octets = unwrapped.and_then(|octets| octets.try_into().ok());
        octets.map(DataKey).ok_or(DataKeyError::NotOurs)
    }
}
