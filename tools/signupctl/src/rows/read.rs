//! Rows out of a CSV file.

use std::{
    io::{Chain, Read},
    str::from_utf8,
};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::{Fault, Form, Mistake, Row, Source, Unreadable, io_error};
use crate::output::quoted;

impl From<csv::Error> for Unreadable {
    fn from(error: csv::Error) -> Self {
        Self::Io(io_error(error))
    }
}

/// Read after the end of each file: its line feed ends a last line that has none, and where the rest
/// is found inside a field, a quote was never closed.
const END: &[u8] = b"\n\0end";

/// The rows of a file, one in memory at a time.
pub(crate) struct Rows<R, F: Form> {
    reader: csv::Reader<Chain<R, &'static [u8]>>,
    record: Record,
    columns: Vec<F::Column>,
    form: F,
}

impl<R: Read, F: Form> Rows<R, F> {
    /// Reads the header.
    pub(crate) fn new(file: R, form: F) -> Result<Self, Unreadable> {
        // Only with a line feed as the one end of a row does the reader count lines as editors do; the
        // carriage return before it is taken off in `field`.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(file.chain(END));
        let mut rows = Self {
            reader,
            record: Record::default(),
            columns: Vec::new(),
            form,
        };
        rows.read()?;
        rows.columns = rows.header().map_err(Unreadable::Header)?;
        Ok(rows)
    }

    fn read(&mut self) -> Result<bool, Unreadable> {
        let read = self.reader.read_byte_record(&mut self.record.fields)?;
        self.record.end = self.reader.position().line();
        Ok(read)
    }

    fn header(&self) -> Result<Vec<F::Column>, Vec<Fault>> {
        let mut columns = Vec::new();
        let mut faults = Vec::new();
        let record = &self.record;
        let fields = if record.is_end() { 0 } else { record.len() };
        for index in 0..fields {
            let name = String::from_utf8_lossy(record.field(index));
            match self.form.column(&name) {
                Some(column) if columns.contains(&column) => faults.push(record.fault(
                    index,
                    None,
                    Mistake {
                        found: format!("the column {} twice", quoted(&name)),
                        expected: "each column once".to_owned(),
                    },
                )),
                Some(column) => columns.push(column),
                None => faults.push(record.fault(
                    index,
                    None,
                    Mistake {
                        found: format!("the column {}", quoted(&name)),
                        expected: format!("{} in any order, separated by commas", F::NAMES),
                    },
                )),
            }
        }
        for name in F::REQUIRED {
            let there = columns.iter().any(|column| F::name(column) == *name);
            if faults.is_empty() && !there {
                faults.push(record.fault(
                    0,
                    None,
                    Mistake {
                        found: format!("no column \"{name}\""),
                        expected: format!("a header with it, of {}", F::NAMES),
                    },
                ));
            }
        }
        if faults.is_empty() {
            Ok(columns)
        } else {
            Err(faults)
        }
    }

    fn row(&self) -> Row<F::Record> {
        let record = &self.record;
        if record.is_open() {
            return Row::Bad(vec![record.fault(
                record.len().saturating_sub(1),
                None,
                Mistake {
                    found: "a quote that is not closed".to_owned(),
                    expected: "another one before the end of the file".to_owned(),
                },
            )]);
        }
        let (found, expected) = (record.len(), self.columns.len());
        if found != expected {
            let fields =
                |count: usize| format!("{count} field{}", if count == 1 { "" } else { "s" });
            let place = found.min(expected);
            return Row::Bad(vec![record.fault(
                place,
                None,
                Mistake {
                    found: fields(found),
                    expected: format!("{} as in the header", fields(expected)),
                },
            )]);
        }
        let mut cells = Cells {
            record,
            columns: &self.columns,
            name: F::name,
            faults: Vec::new(),
        };
        match self.form.record(&mut cells) {
            Some(entry) if cells.faults.is_empty() => Row::Entry {
                line: record.line(0),
                entry,
            },
            _ => Row::Bad(cells.faults),
        }
    }
}

impl<R: Read, F: Form> Source<F::Record> for Rows<R, F> {
    fn next(&mut self) -> Result<Option<Row<F::Record>>, Unreadable> {
        while self.read()? {
            if !self.record.is_blank() && !self.record.is_end() {
                return Ok(Some(self.row()));
            }
        }
        Ok(None)
    }

    fn octets(&self) -> u64 {
        self.reader.position().byte()
    }
}

/// The fields of one row, by column.
pub(crate) struct Cells<'r, C> {
    record: &'r Record,
    columns: &'r [C],
    name: fn(&C) -> &str,
    faults: Vec<Fault>,
}

impl<'r, C: PartialEq> Cells<'r, C> {
    pub(crate) fn columns(&self) -> &'r [C] {
        self.columns
    }

    /// Reads one field, or notes its fault; a column that the file does not have is empty.
    pub(crate) fn read<T>(
        &mut self,
        column: &C,
        parse: impl FnOnce(&str) -> Result<T, Mistake>,
    ) -> Option<T> {
        let index = self.columns.iter().position(|known| known == column);
        let bytes = index.map_or(&b""[..], |index| self.record.field(index));
        let parsed = match from_utf8(bytes) {
            Ok(text) => parse(text),
            Err(_) => Err(Mistake {
                found: "bytes that are not UTF-8".to_owned(),
                expected: "text in UTF-8".to_owned(),
            }),
        };
        match parsed {
            Ok(value) => Some(value),
            Err(mistake) => {
                let (index, name) = (index.unwrap_or_default(), (self.name)(column));
                self.faults
                    .push(self.record.fault(index, Some(name), mistake));
                None
            }
        }
    }

    /// Notes a fault of the row as a whole.
    pub(crate) fn refuse(&mut self, mistake: Mistake) {
        self.faults.push(self.record.fault(0, None, mistake));
    }
}

/// One row as it stands in the file.
#[derive(Default)]
struct Record {
    fields: ByteRecord,
    /// The line after it.
    end: u64,
}

impl Record {
    fn len(&self) -> usize {
        self.fields.len()
    }

    /// Spreadsheets end a file with rows of nothing.
    fn is_blank(&self) -> bool {
        (0..self.len()).all(|index| self.field(index).is_empty())
    }

    fn is_end(&self) -> bool {
        self.len() == 1 && END.strip_prefix(b"\n") == Some(self.field(0))
    }

    /// Whether a quote of the row goes on to the end of the file and past it.
    fn is_open(&self) -> bool {
        self.fields.iter().any(|field| field.ends_with(END))
    }

    fn field(&self, index: usize) -> &[u8] {
        let field = self.fields.get(index).unwrap_or_default();
        if index + 1 == self.len() {
            field.strip_suffix(b"\r").unwrap_or(field)
        } else {
            field
        }
    }

    /// The line where a field starts. The reader tells where the row ends; where it starts is counted
    /// back from there, because the reader's own start comes before blank lines.
    fn line(&self, index: usize) -> u64 {
        let feeds = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').skip(1).count() as u64;
        let own = feeds(self.fields.as_slice()) + u64::from(!self.is_open());
        let start = self.end.saturating_sub(own);
        let before: u64 = self.fields.iter().take(index).map(feeds).sum();
        start + before
    }

    fn fault(&self, index: usize, column: Option<&str>, mistake: Mistake) -> Fault {
        let Mistake { found, expected } = mistake;
        let column = column.map_or_else(String::new, |name| format!("column \"{name}\": "));
        Fault {
            line: self.line(index),
            column: index + 1,
            told: format!("{column}found {found}, expected {expected}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use shared::domain::list::{ListEntry, ListName};

    use super::*;
    use crate::rows::Entries;

    fn entries(list: &str) -> Entries {
        Entries {
            list: ListName::parse(list).unwrap(),
        }
    }

    fn rows(file: &[u8]) -> Vec<Row<ListEntry>> {
        let mut rows = Rows::new(file, entries("default")).unwrap();
        std::iter::from_fn(|| rows.next().unwrap()).collect()
    }

    fn faults(file: &[u8]) -> Vec<String> {
        match Rows::new(file, entries("default")) {
            Err(Unreadable::Header(faults)) => faults,
            Err(Unreadable::Io(error)) => panic!("{error}"),
            Ok(mut rows) => std::iter::from_fn(|| rows.next().unwrap())
                .filter_map(|row| match row {
                    Row::Bad(faults) => Some(faults),
                    Row::Entry { .. } => None,
                })
                .flatten()
                .collect(),
        }
        .iter()
        .map(ToString::to_string)
        .collect()
    }

    fn lines(file: &[u8]) -> Vec<u64> {
        rows(file)
            .into_iter()
            .map(|row| match row {
                Row::Entry { line, .. } => line,
                Row::Bad(faults) => panic!("{}", faults[0]),
            })
            .collect()
    }

    #[rstest]
    #[case::line_feeds(b"matcher,effect\na.example,deny\nb.example,deny\n", &[2, 3])]
    #[case::carriage_returns(b"matcher,effect\r\na.example,deny\r\nb.example,deny\r\n", &[2, 3])]
    #[case::no_last_line_end(b"matcher,effect\na.example,deny\nb.example,deny", &[2, 3])]
    #[case::blank_lines(b"\nmatcher,effect\n\n\na.example,deny\n\nb.example,deny\n", &[5, 7])]
    #[case::blank_lines_with_returns(b"matcher,effect\r\n\r\na.example,deny\r\n", &[3])]
    #[case::blank_rows(b"matcher,effect\n,\na.example,deny\n,\n", &[3])]
    #[case::byte_order_mark(b"\xef\xbb\xbfmatcher,effect\na.example,deny\n", &[2])]
    #[case::byte_order_mark_and_quotes(b"\xef\xbb\xbf\"matcher\",effect\r\na.example,deny\r\n", &[2])]
    #[case::lines_in_a_field(
        b"matcher,effect,reason\na.example,deny,\"x\ny\"\nb.example,deny,z\n", &[2, 4]
    )]
    #[case::lines_in_a_field_with_returns(
        b"matcher,reason,effect\r\na.example,\"x\r\ny\",deny\r\nb.example,z,deny\r\n", &[2, 4]
    )]
    #[case::other_order_and_spelling(b" Effect ,MATCHER\ndeny,a.example\n", &[2])]
    fn a_row_knows_its_line(#[case] file: &[u8], #[case] expected: &[u64]) {
        assert_eq!(lines(file), expected);
    }

    #[rstest]
    #[case::effect(
        b"matcher,effect\na.example,maybe\n",
        "2:2: column \"effect\": found \"maybe\", expected allow, deny or review"
    )]
    #[case::no_effect(
        b"effect,matcher\n,a.example\n",
        "2:1: column \"effect\": found nothing, expected allow, deny or review"
    )]
    #[case::list(
        b"matcher,effect,list\na.example,deny,a b\n",
        "2:3: column \"list\": found \"a b\", expected at most 64 letters, digits, `-`, `_` and `.`"
    )]
    #[case::date(
        b"matcher,effect,expires\r\na.example,deny,31/12/2027\r\n",
        "2:3: column \"expires\": found \"31/12/2027\", expected nothing, a date such as 2027-01-31 \
         (its end, UTC) or a time such as 2027-01-31T12:00:00Z"
    )]
    #[case::duration(
        b"matcher,effect,expires\na.example,deny,30d\n",
        "2:3: column \"expires\": found \"30d\", expected nothing, a date such as 2027-01-31 \
         (its end, UTC) or a time such as 2027-01-31T12:00:00Z"
    )]
    #[case::matcher(
        b"matcher,effect\na@b.example@c.example,deny\n",
        "2:1: column \"matcher\": found \"a@b.example@c.example\" (it reads as an address, but it is not \
         an address of the form `local@domain`), expected an address, example.com, *.example.com, \
         provider:facebook.com or identity:PROVIDER#SUBJECT"
    )]
    #[case::too_few(
        b"matcher,effect,list\n\na.example,deny\n",
        "3:3: found 2 fields, expected 3 fields as in the header"
    )]
    #[case::too_many(
        b"matcher,effect\na.example,deny,x,y\n",
        "2:3: found 4 fields, expected 2 fields as in the header"
    )]
    #[case::like_the_mark_of_the_end(
        b"matcher,effect\nend\n",
        "2:2: found 1 field, expected 2 fields as in the header"
    )]
    #[case::after_lines_in_the_row_before(
        b"reason,matcher,effect\r\n\"x\r\ny\",a.example,deny\r\nz,b.example,no\r\n",
        "4:3: column \"effect\": found \"no\", expected allow, deny or review"
    )]
    #[case::after_lines_in_the_row_itself(
        b"reason,matcher,effect\n\"x\n\ny\",a.example,no\n",
        "4:3: column \"effect\": found \"no\", expected allow, deny or review"
    )]
    #[case::not_utf8(
        b"matcher,effect,reason\na.example,deny,\xff\n",
        "2:3: column \"reason\": found bytes that are not UTF-8, expected text in UTF-8"
    )]
    #[case::acts_on_a_terminal(
        b"matcher,effect\na.example,\x1b[2J\n",
        "2:2: column \"effect\": found \"\\u{1b}[2J\", expected allow, deny or review"
    )]
    #[case::unknown_column(
        b"matcher,effect,colour\na.example,deny,red\n",
        "1:3: found the column \"colour\", expected matcher, effect, list, reason, owner, expires in any \
         order, separated by commas"
    )]
    #[case::semicolons(
        b"matcher;effect\r\na.example;deny\r\n",
        "1:1: found the column \"matcher;effect\", expected matcher, effect, list, reason, owner, \
         expires in any order, separated by commas"
    )]
    #[case::column_twice(
        b"matcher,effect,Matcher\n",
        "1:3: found the column \"Matcher\" twice, expected each column once"
    )]
    #[case::missing_column(
        b"matcher,list\n",
        "1:1: found no column \"effect\", expected a header with it, of matcher, effect, list, reason, \
         owner, expires"
    )]
    #[case::open_quote(
        b"matcher,effect,reason\na.example,deny,\"x\nb.example,deny,y\n",
        "2:3: found a quote that is not closed, expected another one before the end of the file"
    )]
    #[case::open_quote_after_blank_lines(
        b"matcher,effect,reason\n\n\na.example,deny,\"x\ny",
        "4:3: found a quote that is not closed, expected another one before the end of the file"
    )]
    #[case::open_quote_at_the_end(
        b"matcher,effect,reason\na.example,deny,\"",
        "2:3: found a quote that is not closed, expected another one before the end of the file"
    )]
    #[case::empty_file(
        b"",
        "1:1: found no column \"matcher\", expected a header with it, of matcher, effect, list, reason, \
         owner, expires"
    )]
    fn a_fault_is_told_with_its_place(#[case] file: &[u8], #[case] expected: &str) {
        assert_eq!(faults(file).first().unwrap(), expected);
    }

    #[test]
    fn every_fault_of_a_row_is_told() {
        let found = faults(b"matcher,effect,list,expires\nx,y,/,z\n");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn a_quote_that_is_closed_much_later_is_suspected() {
        let mut file = b"matcher,effect,reason\na.example,deny,\"oops\n".to_vec();
        file.extend(b"b.example,deny,fine\n".repeat(40));
        file.extend(b"c.example,deny,\"fine\"\nd.example,deny,fine\n");
        let found = faults(&file);
        assert_eq!(found.len(), 1);
        let expected =
            "2:3: column \"reason\": found 825 characters and line breaks (is a quote not";
        assert!(found[0].starts_with(expected), "{}", found[0]);
    }

    #[test]
    fn a_row_takes_the_list_that_was_given_when_it_names_none() {
        let mut rows = Rows::new(
            &b"matcher,effect,list\na.example,deny,\n"[..],
            entries("partners"),
        )
        .unwrap();
        let Some(Row::Entry { entry, .. }) = rows.next().unwrap() else {
            panic!("no entry");
        };
        assert_eq!(entry.list.as_str(), "partners");
    }
}
