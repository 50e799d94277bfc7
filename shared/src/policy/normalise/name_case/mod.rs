//! Capitals as names have them.
//!
//! Only words that are all in capitals or all in small letters are changed: whoever types `MacDonald`, `Van der Elst` or
//! `d'Estaing` knows how it is written. What follows is what such words most often are; a person whose name is written
//! otherwise types it in mixed case, and it stays.
//!
//! - **Particles** (`van`, `de la`, `bin`) are small inside a name, and at its beginning where [`particles`] says so, for a
//!   surname alone stands after a given name. At the end, and alone, they are names: `Van`.
//! - **Apostrophes**: `O'Neill`, `D'Angelo`, `N'Diaye`, `Dell'Acqua`, and `d'Ornano` in French; elsewhere an apostrophe is a
//!   letter (`Ng'ang'a`, `Isma'il`).
//! - **Hyphens**: `Jean-Luc`, `al-Farsi`, `Saint-Jean-de-Luz`.
//! - **Gaelic**: `McGregor`; `MacDonald` and other names of a list, for `Macron` and `Machado` are none; `Ó hÓgáin`.
//! - **Letters**: Unicode's title case, with final sigma, digraphs, ligatures and decomposed letters; `IJsbrand` in Dutch.
//!   In a word with `İ`, which only Turkish and Azeri have, `I` becomes `ı`; nothing is guessed in other words.

mod letters;
mod particles;
mod parts;

use super::Context;
use crate::domain::{language::Language, normal_form::nfc};

/// What a name's surroundings say about it.
#[derive(Debug, Clone, Copy)]
struct Customs {
    language: Language,
    /// In Belgium `Van` and `De` begin a surname with a capital.
    is_flemish: bool,
    /// After a surname of Viet Nam `Van` is the given name Văn, typed without its accent.
    is_vietnamese: bool,
}

impl Customs {
    fn of(context: &Context, words: &[Word<'_>]) -> Self {
        let is_in_belgium = context
            .country
            .is_some_and(|country| country.code() == "BE");
        Self {
            language: context.language,
            is_flemish: is_in_belgium && context.language == Language::Dutch,
            is_vietnamese: words
                .first()
                .is_some_and(|word| particles::is_vietnamese_surname(&word.small)),
        }
    }
}

/// A word as it was typed, and in small composed letters.
struct Word<'v> {
    typed: &'v str,
    small: String,
}

pub(super) fn name_case(value: &str, context: &Context) -> String {
    let words: Vec<Word<'_>> = value
        .split_whitespace()
        .map(|typed| Word {
            typed,
            small: nfc(&letters::small(typed)).into_owned(),
        })
        .collect();
    let customs = Customs::of(context, &words);
    let mut written = (0..words.len()).map(|place| word_case(&words, place, customs));
    let mut named = String::with_capacity(value.len());
    for chunk in value.split_inclusive(char::is_whitespace) {
        let word = chunk.trim_end();
        if !word.is_empty() {
            named.extend(written.next());
        }
        named.extend(chunk.chars().skip(word.chars().count()));
    }
    named
}

fn word_case(words: &[Word<'_>], place: usize, customs: Customs) -> String {
    let Some(word) = words.get(place) else {
        return String::new();
    };
    let before = place.checked_sub(1).and_then(|place| words.get(place));
    if !letters::has_one_case(word.typed) {
        word.typed.to_owned()
    } else if particles::is_small(words, place, customs) {
        letters::small(word.typed)
    } else if place > 0 && place + 1 == words.len() && is_numeral(&word.small) {
        word.typed.to_uppercase()
    } else {
        parts::title(word.typed, before.map(|word| word.small.as_str()), customs)
    }
}

/// `John Smith III`. `Vi`, `Li` and `Xi` are names as well, so they are not among these.
fn is_numeral(word: &str) -> bool {
    matches!(word, "ii" | "iii" | "iv" | "vii" | "viii" | "ix")
}

#[cfg(test)]
mod tests;
