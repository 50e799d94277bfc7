//! Published policies.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Put, builders::PutBuilder};
use serde::de::DeserializeOwned;

use super::{
    Table,
    client::store_error,
    items::{
        CurrentPoliciesItem, Item, PolicyTextItem, PreparedPolicyItem, PublicationItem, decode,
        encode, key_of,
    },
    keys::{Key, PK, PUBLICATION, SK, policy},
    transaction::put,
};
use crate::{
    domain::{
        audit::Record,
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion, Publication},
    },
    ports::{
        Deadline, StoreError,
        policy_reader::PolicyReader,
        policy_store::{NewVersion, PolicyStore},
    },
};

#[async_trait]
impl PolicyReader for Table {
    async fn prepared(
        &self,
        version: &PolicyVersion,
        deadline: Deadline,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = Key::policy_prepared(version);
        let item = tokio::time::timeout_at(deadline.0, self.get::<PreparedPolicyItem>(&key));
        let item = item.await.map_err(|_| StoreError::TimedOut)??;
        Ok(item.map(PreparedPolicyItem::into_octets))
    }

    async fn document(
        &self,
        version: &PolicyVersion,
        deadline: Deadline,
    ) -> Result<Option<String>, StoreError> {
        let key = Key::policy_document(version);
        let item = tokio::time::timeout_at(deadline.0, self.get::<PolicyTextItem>(&key));
        let item = item.await.map_err(|_| StoreError::TimedOut)??;
        Ok(item.map(|item| item.text))
    }
}

#[async_trait]
impl PolicyStore for Table {
    async fn current(&self) -> Result<CurrentPolicies, StoreError> {
        let item = self
            .get::<CurrentPoliciesItem>(&Key::current_policies())
            .await?;
        item.map_or_else(
            || Ok(CurrentPolicies::default()),
            CurrentPoliciesItem::current,
        )
    }

    async fn publish(
        &self,
        new: &NewVersion,
        next: &CurrentPolicies,
        record: &Record,
    ) -> Result<(), StoreError> {
        let version = &new.publication.version;
        let told = Key::publication(version);
        let (source, document) = (Key::policy_source(version), Key::policy_document(version));
        let mut writes = vec![
            self.create(encode(&told, PublicationItem::from(&new.publication))?)?,
            self.create(encode(&source, PolicyTextItem::new(&new.source))?)?,
            self.create(encode(&document, PolicyTextItem::new(&new.document))?)?,
            self.put_pointer(next)?,
        ];
        if let Some(octets) = &new.prepared {
            let prepared = Key::policy_prepared(version);
            writes.push(self.create(encode(&prepared, PreparedPolicyItem::new(octets))?)?);
        }
        let writes = writes.into_iter().map(put).collect();
        self.write_recorded(writes, record).await
    }

    async fn point(&self, next: &CurrentPolicies, record: &Record) -> Result<(), StoreError> {
        let writes = vec![put(self.put_pointer(next)?)];
        self.write_recorded(writes, record).await
    }

    async fn history(
        &self,
        flow: &PolicyFlow,
        before: Option<u32>,
        limit: u16,
    ) -> Result<Vec<Publication>, StoreError> {
        // `VERSION$` comes right after every `VERSION#…`.
        let end = before.map_or_else(
            || PUBLICATION.replace('#', "$"),
            |before| {
                let flow = flow.clone();
                Key::publication(&PolicyVersion {
                    flow,
                    number: before.saturating_sub(1),
                })
                .sk
            },
        );
        let found = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk AND {SK} BETWEEN :start AND :end"))
            .expression_attribute_values(":pk", AttributeValue::S(policy(flow)))
            .expression_attribute_values(":start", AttributeValue::S(PUBLICATION.to_owned()))
            .expression_attribute_values(":end", AttributeValue::S(end))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(limit.into())
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        let items = found.items.into_iter().flatten();
        items
            .map(|item| {
                let key = key_of(&item);
                decode::<PublicationItem>(&key, item)?.publication(&key, flow)
            })
            .collect()
    }

    async fn source(&self, version: &PolicyVersion) -> Result<Option<String>, StoreError> {
        let item = self
            .get::<PolicyTextItem>(&Key::policy_source(version))
            .await?;
        Ok(item.map(|item| item.text))
    }
}

impl Table {
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        let found = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        found.item.map(|item| decode(key, item)).transpose()
    }

    /// Writes one item by itself.
    pub(super) async fn put(&self, put: Put) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_values(put.expression_attribute_values)
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }

    /// Writes an item that never changes.
    pub(super) fn create(&self, item: Item) -> Result<Put, StoreError> {
        built(
            Put::builder()
                .table_name(&self.name)
                .set_item(Some(item))
                .condition_expression(format!("attribute_not_exists({PK})")),
        )
    }

    /// Replaces what is pointed at, on condition that it still has the revision of `next`.
    pub(super) fn put_pointer(&self, next: &CurrentPolicies) -> Result<Put, StoreError> {
        let item = encode(&Key::current_policies(), CurrentPoliciesItem::next(next))?;
        self.put_version(item, next.revision)
    }

    /// Writes an item on condition that the one before has this version; zero is that of one that is not there.
    pub(super) fn put_version(&self, item: Item, before: u64) -> Result<Put, StoreError> {
        if before == 0 {
            return self.create(item);
        }
        built(
            Put::builder()
                .table_name(&self.name)
                .set_item(Some(item))
                .condition_expression("version = :version")
                .expression_attribute_values(":version", AttributeValue::N(before.to_string())),
        )
    }

    /// Writes an item whatever is there.
    pub(super) fn replace(&self, item: Item) -> Result<Put, StoreError> {
        built(Put::builder().table_name(&self.name).set_item(Some(item)))
    }
}

pub(super) fn built(put: PutBuilder) -> Result<Put, StoreError> {
    put.build()
        .map_err(|error| StoreError::Unavailable(error.to_string()))
}
