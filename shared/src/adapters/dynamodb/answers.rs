//! Answers of sources that are kept, and the breakers of sources.

use async_trait::async_trait;

use super::{
    Table, by,
    items::{AnswerItem, BreakerItem, encode},
    keys::Key,
    number,
};
use crate::{
    domain::source::{AnswerKey, Breaker, KeptAnswer, SourceName},
    ports::{Deadline, StoreError, answer_store::AnswerStore},
};

#[async_trait]
impl AnswerStore for Table {
    async fn keep(
        &self,
        key: &AnswerKey,
        answer: &KeptAnswer,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let item = encode(&Key::answer(key), AnswerItem::from(answer))?;
        by(deadline, self.put(self.replace(item)?)).await
    }

    async fn set_breaker(
        &self,
        source: &SourceName,
        next: &Breaker,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let writer = fastrand::u64(..);
        let item = encode(&Key::breaker(source), BreakerItem::new(next, writer))?;
        let mut put = self.put_version(item, next.version.saturating_sub(1))?;
        // Its own writer when a first try was written and its answer lost.
        let condition = put.condition_expression.take();
        put.condition_expression =
            condition.map(|condition| format!("{condition} OR writer = :writer"));
        let values = put.expression_attribute_values.get_or_insert_default();
        values.insert(":writer".to_owned(), number(writer));
        by(deadline, self.put(put)).await
    }
}
