//! Connector credentials, for the operator: made, listed, retired.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
};

use super::audit::of_setting;
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        caller::{Credential, Slot, Verifier},
    },
    ports::{StoreError, clock::Clock, credential_store::CredentialStore},
};

/// Why a credential was not made or retired.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error(
        "both credentials are live (`{0}` and `{1}`): retire the one that Entra no longer uses"
    )]
    BothLive(String, String),
    #[error("there is no live credential `{0}`: see `signupctl credential list`")]
    Unknown(String),
    #[error("a user name has 1 to 64 printable ASCII characters without a colon")]
    Username,
    #[error("the system gave no random numbers")]
    NoRandomness,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new credential with its password, which is shown once and kept nowhere.
pub struct NewCredential {
    pub credential: Credential,
    pub password: String,
}

impl std::fmt::Debug for NewCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewCredential")
            .field("id", &self.credential.id)
            .finish_non_exhaustive()
    }
}

pub struct Credentials {
    store: Arc<dyn CredentialStore>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Credentials")
    }
}

impl Credentials {
    pub fn new(store: Arc<dyn CredentialStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    pub async fn list(&self) -> Result<Vec<Credential>, CredentialError> {
        Ok(self.store.list().await?)
    }

    /// Makes a credential with a random password of 256 bits in the free slot, for whoever `by` names.
    pub async fn create(&self, username: &str, by: &str) -> Result<NewCredential, CredentialError> {
        let password = URL_SAFE_NO_PAD.encode(random::<32>()?);
        self.create_with(username, password, by).await
    }

    /// Makes a credential with a password that is known already: for local development and tests.
    pub async fn create_with(
        &self,
        username: &str,
        password: String,
        by: &str,
    ) -> Result<NewCredential, CredentialError> {
        let usable = |c: char| c.is_ascii_graphic() && c != ':';
        if username.is_empty() || username.len() > 64 || !username.chars().all(usable) {
            return Err(CredentialError::Username);
        }
        let live = self.store.list().await?;
        let slot = Slot::ALL
            .into_iter()
            .find(|slot| live.iter().all(|credential| credential.slot != *slot))
            .ok_or_else(|| both_live(&live))?;
        let credential = Credential {
            slot,
            id: hex(&random::<4>()?),
            username: username.to_owned(),
            verifier: verifier(password.as_bytes()),
            created_at: self.clock.now(),
            last_used_at: None,
        };
        let record = self.record(SettingAction::CredentialCreate, &credential, by);
        self.store.create(&credential, &record).await?;
        Ok(NewCredential {
            credential,
            password,
        })
    }

    pub async fn retire(&self, id: &str, by: &str) -> Result<Credential, CredentialError> {
        let live = self.store.list().await?;
        let credential = live
            .into_iter()
            .find(|credential| credential.id == id)
            .ok_or_else(|| CredentialError::Unknown(id.to_owned()))?;
        let record = self.record(SettingAction::CredentialRetire, &credential, by);
        self.store.retire(credential.slot, id, &record).await?;
        Ok(credential)
    }

    fn record(&self, action: SettingAction, credential: &Credential, by: &str) -> Record {
        let signature = Signature::new(by, self.clock.now());
        of_setting(&signature, SettingChange::of(action, &credential.id))
    }
}

/// What is kept of a password.
pub fn verifier(password: &[u8]) -> Verifier {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, password).as_ref());
    Verifier(bytes)
}

fn both_live(live: &[Credential]) -> CredentialError {
    let id = |position: usize| {
        live.get(position)
            .map_or_else(String::new, |c| c.id.clone())
    };
    CredentialError::BothLive(id(0), id(1))
}

fn random<const N: usize>() -> Result<[u8; N], CredentialError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CredentialError::NoRandomness)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
