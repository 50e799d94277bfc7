//! Texts that are written with other characters and are the same: the normal forms of Unicode (UAX 15).

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};

/// Composed.
pub fn nfc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// Composed, and in place of compatibility characters what they stand for.
pub fn nfkc(text: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text)
}

/// Decomposed.
pub fn nfd(text: &str) -> Cow<'_, str> {
    DecomposingNormalizerBorrowed::new_nfd().normalize(text)
}

/// Decomposed, and in place of compatibility characters what they stand for.
pub fn nfkd(text: &str) -> Cow<'_, str> {
    DecomposingNormalizerBorrowed::new_nfkd().normalize(text)
}

/// Whether a character goes with the one before it: an accent, a vowel sign.
pub fn is_mark(c: char) -> bool {
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    GeneralCategoryGroup::Mark.contains(category)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_four_forms() {
        let text = "e\u{301}\u{fb01}";
        assert_eq!(nfc(text), "\u{e9}\u{fb01}");
        assert_eq!(nfkc(text), "\u{e9}fi");
        assert_eq!(nfd("\u{e9}\u{fb01}"), text);
        assert_eq!(nfkd("\u{e9}\u{fb01}"), "e\u{301}fi");
    }

    #[test]
    fn what_is_in_form_stays_where_it_is() {
        assert!(matches!(nfc("\u{e9}"), Cow::Borrowed(_)));
        assert!(matches!(nfkc("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn accents_and_vowel_signs_are_marks() {
        assert!(['\u{301}', '\u{93e}', '\u{20dd}'].into_iter().all(is_mark));
        assert!(!['a', '\u{e9}', '\u{b4}', '1'].into_iter().any(is_mark));
    }
}
