//! What changed in the table, as its stream tells it: each change at least once, those of one item in their order.

use jiff::Timestamp;

use crate::domain::{
    approval::{ApprovalRequest, HistoryEntry, RequestId, State},
    audit::Record,
    event::KeptEvent,
    list::ListEntry,
    publication::CurrentPolicies,
};

/// One record of the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamRecord {
    /// Its own id, which is the same when it comes again.
    pub id: String,
    /// Its place in the stream; empty when it has none.
    pub sequence: String,
    pub change: Result<Change, Unreadable>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// Nothing that anybody is told of, or an item that is as it was.
    Other,
    EventKept(KeptEvent),
    /// Somebody changed something, and it was recorded.
    Recorded(Record),
    RequestChanged {
        request: RequestId,
        entry: HistoryEntry,
    },
    /// The request as it is now, and the state that it was in.
    RequestStands {
        from: Option<State>,
        request: Box<ApprovalRequest>,
    },
    EntriesChanged(EntriesChange),
    PoliciesChanged {
        at: Timestamp,
        before: CurrentPolicies,
        after: CurrentPolicies,
    },
}

/// What all lists say of one matcher, before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct EntriesChange {
    pub at: Timestamp,
    pub before: Vec<ListEntry>,
    pub after: Vec<ListEntry>,
    /// Whether the table itself deleted them, because of their end.
    pub by_expiry: bool,
}

/// Why a record cannot be read. It names kinds of keys, and nothing of an item.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// The partition and sort key of the item, where they can be read.
    pub item: Option<(String, String)>,
    pub reason: String,
}
