//! Using an invitation code: all or nothing, and once for each person.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{AttributeValue, CancellationReason, TransactWriteItem, Update},
};
use jiff::Timestamp;

use super::{
    Table, by,
    client::store_error,
    contention::until_free,
    items::{RedemptionItem, encode},
    keys::Key,
};
use crate::{
    domain::{code::CodeDigest, person::PersonKey},
    ports::{
        Deadline, StoreError,
        code_redeemer::{CodeRedeemer, Redeemed},
        code_store::CodeStore,
    },
};

/// What one try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Yes,
    No,
    /// The person has used the code before; whether it still counts says the code.
    Again,
}

#[async_trait]
impl CodeRedeemer for Table {
    async fn redeem(
        &self,
        code: &CodeDigest,
        person: &PersonKey,
        now: Timestamp,
        deadline: Deadline,
    ) -> Result<Redeemed, StoreError> {
        match until_free(deadline, || self.try_redeem(code, person, now)).await? {
            Tried::Yes => Ok(Redeemed::Yes),
            Tried::No => Ok(Redeemed::No),
            Tried::Again => by(deadline, self.still_counts(code, now)).await,
        }
    }
}

impl Table {
    async fn try_redeem(
        &self,
        code: &CodeDigest,
        person: &PersonKey,
        now: Timestamp,
    ) -> Result<Tried, StoreError> {
        let redemption = encode(&Key::redemption(code, person), RedemptionItem::new(now))?;
        let redemption = TransactWriteItem::builder().put(self.create(redemption)?);
        let used = TransactWriteItem::builder().update(self.use_once(code, now)?);
        let sent = self
            .client
            .transact_write_items()
            .transact_items(redemption.build())
            .transact_items(used.build())
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Tried::Yes),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    because(cancelled.cancellation_reasons())
                }
                _ => Err(store_error(&error)),
            },
        }
    }

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

/// What a cancelled transaction means. The reasons are in the order of the writes: the redemption, the code.
fn because(reasons: &[CancellationReason]) -> Result<Tried, StoreError> {
    let mut codes = reasons.iter().map(CancellationReason::code);
    let (redemption, code) = (codes.next().flatten(), codes.next().flatten());
    match (redemption, code) {
        (Some("ConditionalCheckFailed"), _) => Ok(Tried::Again),
        (_, Some("ConditionalCheckFailed")) => Ok(Tried::No),
        (Some("TransactionConflict"), _) | (_, Some("TransactionConflict")) => {
            Err(StoreError::Conflict)
        }
        (Some(reason), _) | (_, Some(reason)) if is_throttled(reason) => Err(StoreError::Throttled),
        (redemption, code) => {
            let reason = redemption.filter(|reason| *reason != "None").or(code);
            let told = reason.unwrap_or("a transaction was cancelled for no reason");
            Err(StoreError::Unavailable(told.to_owned()))
        }
    }
}

fn is_throttled(reason: &str) -> bool {
    matches!(reason, "ThrottlingError" | "ProvisionedThroughputExceeded")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FAILED: &str = "ConditionalCheckFailed";
    const CONFLICT: &str = "TransactionConflict";

    #[rstest]
    #[case::second_time(FAILED, "None", "Ok(Again)")]
    #[case::second_time_of_a_code_that_is_used_up(FAILED, FAILED, "Ok(Again)")]
    #[case::second_time_while_others_use_it(FAILED, CONFLICT, "Ok(Again)")]
    #[case::not_usable("None", FAILED, "Ok(No)")]
    #[case::not_usable_while_the_person_tries_twice(CONFLICT, FAILED, "Ok(No)")]
    #[case::others_use_it("None", CONFLICT, "Err(Conflict)")]
    #[case::the_person_tries_twice(CONFLICT, "None", "Err(Conflict)")]
    #[case::throttled("None", "ThrottlingError", "Err(Throttled)")]
    #[case::throttled_first("ProvisionedThroughputExceeded", "None", "Err(Throttled)")]
    #[case::a_fault("None", "ValidationError", "Err(Unavailable(\"ValidationError\"))")]
    fn a_cancellation_is_understood_by_its_codes(
        #[case] redemption: &str,
        #[case] code: &str,
        #[case] expected: &str,
    ) {
        let reasons =
            [redemption, code].map(|reason| CancellationReason::builder().code(reason).build());
        assert_eq!(format!("{:?}", because(&reasons)), expected);
    }
}
