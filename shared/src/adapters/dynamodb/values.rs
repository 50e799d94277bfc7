//! Sets of allowed values, for the operator.

use async_trait::async_trait;

use super::{
    Table,
    items::{MemberItem, ValueSetItem, encode, read_as},
    keys::{Key, VALUE_SETS, value_part},
    many::Writes,
};
use crate::{
    domain::value_set::{Member, SetName, SetValue},
    ports::{
        StoreError,
        list_store::Cursor,
        value_store::{MAX_BATCH, ValueStore},
    },
};

#[async_trait]
impl ValueStore for Table {
    async fn sets(&self) -> Result<Vec<SetName>, StoreError> {
        let items = self.partition(VALUE_SETS).await?;
        read_as(items, ValueSetItem::name)
    }

    async fn find(&self, set: &SetName, values: &[SetValue]) -> Result<Vec<Member>, StoreError> {
        let values = values.iter().take(MAX_BATCH);
        let keys = values.map(|value| Key::member(set, value)).collect();
        self.read_all(keys, MemberItem::member).await
    }

    async fn put(&self, set: &SetName, members: &[Member]) -> Result<(), StoreError> {
        if members.is_empty() {
            return Ok(());
        }
        let mut writes = Writes::default();
        writes.put(encode(&Key::value_set(set), ValueSetItem::from(set))?)?;
        for member in members.iter().take(MAX_BATCH) {
            let key = Key::member(set, &member.value);
            writes.put(encode(&key, MemberItem::from(member))?)?;
        }
        self.write_all(writes).await
    }

    async fn remove(&self, set: &SetName, values: &[SetValue]) -> Result<(), StoreError> {
        let mut writes = Writes::default();
        for value in values.iter().take(MAX_BATCH) {
            writes.delete(Key::member(set, value))?;
        }
        self.write_all(writes).await
    }

    async fn part(
        &self,
        set: &SetName,
        part: u8,
        after: Option<Cursor>,
    ) -> Result<(Vec<Member>, Option<Cursor>), StoreError> {
        let (items, next) = self.page(value_part(set, part), "", after).await?;
        Ok((read_as(items, MemberItem::member)?, next))
    }
}
