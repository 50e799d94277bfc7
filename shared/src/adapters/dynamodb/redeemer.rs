//! Using an invitation code: all or nothing, and once for each person.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use jiff::Timestamp;

use super::{
    Table, by,
    items::{RedemptionItem, encode},
    keys::Key,
    transaction::{put, update},
};
use crate::{
    domain::{code::CodeDigest, person::PersonKey},
    ports::{
        Deadline, StoreError,
        code_redeemer::{CodeRedeemer, Redeemed},
        code_store::CodeStore,
    },
};

#[async_trait]
impl CodeRedeemer for Table {
    async fn redeem(
        &self,
        code: &CodeDigest,
        person: &PersonKey,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Redeemed, StoreError> {
        let redemption = encode(&Key::redemption(code, person), RedemptionItem::new(now))?;
        let writes = vec![
            put(self.create(redemption)?),
            update(self.use_once(code, now)?),
        ];
        let unmet = self.transact(writes, deadline).await?;
        match unmet.first() {
            None => Ok(Redeemed::Yes),
            // The person has used the code before; whether it still counts says the code.
            Some(0) => by(deadline, self.still_counts(code, now)).await,
            Some(_) => Ok(Redeemed::No),
        }
    }
}

impl Table {
    /// One more use, on condition that there is one left.
    fn use_once(&self, code: &CodeDigest, now: Timestamp) -> Result<Update, StoreError> {
        // A code that never was has none of these attributes, so it fails the condition, too.
        let usable = "used < uses AND revoked = :false AND \
                      (attribute_not_exists(expires_at) OR expires_at > :now)";
        let now = AttributeValue::N(now.as_second().to_string());
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(Key::code(code).attributes()))
            .update_expression("SET used = used + :one")
            .condition_expression(usable)
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":false", AttributeValue::Bool(false))
            .expression_attribute_values(":now", now)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    /// Whether a code still counts for somebody who has used it.
    async fn still_counts(
        &self,
        code: &CodeDigest,
        now: Timestamp,
    ) -> Result<Redeemed, StoreError> {
        let found = self.find_code(code).await?;
        let counts =
            found.is_some_and(|code| !code.revoked && code.expires_at.is_none_or(|end| now < end));
        Ok(if counts { Redeemed::Yes } else { Redeemed::No })
    }
}
