//! Regular expressions, in the syntax of the `regex` crate: whether one matches a text, in time linear in the text.
//!
//! A pattern is parsed by that crate's own parser. What `regex` would make of it then reads octets, and for a class such as
//! `\p{L}` has to be told how thousands of characters are written in them, which takes longer than all the texts of an
//! instance's life (docs/decisions/0031). So what is made of it here reads characters.

mod class;
mod program;

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::program::Program;

/// A compiled regular expression.
#[derive(Clone)]
pub(super) struct Pattern(Arc<Compiled>);

#[derive(Serialize, Deserialize)]
struct Compiled {
    source: String,
    program: Program,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternFault {
    #[error("the pattern is too large")]
    TooLarge,
    #[error("found no regular expression: {0}")]
    Syntax(String),
}

impl Pattern {
    pub(super) fn compile(source: &str) -> Result<Self, PatternFault> {
        let parsed = regex_syntax::parse(source)
            .map_err(|error| PatternFault::syntax(&error.to_string()))?;
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            program: Program::compile(&parsed)?,
        })))
    }

    /// Whether it matches anywhere in a text. None for a text so long that a large pattern takes too long for it, which none
    /// of people is.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        self.0.program.is_match(text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Compiled::deserialize(deserializer).map(|compiled| Self(Arc::new(compiled)))
    }
}

impl PatternFault {
    /// Without the pattern, which the library repeats.
    fn syntax(told: &str) -> Self {
        let reason = told.lines().last().unwrap_or_default().trim();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        Self::Syntax(reason.to_owned())
    }

    fn not_text() -> Self {
        Self::syntax("pattern can match invalid UTF-8")
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.0.source).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::anywhere("b+", "abc", true)]
    #[case::whole("^(?:b)$", "abc", false)]
    #[case::letters(r"^\p{L}+$", "Åsa", true)]
    #[case::digits(r"^\d+$", "12a", false)]
    #[case::empty("", "", true)]
    #[case::case_does_not_matter("(?i)^ÅSA$", "åsa", true)]
    #[case::word_of_ascii(r"\bproject-\d+\b", "the project-47 of", true)]
    #[case::word_of_other_letters(r"\bås\b", "gås", false)]
    #[case::word_beside_other_letters(r"\bproject\b", "projectå", false)]
    fn matches(#[case] pattern: &str, #[case] text: &str, #[case] expected: bool) {
        let pattern = Pattern::compile(pattern).unwrap();
        assert_eq!(pattern.is_match(text), Some(expected));
        assert_eq!(pattern.is_match(text), Some(expected), "a second time");
    }

    #[rstest]
    #[case("(", PatternFault::Syntax("unclosed group".to_owned()))]
    #[case(r"(\p{L}{1,100}){1,100}", PatternFault::TooLarge)]
    fn refuses(#[case] pattern: &str, #[case] fault: PatternFault) {
        assert_eq!(Pattern::compile(pattern).unwrap_err(), fault);
    }

    #[test]
    fn a_text_that_can_be_read_in_very_many_ways_is_matched_as_well() {
        let pattern = Pattern::compile("(a|b)*a(a|b){16}c").unwrap();
        let long = "abbabaab".repeat(4096);
        assert_eq!(pattern.is_match(&long), Some(false));
        let matched = pattern.is_match(&format!("{long}abbabaababbabaabac"));
        assert_eq!(matched, Some(true));
        let nested = Pattern::compile("^((a*)*b?)*$").unwrap();
        let matched = nested.is_match(&format!("{}c", "a".repeat(4096)));
        assert_eq!(matched, Some(false));
    }

    #[test]
    fn a_large_pattern_is_given_up_on_a_text_of_no_person() {
        let pattern = Pattern::compile("^(a|b){0,500}c$").unwrap();
        assert_eq!(pattern.is_match(&"ab".repeat(200)), Some(false));
        let anywhere = Pattern::compile("(a|b){500}c").unwrap();
        assert_eq!(anywhere.is_match(&"ab".repeat(1000)), Some(false));
        assert_eq!(anywhere.is_match(&"ab".repeat(100_000)), None);
    }

    proptest! {
        #[test]
        fn matches_as_regex_does(
            flags in r"(\(\?(i|m|s|R|Rm|x|i-u)\))?",
            pattern in r"(\^)?([ab.åÅ]|\[a-cå\]|\[\^ab\]|\\w|\\d|\\b|\\B|\\b\{start\}|\\b\{end-half\}|\(\?-u:\\b\)|\\p\{L\}|\(a\|bå\|\)|\(a\|b\^\)|[aå]\{1,3\}|b\{0,2\}|\(a\*b\?\)\{2,\}|\(å\+\)\*|\(a\{2\}\)\?\?|\$){1,6}[*+?]?(\$)?",
            text in "[abcåÅB1 .\r\n-]{0,24}",
        ) {
            let pattern = format!("{flags}{pattern}");
            if let Ok(known) = regex::Regex::new(&pattern) {
                prop_assert_eq!(Pattern::compile(&pattern).unwrap().is_match(&text), Some(known.is_match(&text)));
            }
        }
    }
}
