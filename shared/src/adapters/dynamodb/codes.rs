//! Invitation codes, for the operator.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError,
    types::{AttributeValue, TransactWriteItem},
};

use super::{
    Table,
    client::store_error,
    contention::{patiently, until_free},
    items::{CodeItem, encode, read_as},
    keys::{CODE, Key, PK, code_part},
};
use crate::{
    domain::code::{CodeDigest, InvitationCode},
    ports::{
        StoreError,
        code_store::{CodeStore, MAX_BATCH},
        list_store::Cursor,
    },
};

#[async_trait]
impl CodeStore for Table {
    async fn create(&self, codes: &[InvitationCode]) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for code in codes.iter().take(MAX_BATCH) {
            let item = encode(&Key::code(&code.digest), CodeItem::from(code))?;
            let put = self.create(item)?;
            writes.push(TransactWriteItem::builder().put(put).build());
        }
        if writes.is_empty() {
            return Ok(());
        }
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }

    async fn find_code(&self, digest: &CodeDigest) -> Result<Option<InvitationCode>, StoreError> {
        let key = Key::code(digest);
        let item = self.get::<CodeItem>(&key).await?;
        item.map(|item| item.code(&key)).transpose()
    }

    async fn revoke(&self, digest: &CodeDigest) -> Result<bool, StoreError> {
        until_free(patiently(), || self.try_revoke(digest)).await
    }

    async fn part(
        &self,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<InvitationCode>, Option<Cursor>), StoreError> {
        let (items, next) = self.page(code_part(part), CODE, after).await?;
        Ok((read_as(items, CodeItem::code)?, next))
    }
}

impl Table {
    /// [`StoreError::Conflict`] while somebody uses the code.
    async fn try_revoke(&self, digest: &CodeDigest) -> Result<bool, StoreError> {
        let updated = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::code(digest).attributes()))
            .update_expression("SET revoked = :true")
            .condition_expression(format!("attribute_exists({PK})"))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await;
        match updated {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(store_error(&error)),
        }
    }
}
