//! What is audited, as lines of the chain. What says who an event is about is not in them: a chain forgets nothing.

use serde_json::json;

use crate::{
    app::audit::told,
    domain::{audit::Record, event::KeptEvent},
    ports::audit_chain::AuditLine,
};

/// An event, as it is told.
pub fn of_event(event: &KeptEvent) -> AuditLine {
    AuditLine {
        id: event.id.to_string(),
        at: event.at,
        text: event.text.clone(),
    }
}

/// What somebody changed, as it is told elsewhere.
pub fn of_record(record: &Record) -> AuditLine {
    AuditLine {
        id: record.id.to_string(),
        at: record.signature.at,
        text: json!({ "by": record.signature.by, "changes": told(record) }).to_string(),
    }
}
