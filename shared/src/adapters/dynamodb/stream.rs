//! Records of the table's stream: as a pipe passes them on, and as the function `events` reads them itself.

mod changes;

use serde::Deserialize;

pub use self::changes::stream_record;
use super::keys::{REQUEST, happening};
use crate::domain::approval::{Happening, RequestId};

#[derive(Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "Keys")]
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Option<Text>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// The request in whose partition an item changed; `None` for every other text.
pub fn changed_request(record: &str) -> Option<RequestId> {
    request(&keys(record)?)
}

/// What happened to which request; `None` for every other text.
pub fn happened(record: &str) -> Option<(RequestId, Happening)> {
    let keys = keys(record)?;
    let happening = happening(&keys.sk.as_ref()?.text)?;
    Some((request(&keys)?, happening))
}

fn keys(record: &str) -> Option<Keys> {
    let record: Record = serde_json::from_str(record).ok()?;
    Some(record.dynamodb.keys)
}

fn request(keys: &Keys) -> Option<RequestId> {
    RequestId::parse(keys.pk.text.strip_prefix(REQUEST)?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn record(partition: &str) -> String {
        json!({
            "eventID": "1",
            "eventName": "MODIFY",
            "dynamodb": {
                "Keys": { "pk": { "S": partition }, "sk": { "S": "CURRENT" } },
                "NewImage": { "state": { "S": "approved" } },
            },
        })
        .to_string()
    }

    #[test]
    fn a_record_names_its_request() {
        let id = "01kf0j2r3s4t5v6w7x8y9zabcd";
        let found = changed_request(&record(&format!("REQUEST#{id}"))).unwrap();
        assert_eq!(found.as_str(), id);
    }

    #[test]
    fn a_record_tells_what_happened() {
        let id = "01kf0j2r3s4t5v6w7x8y9zabcd";
        let of = |sk: &str| {
            let keys = json!({ "pk": { "S": format!("REQUEST#{id}") }, "sk": { "S": sk } });
            happened(&json!({ "dynamodb": { "Keys": keys } }).to_string())
        };
        let request = RequestId::parse(id).unwrap();
        assert_eq!(
            of("HISTORY#00000002"),
            Some((request, Happening::Change(2)))
        );
        assert_eq!(of("CURRENT"), None);
    }

    #[rstest]
    #[case::of_another_item(&record("QUEUE#approved"))]
    #[case::of_no_id(&record("REQUEST#1"))]
    #[case::not_of_a_stream("{}")]
    #[case::not_json("REQUEST#01kf0j2r3s4t5v6w7x8y9zabcd")]
    fn anything_else_names_none(#[case] text: &str) {
        assert_eq!(changed_request(text), None);
    }
}
