//! Rows into a file.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use csv::WriterBuilder;

use super::io_error;

/// Writes rows as CSV.
pub(crate) struct Writer<W: Write>(csv::Writer<W>);

impl<W: Write> Writer<W> {
    pub(crate) fn new<T: AsRef<[u8]>>(
        out: W,
        header: impl IntoIterator<Item = T>,
    ) -> io::Result<Self> {
        let mut writer = Self(WriterBuilder::new().from_writer(out));
        writer.0.write_record(header).map_err(io_error)?;
        Ok(writer)
    }

    pub(crate) fn write<'c>(
        &mut self,
        row: impl IntoIterator<Item = Cow<'c, str>>,
    ) -> io::Result<()> {
        let row = row.into_iter();
        let row = row.map(|cell| cell.into_owned().into_bytes());
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

/// A text that would be a formula gets an apostrophe, as a person would type it. One that has
/// apostrophes before a formula gets one more, so that taking one off is always right.
pub(crate) fn for_spreadsheet(text: &str) -> Cow<'_, str> {
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
