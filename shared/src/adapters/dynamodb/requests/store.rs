//! Requests for those who decide about them and for what follows a decision.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::{
    operation::query::builders::QueryFluentBuilder,
    types::{AttributeValue, Delete, Select},
};

use super::lifetime::may_reopen;
use crate::{
    adapters::dynamodb::{
        Table,
        client::store_error,
        contention::{patiently, until_free},
        items::{HistoryItem, IndexItem, Item, OctetsItem, RequestItem, key_of, read_as},
        keys::{
            HISTORY, Key, PK, REQUEST, SK, WRAPPED_KEY, queue, request, requests_of_domain,
            requests_of_person,
        },
        look_ups::take,
        many::first,
        transaction::delete,
    },
    domain::{
        approval::{ApprovalRequest, HistoryEntry, RequestId, Sealed, State, WrappedKey},
        audit::Record,
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError,
        request_store::{Order, Page, RequestStore},
    },
};

#[async_trait]
impl RequestStore for Table {
    async fn request(&self, id: &RequestId) -> Result<Option<ApprovalRequest>, StoreError> {
        let key = Key::request(id);
        let item = self.get::<RequestItem>(&key).await?;
        item.map(|item| item.request(&key)).transpose()
    }

    async fn history(&self, id: &RequestId) -> Result<Vec<HistoryEntry>, StoreError> {
        let items = self.beginning(&request(id), HISTORY).await?;
        read_as(items, HistoryItem::entry)
    }

    async fn applicant(&self, id: &RequestId, edition: u32) -> Result<Option<Sealed>, StoreError> {
        let (sealed, key) = (Key::sealed(id, edition), Key::wrapped_key(id, edition));
        let (items, ..) = self.batch_get(&[sealed.clone(), key.clone()], true).await?;
        let items = items.into_iter();
        let mut items: HashMap<Key, Item> = items.map(|item| (key_of(&item), item)).collect();
        let mut octets = |key| take(&mut items, key, |item: OctetsItem, _| Ok(item.octets));
        let (octets, key) = (octets(&sealed)?, octets(&key)?);
        Ok(octets.zip(key).map(|(octets, key)| Sealed {
            octets,
            key: WrappedKey(key),
        }))
    }

    async fn queue(
        &self,
        state: State,
        order: Order,
        after: Option<&RequestId>,
        limit: u16,
    ) -> Result<Page, StoreError> {
        let query = self.queue_after(state, order, after);
        let (items, more) = first(query, limit).await?;
        let requests = read_as(items, RequestItem::request)?;
        let last = requests.last().filter(|_| more);
        let next = last.map(|request| request.id.clone());
        Ok(Page { requests, next })
    }

    async fn count(&self, state: State, at_most: u32) -> Result<u32, StoreError> {
        let (mut count, mut start) = (0, None);
        while count < at_most {
            let found = self
                .partition_query(queue(state))
                .select(Select::Count)
                .limit(i32::try_from(at_most - count).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            count += u32::try_from(found.count).unwrap_or_default();
            start = found.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        Ok(count)
    }

    async fn of_person(
        &self,
        person: &PersonKey,
        limit: u16,
    ) -> Result<Vec<RequestId>, StoreError> {
        self.newest(requests_of_person(person), limit).await
    }

    async fn of_domain(&self, domain: &str, limit: u16) -> Result<Vec<RequestId>, StoreError> {
        self.newest(requests_of_domain(domain), limit).await
    }

    async fn change(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<bool, StoreError> {
        if next.state.is_open() && !may_reopen(before, next.changed_at)? {
            return Ok(false);
        }
        let deadline = patiently();
        until_free(deadline, || {
            Box::pin(self.try_change(before, next, entry, deadline))
        })
        .await
    }

    async fn erase(&self, id: &RequestId, record: Option<&Record>) -> Result<(), StoreError> {
        let items = self.beginning(&request(id), WRAPPED_KEY).await?;
        let keys: Vec<Key> = items.iter().map(key_of).collect();
        match record {
            None => self.delete_all(keys).await,
            Some(_) if keys.is_empty() => Ok(()),
            Some(record) => {
                let writes = keys.iter().map(|key| self.removal(key));
                self.write_recorded(writes.collect::<Result<_, _>>()?, record)
                    .await
            }
        }
    }
}

impl Table {
    async fn try_change(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
        deadline: Deadline,
    ) -> Result<bool, StoreError> {
        let mut writes = self.next_version(next, entry)?;
        if before.state != next.state {
            writes.push(delete(self.leave_queue(before)?));
        }
        if let Some(record) = Record::of_request(&next.id, entry) {
            writes.push(self.record(&record)?);
        }
        let own = writes.len();
        let mut lifetimes = self.lifetimes(before, next).await?;
        writes.append(&mut lifetimes.at_once);
        match self.transact(writes, deadline).await?.first() {
            None => {
                self.settle(lifetimes).await?;
                Ok(true)
            }
            Some(place) if *place < own => Ok(false),
            // A key was erased in between.
            Some(_) => Err(StoreError::Conflict),
        }
    }

    fn leave_queue(&self, before: &ApprovalRequest) -> Result<Delete, StoreError> {
        Delete::builder()
            .table_name(&self.name)
            .set_key(Some(Key::queued(before.state, &before.id).attributes()))
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    fn queue_after(
        &self,
        state: State,
        order: Order,
        after: Option<&RequestId>,
    ) -> QueryFluentBuilder {
        let query = self.partition_query(queue(state));
        let query = query.scan_index_forward(order == Order::OldestFirst);
        let Some(after) = after else {
            return query;
        };
        let side = match order {
            Order::OldestFirst => '>',
            Order::NewestFirst => '<',
        };
        query
            .key_condition_expression(format!("{PK} = :pk AND {SK} {side} :after"))
            .expression_attribute_values(":after", AttributeValue::S(after.to_string()))
    }

    /// The requests that an index names, the newest first.
    async fn newest(&self, pk: String, limit: u16) -> Result<Vec<RequestId>, StoreError> {
        let found = self
            .partition_query(pk)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :prefix)"))
            .expression_attribute_values(":prefix", AttributeValue::S(REQUEST.to_owned()))
            .scan_index_forward(false)
            .limit(i32::from(limit.max(1)))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        read_as(found.items.unwrap_or_default(), IndexItem::request)
    }
}
