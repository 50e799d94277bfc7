//! The sending of mails that are sent once: one-time codes, and notices.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue,
};
use jiff::SignedDuration;
use tokio::time::timeout_at;

use super::{
    Table, by,
    client::store_error,
    contention::held,
    items::{DeliveryItem, encode},
    keys::{Key, PK},
    number,
};
use crate::{
    domain::{approval::NoticeId, one_time_code::DeliveryId},
    ports::{
        Deadline, Lease, StoreError,
        notice_deliveries::{NoticeDeliveries, Turn},
        otp_deliveries::{Delivery, OtpDeliveries},
    },
};

/// How long a retry can be told from another code; the code itself is good for half of it.
const CODES_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Longer than a message can be in the queue and then among the dead letters.
const NOTICES_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

#[async_trait]
impl OtpDeliveries for Table {
    async fn begin(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<bool, StoreError> {
        let item = DeliveryItem::new(lease, CODES_KEPT);
        self.begin_delivery(&Key::otp_delivery(id), item, lease, deadline)
            .await
    }

    async fn delivery(
        &self,
        id: &DeliveryId,
        deadline: Deadline,
    ) -> Result<Option<Delivery>, StoreError> {
        self.find_delivery(&Key::otp_delivery(id), deadline).await
    }

    async fn sent(&self, id: &DeliveryId, deadline: Deadline) -> Result<(), StoreError> {
        self.note_sent(&Key::otp_delivery(id), deadline).await
    }

    async fn release(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        self.end_lease(&Key::otp_delivery(id), lease, deadline)
            .await
    }
}

#[async_trait]
impl NoticeDeliveries for Table {
    async fn begin(
        &self,
        id: &NoticeId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Turn, StoreError> {
        let key = Key::notice_delivery(id);
        let item = DeliveryItem::new(lease, NOTICES_KEPT);
        if self.begin_delivery(&key, item, lease, deadline).await? {
            return Ok(Turn::Ours);
        }
        Ok(match self.find_delivery(&key, deadline).await? {
            Some(Delivery::Sent) => Turn::Sent,
            Some(Delivery::Sending { .. }) | None => Turn::SomebodyElses,
        })
    }

    async fn sent(&self, id: &NoticeId, deadline: Deadline) -> Result<(), StoreError> {
        self.note_sent(&Key::notice_delivery(id), deadline).await
    }

    async fn release(
        &self,
        id: &NoticeId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        self.end_lease(&Key::notice_delivery(id), lease, deadline)
            .await
    }
}

impl Table {
    /// Whether it is neither sent nor somebody else's.
    async fn begin_delivery(
        &self,
        key: &Key,
        item: DeliveryItem,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<bool, StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(encode(key, item)?))
            // Its own holder when a first attempt was written and its answer lost.
            .condition_expression(format!(
                "attribute_not_exists({PK}) OR (#state = :sending AND (lease_until <= :now OR holder = :holder))"
            ))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sending", text("sending"))
            .expression_attribute_values(":now", number(lease.from.as_millisecond()))
            .expression_attribute_values(":holder", number(lease.holder))
            .send();
        let put = timeout_at(deadline.0, put).await;
        held(
            put.map_err(|_| StoreError::TimedOut)?
                .map_err(|error| store_error(&error)),
        )
    }

    async fn find_delivery(
        &self,
        key: &Key,
        deadline: Deadline,
    ) -> Result<Option<Delivery>, StoreError> {
        let item = by(deadline, self.get::<DeliveryItem>(key)).await?;
        item.map(|item| item.delivery(key)).transpose()
    }

    async fn note_sent(&self, key: &Key, deadline: Deadline) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET #state = :sent")
            .condition_expression(format!("attribute_exists({PK})"))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sent", text("sent"));
        change(update, deadline).await
    }

    async fn end_lease(
        &self,
        key: &Key,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .update_expression("SET lease_until = :ended")
            .condition_expression("#state = :sending AND holder = :holder")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sending", text("sending"))
            .expression_attribute_values(":holder", number(lease.holder))
            .expression_attribute_values(":ended", number(0_i64));
        change(update, deadline).await
    }
}

/// Changes a delivery, unless it is no longer as the condition says.
async fn change(update: UpdateItemFluentBuilder, deadline: Deadline) -> Result<(), StoreError> {
    let updated = async { update.send().await.map_err(|error| store_error(&error)) };
    held(by(deadline, updated).await).map(|_| ())
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
