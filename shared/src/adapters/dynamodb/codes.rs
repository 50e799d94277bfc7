//! Invitation codes, for the operator.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Update};

use super::{
    Table,
    contention::held,
    items::{CodeItem, encode, read_as},
    keys::{CODE, Key, PK, code_part},
    transaction::{put, update},
};
use crate::{
    domain::{
        audit::Record,
        code::{CodeDigest, InvitationCode},
    },
    ports::{
        StoreError,
        code_store::{CodeStore, MAX_BATCH},
        list_store::Cursor,
    },
};

#[async_trait]
impl CodeStore for Table {
    async fn create(&self, codes: &[InvitationCode], record: &Record) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        for code in codes.iter().take(MAX_BATCH) {
            let item = encode(&Key::code(&code.digest), CodeItem::from(code))?;
            writes.push(put(self.create(item)?));
        }
        if writes.is_empty() {
            return Ok(());
        }
        self.write_recorded(writes, record).await
    }

    async fn find_code(&self, digest: &CodeDigest) -> Result<Option<InvitationCode>, StoreError> {
        let key = Key::code(digest);
        let item = self.get::<CodeItem>(&key).await?;
        item.map(|item| item.code(&key)).transpose()
    }

    async fn revoke(&self, digest: &CodeDigest, record: &Record) -> Result<bool, StoreError> {
        let revoked = Update::builder()
            .table_name(&self.name)
            .set_key(Some(Key::code(digest).attributes()))
            .update_expression("SET revoked = :true")
            .condition_expression(format!("attribute_exists({PK})"))
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        held(self.write_recorded(vec![update(revoked)], record).await)
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
