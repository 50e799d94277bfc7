//! Records out of JSON lines: one object in each line.

use std::io::{BufRead, Read};

use super::{Fault, Row, Source, Unreadable};

/// What the objects of a file are.
pub(crate) trait JsonForm {
    type Record;

    fn object(&self, line: &[u8]) -> serde_json::Result<Self::Record>;
}

/// Longest line, which is well above the largest record.
const MAX_LINE: u64 = 4 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines of a file, one in memory at a time.
pub(crate) struct Lines<R, F> {
    file: R,
    form: F,
    line: u64,
    octets: u64,
}

impl<R: BufRead, F: JsonForm> Lines<R, F> {
    pub(crate) fn new(file: R, form: F) -> Self {
        Self {
            file,
            form,
            line: 0,
            octets: 0,
        }
    }

    /// The next line with its end; nothing at the end of the file.
    fn read(&mut self) -> Result<Option<Vec<u8>>, Unreadable> {
        let mut line = Vec::new();
        let mut start = Read::take(&mut self.file, MAX_LINE);
        let mut read = start.read_until(b'\n', &mut line).map_err(Unreadable::Io)? as u64;
        if read == MAX_LINE && !line.ends_with(b"\n") {
            read += self.file.skip_until(b'\n').map_err(Unreadable::Io)? as u64;
        }
        self.octets += read;
        self.line += 1;
        Ok((read > 0).then_some(line))
    }

    fn row(&self, line: &[u8]) -> Row<F::Record> {
        if line.len() as u64 == MAX_LINE {
            return Row::Bad(vec![Fault {
                line: self.line,
                column: 1,
                told: format!(
                    "found a line of more than {MAX_LINE} octets, expected a shorter one"
                ),
            }]);
        }
        match self.form.object(line) {
            Ok(entry) => Row::Entry {
                line: self.line,
                entry,
            },
            Err(error) => Row::Bad(vec![self.fault(&error)]),
        }
    }

    fn fault(&self, error: &serde_json::Error) -> Fault {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let told = error.to_string();
        Fault {
            line: self.line,
            column: error.column().max(1),
            told: told.strip_suffix(&place).unwrap_or(&told).to_owned(),
        }
    }
}

impl<R: BufRead, F: JsonForm> Source<F::Record> for Lines<R, F> {
    fn next(&mut self) -> Result<Option<Row<F::Record>>, Unreadable> {
        while let Some(line) = self.read()? {
            let line = match self.line {
                1 => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line),
                _ => &line,
            };
            if !line.trim_ascii().is_empty() {
                return Ok(Some(self.row(line)));
            }
        }
        Ok(None)
    }

    fn octets(&self) -> u64 {
        self.octets
    }
}
