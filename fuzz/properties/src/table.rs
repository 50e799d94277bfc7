//! Records of the table's stream.

use serde_json::Value;
use shared::{
    adapters::dynamodb::stream_record,
    app::events::derive::{Derived, derive},
};

/// Whatever a record says, it is read or told to be unreadable, and is the same events each time. What says whom a list is
/// about stands beside them.
pub fn table_change(record: &[u8]) {
    let Ok(record) = serde_json::from_slice::<Value>(record) else {
        return;
    };
    let read = stream_record(record.clone());
    assert_eq!(read, stream_record(record), "it is read in two ways");
    match &read.change {
        Ok(change) => {
            let derived = derive(&read.id, change);
            assert_eq!(derived, derive(&read.id, change), "it is other events");
            derived.iter().for_each(holds);
        }
        Err(unreadable) => assert!(!unreadable.reason.is_empty()),
    }
}

fn holds(derived: &Derived) {
    let told = serde_json::to_value(&derived.event).unwrap();
    let members = told.as_object().unwrap();
    let mut names: Vec<_> = members.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["data", "id", "timestamp", "type", "version"]);
    if derived.personal.0.contains_key("matcher") {
        // Nothing but an address has one.
        assert!(!told.to_string().contains('@'), "{told}");
    }
}
