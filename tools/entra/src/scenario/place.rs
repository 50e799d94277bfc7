//! Where in a file something is wrong.

use std::{fmt, ops::Range};

/// One mistake, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Both from 1, the column in characters.
    pub line: usize,
    pub column: usize,
    /// What was found and what was expected.
    pub text: String,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("{file}: {error}")]
    Unreadable { file: String, error: std::io::Error },
    #[error("{}", lines(.file, .problems))]
    Mistakes {
        file: String,
        problems: Vec<Problem>,
    },
}

fn lines(file: &str, problems: &[Problem]) -> String {
    let lines: Vec<_> = problems
        .iter()
        .map(|problem| format!("{file}:{problem}"))
        .collect();
    lines.join("\n")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.text)
    }
}

impl Problem {
    /// At an octet range of the text.
    pub(super) fn at(text: &str, place: &Range<usize>, problem: String) -> Self {
        let before = text.get(..place.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
            text: problem,
        }
    }

    /// What the TOML reader found, in one line and with a suggestion.
    pub(super) fn of_toml(text: &str, error: &toml::de::Error) -> Self {
        let place = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        let suggestion = suggestion(&message).map(|known| format!("; did you mean `{known}`?"));
        Self::at(text, &place, message + &suggestion.unwrap_or_default())
    }
}

/// Serde's messages put the word that was found into backticks, and after it those that were expected.
fn suggestion(message: &str) -> Option<&str> {
    let mut words = message.split('`').skip(1).step_by(2);
    let found = words.next()?;
    words
        .map(|known| (distance(found, known), known))
        .min()
        .filter(|(distance, known)| distance * 3 <= known.chars().count())
        .map(|(_, known)| known)
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<_> = other.chars().collect();
    let mut row: Vec<_> = (0..=other.len()).collect();
    for (index, letter) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (above, expected) in row.iter().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(letter != *expected);
            left = replaced.min(left + 1).min(above + 1);
            next.push(left);
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::at_the_start("abc", 0..1, (1, 1))]
    #[case::on_the_second_line("a\nbc", 3..4, (2, 2))]
    #[case::after_letters_of_several_octets("åäö", 6..6, (1, 4))]
    #[case::beyond_the_end("a\n", 99..99, (2, 1))]
    fn a_place_is_counted_from_one(
        #[case] text: &str,
        #[case] place: Range<usize>,
        #[case] expected: (usize, usize),
    ) {
        let problem = Problem::at(text, &place, String::new());
        assert_eq!((problem.line, problem.column), expected);
    }

    #[rstest]
    #[case::one_letter_missing(
        "unknown variant `facebok`, expected one of `google`, `facebook`",
        Some("facebook")
    )]
    #[case::nothing_like_it("unknown variant `okta`, expected one of `google`, `facebook`", None)]
    #[case::nothing_to_choose_from("missing field `name`", None)]
    #[case::no_word_at_all("invalid array", None)]
    fn only_a_similar_word_is_suggested(#[case] message: &str, #[case] expected: Option<&str>) {
        assert_eq!(suggestion(message), expected);
    }

    proptest! {
        #[test]
        fn the_distance_is_that_of_levenshtein(one in "[abc]{0,6}", other in "[abc]{0,6}") {
            let found = distance(&one, &other);
            prop_assert_eq!(found, distance(&other, &one));
            prop_assert_eq!(found == 0, one == other);
            prop_assert!(found >= one.len().abs_diff(other.len()));
            prop_assert!(found <= one.len().max(other.len()));
        }
    }
}
