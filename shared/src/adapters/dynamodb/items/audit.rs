//! What people have changed. Times are in milliseconds since 1970, as in the history of requests.

use serde::{Deserialize, Serialize};

use super::{
    SCHEMA,
    approval::{request_id, state},
    corrupt, instant,
};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::{
        approval::Action,
        audit::{
            Changed, Decided, EntryChange, Record, RecordId, SettingAction, SettingChange,
            Signature,
        },
        list::{Effect, ListName, Matcher},
    },
    ports::StoreError,
};

/// A record of a change, or of the changes of entries that were written together.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct RecordItem {
    schema: u32,
    at: i64,
    by: String,
    changed: StoredChanged,
    ttl: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredChanged {
    Request(StoredDecision),
    Entries(Vec<StoredEntryChange>),
    Settings(Vec<StoredSettingChange>),
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredDecision {
    request: String,
    version: u64,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    from: Option<String>,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredEntryChange {
    matcher: String,
    list: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    from: Option<Effect>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    to: Option<Effect>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredSettingChange {
    action: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    count: Option<u32>,
}

impl From<&Record> for RecordItem {
    fn from(record: &Record) -> Self {
        Self {
            schema: SCHEMA,
            at: record.signature.at.as_millisecond(),
            by: record.signature.by.clone(),
            changed: match &record.changed {
                Changed::Request(decided) => StoredChanged::Request(decided.into()),
                Changed::Entries(changes) => {
                    StoredChanged::Entries(changes.iter().map(StoredEntryChange::from).collect())
                }
                Changed::Settings(changes) => {
                    StoredChanged::Settings(changes.iter().map(StoredSettingChange::from).collect())
                }
            },
            ttl: record.kept_until().as_second(),
        }
    }
}

impl RecordItem {
    pub(in crate::adapters::dynamodb) fn record(self, key: &Key) -> Result<Record, StoreError> {
        Ok(Record {
            id: RecordId::parse(&key.sk).ok_or_else(|| corrupt(key, "its id"))?,
            signature: Signature {
                by: self.by,
                at: instant(key, self.at)?,
            },
            changed: match self.changed {
                StoredChanged::Request(decision) => Changed::Request(decision.decided(key)?),
                StoredChanged::Entries(changes) => {
                    let changes = changes.into_iter().map(|change| change.change(key));
                    Changed::Entries(changes.collect::<Result<_, _>>()?)
                }
                StoredChanged::Settings(changes) => {
                    let changes = changes.into_iter().map(|change| change.change(key));
                    Changed::Settings(changes.collect::<Result<_, _>>()?)
                }
            },
        })
    }
}

impl From<&Decided> for StoredDecision {
    fn from(decided: &Decided) -> Self {
        Self {
            request: decided.request.to_string(),
            version: decided.version,
            action: decided.action.name().to_owned(),
            from: decided.from.map(|state| state.name().to_owned()),
            to: decided.to.name().to_owned(),
            reason: decided.reason.clone(),
        }
    }
}

impl StoredDecision {
    fn decided(self, key: &Key) -> Result<Decided, StoreError> {
        Ok(Decided {
            request: request_id(key, &self.request)?,
            version: self.version,
            action: Action::parse(&self.action).ok_or_else(|| corrupt(key, "its action"))?,
            from: self.from.map(|from| state(key, &from)).transpose()?,
            to: state(key, &self.to)?,
            reason: self.reason,
        })
    }
}

impl From<&EntryChange> for StoredEntryChange {
    fn from(change: &EntryChange) -> Self {
        Self {
            matcher: change.matcher.to_string(),
            list: change.list.to_string(),
            from: change.from,
            to: change.to,
            reason: change.reason.clone(),
        }
    }
}

impl StoredEntryChange {
    fn change(self, key: &Key) -> Result<EntryChange, StoreError> {
        Ok(EntryChange {
            matcher: Matcher::parse(&self.matcher).map_err(|error| corrupt(key, error))?,
            list: ListName::parse(&self.list).ok_or_else(|| corrupt(key, "its list name"))?,
            from: self.from,
            to: self.to,
            reason: self.reason,
        })
    }
}

impl From<&SettingChange> for StoredSettingChange {
    fn from(change: &SettingChange) -> Self {
        Self {
            action: change.action.name().to_owned(),
            about: change.about.clone(),
            version: change.version,
            count: change.count,
        }
    }
}

impl StoredSettingChange {
    fn change(self, key: &Key) -> Result<SettingChange, StoreError> {
        Ok(SettingChange {
            action: SettingAction::parse(&self.action).ok_or_else(|| corrupt(key, "its action"))?,
            about: self.about,
            version: self.version,
            count: self.count,
        })
    }
}
