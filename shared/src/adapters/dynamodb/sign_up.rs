//! The one read of a decision.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnConsumedCapacity};
use futures_util::future::try_join_all;

use super::{
    Table, by,
    client::store_error,
    items::{
        CredentialItem, CredentialUseItem, CurrentPoliciesItem, EntryItem, Item, SigningKeysItem,
        StandingItem, decode, decode_plain, key_of,
    },
    keys::Key,
    look_ups::{self, take},
};
use crate::{
    domain::caller::Slot,
    ports::{
        Deadline, StoreError,
        sign_up_reader::{CallerRecords, Facts, MAX_LOOKED_UP, MAX_MATCHERS, SignUpReader, Wanted},
    },
};

/// Most keys of a `BatchGetItem`.
const MAX_KEYS: usize = 100;

/// Wait before asking again for what DynamoDB left unprocessed; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

#[async_trait]
impl SignUpReader for Table {
    async fn read(&self, wanted: Wanted<'_>, deadline: Deadline) -> Result<Facts, StoreError> {
        if wanted.matchers.len() > MAX_MATCHERS {
            return Err(StoreError::Unavailable(format!(
                "more than {MAX_MATCHERS} keys"
            )));
        }
        let mut keys = look_ups::keys(wanted.looked_up);
        if keys.len() > MAX_LOOKED_UP {
            return Err(StoreError::Unavailable(format!(
                "more than {MAX_LOOKED_UP} keys to look up"
            )));
        }
        keys.extend(wanted.matchers.iter().map(Key::entry));
        let standing = wanted.applicant.map(Key::standing);
        keys.extend(standing.clone());
        if wanted.caller_records {
            keys.extend(caller_keys());
        }
        // DynamoDB refuses a key that is named twice.
        keys.sort();
        keys.dedup();
        let (items, read_units, calls) = by(deadline, self.read_at_once(&keys)).await?;
        let mut items: HashMap<Key, Item> = items
            .into_iter()
            .map(|item| (key_of(&item), item))
            .collect();
        let caller_records = wanted
            .caller_records
            .then(|| caller_records(&mut items))
            .transpose()?;
        let found = look_ups::found(wanted.looked_up, &mut items)?;
        let standing = standing.map(|key| take(&mut items, &key, StandingItem::standing));
        let mut entries = Vec::new();
        for (key, item) in items {
            entries.extend(decode::<EntryItem>(&key, item)?.entries(&key)?);
        }
        Ok(Facts {
            entries,
            standing: standing.transpose()?.flatten(),
            caller_records,
            found,
            read_units,
            calls,
        })
    }
}

impl Table {
    /// Reads any number of keys, a hundred in each call, all calls at once.
    async fn read_at_once(&self, keys: &[Key]) -> Result<(Vec<Item>, f64, u32), StoreError> {
        let calls = keys
            .chunks(MAX_KEYS)
            .map(|keys| self.batch_get(keys, false));
        let read = try_join_all(calls).await?;
        let (mut items, mut units, mut calls) = (Vec::new(), 0.0, 0);
        for (some, consumed, needed) in read {
            items.extend(some);
            units += consumed;
            calls += needed;
        }
        Ok((items, units, calls))
    }

    /// Reads up to 100 exact keys: one call, and further ones only for what was left unprocessed.
    pub(super) async fn batch_get(
        &self,
        keys: &[Key],
        consistent: bool,
    ) -> Result<(Vec<Item>, f64, u32), StoreError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys.iter().map(Key::attributes).collect()))
            .consistent_read(consistent)
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut request = Some(HashMap::from([(self.name.clone(), wanted)]));
        let (mut items, mut units, mut calls) = (Vec::new(), 0.0, 0);
        let mut pause = FIRST_PAUSE;
        while let Some(keys) = request.take() {
            let found = self
                .client
                .batch_get_item()
                .set_request_items(Some(keys))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| store_error(&error))?;
            calls += 1;
            units += found
                .consumed_capacity
                .iter()
                .flatten()
                .filter_map(aws_sdk_dynamodb::types::ConsumedCapacity::capacity_units)
                .sum::<f64>();
            items.extend(
                found
                    .responses
                    .into_iter()
                    .flatten()
                    .flat_map(|(_, items)| items),
            );
            request = found.unprocessed_keys.filter(|keys| !keys.is_empty());
            if request.is_some() {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Ok((items, units, calls))
    }
}

/// The keys of the callers' records.
pub(super) fn caller_keys() -> Vec<Key> {
    let slots = Slot::ALL.into_iter();
    slots
        .flat_map(|slot| [Key::credential(slot), Key::credential_use(slot)])
        .chain([Key::signing_keys(), Key::current_policies()])
        .collect()
}

/// Takes the callers' records out of what was read.
pub(super) fn caller_records(items: &mut HashMap<Key, Item>) -> Result<CallerRecords, StoreError> {
    let mut records = CallerRecords::default();
    for slot in Slot::ALL {
        let use_key = Key::credential_use(slot);
        let uses = items
            .remove(&use_key)
            .map(|item| decode_plain::<CredentialUseItem>(&use_key, item))
            .transpose()?;
        let key = Key::credential(slot);
        if let Some(item) = items.remove(&key) {
            let item: CredentialItem = decode(&key, item)?;
            records
                .credentials
                .push(item.credential(slot, uses.as_ref())?);
        }
    }
    let key = Key::signing_keys();
    if let Some(item) = items.remove(&key) {
        let (keys, fetched_at) = decode::<SigningKeysItem>(&key, item)?.keys()?;
        records.signing_keys = keys;
        records.keys_fetched_at = Some(fetched_at);
    }
    let key = Key::current_policies();
    if let Some(item) = items.remove(&key) {
        records.policies = decode::<CurrentPoliciesItem>(&key, item)?.current()?;
    }
    Ok(records)
}
