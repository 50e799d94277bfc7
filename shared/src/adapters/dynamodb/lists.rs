//! The lists, for the operator.

use std::{collections::BTreeMap, slice, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Table,
    client::store_error,
    contention::{patiently, until_free},
    items::{EntryItem, Item, decode, encode, key_of, read_as},
    keys::{Key, PK, SK, entries_of, entry_part},
    number,
    transaction::{built_deletion, put},
};
use crate::{
    domain::{
        audit::{EntryChange, Record, Signature},
        list::{ListEntry, Matcher, MatcherKind},
    },
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

    async fn apply(&self, changes: &[Change], signature: &Signature) -> Result<(), StoreError> {
        let mut pause = Duration::from_millis(20);
        for _ in 1..TRIES {
            match self.try_apply(changes, signature).await {
                Err(StoreError::Conflict | StoreError::Throttled) => {
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                done => return done,
            }
        }
        self.try_apply(changes, signature).await
    }

    async fn exchange(
        &self,
        expected: Option<&ListEntry>,
        change: &Change,
        signature: &Signature,
    ) -> Result<bool, StoreError> {
        let attempt = async || {
            let stored = self.stored(slice::from_ref(change)).await?;
            if stored.place(change)?.as_ref() != expected {
                return Ok(false);
            }
            self.write_changes(stored, signature).await?;
            Ok(true)
        };
        until_free(patiently(), attempt).await
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

    async fn try_apply(&self, changes: &[Change], signature: &Signature) -> Result<(), StoreError> {
        let stored = self.stored(changes).await?;
        self.write_changes(stored, signature).await
    }

    /// Reads the items of the changes' matchers.
    async fn stored<'c>(&self, changes: &'c [Change]) -> Result<Stored<'c>, StoreError> {
        let mut stored = Stored::default();
        for change in changes.iter().take(MAX_BATCH) {
            let own = stored.by_matcher.entry(change.matcher());
            own.or_default().push(change);
        }
        if stored.by_matcher.is_empty() {
            return Ok(stored);
        }
        let matchers = stored.by_matcher.keys();
        let keys: Vec<Key> = matchers.map(|matcher| Key::entry(matcher)).collect();
        let (items, ..) = self.batch_get(&keys, true).await?;
        for item in items {
            let key = key_of(&item);
            stored.items.insert(key.sk.clone(), decode(&key, item)?);
        }
        Ok(stored)
    }

    /// Changes what was read, and writes it back in one transaction on the condition that nobody else has, with the record
    /// of it.
    async fn write_changes(
        &self,
        stored: Stored<'_>,
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let Stored {
            by_matcher,
            mut items,
        } = stored;
        let (mut writes, mut made) = (Vec::new(), Vec::new());
        for (matcher, changes) in by_matcher {
            let key = Key::entry(matcher);
            let before = items.remove(&key.sk);
            let expected = before.as_ref().map(|item| item.version);
            let mut item = before.unwrap_or_else(|| EntryItem::new(matcher));
            let own = changed(&mut item, &changes);
            if !own.is_empty() {
                writes.push(self.write(&key, expected, item)?);
                made.extend(own);
            }
        }
        if writes.is_empty() {
            return Ok(());
        }
        let record = Record::of_entries(signature, made, fastrand::u128(..));
        writes.push(self.record(&record)?);
        self.client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
            .map_err(|error| store_error(&error))?;
        Ok(())
    }

    /// The item in the place of the one with the expected version; none when nothing is left in it.
    fn write(
        &self,
        key: &Key,
        expected: Option<u64>,
        item: EntryItem,
    ) -> Result<TransactWriteItem, StoreError> {
        match expected {
            Some(version) if item.is_empty() => built_deletion(
                self.deletion(key)
                    .condition_expression("version = :version")
                    .expression_attribute_values(":version", number(version)),
            ),
            expected => {
                let item = encode(key, item.next_version())?;
                Ok(put(self.put_version(item, expected.unwrap_or_default())?))
            }
        }
    }
}

/// What stands where something is to be changed.
#[derive(Default)]
struct Stored<'c> {
    by_matcher: BTreeMap<&'c Matcher, Vec<&'c Change>>,
    /// By sort key.
    items: BTreeMap<String, EntryItem>,
}

impl Stored<'_> {
    /// The entry that a change would change.
    fn place(&self, change: &Change) -> Result<Option<ListEntry>, StoreError> {
        let key = Key::entry(change.matcher());
        let Some(item) = self.items.get(&key.sk) else {
            return Ok(None);
        };
        let entries = item.clone().entries(&key)?;
        Ok(entries
            .into_iter()
            .find(|entry| entry.list == *change.list()))
    }
}

/// Changes an item, and tells what that comes to.
fn changed(item: &mut EntryItem, changes: &[&Change]) -> Vec<EntryChange> {
    let was_empty = item.is_empty();
    let made: Vec<EntryChange> = changes
        .iter()
        .filter_map(|change| item.change(change))
        .collect();
    if was_empty && item.is_empty() {
        return Vec::new();
    }
    made
}
