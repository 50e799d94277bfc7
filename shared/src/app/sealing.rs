//! Sealing who an applicant is: AES-256-GCM under a key for one edition of one request.

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

use crate::{
    domain::approval::{Applicant, RequestId, Sealed},
    ports::{
        Deadline,
        data_keys::{DataKey, DataKeyError, DataKeyMaker, DataKeyReader},
    },
};

/// Why something could not be sealed or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    #[error("{0}")]
    Key(#[from] DataKeyError),
    /// The octets are not what was sealed for this request.
    #[error("what is stored of the applicant cannot be read")]
    Broken,
}

impl SealingError {
    /// The stable name in logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key(DataKeyError::TimedOut) => "timed-out",
            Self::Key(DataKeyError::Unavailable(_)) => "unavailable",
            Self::Key(DataKeyError::NotOurs) => "not-ours",
            Self::Broken => "broken",
        }
    }
}

/// Seals an edition of what somebody applied with.
pub async fn seal(
    keys: &dyn DataKeyMaker,
    request: &RequestId,
    content: &[u8],
    deadline: Deadline,
) -> Result<Sealed, SealingError> {
    let (key, wrapped) = keys.make(request.as_str(), deadline).await?;
    let octets = encrypt(&key, request.as_str(), content).ok_or(SealingError::Broken)?;
    Ok(Sealed {
        octets,
        key: wrapped,
    })
}

/// Reads an edition.
pub async fn open(
    keys: &dyn DataKeyReader,
    request: &RequestId,
    sealed: &Sealed,
    deadline: Deadline,
) -> Result<Applicant, SealingError> {
    let key = keys.unwrap(&sealed.key, request.as_str(), deadline).await?;
    let content = decrypt(&key, request.as_str(), &sealed.octets).ok_or(SealingError::Broken)?;
    serde_json::from_slice(&content).map_err(|_| SealingError::Broken)
}

/// Nonce, ciphertext and tag. `None` only without a source of chance.
pub(crate) fn encrypt(key: &DataKey, purpose: &str, content: &[u8]) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new().fill(&mut nonce).ok()?;
    let mut octets = content.to_vec();
    cipher(key)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(purpose),
            &mut octets,
        )
        .ok()?;
    Some([nonce.as_slice(), &octets].concat())
}

/// `None` for another key, another purpose or other octets.
pub(crate) fn decrypt(key: &DataKey, purpose: &str, octets: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = octets.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut octets = rest.to_vec();
    let content = cipher(key)?.open_in_place(nonce, Aad::from(purpose), &mut octets);
    Some(content.ok()?.to_vec())
}

fn cipher(key: &DataKey) -> Option<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, &key.0).ok()?;
    Some(LessSafeKey::new(key))
}
