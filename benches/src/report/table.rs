//! Tables of Markdown, and how numbers stand in them.

use std::fmt::Write;

use super::plot::milliseconds;

/// A table: texts, and numbers to the right of them.
pub(crate) struct Table {
    pub(crate) text: String,
}

impl Table {
    pub(crate) fn new(title: &str, columns: impl IntoIterator<Item = String>) -> Self {
        let columns: Vec<String> = columns.into_iter().collect();
        let lines = "| ---: ".repeat(columns.len());
        let mut table = Self {
            text: String::new(),
        };
        table.row(title, columns);
        let _ = writeln!(table.text, "| --- {lines}|");
        table
    }

    pub(crate) fn row(&mut self, title: &str, cells: impl IntoIterator<Item = String>) {
        let cells: Vec<String> = cells.into_iter().collect();
        let _ = writeln!(self.text, "| {title} | {} |", cells.join(" | "));
    }
}

/// Of microseconds; nothing of what was not measured.
pub(crate) fn in_milliseconds(time: Option<u64>) -> String {
    time.map_or_else(String::new, |time| milliseconds(float(time) / 1e3))
}

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Of something counted here.
pub(crate) fn counted(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Of a number that is no time of years and no size of exabytes.
pub(crate) fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}
