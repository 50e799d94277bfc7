//! Attempts at verifications, and the evidence that stays.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
};
use jiff::Timestamp;

use super::{
    Table, by,
    client::store_error,
    items::{AttemptItem, Item, decode, encode, read_as},
    keys::{Key, PK, evidence},
    number,
};
use crate::{
    domain::{
        person::PersonKey,
        verification::{AttemptKey, Evidence},
    },
    ports::{
        Deadline, Lease, StoreError,
        attempts::{Attempt, Attempts, EvidenceReader},
    },
};

const IS_OURS: &str = "holder = :holder";

#[async_trait]
impl Attempts for Table {
    async fn begin(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        made_since: Timestamp,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<Attempt, StoreError> {
        let key = Key::attempt(person, key);
        let item = encode(&key, AttemptItem::held(lease))?;
        match by(deadline, self.take(item, made_since, lease)).await? {
            Taken::Now => Ok(Attempt::Yours),
            Taken::Before(item) => decode::<AttemptItem>(&key, item)?.attempt(&key),
        }
    }

    async fn finish(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        evidence: &Evidence,
        keep_until: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let key = Key::attempt(person, key);
        let item = encode(&key, AttemptItem::made(evidence, keep_until))?;
        by(deadline, self.put(self.replace(item)?)).await
    }

    async fn hold(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        lease: &Lease,
        held_until: Timestamp,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let key = Key::attempt(person, key);
        let item = encode(&key, AttemptItem::unclear(held_until))?;
        of_the_holder(by(deadline, self.leave(item, lease)).await)
    }

    async fn release(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        lease: &Lease,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let key = Key::attempt(person, key);
        of_the_holder(by(deadline, self.give_back(&key, lease)).await)
    }
}

#[async_trait]
impl EvidenceReader for Table {
    async fn evidence(&self, person: &PersonKey) -> Result<Vec<Evidence>, StoreError> {
        let items = self.partition(&evidence(person)).await?;
        let attempts = read_as(items, AttemptItem::evidence)?;
        let mut made: Vec<Evidence> = attempts.into_iter().flatten().collect();
        made.sort_by_key(|evidence| std::cmp::Reverse(evidence.at));
        Ok(made)
    }
}

/// What somebody else took over stays.
fn of_the_holder(ended: Result<(), StoreError>) -> Result<(), StoreError> {
    match ended {
        Ok(()) | Err(StoreError::Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

enum Taken {
    Now,
    /// With the item that stands in the way.
    Before(Item),
}

impl Table {
    /// Writes the item of an attempt that nobody has made or holds; one that is too old or given up makes room.
    async fn take(
        &self,
        item: Item,
        made_since: Timestamp,
        lease: &Lease,
    ) -> Result<Taken, StoreError> {
        let taken = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            // Its own holder when a first try was written and its answer lost.
            .condition_expression(format!(
                "attribute_not_exists({PK}) OR held_until <= :now OR made_at < :made_since OR {IS_OURS}"
            ))
            .expression_attribute_values(":now", number(lease.from.as_millisecond()))
            .expression_attribute_values(":made_since", number(made_since.as_millisecond()))
            .expression_attribute_values(":holder", number(lease.holder))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = taken else {
            return Ok(Taken::Now);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let before = failed.item().cloned();
                before.map(Taken::Before).ok_or(StoreError::Conflict)
            }
            _ => Err(store_error(&error)),
        }
    }

    async fn leave(&self, item: Item, lease: &Lease) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(IS_OURS)
            .expression_attribute_values(":holder", number(lease.holder))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }

    async fn give_back(&self, key: &Key, lease: &Lease) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression(IS_OURS)
            .expression_attribute_values(":holder", number(lease.holder))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
