//! Several items written together: all of them or none.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, Delete, Put, TransactWriteItem, Update, builders::DeleteBuilder},
};

use super::{
    Table,
    client::store_error,
    contention::until_free,
    keys::{Key, PK},
};
use crate::ports::{Deadline, StoreError};

pub(super) fn put(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

pub(super) fn update(update: Update) -> TransactWriteItem {
    TransactWriteItem::builder().update(update).build()
}

pub(super) fn built_deletion(deletion: DeleteBuilder) -> Result<TransactWriteItem, StoreError> {
    let built = deletion.build().map(delete);
    built.map_err(|error| StoreError::Unavailable(error.to_string()))
}

pub(super) fn delete(delete: Delete) -> TransactWriteItem {
    TransactWriteItem::builder().delete(delete).build()
}

impl Table {
    /// Deletes an item on condition that it is there.
    pub(super) fn removal(&self, key: &Key) -> Result<TransactWriteItem, StoreError> {
        let removal = self.deletion(key);
        built_deletion(removal.condition_expression(format!("attribute_exists({PK})")))
    }

    /// Deletes an item on the condition that is still to be said.
    pub(super) fn deletion(&self, key: &Key) -> DeleteBuilder {
        let deletion = Delete::builder().table_name(&self.name);
        deletion.set_key(Some(key.attributes()))
    }

    /// Writes as soon as nobody else is in the way. Returns the places of the writes whose conditions did not hold: without
    /// any, everything is written.
    pub(super) async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
        deadline: Deadline,
    ) -> Result<Vec<usize>, StoreError> {
        // By it DynamoDB knows what it has written already when only the answer got lost.
        let token = format!("{:032x}", fastrand::u128(..));
        until_free(deadline, || self.try_transact(&writes, &token)).await
    }

    async fn try_transact(
        &self,
        writes: &[TransactWriteItem],
        token: &str,
    ) -> Result<Vec<usize>, StoreError> {
        let sent = self
            .client
            .transact_write_items()
            .client_request_token(token)
            .set_transact_items(Some(writes.to_vec()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Vec::new()),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    unmet(cancelled.cancellation_reasons())
                }
                _ => Err(store_error(&error)),
            },
        }
    }
}

/// The places of the writes whose conditions did not hold. The reasons are in the order of the writes; when every condition
/// held, they tell a fault.
fn unmet(reasons: &[CancellationReason]) -> Result<Vec<usize>, StoreError> {
    let codes = || reasons.iter().filter_map(CancellationReason::code);
    let unmet: Vec<usize> = (0..)
        .zip(reasons)
        .filter(|(_, reason)| reason.code() == Some("ConditionalCheckFailed"))
        .map(|(place, _)| place)
        .collect();
    if !unmet.is_empty() {
        return Ok(unmet);
    }
    if codes().any(|code| code == "TransactionConflict") {
        return Err(StoreError::Conflict);
    }
    if codes().any(is_throttled) {
        return Err(StoreError::Throttled);
    }
    let fault = codes().find(|code| *code != "None");
    let told = fault.unwrap_or("a transaction was cancelled for no reason");
    Err(StoreError::Unavailable(told.to_owned()))
}

fn is_throttled(code: &str) -> bool {
    matches!(code, "ThrottlingError" | "ProvisionedThroughputExceeded")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const FAILED: &str = "ConditionalCheckFailed";
    const CONFLICT: &str = "TransactionConflict";

    #[rstest]
    #[case::first(FAILED, "None", "Ok([0])")]
    #[case::second("None", FAILED, "Ok([1])")]
    #[case::both(FAILED, FAILED, "Ok([0, 1])")]
    #[case::first_while_others_change_the_second(FAILED, CONFLICT, "Ok([0])")]
    #[case::second_while_others_change_the_first(CONFLICT, FAILED, "Ok([1])")]
    #[case::others_change_the_second("None", CONFLICT, "Err(Conflict)")]
    #[case::others_change_the_first(CONFLICT, "None", "Err(Conflict)")]
    #[case::throttled("None", "ThrottlingError", "Err(Throttled)")]
    #[case::throttled_first("ProvisionedThroughputExceeded", "None", "Err(Throttled)")]
    #[case::a_fault("None", "ValidationError", "Err(Unavailable(\"ValidationError\"))")]
    #[case::none(
        "None",
        "None",
        "Err(Unavailable(\"a transaction was cancelled for no reason\"))"
    )]
    fn a_cancellation_is_understood_by_its_codes(
        #[case] first: &str,
        #[case] second: &str,
        #[case] expected: &str,
    ) {
        let reasons = [first, second].map(|code| CancellationReason::builder().code(code).build());
        assert_eq!(format!("{:?}", unmet(&reasons)), expected);
    }
}
