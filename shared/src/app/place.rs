//! How far somebody has come who reads a table part by part.

use crate::ports::list_store::Cursor;

/// Where the next page starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    pub(super) part: u8,
    pub(super) cursor: Option<Cursor>,
}

impl Place {
    /// After a page of a part, of which `next` is the rest; nothing after the last of `parts`.
    pub(super) fn after(part: u8, next: Option<Cursor>, parts: u8) -> Option<Self> {
        let part = if next.is_some() { part } else { part + 1 };
        (part < parts).then_some(Self { part, cursor: next })
    }
}
