//! The items as they are stored. Each says its schema; one that this version does not know is corrupt,
//! never guessed at.

mod approval;
mod audit;
mod chain;
mod dead_letter;
mod endpoint;
mod event;
mod look_ups;
mod maintenance;
mod webhook;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_bytes::ByteBuf;

pub(super) use self::approval::{
    HistoryItem, IndexItem, OctetsItem, RequestItem, StandingItem, seconds,
};
pub(super) use self::audit::RecordItem;
pub(super) use self::chain::HeadItem;
pub(super) use self::dead_letter::DeadRecordItem;
pub(super) use self::endpoint::EndpointItem;
pub(super) use self::event::EventItem;
pub(super) use self::look_ups::{
    AnswerItem, AttemptItem, BreakerItem, CodeItem, DirectoryItem, MemberItem, RedemptionItem,
    ValueSetItem,
};
pub(super) use self::maintenance::{GuestRoundItem, MarkItem, RoundItem, UnapprovedItem};
pub(super) use self::webhook::{DeadWebhookItem, WebhookAttemptItem};
use super::keys::{Key, PK, SK};
use crate::{
    domain::{
        audit::EntryChange,
        caller::{Credential, Slot, Verifier},
        key_set::{SigningKey, SigningKeys},
        list::{Effect, ListEntry, ListName, Matcher},
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion, Publication},
    },
    ports::{
        StoreError,
        disposable_store::DisposableList,
        list_store::Change,
        otp_deliveries::{Delivery, Lease},
    },
};

pub(super) type Item = std::collections::HashMap<String, AttributeValue>;

const SCHEMA: u32 = 1;

/// Everything that lists say of one matcher.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EntryItem {
    schema: u32,
    matcher: String,
    /// By list name.
    lists: BTreeMap<String, EntryOfList>,
    /// Counts up with each change; the condition of the next one.
    pub(super) version: u64,
    /// Seconds since 1970 after which DynamoDB may delete the item; set when every entry expires.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EntryOfList {
    effect: Effect,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    owner: String,
    /// Seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    expires_at: Option<i64>,
}

impl EntryItem {
    pub(super) fn new(matcher: &Matcher) -> Self {
        Self {
            schema: SCHEMA,
            matcher: matcher.to_string(),
            lists: BTreeMap::new(),
            version: 0,
            ttl: None,
        }
    }

    /// Makes a change and tells what it did: `None` when that is as it was.
    pub(super) fn change(&mut self, change: &Change) -> Option<EntryChange> {
        match change {
            Change::Put(entry) => self.put(entry),
            Change::Remove { matcher, list } => self.remove(matcher, list),
        }
    }

    pub(super) fn put(&mut self, entry: &ListEntry) -> Option<EntryChange> {
        let new = EntryOfList::from(entry);
        let list = entry.list.as_str().to_owned();
        let old = self.lists.insert(list, new.clone());
        let is_other = old.as_ref() != Some(&new);
        is_other.then(|| EntryChange {
            matcher: entry.matcher.clone(),
            list: entry.list.clone(),
            from: old.map(|old| old.effect),
            to: Some(new.effect),
            reason: new.reason,
        })
    }

    fn remove(&mut self, matcher: &Matcher, list: &ListName) -> Option<EntryChange> {
        let old = self.lists.remove(list.as_str())?;
        Some(EntryChange {
            matcher: matcher.clone(),
            list: list.clone(),
            from: Some(old.effect),
            to: None,
            reason: old.reason,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }

    /// The item one version further, deleted by DynamoDB after the last of its entries has expired.
    pub(super) fn next_version(mut self) -> Self {
        self.version += 1;
        let ends: Option<Vec<i64>> = self.lists.values().map(|entry| entry.expires_at).collect();
        self.ttl = ends.and_then(|ends| ends.into_iter().max());
        self
    }

    pub(super) fn entries(self, key: &Key) -> Result<Vec<ListEntry>, StoreError> {
        let matcher = Matcher::parse(&self.matcher).map_err(|error| corrupt(key, error))?;
        self.lists
            .into_iter()
            .map(|(list, entry)| {
                Ok(ListEntry {
                    matcher: matcher.clone(),
                    list: ListName::parse(&list).ok_or_else(|| corrupt(key, "its list name"))?,
                    effect: entry.effect,
                    reason: entry.reason,
                    owner: entry.owner,
                    expires_at: entry.expires_at.map(|s| timestamp(key, s)).transpose()?,
                })
            })
            .collect()
    }
}

impl From<&ListEntry> for EntryOfList {
    fn from(entry: &ListEntry) -> Self {
        Self {
            effect: entry.effect,
            reason: entry.reason.clone(),
            owner: entry.owner.clone(),
            expires_at: entry.expires_at.map(Timestamp::as_second),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CredentialItem {
    schema: u32,
    id: String,
    username: String,
    /// SHA-256 of the password, base64url.
    verifier: String,
    created_at: i64,
}

impl From<&Credential> for CredentialItem {
    fn from(credential: &Credential) -> Self {
        Self {
            schema: SCHEMA,
            id: credential.id.clone(),
            username: credential.username.clone(),
            verifier: URL_SAFE_NO_PAD.encode(credential.verifier.0),
            created_at: credential.created_at.as_second(),
        }
    }
}

impl CredentialItem {
    pub(super) fn credential(
        self,
        slot: Slot,
        uses: Option<&CredentialUseItem>,
    ) -> Result<Credential, StoreError> {
        let key = Key::credential(slot);
        let verifier = URL_SAFE_NO_PAD
            .decode(&self.verifier)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| corrupt(&key, "its verifier is not a SHA-256 digest"))?;
        // An empty name or secret must never open the endpoint.
        if self.id.is_empty() || self.username.is_empty() {
            return Err(corrupt(&key, "its id or user name is empty"));
        }
        let last_used_at = uses
            .filter(|uses| uses.credential_id == self.id)
            .map(|uses| timestamp(&key, uses.last_used_at))
            .transpose()?;
        Ok(Credential {
            slot,
            id: self.id,
            username: self.username,
            verifier: Verifier(verifier),
            created_at: timestamp(&key, self.created_at)?,
            last_used_at,
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct CredentialUseItem {
    pub(super) credential_id: String,
    pub(super) last_used_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SigningKeysItem {
    schema: u32,
    fetched_at: i64,
    /// By issuer.
    issuers: BTreeMap<String, Vec<SigningKeyItem>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SigningKeyItem {
    kid: String,
    n: String,
    e: String,
}

impl SigningKeysItem {
    pub(super) fn new(keys: &SigningKeys, fetched_at: Timestamp) -> Self {
        let item = |key: &SigningKey| SigningKeyItem {
            kid: key.kid.clone(),
            n: URL_SAFE_NO_PAD.encode(&key.modulus),
            e: URL_SAFE_NO_PAD.encode(&key.exponent),
        };
        Self {
            schema: SCHEMA,
            fetched_at: fetched_at.as_second(),
            issuers: keys
                .issuers()
                .map(|(issuer, keys)| (issuer.to_owned(), keys.iter().map(item).collect()))
                .collect(),
        }
    }

    pub(super) fn keys(self) -> Result<(SigningKeys, Timestamp), StoreError> {
        let at = Key::signing_keys();
        let mut keys = SigningKeys::default();
        for (issuer, items) in self.issuers {
            let decoded: Option<Vec<SigningKey>> = items
                .into_iter()
                .map(|item| {
                    Some(SigningKey {
                        kid: item.kid,
                        modulus: URL_SAFE_NO_PAD.decode(item.n).ok()?,
                        exponent: URL_SAFE_NO_PAD.decode(item.e).ok()?,
                    })
                })
                .collect();
            keys.replace(
                &issuer,
                decoded.ok_or_else(|| corrupt(&at, "a key is not base64url"))?,
            );
        }
        Ok((keys, timestamp(&at, self.fetched_at)?))
    }
}

/// Which version of each policy decides now.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CurrentPoliciesItem {
    schema: u32,
    /// Version numbers by user flow; `*` is for the others.
    flows: BTreeMap<String, u32>,
    /// The same of versions that are only compared.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    candidates: BTreeMap<String, u32>,
    /// The version of the list of disposable domains.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    disposable: Option<u32>,
    /// Counts up with each change; the condition of the next one.
    version: u64,
}

impl CurrentPoliciesItem {
    /// One version further.
    pub(super) fn next(current: &CurrentPolicies) -> Self {
        let flow = |(flow, number): (&PolicyFlow, &u32)| (flow.as_str().to_owned(), *number);
        Self {
            schema: SCHEMA,
            flows: current.versions.iter().map(flow).collect(),
            candidates: current.candidates.iter().map(flow).collect(),
            disposable: current.disposable,
            version: current.revision + 1,
        }
    }

    pub(super) fn current(self) -> Result<CurrentPolicies, StoreError> {
        let key = Key::current_policies();
        let flow = |(flow, number): (String, u32)| {
            let flow = PolicyFlow::parse(&flow);
            Ok((
                flow.ok_or_else(|| corrupt(&key, "a user flow's name"))?,
                number,
            ))
        };
        Ok(CurrentPolicies {
            versions: self.flows.into_iter().map(flow).collect::<Result<_, _>>()?,
            candidates: self
                .candidates
                .into_iter()
                .map(flow)
                .collect::<Result<_, _>>()?,
            disposable: self.disposable,
            revision: self.version,
        })
    }
}

/// What is told of a version of a policy.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PublicationItem {
    schema: u32,
    number: u32,
    sha256: String,
    author: String,
    note: String,
    published_at: i64,
}

impl From<&Publication> for PublicationItem {
    fn from(publication: &Publication) -> Self {
        Self {
            schema: SCHEMA,
            number: publication.version.number,
            sha256: publication.sha256.clone(),
            author: publication.author.clone(),
            note: publication.note.clone(),
            published_at: publication.at.as_second(),
        }
    }
}

impl PublicationItem {
    pub(super) fn publication(
        self,
        key: &Key,
        flow: &PolicyFlow,
    ) -> Result<Publication, StoreError> {
        Ok(Publication {
            version: PolicyVersion {
                flow: flow.clone(),
                number: self.number,
            },
            sha256: self.sha256,
            author: self.author,
            note: self.note,
            at: timestamp(key, self.published_at)?,
        })
    }
}

/// One of the two texts of a version: its source, or the document in JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PolicyTextItem {
    schema: u32,
    pub(super) text: String,
}

/// A compiled policy.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PreparedPolicyItem {
    schema: u32,
    octets: ByteBuf,
}

impl PreparedPolicyItem {
    pub(super) fn new(octets: &[u8]) -> Self {
        Self {
            schema: SCHEMA,
            octets: ByteBuf::from(octets),
        }
    }

    pub(super) fn into_octets(self) -> Vec<u8> {
        self.octets.into_vec()
    }
}

impl PolicyTextItem {
    pub(super) fn new(text: &str) -> Self {
        Self {
            schema: SCHEMA,
            text: text.to_owned(),
        }
    }
}

/// A version of the list of disposable domains.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DisposableListItem {
    schema: u32,
    number: u32,
    pub(super) text: String,
    source: String,
    published_at: i64,
}

impl From<&DisposableList> for DisposableListItem {
    fn from(list: &DisposableList) -> Self {
        Self {
            schema: SCHEMA,
            number: list.number,
            text: list.text.clone(),
            source: list.source.clone(),
            published_at: list.at.as_second(),
        }
    }
}

impl DisposableListItem {
    pub(super) fn list(self, key: &Key) -> Result<DisposableList, StoreError> {
        Ok(DisposableList {
            number: self.number,
            text: self.text,
            source: self.source,
            at: timestamp(key, self.published_at)?,
        })
    }
}

/// How far the sending of a one-time code is. Neither the code nor the address is in it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeliveryItem {
    schema: u32,
    state: DeliveryState,
    holder: u64,
    /// Milliseconds since 1970.
    lease_until: i64,
    ttl: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum DeliveryState {
    Sending,
    Sent,
}

impl DeliveryItem {
    /// `kept` is how long it is known to be sent.
    pub(super) fn new(lease: &Lease, kept: SignedDuration) -> Self {
        Self {
            schema: SCHEMA,
            state: DeliveryState::Sending,
            holder: lease.holder,
            lease_until: lease.until.as_millisecond(),
            ttl: lease.from.as_second() + kept.as_secs(),
        }
    }

    pub(super) fn delivery(self, key: &Key) -> Result<Delivery, StoreError> {
        match self.state {
            DeliveryState::Sent => Ok(Delivery::Sent),
            DeliveryState::Sending => Timestamp::from_millisecond(self.lease_until)
                .map(|until| Delivery::Sending { until })
                .map_err(|_| corrupt(key, "a time is out of range")),
        }
    }
}

/// Decodes an item whose schema this version knows.
pub(super) fn decode<T: DeserializeOwned>(key: &Key, item: Item) -> Result<T, StoreError> {
    match item.get("schema") {
        Some(AttributeValue::N(schema)) if *schema == SCHEMA.to_string() => {}
        Some(AttributeValue::N(schema)) => {
            return Err(corrupt(
                key,
                format!("schema {schema} is newer than this version"),
            ));
        }
        _ => return Err(corrupt(key, "it has no schema")),
    }
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| corrupt(key, error))
}

/// Decodes items of one kind into the domain's terms.
pub(super) fn read_as<I: DeserializeOwned, T>(
    items: Vec<Item>,
    domain: impl Fn(I, &Key) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let items = items.into_iter();
    items
        .map(|item| {
            let key = key_of(&item);
            domain(decode(&key, item)?, &key)
        })
        .collect()
}

/// Decodes an item that has no schema because an update expression wrote it.
pub(super) fn decode_plain<T: DeserializeOwned>(key: &Key, item: Item) -> Result<T, StoreError> {
    serde_dynamo::aws_sdk_dynamodb_1::from_item(item).map_err(|error| corrupt(key, error))
}

/// An item with its key.
pub(super) fn encode(key: &Key, item: impl Serialize) -> Result<Item, StoreError> {
    let mut item: Item =
        serde_dynamo::aws_sdk_dynamodb_1::to_item(item).map_err(|error| corrupt(key, error))?;
    item.extend(key.attributes());
    Ok(item)
}

/// The key of an item that was read.
pub(super) fn key_of(item: &Item) -> Key {
    let text = |name| match item.get(name) {
        Some(AttributeValue::S(text)) => text.clone(),
        _ => String::new(),
    };
    Key {
        pk: text(PK),
        sk: text(SK),
    }
}

fn timestamp(key: &Key, seconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_second(seconds).map_err(|_| corrupt(key, "a time is out of range"))
}

/// In milliseconds, for what is a matter of seconds.
fn instant(key: &Key, milliseconds: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| corrupt(key, "a time is out of range"))
}

fn corrupt(key: &Key, problem: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        key: key.told(),
        problem: problem.to_string(),
    }
}
