//! From the text of a policy to the compiled policy, or to every fault with its line and column.

use std::{
    fmt, io,
    ops::Range,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use shared::policy::{
    Policy, compile,
    document::{Document, MAX_DOCUMENT_OCTETS},
    fault::{Fault, Segment},
};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::form;
use crate::output::visible;

/// A policy that can be used.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) document: Document,
    pub(crate) policy: Policy,
}

/// A fault with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LocatedFault {
    /// Both from one, the column in characters.
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// What was found and what was expected.
    pub(crate) problem: String,
    /// What was probably meant.
    pub(crate) suggestion: Option<String>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("{}: {error}", name(.file))]
    Unreadable { file: PathBuf, error: io::Error },
    #[error("{}", lines(.file, .faults))]
    Faults {
        file: PathBuf,
        faults: Vec<LocatedFault>,
    },
}

fn lines(file: &Path, faults: &[LocatedFault]) -> String {
    let file = name(file);
    let lines = faults.iter().map(|fault| format!("{file}:{fault}"));
    lines.collect::<Vec<_>>().join("\n")
}

impl fmt::Display for LocatedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, .. } = self;
        write!(f, "{line}:{column}: {}", visible(&self.problem))?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; did you mean `{}`?", visible(suggestion)),
            None => Ok(()),
        }
    }
}

/// Reads and compiles a policy; `-` is standard input.
pub(crate) fn read(path: &Path) -> Result<Source, SourceError> {
    of_text(path, text_of(path)?)
}

/// Compiles the text of a policy, which faults name as `path`.
pub(crate) fn of_text(path: &Path, text: String) -> Result<Source, SourceError> {
    let (document, policy) = parse(&text).map_err(|faults| SourceError::Faults {
        file: path.to_owned(),
        faults,
    })?;
    Ok(Source {
        text,
        document,
        policy,
    })
}

/// Reads another TOML file, such as one of cases.
pub(crate) fn read_form<T: DeserializeOwned>(path: &Path) -> Result<(String, T), SourceError> {
    let text = text_of(path)?;
    let read = form::read(&text).map_err(|faults| SourceError::Faults {
        file: path.to_owned(),
        faults,
    })?;
    Ok((text, read))
}

/// A file as messages name it.
pub(crate) fn name(path: &Path) -> String {
    visible(&path.display().to_string())
}

fn text_of(path: &Path) -> Result<String, SourceError> {
    let read = if path == Path::new("-") {
        io::read_to_string(io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    read.map_err(|error| SourceError::Unreadable {
        file: path.to_owned(),
        error,
    })
}

/// The document and the compiled policy of a text.
pub(crate) fn parse(text: &str) -> Result<(Document, Policy), Vec<LocatedFault>> {
    if text.len() > MAX_DOCUMENT_OCTETS {
        let found = text.len();
        let problem = format!("found {found} octets, expected at most {MAX_DOCUMENT_OCTETS}");
        return Err(vec![located(text, 0, problem)]);
    }
    let document: Document = form::read(text)?;
    match compile(&document) {
        Ok(policy) => Ok((document, policy)),
        Err(faults) => Err(in_order(text, &faults)),
    }
}

/// From the top of the text to its end, as people work through them.
fn in_order(text: &str, faults: &[Fault]) -> Vec<LocatedFault> {
    let parsed = DeTable::parse(text).ok();
    let locate = |fault: &Fault| {
        let place = parsed.as_ref().map_or(0, |table| place(text, table, fault));
        LocatedFault {
            suggestion: fault.suggestion.clone(),
            ..located(text, place, fault.problem.clone())
        }
    };
    let mut located: Vec<_> = faults.iter().map(locate).collect();
    located.sort_by_key(|fault| (fault.line, fault.column));
    located
}

/// The line of each member of an array of tables, such as `[[case]]`.
pub(crate) fn lines_of(text: &str, array: &str) -> Vec<usize> {
    let Ok(parsed) = DeTable::parse(text) else {
        return Vec::new();
    };
    let array = member(parsed.get_ref(), array).and_then(|(_, value)| value.get_ref().as_array());
    let tables = array.into_iter().flat_map(|array| array.iter());
    tables
        .map(|table| located(text, table.span().start, String::new()).line)
        .collect()
}

// --- places

pub(super) fn located(text: &str, octet: usize, problem: String) -> LocatedFault {
    let before = text.get(..octet).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let in_line = before.get(line_start..).unwrap_or_default();
    LocatedFault {
        line: before.matches('\n').count() + 1,
        column: in_line.chars().count() + 1,
        problem,
        suggestion: None,
    }
}

/// Where in the text a fault is, in octets.
fn place(text: &str, table: &Spanned<DeTable<'_>>, fault: &Fault) -> usize {
    let Some(found) = find(table, &fault.path) else {
        return 0;
    };
    let raw = text.get(found.value.clone()).unwrap_or_default();
    match (fault.offset, found.key) {
        (Some(offset), _) => found.value.start + in_string(raw, offset),
        // A table of that name begins with it.
        (None, Some(key)) if found.is_table => key.start,
        (None, _) => found.value.start,
    }
}

/// What stands at a path, or as far as it goes: what is missing has no place of its own.
#[derive(Debug)]
struct Found {
    /// Members of an array have none.
    key: Option<Range<usize>>,
    value: Range<usize>,
    is_table: bool,
}

fn find(table: &Spanned<DeTable<'_>>, path: &[Segment]) -> Option<Found> {
    let Some((Segment::Key(first), rest)) = path.split_first() else {
        return None;
    };
    let (key, mut value) = member(table.get_ref(), first)?;
    let mut key = Some(key.span());
    for segment in rest {
        let next = match (segment, value.get_ref()) {
            (Segment::Key(name), DeValue::Table(table)) => {
                member(table, name).map(|(key, value)| (Some(key.span()), value))
            }
            (Segment::Index(index), DeValue::Array(array)) => {
                array.get(*index).map(|value| (None, value))
            }
            _ => None,
        };
        let Some(next) = next else { break };
        (key, value) = next;
    }
    Some(Found {
        key,
        value: value.span(),
        is_table: value.get_ref().is_table(),
    })
}

type Member<'t, 'i> = (&'t Spanned<DeString<'i>>, &'t Spanned<DeValue<'i>>);

fn member<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<Member<'t, 'i>> {
    table.iter().find(|(key, _)| key.get_ref() == name)
}

/// The place in a written string, in octets, of an octet of its value.
fn in_string(raw: &str, offset: usize) -> usize {
    let of_lines = || 3 + newline(raw.get(3..).unwrap_or_default());
    let (start, escapes) = if raw.starts_with("\"\"\"") {
        (of_lines(), true)
    } else if raw.starts_with("'''") {
        (of_lines(), false)
    } else {
        (1, raw.starts_with('"'))
    };
    if !escapes {
        return start + offset;
    }
    start + escaped(raw.get(start..).unwrap_or_default(), offset)
}

/// A line break right after the opening quotes belongs to them.
fn newline(rest: &str) -> usize {
    let breaks = ["\r\n", "\n"];
    let found = breaks.into_iter().find(|one| rest.starts_with(one));
    found.map_or(0, str::len)
}

/// As [`in_string`], with the escapes of TOML counted as what they stand for.
fn escaped(body: &str, offset: usize) -> usize {
    let (mut read, mut written) = (0, 0);
    while read < offset {
        let rest = body.get(written..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        let (stands_for, length) = match c {
            '\\' => escape(rest),
            c => (c.len_utf8(), c.len_utf8()),
        };
        read += stands_for;
        written += length;
    }
    written
}

/// How many octets an escape stands for, and how many it is written with.
fn escape(rest: &str) -> (usize, usize) {
    let hexadecimal = |digits: usize| {
        let code = rest.get(2..2 + digits);
        let code = code.and_then(|code| u32::from_str_radix(code, 16).ok());
        let length = code.and_then(char::from_u32).map_or(1, char::len_utf8);
        (length, 2 + digits)
    };
    match rest.chars().nth(1) {
        Some('x') => hexadecimal(2),
        Some('u') => hexadecimal(4),
        Some('U') => hexadecimal(8),
        // The line goes on below.
        Some(c) if c.is_whitespace() => {
            let after = rest.get(1..).unwrap_or_default();
            (0, rest.len() - after.trim_start().len())
        }
        _ => (1, 2),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::literal("'abc'", 1, "bc'")]
    #[case::basic("\"abc\"", 1, "bc\"")]
    #[case::escaped_quote(r#""a\"bc""#, 2, "bc\"")]
    #[case::short_code(r#""a\xe5bc""#, 3, "bc\"")]
    #[case::code(r#""a\u00e5bc""#, 3, "bc\"")]
    #[case::long_code(r#""a\U0001F600bc""#, 5, "bc\"")]
    #[case::several_octets("\"åbc\"", 2, "bc\"")]
    #[case::lines("\"\"\"\nabc\"\"\"", 1, "bc\"\"\"")]
    #[case::lines_of_windows("\"\"\"\r\nabc\"\"\"", 1, "bc\"\"\"")]
    #[case::literal_lines("'''\nabc'''", 1, "bc'''")]
    #[case::joined_lines("\"\"\"\na\\\n   bc\"\"\"", 2, "c\"\"\"")]
    #[case::beyond_the_end("\"abc\"", 99, "")]
    fn an_octet_of_a_value_is_found_in_its_string(
        #[case] raw: &str,
        #[case] offset: usize,
        #[case] rest: &str,
    ) {
        assert_eq!(raw.get(in_string(raw, offset)..).unwrap_or_default(), rest);
    }

    #[test]
    fn a_document_that_is_too_long_is_not_even_read() {
        let long = "#".repeat(MAX_DOCUMENT_OCTETS + 1);
        let faults = parse(&long).unwrap_err();
        assert_eq!(
            faults[0].to_string(),
            "1:1: found 262145 octets, expected at most 262144"
        );
    }

    /// Policies with and without faults.
    fn seeds() -> Vec<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tests/policies");
        let folders = [root.join("bad"), root].map(|folder| std::fs::read_dir(folder).unwrap());
        let files = folders
            .into_iter()
            .flatten()
            .map(|file| file.unwrap().path());
        let files = files.filter(|file| file.extension().is_some());
        files
            .map(|file| std::fs::read_to_string(file).unwrap())
            .collect()
    }

    proptest! {
        #[test]
        fn every_fault_has_its_place_in_the_text(
            seed in proptest::sample::select(seeds()),
            at in any::<proptest::sample::Index>(),
            length in 0_usize..6,
            scrap in "\\PC{0,4}|[\\\\\"'\\[\\]{}=.\n]{1,3}",
        ) {
            let seed: Vec<char> = seed.chars().collect();
            let (kept, rest) = seed.split_at(at.index(seed.len()));
            let rest = rest.get(length..).unwrap_or_default();
            let text: String = kept.iter().copied().chain(scrap.chars()).chain(rest.iter().copied()).collect();
            for fault in parse(&text).err().into_iter().flatten() {
                let line = text.split('\n').nth(fault.line - 1);
                let columns = line.map(|line| line.chars().count() + 1);
                prop_assert!(columns.is_some_and(|columns| (1..=columns).contains(&fault.column)), "{fault} in {text}");
            }
        }
    }

    #[test]
    fn every_member_of_an_array_has_its_line() {
        let text = "[[case]]\na = 1\n\n[[case]]\na = 2\n";
        assert_eq!(lines_of(text, "case"), [1, 4]);
        assert_eq!(lines_of(text, "rule"), Vec::<usize>::new());
    }
}
