//! Where a command writes, and how it writes tables.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;

use crate::exit::Failure;

/// Results go to standard output; what is only for the person in front goes to standard error.
pub(crate) struct Output<'o> {
    pub(crate) results: &'o mut dyn Write,
    pub(crate) notes: &'o mut dyn Write,
}

/// The text with everything escaped that would act on a terminal or cannot be seen there.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Bidirectional controls can make a line read as another one.
        let deceiving = matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || deceiving {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Longest piece of a file or table that a message repeats.
const MAX_QUOTED: usize = 60;

/// A piece of somebody's text for a message: in quotes, visible and not too long.
pub(crate) fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let mut start: String = text.chars().take(MAX_QUOTED).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("\"{}\"", visible(&start))
}

/// Rows under a header, every column but the last as wide as its widest cell.
pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(header: [&str; N]) -> Self {
        Self {
            rows: vec![header.map(str::to_owned)],
        }
    }

    pub(crate) fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }

    /// Writes the rows so far and leaves their widths for the rows that follow.
    pub(crate) fn write(self, out: &mut dyn Write) -> io::Result<Widths<N>> {
        let mut widths = Widths([0; N]);
        for row in &self.rows {
            for (width, cell) in widths.0.iter_mut().zip(row) {
                *width = (*width).max(visible(cell).chars().count());
            }
        }
        for row in &self.rows {
            widths.write(row, out)?;
        }
        Ok(widths)
    }
}

/// The widths of a table's columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Widths<const N: usize>([usize; N]);

impl<const N: usize> Widths<N> {
    pub(crate) fn write(&self, row: &[String; N], out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(self.0) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{:<width$}  ", visible(cell));
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// So many rows are sorted and measured before they are printed. Whatever follows is printed as it
/// is read: there may be more than memory holds.
const MEASURED: usize = 1000;

/// A table of any length, whose widths are known only after some rows.
pub(crate) struct Listing<K, const N: usize> {
    header: [&'static str; N],
    /// With what they are sorted by.
    waiting: Vec<(K, [String; N])>,
    widths: Option<Widths<N>>,
}

impl<K: Ord, const N: usize> Listing<K, N> {
    pub(crate) fn new(header: [&'static str; N]) -> Self {
        Self {
            header,
            waiting: Vec::new(),
            widths: None,
        }
    }

    pub(crate) fn push(&mut self, key: K, row: [String; N], out: &mut dyn Write) -> io::Result<()> {
        if let Some(widths) = &self.widths {
            return widths.write(&row, out);
        }
        self.waiting.push((key, row));
        if self.waiting.len() == MEASURED {
            self.start(out)?;
        }
        Ok(())
    }

    /// Nothing is printed of a table without rows.
    pub(crate) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.widths.is_none() && !self.waiting.is_empty() {
            self.start(out)?;
        }
        Ok(())
    }

    fn start(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = std::mem::take(&mut self.waiting);
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut table = Table::new(self.header);
        for (_, row) in rows {
            table.push(row);
        }
        self.widths = Some(table.write(out)?);
        Ok(())
    }
}

/// One JSON object in a line.
pub(crate) fn write_json(line: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_escaped() {
        assert_eq!(visible("a\u{1b}[2J\r\nb"), "a\\u{1b}[2J\\r\\nb");
        assert_eq!(visible("O'Brien, Åsa"), "O'Brien, Åsa");
        assert_eq!(visible("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(quoted(""), "nothing");
        assert_eq!(quoted("é"), "\"é\"");
        assert_eq!(quoted(&"é".repeat(61)), format!("\"{}…\"", "é".repeat(60)));
    }

    #[test]
    fn columns_stand_under_each_other() {
        let mut table = Table::new(["A", "B"]);
        table.push(["å".to_owned(), "x".to_owned()]);
        table.push(["long".to_owned(), String::new()]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "A     B\nå     x\nlong\n");
    }
}
