//! Records of the table's stream as Lambda brings them, in the words of the port.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    adapters::dynamodb::{
        items::{
            CurrentPoliciesItem, EntryItem, EventItem, HistoryItem, Item, RecordItem, RequestItem,
            decode,
        },
        keys::{Key, ToldOf},
    },
    domain::{approval::RequestId, publication::CurrentPolicies},
    ports::{
        StoreError,
        table_changes::{Change, EntriesChange, StreamRecord, Unreadable},
    },
};

/// By whom DynamoDB deletes items that are past their time to live.
const EXPIRY: &str = "dynamodb.amazonaws.com";

/// A record; what is missing in it counts only where it is needed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    event_name: String,
    #[serde(default)]
    user_identity: Option<Identity>,
    dynamodb: RawChange,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    principal_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawChange {
    keys: RawKey,
    #[serde(default)]
    new_image: Option<Value>,
    #[serde(default)]
    old_image: Option<Value>,
    /// In seconds.
    #[serde(rename = "ApproximateCreationDateTime", default)]
    at: Option<f64>,
}

#[derive(Deserialize)]
struct RawKey {
    pk: RawText,
    sk: RawText,
}

#[derive(Deserialize)]
struct RawText {
    #[serde(rename = "S")]
    text: String,
}

/// Reads a record, whatever it is.
pub fn stream_record(record: Value) -> StreamRecord {
    let (id, sequence) = names(&record);
    let change = match serde_json::from_value::<Raw>(record) {
        Ok(raw) => change(raw),
        Err(_) => Err(Unreadable {
            item: None,
            reason: "found no record of a stream with the keys of an item".to_owned(),
        }),
    };
    StreamRecord {
        id,
        sequence,
        change,
    }
}

/// The id and the place in the stream, which even a record that cannot be read may have.
fn names(record: &Value) -> (String, String) {
    let text = |pointer| record.pointer(pointer).and_then(Value::as_str);
    let sequence = text("/dynamodb/SequenceNumber").unwrap_or_default();
    let id = text("/eventID").filter(|id| !id.is_empty());
    (id.unwrap_or("unnamed").to_owned(), sequence.to_owned())
}

fn change(raw: Raw) -> Result<Change, Unreadable> {
    let key = Key {
        pk: raw.dynamodb.keys.pk.text.clone(),
        sk: raw.dynamodb.keys.sk.text.clone(),
    };
    let Some(told_of) = key.told_of() else {
        return Ok(Change::Other);
    };
    if raw.dynamodb.new_image == raw.dynamodb.old_image && raw.dynamodb.new_image.is_some() {
        return Ok(Change::Other);
    }
    let reader = Reader { key: &key, raw };
    let read = reader.read(told_of);
    read.map_err(|problem| Unreadable {
        reason: format!("the item `{}` {problem}", key.told()),
        item: Some((key.pk.clone(), key.sk.clone())),
    })
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("changed by something else than `INSERT`, `MODIFY` or `REMOVE`")]
    Kind,
    #[error("comes without what it says now")]
    NoNewImage,
    #[error("comes without what it said before")]
    NoOldImage,
    #[error("is not as this version writes it")]
    Image,
    #[error("changed at no time")]
    Time,
}

impl From<StoreError> for Problem {
    fn from(_: StoreError) -> Self {
        Self::Image
    }
}

struct Reader<'k> {
    key: &'k Key,
    raw: Raw,
}

impl Reader<'_> {
    fn read(mut self, told_of: ToldOf) -> Result<Change, Problem> {
        let is_new = match self.raw.event_name.as_str() {
            "INSERT" => true,
            "MODIFY" | "REMOVE" => false,
            _ => return Err(Problem::Kind),
        };
        let is_gone = self.raw.event_name == "REMOVE";
        match told_of {
            ToldOf::Event if is_new => self.event(),
            ToldOf::Record if is_new => self.record(),
            ToldOf::History(request) if is_new => self.history(request),
            ToldOf::Request if !is_gone => self.request(is_new),
            ToldOf::Policies if !is_gone => self.policies(is_new),
            ToldOf::Entries => self.entries(is_new, is_gone),
            // What is written once ends by its time to live, or gets one.
            _ => Ok(Change::Other),
        }
    }

    fn event(&mut self) -> Result<Change, Problem> {
        let item: EventItem = self.new_image()?;
        Ok(Change::EventKept(item.event(self.key)?))
    }

    fn record(&mut self) -> Result<Change, Problem> {
        let item: RecordItem = self.new_image()?;
        Ok(Change::Recorded(item.record(self.key)?))
    }

    fn history(&mut self, request: RequestId) -> Result<Change, Problem> {
        let item: HistoryItem = self.new_image()?;
        let entry = item.entry(self.key)?;
        Ok(Change::RequestChanged { request, entry })
    }

    fn request(&mut self, is_new: bool) -> Result<Change, Problem> {
        let item: RequestItem = self.new_image()?;
        let from = if is_new {
            None
        } else {
            let before: RequestItem = self.old_image()?;
            Some(before.request(self.key)?.state)
        };
        let request = Box::new(item.request(self.key)?);
        Ok(Change::RequestStands { from, request })
    }

    fn policies(&mut self, is_new: bool) -> Result<Change, Problem> {
        let after: CurrentPoliciesItem = self.new_image()?;
        let before = if is_new {
            CurrentPolicies::default()
        } else {
            self.old_image::<CurrentPoliciesItem>()?.current()?
        };
        Ok(Change::PoliciesChanged {
            at: self.at()?,
            before,
            after: after.current()?,
        })
    }

    fn entries(&mut self, is_new: bool, is_gone: bool) -> Result<Change, Problem> {
        let mut change = EntriesChange {
            at: self.at()?,
            before: Vec::new(),
            after: Vec::new(),
            by_expiry: self.is_by_expiry(),
        };
        if !is_new {
            change.before = self.old_image::<EntryItem>()?.entries(self.key)?;
        }
        if !is_gone {
            change.after = self.new_image::<EntryItem>()?.entries(self.key)?;
        }
        Ok(Change::EntriesChanged(change))
    }

    fn new_image<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let image = self.raw.dynamodb.new_image.take();
        self.item(image.ok_or(Problem::NoNewImage)?)
    }

    fn old_image<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        let image = self.raw.dynamodb.old_image.take();
        self.item(image.ok_or(Problem::NoOldImage)?)
    }

    fn item<T: DeserializeOwned>(&self, image: Value) -> Result<T, Problem> {
        let item: serde_dynamo::Item = serde_json::from_value(image).map_err(|_| Problem::Image)?;
        Ok(decode(self.key, Item::from(item))?)
    }

    /// Events have milliseconds, as all items whose order counts.
    fn at(&self) -> Result<Timestamp, Problem> {
        let seconds = self.raw.dynamodb.at.ok_or(Problem::Time)?;
        let since = SignedDuration::try_from_secs_f64(seconds);
        let milliseconds = since.map_err(|_| Problem::Time)?.as_millis();
        let milliseconds = i64::try_from(milliseconds).map_err(|_| Problem::Time)?;
        Timestamp::from_millisecond(milliseconds).map_err(|_| Problem::Time)
    }

    fn is_by_expiry(&self) -> bool {
        let by = self.raw.user_identity.as_ref();
        by.is_some_and(|by| by.principal_id == EXPIRY)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::domain::list::{Effect, Matcher};

    const ADDRESS: &str = "john@example.com";

    fn entry_item(effect: &str, version: &str) -> Value {
        json!({
            "schema": { "N": "1" },
            "matcher": { "S": ADDRESS },
            "lists": { "M": { "people": { "M": { "effect": { "S": effect } } } } },
            "version": { "N": version },
        })
    }

    fn record(name: &str, before: Option<Value>, after: Option<Value>) -> Value {
        let Key { pk, sk } = Key::entry(&Matcher::parse(ADDRESS).unwrap());
        let mut record = json!({
            "eventID": "e1",
            "eventName": name,
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "Keys": { "pk": { "S": pk }, "sk": { "S": sk } },
                "SequenceNumber": "100",
                "ApproximateCreationDateTime": 1_768_478_400.25,
            },
        });
        for (image, name) in [(before, "OldImage"), (after, "NewImage")] {
            if let Some(image) = image {
                record["dynamodb"][name] = image;
            }
        }
        record
    }

    fn entries(record: Value) -> EntriesChange {
        match stream_record(record).change.unwrap() {
            Change::EntriesChanged(change) => change,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn an_entry_is_read_with_what_it_was_before() {
        let record = record(
            "MODIFY",
            Some(entry_item("allow", "1")),
            Some(entry_item("deny", "2")),
        );
        let read = stream_record(record.clone());
        assert_eq!((read.id.as_str(), read.sequence.as_str()), ("e1", "100"));
        let change = entries(record);
        assert_eq!(change.before[0].effect, Effect::Allow);
        assert_eq!(change.after[0].effect, Effect::Deny);
        assert_eq!(change.at.as_millisecond(), 1_768_478_400_250);
        assert!(!change.by_expiry);
    }

    #[test]
    fn a_deletion_by_time_to_live_is_known() {
        let mut record = record("REMOVE", Some(entry_item("deny", "2")), None);
        assert!(!entries(record.clone()).by_expiry);
        record["userIdentity"] =
            json!({ "type": "Service", "principalId": "dynamodb.amazonaws.com" });
        let change = entries(record);
        assert!(change.by_expiry && change.after.is_empty());
    }

    #[test]
    fn an_item_that_is_as_it_was_is_no_change() {
        let item = entry_item("deny", "2");
        let same = record("MODIFY", Some(item.clone()), Some(item));
        assert_eq!(stream_record(same).change, Ok(Change::Other));
    }

    #[test]
    fn an_item_of_which_nobody_is_told_is_not_read() {
        let mut other = record("INSERT", None, Some(json!("no image")));
        other["dynamodb"]["Keys"]["pk"]["S"] = json!("BREAKER#crm");
        assert_eq!(stream_record(other).change, Ok(Change::Other));
    }

    #[rstest]
    #[case::no_image(record("INSERT", None, None), "comes without what it says now")]
    #[case::no_old_image(
        record("MODIFY", None, Some(entry_item("deny", "2"))),
        "comes without what it said before"
    )]
    #[case::another_kind(
        record("UPSERT", None, Some(entry_item("deny", "2"))),
        "changed by something else than `INSERT`, `MODIFY` or `REMOVE`"
    )]
    #[case::another_item(
        record("INSERT", None, Some(entry_item("perhaps", "2"))),
        "is not as this version writes it"
    )]
    #[case::no_image_of_dynamodb(
        record("INSERT", None, Some(json!({ "schema": 1 }))),
        "is not as this version writes it"
    )]
    fn what_cannot_be_read_is_told_without_whom_it_is_about(
        #[case] record: Value,
        #[case] problem: &str,
    ) {
        let read = stream_record(record);
        let unreadable = read.change.unwrap_err();
        let expected = format!("/address` {problem}");
        assert!(unreadable.reason.ends_with(&expected), "{unreadable}");
        assert!(!unreadable.reason.contains(ADDRESS), "{unreadable}");
        assert!(unreadable.item.is_some());
        assert_eq!(read.sequence, "100");
    }

    #[rstest]
    #[case::nothing(json!(null))]
    #[case::no_record(json!({ "eventID": "e1", "dynamodb": { "SequenceNumber": "7" } }))]
    #[case::other_keys(json!({ "dynamodb": { "Keys": { "id": { "S": "1" } } } }))]
    fn what_is_no_record_is_told(#[case] record: Value) {
        assert!(stream_record(record).change.is_err());
    }
}
