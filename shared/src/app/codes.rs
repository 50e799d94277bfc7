//! Invitation codes, for the operator.

use std::{fmt, sync::Arc};

use ring::rand::{SecureRandom, SystemRandom};

use super::audit::{of_setting, of_settings};
pub use super::place::Place;
use crate::{
    domain::{
        audit::{SettingAction, SettingChange, Signature},
        code::{CodeDigest, InvitationCode},
    },
    ports::{
        StoreError,
        code_store::{CodeStore, MAX_BATCH, PARTS},
    },
};

/// Why there are no codes.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    #[error("a code like this is there already")]
    Taken,
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code in clear, which nothing but its maker sees.
pub struct NewCode {
    pub text: String,
    pub code: InvitationCode,
}

impl fmt::Debug for NewCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewCode").finish_non_exhaustive()
    }
}

/// Crockford's digits: none that is taken for another one, and no U, so that few words come about.
const DIGITS: [u8; 32] = *b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const GROUPS: usize = 4;
const GROUP: usize = 4;

pub struct Codes {
    store: Arc<dyn CodeStore>,
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codes")
    }
}

impl Codes {
    pub const MAX_BATCH: usize = MAX_BATCH;

    pub fn new(store: Arc<dyn CodeStore>) -> Self {
        Self { store }
    }

    /// Makes up to [`Self::MAX_BATCH`] random codes, each like `like` but for its digest; all or none.
    pub async fn create_random(
        &self,
        count: usize,
        like: impl Fn(CodeDigest) -> InvitationCode,
        signature: &Signature,
    ) -> Result<Vec<NewCode>, CodeError> {
        let random = SystemRandom::new();
        let mut made = Vec::new();
        for _ in 0..count.min(MAX_BATCH) {
            let text = random_text(&random)?;
            let digest = CodeDigest::of(&text).ok_or(CodeError::NoRandomness)?;
            made.push(NewCode {
                text,
                code: like(digest),
            });
        }
        self.create(&made, signature).await?;
        Ok(made)
    }

    /// Adds codes; all or none.
    pub async fn create(&self, made: &[NewCode], signature: &Signature) -> Result<(), CodeError> {
        let codes: Vec<InvitationCode> = made.iter().map(|new| new.code.clone()).collect();
        let changes = codes
            .iter()
            .map(|code| told(SettingAction::CodeCreate, &code.digest));
        let record = of_settings(signature, changes.collect());
        match self.store.create(&codes, &record).await {
            Err(StoreError::Conflict) => Err(CodeError::Taken),
            created => Ok(created?),
        }
    }

    pub async fn find(&self, digest: &CodeDigest) -> Result<Option<InvitationCode>, StoreError> {
        self.store.find_code(digest).await
    }

    /// `false` when there is no such code. One that is revoked stays as it is.
    pub async fn revoke(
        &self,
        digest: &CodeDigest,
        signature: &Signature,
    ) -> Result<bool, StoreError> {
        match self.store.find_code(digest).await? {
            None => Ok(false),
            Some(code) if code.revoked => Ok(true),
            Some(_) => {
                let record = of_setting(signature, told(SettingAction::CodeRevoke, digest));
                self.store.revoke(digest, &record).await
            }
        }
    }

    /// All codes, page by page: start with [`Place::default`] and go on with what is returned.
    pub async fn page(
        &self,
        Place { part, cursor }: Place,
    ) -> Result<(Vec<InvitationCode>, Option<Place>), StoreError> {
        let (codes, next) = self.store.part(part, cursor).await?;
        Ok((codes, Place::after(part, next, PARTS)))
    }
}

fn told(action: SettingAction, digest: &CodeDigest) -> SettingChange {
    SettingChange::of(action, digest.as_str())
}

/// `XXXX-XXXX-XXXX-XXXX`: 80 bits.
fn random_text(random: &dyn SecureRandom) -> Result<String, CodeError> {
    let mut bytes = [0; GROUPS * GROUP];
    random
        .fill(&mut bytes)
        .map_err(|_| CodeError::NoRandomness)?;
    let digits = bytes.map(|byte| {
        // 256 is a multiple of 32, so every digit is as likely as any other.
        let digit = DIGITS.get(usize::from(byte) % DIGITS.len());
        digit.copied().map_or('0', char::from)
    });
    let groups: Vec<String> = digits
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_random_code_is_read_as_it_is_shown_and_uses_every_digit() {
        let random = SystemRandom::new();
        let (mut codes, mut seen) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..200 {
            let text = random_text(&random).unwrap();
            let groups: Vec<&str> = text.split('-').collect();
            assert_eq!(groups.len(), GROUPS, "{text}");
            assert!(groups.iter().all(|group| group.len() == GROUP), "{text}");
            seen.extend(text.bytes().filter(|digit| *digit != b'-'));
            let typed = text.replace('-', " ").to_lowercase();
            assert_eq!(CodeDigest::of(&typed), CodeDigest::of(&text));
            codes.insert(text);
        }
        assert_eq!(codes.len(), 200);
        assert_eq!(seen, BTreeSet::from(DIGITS));
    }
}
