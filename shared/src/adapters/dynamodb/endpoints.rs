//! The endpoints of a deployment.

use async_trait::async_trait;

use super::{
    Table,
    client::store_error,
    items::{EndpointItem, encode, read_as},
    keys::{ENDPOINT, ENDPOINTS, Key},
    number,
};
use crate::{
    domain::endpoint::Endpoint,
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
    async fn put(&self, endpoint: &Endpoint) -> Result<(), StoreError> {
        let item = encode(&Key::endpoint(&endpoint.id), EndpointItem::from(endpoint))?;
        let put = self.put_version(item, endpoint.revision.saturating_sub(1))?;
        self.put(put).await
    }

    async fn remove(&self, endpoint: &Endpoint) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.name)
            .set_key(Some(Key::endpoint(&endpoint.id).attributes()))
            .condition_expression("version = :version")
            .expression_attribute_values(":version", number(endpoint.revision))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }
}
