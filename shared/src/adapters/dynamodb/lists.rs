//! The lists, for the operator.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Table,
    client::store_error,
    items::{EntryItem, Item, decode, encode, key_of, read_as},
    keys::{Key, PK, SK, entries_of, entry_part},
};
use crate::{
    domain::list::{ListEntry, Matcher, MatcherKind},
    ports::{
        StoreError,
        list_store::{Change, Cursor, ListStore, MAX_BATCH, PARTS, Page},
        listed_domains::{ListedDomains, MOST_OF_A_PART},
    },
};

/// How often a change is tried again when others change the same matchers.
const TRIES: u32 = 8;

/// The kinds of matchers that name domains.
const OF_DOMAINS: [MatcherKind; 2] = [MatcherKind::Domain, MatcherKind::Suffix];

/// Parts that are read at the same time: each new connection costs a handshake.
const AT_ONCE: usize = 16;

#[async_trait]
impl ListStore for Table {
    async fn find(&self, matchers: &[Matcher]) -> Result<Vec<ListEntry>, StoreError> {
        if matchers.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<Key> = matchers.iter().take(MAX_BATCH).map(Key::entry).collect();
        let (items, ..) = self.batch_get(&keys, true).await?;
        Ok(read_as(items, EntryItem::entries)?.concat())
    }

    async fn apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut pause = Duration::from_millis(20);
        for _ in 1..TRIES {
            match self.try_apply(changes).await {
                Err(StoreError::Conflict | StoreError::Throttled) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
        self.try_apply(changes).await
    }

    async fn part(&self, part: u8, after: Option<Cursor>) -> Result<Page, StoreError> {
        let (items, next) = self.page(entry_part(part), "", after).await?;
        let entries = read_as(items, EntryItem::entries)?.concat();
        Ok(Page { entries, next })
    }
}

#[async_trait]
impl ListedDomains for Table {
    async fn listed_domains(&self) -> Result<Vec<ListEntry>, StoreError> {
        let reads = (0..PARTS).flat_map(|part| OF_DOMAINS.map(|kind| self.of_kind(part, kind)));
        let reads: Vec<_> = reads.collect();
        let read = stream::iter(reads).buffer_unordered(AT_ONCE);
        let entries: Vec<Vec<ListEntry>> = read.try_collect().await?;
        Ok(entries.concat())
    }
}

impl Table {
    async fn of_kind(&self, part: u8, kind: MatcherKind) -> Result<Vec<ListEntry>, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression(format!("{PK} = :pk AND begins_with({SK}, :kind)"))
            .expression_attribute_values(":pk", AttributeValue::S(entry_part(part)))
            .expression_attribute_values(":kind", AttributeValue::S(entries_of(kind)))
            .limit(MOST_OF_A_PART.into())
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        let items = found.items.unwrap_or_default();
        Ok(read_as(items, EntryItem::entries)?.concat())
    }

    /// The item of a matcher that stands in this one list: what a bulk load into an empty table writes.
    pub fn item_of(entry: &ListEntry) -> Result<Item, StoreError> {
        let mut item = EntryItem::new(&entry.matcher);
        item.put(entry);
        encode(&Key::entry(&entry.matcher), item.next_version())
    }

    /// Reads the items of the changes' matchers, changes them, and writes them back in one transaction
    /// on the condition that nobody else has.
    async fn try_apply(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut by_matcher: BTreeMap<&Matcher, Vec<&Change>> = BTreeMap::new();
        for change in changes.iter().take(MAX_BATCH) {
            by_matcher.entry(change.matcher()).or_default().push(change);
        }
        if by_matcher.is_empty() {
            return Ok(());
        }
        let keys: Vec<Key> = by_matcher
            .keys()
            .map(|matcher| Key::entry(matcher))
            .collect();
        let (items, ..) = self.batch_get(&keys, true).await?;
        let mut stored: BTreeMap<String, EntryItem> = BTreeMap::new();
        for item in items {
            let key = key_of(&item);
            stored.insert(key.sk.clone(), decode(&key, item)?);
        }
        let mut writes = Vec::new();
        for (matcher, changes) in by_matcher {
            let key = Key::entry(matcher);
            let before = stored.remove(&key.sk);
            writes.extend(self.write(&key, before, matcher, &changes)?);
        }
        if writes.is_empty() {
            return Ok(());
        }
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }

    fn write(
        &self,
        key: &Key,
        before: Option<EntryItem>,
        matcher: &Matcher,
        changes: &[&Change],
    ) -> Result<Option<TransactWriteItem>, StoreError> {
        let expected = before.as_ref().map(|item| item.version);
        let mut item = before.unwrap_or_else(|| EntryItem::new(matcher));
        for change in changes {
            match change {
                Change::Put(entry) => item.put(entry),
                Change::Remove { list, .. } => item.remove(list),
            }
        }
        let build_error =
            |error: aws_sdk_dynamodb::error::BuildError| StoreError::Unavailable(error.to_string());
        let write = match (item.is_empty(), expected) {
            (true, None) => return Ok(None),
            (true, Some(version)) => TransactWriteItem::builder().delete(
                Delete::builder()
                    .table_name(&self.name)
                    .set_key(Some(key.attributes()))
                    .condition_expression("version = :version")
                    .expression_attribute_values(":version", number(version))
                    .build()
                    .map_err(build_error)?,
            ),
            (false, expected) => {
                let put = Put::builder()
                    .table_name(&self.name)
                    .set_item(Some(encode(key, item.next_version())?));
                let put = match expected {
                    None => put.condition_expression(format!("attribute_not_exists({PK})")),
                    Some(version) => put
                        .condition_expression("version = :version")
                        .expression_attribute_values(":version", number(version)),
                };
                TransactWriteItem::builder().put(put.build().map_err(build_error)?)
            }
        };
        Ok(Some(write.build()))
    }
}

fn number(version: u64) -> AttributeValue {
    AttributeValue::N(version.to_string())
}
