//! Records as files: read row by row with the place of every fault, and written so that reading gives back the same ones.

use std::{fmt, io};

mod claims;
mod entries;
mod fields;
mod lines;
mod read;
mod values;
mod write;

pub(crate) use self::{
    claims::{Claims, TypedName, checked, claim_text, json_claims, record_cells, record_line},
    entries::{Entries, entry_cells, matcher_cell},
    fields::Mistake,
    lines::{JsonForm, Lines},
    read::{Cells, Rows},
    values::{Members, member_cells, member_line},
    write::{Writer, for_spreadsheet},
};

/// What the rows of a file are.
pub(crate) trait Form {
    type Column: PartialEq;
    type Record;

    /// All columns, for messages.
    const NAMES: &'static str;
    const REQUIRED: &'static [&'static str];

    /// The column that a cell of the header names.
    fn column(&self, header: &str) -> Option<Self::Column>;

    fn name(column: &Self::Column) -> &str;

    /// The record of a row, or at least one fault: every faulty field is told.
    fn record(&self, cells: &mut Cells<'_, Self::Column>) -> Option<Self::Record>;
}

/// Where rows come from.
pub(crate) trait Source<T> {
    /// The next row; nothing at the end.
    fn next(&mut self) -> Result<Option<Row<T>>, Unreadable>;

    /// How far the file has been read.
    fn octets(&self) -> u64;
}

/// What a row holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Row<T> {
    Entry { line: u64, entry: T },
    Bad(Vec<Fault>),
}

/// One fault in a file: `LINE:COLUMN: …`, both from 1. In CSV, the column is the number of the field, and the line that where
/// the field starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    line: u64,
    column: usize,
    told: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.told)
    }
}

/// Why a file is not read at all.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Header(Vec<Fault>),
    Io(io::Error),
}

/// The error beneath; `csv`'s own conversion hides its kind.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use shared::domain::list::{Effect, ListEntry, ListName, Matcher};

    use super::*;

    fn rows(file: &[u8]) -> Vec<Row<ListEntry>> {
        let list = ListName::parse("default").unwrap();
        let mut rows = Rows::new(file, Entries { list }).unwrap();
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    fn written(entries: &[ListEntry]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file, Entries::COLUMNS).unwrap();
        for entry in entries {
            writer.write(entry_cells(entry)).unwrap();
        }
        writer.flush().unwrap();
        drop(writer);
        file
    }

    fn read(file: &[u8]) -> Vec<ListEntry> {
        rows(file)
            .into_iter()
            .map(|row| match row {
                Row::Entry { entry, .. } => entry,
                Row::Bad(faults) => panic!("{}", faults[0]),
            })
            .collect()
    }

    #[test]
    fn no_field_of_an_export_is_a_formula() {
        let entry = |matcher: &str, note: &str| ListEntry {
            matcher: Matcher::parse(matcher).unwrap(),
            list: ListName::parse("default").unwrap(),
            effect: Effect::Deny,
            reason: note.to_owned(),
            owner: format!("'{note}"),
            expires_at: None,
        };
        let entries = [
            entry("=cmd|'/ccalc'!a1@example.com", "=1+1"),
            entry("+sales@example.com", "-"),
            entry("-x@example.com", "@SUM(A1)"),
        ];
        let file = written(&entries);
        let mut cells = csv::Reader::from_reader(file.as_slice());
        for record in cells.records() {
            for cell in &record.unwrap() {
                assert!(!write::is_formula(cell), "{cell} is a formula");
            }
        }
        assert_eq!(read(&file), entries);
    }

    fn matchers() -> impl Strategy<Value = Matcher> {
        prop_oneof![
            "[-=+'a-z0-9!|&]{1,12}@[a-z]{1,8}\\.example",
            "\"[ -!#-\\[\\]-~é]{1,12}\"@[a-z]{1,8}\\.example",
            "[a-z]{1,8}\\.example",
            "\\*\\.[a-zåäö]{1,8}",
            "provider:[ -\"$-~]{1,20}",
            "identity:[a-z.]{1,8}#\\PC{1,20}",
        ]
        .prop_filter_map("no matcher", |text: String| Matcher::parse(&text).ok())
    }

    fn notes() -> impl Strategy<Value = String> {
        prop_oneof![
            "[-=+@'\",;\\t\\r\\n a-z＝]{0,12}",
            "\\PC{0,40}",
            prop::collection::vec(any::<char>(), 0..20).prop_map(|c| c.into_iter().collect()),
        ]
    }

    fn entries() -> impl Strategy<Value = ListEntry> {
        (
            matchers(),
            "[-a-zA-Z0-9_.]{1,64}",
            0_usize..3,
            notes(),
            notes(),
            prop::option::of(-2_000_000_000_i64..200_000_000_000),
        )
            .prop_map(|(matcher, list, effect, reason, owner, end)| ListEntry {
                matcher,
                list: ListName::parse(&list).unwrap(),
                effect: Effect::ALL[effect],
                reason,
                owner,
                expires_at: end.map(|second| Timestamp::from_second(second).unwrap()),
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn reading_gives_back_what_was_written(entries in prop::collection::vec(entries(), 0..4)) {
            prop_assert_eq!(read(&written(&entries)), entries);
        }

        #[test]
        fn no_file_is_too_strange_to_read(file in prop::collection::vec(any::<u8>(), 0..200)) {
            let header = b"matcher,effect,list,reason,owner,expires\n";
            let file = [&header[..], &file].concat();
            let _ = rows(&file);
        }
    }
}
