//! What endpoints were told, and what they were told in vain.

use async_trait::async_trait;

use super::{
    Table,
    client::store_error,
    items::{DeadWebhookItem, WebhookAttemptItem, encode, read_as},
    keys::{Key, dead_webhooks_of, deliveries_of},
};
use crate::{
    domain::{
        endpoint::EndpointId,
        event::{EventId, Hour},
        webhook::{Attempt, DeadWebhook},
    },
    ports::{
        StoreError,
        dead_webhooks::{DeadPage, DeadWebhooks},
        delivery_log::{DeliveryLog, DeliveryReader},
    },
};

/// Most dead letters of a page.
const PAGE: u16 = 500;

#[async_trait]
impl DeliveryLog for Table {
    async fn note(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let item = WebhookAttemptItem::from(attempt);
        let item = encode(&Key::webhook_attempt(attempt), item)?;
        self.put(self.replace(item)?).await
    }
}

#[async_trait]
impl DeliveryReader for Table {
    async fn attempts_in(
        &self,
        endpoint: &EndpointId,
        hour: Hour,
    ) -> Result<Vec<Attempt>, StoreError> {
        let items = self.partition(&deliveries_of(endpoint, hour)).await?;
        read_as(items, WebhookAttemptItem::attempt)
    }

    async fn attempts_for(
        &self,
        endpoint: &EndpointId,
        event: &EventId,
    ) -> Result<Vec<Attempt>, StoreError> {
        let pk = deliveries_of(endpoint, event.hour());
        let items = self.beginning(&pk, &format!("{event}#")).await?;
        read_as(items, WebhookAttemptItem::attempt)
    }
}

#[async_trait]
impl DeadWebhooks for Table {
    async fn bury(&self, dead: &DeadWebhook) -> Result<(), StoreError> {
        let item = encode(&Key::dead_webhook(dead), DeadWebhookItem::from(dead))?;
        self.put(self.replace(item)?).await
    }

    async fn buried(
        &self,
        endpoint: &EndpointId,
        after: Option<&EventId>,
    ) -> Result<DeadPage, StoreError> {
        let pk = dead_webhooks_of(endpoint);
        let after = after.map(EventId::to_string);
        let (items, more) = self.first_after(pk, after, PAGE).await?;
        let dead = read_as(items, DeadWebhookItem::dead)?;
        let last = dead.last().filter(|_| more);
        let next = last.map(|dead| dead.event.clone());
        Ok(DeadPage { dead, next })
    }

    async fn unbury(&self, dead: &DeadWebhook) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(Key::dead_webhook(dead).attributes()))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
