//! Attempts at verifications, and the evidence that stays.

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::Timestamp;

use super::{
    Table, by,
    client::store_error,
    items::{AttemptItem, Item, decode, encode, read_as},
    keys::{Key, PK, evidence},
};
use crate::{
    domain::{
        person::PersonKey,
        verification::{AttemptKey, Evidence},
    },
    ports::{
        Deadline, StoreError,
        attempts::{Attempt, Attempts, EvidenceReader},
    },
};

#[async_trait]
impl Attempts for Table {
    async fn begin(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        made_since: Timestamp,
        now: Timestamp,
        held_until: Timestamp,
        deadline: Deadline,
    ) -> Result<Attempt, StoreError> {
        let key = Key::attempt(person, key);
        let item = encode(&key, AttemptItem::held(held_until))?;
        match by(deadline, self.take(item, made_since, now)).await? {
            Taken::Now => Ok(Attempt::Yours),
            Taken::Before(item) => {
                let evidence = decode::<AttemptItem>(&key, item)?.evidence(&key)?;
                Ok(evidence.map_or(Attempt::Running, Attempt::Done))
            }
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

    async fn release(
        &self,
        person: &PersonKey,
        key: &AttemptKey,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let key = Key::attempt(person, key);
        match by(deadline, self.give_back(&key)).await {
            // Somebody else took it over and has made it: that stays.
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
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
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let moment = |at: Timestamp| AttributeValue::N(at.as_millisecond().to_string());
        let taken = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression(format!(
                "attribute_not_exists({PK}) OR held_until <= :now OR made_at < :made_since"
            ))
            .expression_attribute_values(":now", moment(now))
            .expression_attribute_values(":made_since", moment(made_since))
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

    async fn give_back(&self, key: &Key) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_exists(held_until)")
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
