//! Entries into a file.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use csv::WriterBuilder;
use shared::domain::list::{ListEntry, Matcher};

use super::{Column, io_error};

/// Writes entries as CSV.
pub(crate) struct Writer<W: Write>(csv::Writer<W>);

impl<W: Write> Writer<W> {
    pub(crate) fn new(out: W) -> io::Result<Self> {
        let mut writer = WriterBuilder::new().from_writer(out);
        let header = Column::ALL.map(Column::name);
        writer.write_record(header).map_err(io_error)?;
        Ok(Self(writer))
    }

    pub(crate) fn write(&mut self, entry: &ListEntry) -> io::Result<()> {
        let expires = entry
            .expires_at
            .map_or_else(String::new, |end| end.to_string());
        let row = [
            &*matcher_field(&entry.matcher),
            entry.effect.name(),
            entry.list.as_str(),
            &*for_spreadsheet(&entry.reason),
            &*for_spreadsheet(&entry.owner),
            &*expires,
        ];
        self.0.write_record(row).map_err(io_error)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// With these a spreadsheet takes a cell for a formula, which may do anything.
pub(super) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// A note that would be a formula gets an apostrophe, as a person would type it. One that has
/// apostrophes before a formula gets one more, so that taking one off is always right.
fn for_spreadsheet(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

pub(super) fn from_spreadsheet(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest.trim_start_matches('\'')) => rest,
        _ => text,
    }
}

/// An apostrophe would make another address. The quoted form is the same address and no formula.
fn matcher_field(matcher: &Matcher) -> String {
    let text = matcher.to_string();
    match (matcher, text.rsplit_once('@')) {
        (Matcher::Address(_), Some((local, domain))) if is_formula(&text) => {
            format!("\"{local}\"@{domain}")
        }
        _ => text,
    }
}
