//! Sets of allowed values, for the operator.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::{
    Table,
    items::{MemberItem, ValueSetItem, encode, read_as},
    keys::{Key, VALUE_SETS, value_part},
    transaction::put,
};
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        value_set::{Member, SetName, SetValue},
    },
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

    async fn put(
        &self,
        set: &SetName,
        members: &[Member],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let members = members.iter().take(MAX_BATCH);
        let latest: BTreeMap<&SetValue, &Member> =
            members.map(|member| (&member.value, member)).collect();
        if latest.is_empty() {
            return Ok(());
        }
        let record = told(SettingAction::ValuesPut, set, latest.len(), signature);
        let item = encode(&Key::value_set(set), ValueSetItem::from(set))?;
        let mut writes = vec![put(self.replace(item)?)];
        for (value, member) in latest {
            let item = encode(&Key::member(set, value), MemberItem::from(member))?;
            writes.push(put(self.replace(item)?));
        }
        self.write_recorded(writes, &record).await
    }

    async fn remove(
        &self,
        set: &SetName,
        values: &[SetValue],
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let values = values.iter().take(MAX_BATCH);
        let gone: BTreeSet<&SetValue> = values.collect();
        if gone.is_empty() {
            return Ok(());
        }
        let record = told(SettingAction::ValuesRemove, set, gone.len(), signature);
        let writes = gone.into_iter();
        let writes = writes.map(|value| self.removal(&Key::member(set, value)));
        self.write_recorded(writes.collect::<Result<_, _>>()?, &record)
            .await
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

/// What is told of values that are changed together: their set, and how many they are.
fn told(action: SettingAction, set: &SetName, count: usize, signature: &Signature) -> Record {
    let change = SettingChange::of(action, set.as_str()).with_count(count);
    Record::of_settings(signature, vec![change], fastrand::u128(..))
}
