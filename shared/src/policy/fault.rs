//! What is wrong with a policy, and where.

use std::fmt;

/// One step on the way to a place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    Key(String),
    Index(usize),
}

/// A fault that keeps a policy from being activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From the top of the document, as its keys are written: `rule`, 3, `when`.
    pub path: Vec<Segment>,
    /// Where in the text at that place, in octets; for expressions and patterns.
    pub offset: Option<usize>,
    /// What was found and what was expected.
    pub problem: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.path.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                // People count from one.
                Segment::Index(index) => write!(f, "[{}]", index + 1)?,
            }
        }
        write!(f, ": {}", self.problem)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, "; did you mean `{suggestion}`?")?;
        }
        Ok(())
    }
}

/// Where the compiler is, step by step from the top. It becomes a path where there is a fault, and nearly always there is none.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'p> {
    /// None at the top.
    last: Option<(&'p Self, Step<'p>)>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub(super) const fn key(&'p self, key: &'p str) -> Self {
        let last = Some((self, Step::Key(key)));
        Self { last }
    }

    pub(super) const fn index(&'p self, index: usize) -> Self {
        let last = Some((self, Step::Index(index)));
        Self { last }
    }

    pub(super) fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault {
            path: self.path(),
            offset: None,
            problem: problem.into(),
            suggestion: None,
        }
    }

    fn path(&self) -> Vec<Segment> {
        let upwards = std::iter::successors(self.last, |(above, _)| above.last);
        let mut path: Vec<Segment> = upwards.map(|(_, step)| step.into()).collect();
        path.reverse();
        path
    }
}

impl From<Step<'_>> for Segment {
    fn from(step: Step<'_>) -> Self {
        match step {
            Step::Key(key) => Self::Key(key.to_owned()),
            Step::Index(index) => Self::Index(index),
        }
    }
}

/// Longest word that can be a slip, in octets: two texts take as long to compare as both are long, multiplied.
const MAX_WORD: usize = 200;

/// The nearest of the known words, when one is near enough to be a slip.
pub fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    if found.len() > MAX_WORD {
        return None;
    }
    let limit = (found.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|word| word.len() <= MAX_WORD)
        .map(|word| (edit_distance(found, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word.to_owned())
}

/// Levenshtein's distance, without regard to case.
pub(super) fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, c) in one.to_lowercase().chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, d) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(c != *d);
            diagonal = *cell;
            left = replaced.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("Straße", "straße"), 0);
        assert_eq!(
            nearest("givenname", ["surname", "givenName"]),
            Some("givenName".to_owned())
        );
        assert_eq!(nearest("zip", ["surname", "givenName"]), None);
    }

    #[test]
    fn a_whole_text_is_no_slip() {
        let text = "a".repeat(100_000);
        assert_eq!(nearest(&text, [format!("{text}b").as_str()]), None);
    }

    #[test]
    fn people_count_from_one() {
        let (top, third) = (Place::default(), 2);
        let mut fault = top
            .key("rule")
            .index(third)
            .key("when")
            .fault("it is no expression");
        fault.suggestion = Some("email.domain".to_owned());
        assert_eq!(
            fault.to_string(),
            "rule[3].when: it is no expression; did you mean `email.domain`?"
        );
    }
}
