//! Lists as CSV: read row by row with the place of every fault, and written so that reading gives back
//! the same entries.

use std::io;

mod fields;
mod read;
mod write;

pub(crate) use self::{
    read::{Fault, Row, Rows, Unreadable},
    write::Writer,
};

/// What a field is. The order is that of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Matcher,
    Effect,
    List,
    Reason,
    Owner,
    Expires,
}

impl Column {
    const ALL: [Self; 6] = [
        Self::Matcher,
        Self::Effect,
        Self::List,
        Self::Reason,
        Self::Owner,
        Self::Expires,
    ];
    const NAMES: &str = "matcher, effect, list, reason, owner, expires";

    const fn name(self) -> &'static str {
        match self {
            Self::Matcher => "matcher",
            Self::Effect => "effect",
            Self::List => "list",
            Self::Reason => "reason",
            Self::Owner => "owner",
            Self::Expires => "expires",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|column| column.name().eq_ignore_ascii_case(text.trim()))
    }
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

    fn rows(file: &[u8]) -> Vec<Row> {
        let list = ListName::parse("default").unwrap();
        let mut rows = Rows::new(file, list).unwrap();
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    fn written(entries: &[ListEntry]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::new(&mut file).unwrap();
        for entry in entries {
            writer.write(entry).unwrap();
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
