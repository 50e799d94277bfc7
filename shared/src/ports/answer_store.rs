//! Answers of sources that stand for the next ones, and the breakers of sources and verifications. All are read along with the lists.

use async_trait::async_trait;

use super::{Deadline, StoreError};
use crate::domain::source::{AnswerKey, Breaker, KeptAnswer, SourceName};

#[async_trait]
pub trait AnswerStore: Send + Sync {
    /// Keeps an answer, in the place of an older one.
    async fn keep(
        &self,
        key: &AnswerKey,
        answer: &KeptAnswer,
        deadline: Deadline,
    ) -> Result<(), StoreError>;

    /// Replaces the breaker of a source or verification. [`StoreError::Conflict`] when the version before `next` is no longer there: another
    /// instance was faster, and saw the same.
    async fn set_breaker(
        &self,
        source: &SourceName,
        next: &Breaker,
        deadline: Deadline,
    ) -> Result<(), StoreError>;
}
