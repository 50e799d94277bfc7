//! The sending of one-time codes.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue,
};
use tokio::time::timeout_at;

use super::{
    Table, by,
    client::store_error,
    contention::held,
    items::{OtpDeliveryItem, encode},
    keys::{Key, PK},
    number,
};
use crate::{
    domain::one_time_code::DeliveryId,
    ports::{
        Deadline, StoreError,
        otp_deliveries::{Delivery, Lease, OtpDeliveries},
    },
};

#[async_trait]
impl OtpDeliveries for Table {
    async fn begin(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<bool, StoreError> {
        let key = Key::otp_delivery(id);
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(encode(&key, OtpDeliveryItem::new(lease))?))
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

    async fn delivery(
        &self,
        id: &DeliveryId,
        deadline: Deadline,
    ) -> Result<Option<Delivery>, StoreError> {
        let key = Key::otp_delivery(id);
        let item = by(deadline, self.get::<OtpDeliveryItem>(&key)).await?;
        item.map(|item| item.delivery(&key)).transpose()
    }

    async fn sent(&self, id: &DeliveryId, deadline: Deadline) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::otp_delivery(id).attributes()))
            .update_expression("SET #state = :sent")
            .condition_expression(format!("attribute_exists({PK})"))
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sent", text("sent"));
        change(update, deadline).await
    }

    async fn release(
        &self,
        id: &DeliveryId,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::otp_delivery(id).attributes()))
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
