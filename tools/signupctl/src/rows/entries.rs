//! Entries of lists as rows.

use std::borrow::Cow;

use shared::domain::list::{ListEntry, ListName, Matcher};

use super::{
    Form,
    fields::{effect, expires, list_name, matcher, note},
    read::Cells,
    write::{for_spreadsheet, is_formula},
};

/// Rows that name no list are of `list`.
pub(crate) struct Entries {
    pub(crate) list: ListName,
}

impl Entries {
    /// In the order of an export.
    pub(crate) const COLUMNS: [&'static str; 6] =
        ["matcher", "effect", "list", "reason", "owner", "expires"];
}

impl Form for Entries {
    type Column = &'static str;
    type Record = ListEntry;

    const NAMES: &'static str = "matcher, effect, list, reason, owner, expires";
    const REQUIRED: &'static [&'static str] = &["matcher", "effect"];

    fn column(&self, header: &str) -> Option<&'static str> {
        Self::COLUMNS
            .into_iter()
            .find(|column| column.eq_ignore_ascii_case(header.trim()))
    }

    fn name<'c>(column: &'c &'static str) -> &'c str {
        column
    }

    fn record(&self, cells: &mut Cells<'_, &'static str>) -> Option<ListEntry> {
        let matcher = cells.read(&"matcher", matcher);
        let effect = cells.read(&"effect", effect);
        let list = cells.read(&"list", |text| list_name(text, &self.list));
        let reason = cells.read(&"reason", note);
        let owner = cells.read(&"owner", note);
        let expires_at = cells.read(&"expires", expires);
        Some(ListEntry {
            matcher: matcher?,
            list: list?,
            effect: effect?,
            reason: reason?,
            owner: owner?,
            expires_at: expires_at?,
        })
    }
}

/// An entry as a row, in the order of [`Entries::COLUMNS`].
pub(crate) fn entry_cells(entry: &ListEntry) -> [Cow<'_, str>; 6] {
    let expires = entry
        .expires_at
        .map_or_else(String::new, |end| end.to_string());
    [
        matcher_cell(&entry.matcher).into(),
        entry.effect.name().into(),
        entry.list.as_str().into(),
        for_spreadsheet(&entry.reason),
        for_spreadsheet(&entry.owner),
        expires.into(),
    ]
}

/// An apostrophe would make another address. The quoted form is the same address and no formula.
pub(crate) fn matcher_cell(matcher: &Matcher) -> String {
    let text = matcher.to_string();
    match (matcher, text.rsplit_once('@')) {
        (Matcher::Address(_), Some((local, domain))) if is_formula(&text) => {
            format!("\"{local}\"@{domain}")
        }
        _ => text,
    }
}
