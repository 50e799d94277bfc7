//! What the maintenance of requests needs beside the requests themselves.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{
    Table,
    client::store_error,
    contention::held,
    items::{GuestRoundItem, MarkItem, RoundItem, UnapprovedItem, encode, key_of},
    keys::{Key, PK},
    number,
};
use crate::{
    domain::approval::{ApprovalRequest, Mark, RequestId, State},
    ports::{
        StoreError,
        accounts::AccountId,
        guest_rounds::{GuestRounds, GuestWindow},
        redelivery::Redelivery,
        reminders::Reminders,
        rounds::{Place, Rounds},
    },
};

/// Most keys of one `BatchGetItem`.
const BATCH: usize = 100;

#[async_trait]
impl Reminders for Table {
    async fn marked(
        &self,
        wanted: &[(RequestId, Mark)],
    ) -> Result<HashSet<(RequestId, Mark)>, StoreError> {
        let mut marked = HashSet::new();
        for batch in wanted.chunks(BATCH) {
            let keys: Vec<Key> = batch
                .iter()
                .map(|(id, mark)| Key::mark(id, *mark))
                .collect();
            let (items, ..) = self.batch_get(&keys, false).await?;
            let there: HashSet<Key> = items.iter().map(key_of).collect();
            let found = batch.iter().zip(keys);
            let found = found.filter(|(_, key)| there.contains(key));
            marked.extend(found.map(|(wanted, _)| wanted.clone()));
        }
        Ok(marked)
    }

    async fn mark(
        &self,
        request: &ApprovalRequest,
        mark: Mark,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let item = MarkItem::new(request, mark, at);
        let item = encode(&Key::mark(&request.id, mark), item)?;
        held(self.put(self.create(item)?).await)
    }
}

#[async_trait]
impl Rounds for Table {
    async fn place(&self, state: State) -> Result<Option<Place>, StoreError> {
        let key = Key::round(state);
        let item = self.get::<RoundItem>(&key).await?;
        item.map(|item| item.place(&key)).transpose()
    }

    async fn keep(&self, state: State, place: &Place) -> Result<(), StoreError> {
        let item = encode(&Key::round(state), RoundItem::from(place))?;
        self.put(self.replace(item)?).await
    }
}

#[async_trait]
impl GuestRounds for Table {
    async fn window(&self) -> Result<Option<GuestWindow>, StoreError> {
        let key = Key::guest_round();
        let item = self.get::<GuestRoundItem>(&key).await?;
        item.map(|item| item.window(&key)).transpose()
    }

    async fn keep_window(&self, window: &GuestWindow) -> Result<(), StoreError> {
        let item = encode(&Key::guest_round(), GuestRoundItem::from(window))?;
        self.put(self.replace(item)?).await
    }

    async fn found(&self, account: &AccountId, at: Timestamp) -> Result<bool, StoreError> {
        let item = encode(&Key::unapproved(account), UnapprovedItem::new(at))?;
        held(self.put(self.create(item)?).await)
    }
}

#[async_trait]
impl Redelivery for Table {
    /// The attribute is in the filter of what takes records from the stream. The next change of the request writes the whole
    /// item, and so leaves it out.
    async fn bring_again(
        &self,
        request: &ApprovalRequest,
        at: Timestamp,
        not_since: Timestamp,
    ) -> Result<bool, StoreError> {
        let updated = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::request(&request.id).attributes()))
            .update_expression("SET brought_again_at = :at")
            .condition_expression(format!(
                "attribute_exists({PK}) AND version = :version AND \
                 (attribute_not_exists(brought_again_at) OR brought_again_at <= :not_since)"
            ))
            .expression_attribute_values(":at", number(at.as_millisecond()))
            .expression_attribute_values(":version", number(request.version))
            .expression_attribute_values(":not_since", number(not_since.as_millisecond()))
            .send()
            .await;
        held(updated.map_err(|error| store_error(&error)))
    }
}
