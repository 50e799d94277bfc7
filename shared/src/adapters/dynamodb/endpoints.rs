//! The endpoints of a deployment.

use async_trait::async_trait;

use super::{
    Table,
    items::{EndpointItem, encode, read_as},
    keys::{ENDPOINT, ENDPOINTS, Key},
    number,
    transaction::{built_deletion, put},
};
use crate::{
    domain::{audit::Record, endpoint::Endpoint},
    ports::{
        StoreError,
        endpoint_store::{EndpointReader, EndpointStore},
    },
};

#[async_trait]
impl EndpointReader for Table {
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let items = self.beginning(ENDPOINTS, ENDPOINT).await?;
        read_as(items, EndpointItem::endpoint)
    }
}

#[async_trait]
impl EndpointStore for Table {
    async fn put(&self, endpoint: &Endpoint, record: Option<&Record>) -> Result<(), StoreError> {
        let item = encode(&Key::endpoint(&endpoint.id), EndpointItem::from(endpoint))?;
        let next = self.put_version(item, endpoint.revision.saturating_sub(1))?;
        match record {
            Some(record) => self.write_recorded(vec![put(next)], record).await,
            None => self.put(next).await,
        }
    }

    async fn remove(&self, endpoint: &Endpoint, record: &Record) -> Result<(), StoreError> {
        let removed = self
            .deletion(&Key::endpoint(&endpoint.id))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(endpoint.revision));
        let writes = vec![built_deletion(removed)?];
        self.write_recorded(writes, record).await
    }
}
