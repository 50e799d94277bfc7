//! Regular expressions, in the syntax of the `regex` crate: whether one matches a text, in time linear in the text.
//!
//! Where it matches is of no interest here, so of everything that `regex` would build for a pattern only the part that
//! tells whether is built, which takes a third of the time (`docs/performance.md`).

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use regex_automata::{
    Input,
    hybrid::dfa::{Cache, Config as DfaConfig, DFA},
    nfa::thompson::{Compiler, Config, NFA, WhichCaptures, pikevm::PikeVM},
    util::syntax,
};

/// Largest compiled pattern, in octets of memory: what a person's text is matched against stays small. It decides on time as
/// well: `\p{L}{1,30}` would take 15 ms.
const MAX_SIZE: usize = 1 << 18;

thread_local! {
    /// Its tables for Unicode classes take longer to set up than most patterns take to compile.
    static COMPILER: Compiler = compiler();
}

fn compiler() -> Compiler {
    let mut compiler = Compiler::new();
    let config = Config::new().nfa_size_limit(Some(MAX_SIZE));
    compiler.configure(config.which_captures(WhichCaptures::None));
    compiler
}

/// A compiled regular expression.
#[derive(Clone)]
pub(super) struct Pattern(Arc<Compiled>);

struct Compiled {
    source: String,
    /// Slow on long texts, and has an answer for all of them.
    machine: PikeVM,
    /// Grows as texts are matched. None for patterns that it is not made for.
    automaton: Option<DFA>,
    grown: Mutex<Option<Cache>>,
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
        let parsed =
            syntax::parse(source).map_err(|error| PatternFault::syntax(&error.to_string()))?;
        let nfa = COMPILER.with(|compiler| {
            let built = compiler.build_from_hir(&parsed);
            built.map_err(|error| match error.size_limit() {
                Some(_) => PatternFault::TooLarge,
                None => PatternFault::syntax(&error.to_string()),
            })
        })?;
        let machine = PikeVM::new_from_nfa(nfa.clone());
        Ok(Self(Arc::new(Compiled {
            source: source.to_owned(),
            machine: machine.map_err(|error| PatternFault::syntax(&error.to_string()))?,
            automaton: automaton(nfa),
            grown: Mutex::new(None),
        })))
    }

    /// Whether it matches anywhere in a text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.by_automaton(text).unwrap_or_else(|| {
            let machine = &self.0.machine;
            machine.is_match(&mut machine.create_cache(), text)
        })
    }
}

impl Compiled {
    /// None where the automaton gives up: it grows faster than it reads, or a word may end beside a letter that is not
    /// ASCII.
    fn by_automaton(&self, text: &str) -> Option<bool> {
        let automaton = self.automaton.as_ref()?;
        let mut grown = self.grown.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = grown.get_or_insert_with(|| automaton.create_cache());
        let found = automaton.try_search_fwd(cache, &Input::new(text).earliest(true));
        found.ok().map(|found| found.is_some())
    }
}

fn automaton(nfa: NFA) -> Option<DFA> {
    // The figures with which `regex` gives up as well.
    let config = DfaConfig::new()
        .unicode_word_boundary(true)
        .cache_capacity(MAX_SIZE)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(3))
        .minimum_bytes_per_state(Some(10));
    DFA::builder().configure(config).build_from_nfa(nfa).ok()
}

impl PatternFault {
    /// Without the pattern, which the library repeats.
    fn syntax(told: &str) -> Self {
        let reason = told.lines().last().unwrap_or_default().trim();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        Self::Syntax(reason.to_owned())
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
        assert_eq!(pattern.is_match(text), expected);
        assert_eq!(pattern.is_match(text), expected, "a second time");
    }

    #[rstest]
    #[case("(", PatternFault::Syntax("unclosed group".to_owned()))]
    #[case(r"(\p{L}{1,100}){1,100}", PatternFault::TooLarge)]
    fn refuses(#[case] pattern: &str, #[case] fault: PatternFault) {
        assert_eq!(Pattern::compile(pattern).unwrap_err(), fault);
    }

    #[test]
    fn a_text_for_which_the_automaton_grows_too_fast_is_matched_as_well() {
        let pattern = Pattern::compile("(a|b)*a(a|b){16}c").unwrap();
        let long = "abbabaab".repeat(4096);
        assert!(!pattern.is_match(&long));
        assert!(pattern.is_match(&format!("{long}abbabaababbabaabac")));
    }

    proptest! {
        #[test]
        fn matches_as_regex_does(
            pattern in r"(\^)?([ab.åÅ]|\[a-cå\]|\[\^ab\]|\\w|\\d|\\b|\\p\{L\}|\(a\|bå\)|[aå]\{1,3\}){1,6}[*+?]?(\$)?",
            text in "[abcåÅ1 .-]{0,24}",
        ) {
            if let Ok(known) = regex::Regex::new(&pattern) {
                prop_assert_eq!(Pattern::compile(&pattern).unwrap().is_match(&text), known.is_match(&text));
            }
        }
    }
}
