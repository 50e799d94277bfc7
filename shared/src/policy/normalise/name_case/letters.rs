//! The case of single letters, where the standard library has no word for it: title case (Unicode, chapter 3.13, R3, and
//! `SpecialCasing.txt`).

use crate::domain::normal_form::{is_mark, nfc};

/// The second letter of what `U+0345` becomes in capitals.
const CAPITAL_IOTA: char = 'Ι';
const IOTA_SUBSCRIPT: char = '\u{345}';

/// Whether a word has letters with a case, and all in the same one.
///
/// A letter whose capital is two letters says nothing: `STRAßE` is typed in capitals, where keyboards have no other sharp s.
pub(super) fn has_one_case(word: &str) -> bool {
    let has_capitals = word.chars().any(char::is_uppercase);
    let has_small = word.chars().any(is_surely_small);
    let has_case = word
        .chars()
        .any(|c| c.is_uppercase() || c.is_lowercase() || is_digraph(c));
    has_case && !(has_capitals && has_small)
}

fn is_surely_small(c: char) -> bool {
    c.is_lowercase() && c.to_uppercase().count() == 1
}

/// Small letters. A word with `İ` is Turkish or Azeri, where `I` is the capital of another letter than `i`; the dot of `İ`
/// is not kept as a combining mark, which nobody types.
pub(super) fn small(word: &str) -> String {
    const DECOMPOSED: &str = "I\u{307}";
    if word.contains('İ') || word.contains(DECOMPOSED) {
        word.replace(DECOMPOSED, "i")
            .replace('İ', "i")
            .replace('I', "ı")
            .to_lowercase()
    } else {
        word.to_lowercase()
    }
}

/// A capital first letter and small ones. A number keeps small letters after it: `3rd`.
pub(super) fn title(piece: &str) -> String {
    let Some((start, first)) = piece.char_indices().find(|(_, c)| !is_modifier(*c)) else {
        return piece.to_owned();
    };
    let Some((modifiers, rest)) = piece.split_at_checked(start) else {
        return piece.to_owned();
    };
    let first = first_letter(rest, first);
    let after = rest.get(first.len()..).unwrap_or_default();
    // Small letters are taken from the whole, for a sigma is final only after another letter.
    let small_start = small(first).chars().count();
    let tail: String = if after.is_empty() {
        String::new()
    } else {
        small(rest).chars().skip(small_start).collect()
    };
    format!("{modifiers}{}{tail}", capital(first))
}

/// Marks and letters that belong to another one, such as the `ʻ` of Hawaiian and the `ʿ` of Arabic.
fn is_modifier(c: char) -> bool {
    is_mark(c) || matches!(c, '\u{2b0}'..='\u{2ff}')
}

/// The first letter of a text, a decomposed `İ` as one.
fn first_letter(text: &str, first: char) -> &str {
    let length = if text.starts_with("I\u{307}") {
        3
    } else {
        first.len_utf8()
    };
    text.get(..length).unwrap_or(text)
}

/// Title case of one letter.
fn capital(letter: &str) -> String {
    let Some(c) = letter.chars().next() else {
        return String::new();
    };
    match c {
        // Georgian has no capitals inside a sentence; its Mtavruli letters are for whole words.
        'ა'..='ჿ' => letter.to_owned(),
        '\u{1c90}'..='\u{1cbf}' => letter.to_lowercase(),
        'Ǆ' | 'ǅ' | 'ǆ' => "ǅ".to_owned(),
        'Ǉ' | 'ǈ' | 'ǉ' => "ǈ".to_owned(),
        'Ǌ' | 'ǋ' | 'ǌ' => "ǋ".to_owned(),
        'Ǳ' | 'ǲ' | 'ǳ' => "ǲ".to_owned(),
        c if c.is_lowercase() => capital_of_small(c),
        _ => letter.to_owned(),
    }
}

fn is_digraph(c: char) -> bool {
    matches!(c, 'ǅ' | 'ǈ' | 'ǋ' | 'ǲ')
}

/// `ß` becomes `Ss`, `ﬁ` becomes `Fi`, and a letter with an iota below keeps it there.
fn capital_of_small(c: char) -> String {
    let capitals: String = c.to_uppercase().collect();
    if capitals.chars().count() == 1 {
        return capitals;
    }
    if let Some(letter) = capitals.strip_suffix(CAPITAL_IOTA) {
        return nfc(&format!("{letter}{IOTA_SUBSCRIPT}")).into_owned();
    }
    let mut is_first = true;
    capitals
        .chars()
        .flat_map(|c| {
            let keeps = is_first || !c.is_uppercase();
            is_first &= !c.is_uppercase();
            let small = (!keeps).then(|| c.to_lowercase()).into_iter().flatten();
            keeps.then_some(c).into_iter().chain(small)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::ascii("anna", "Anna")]
    #[case::capitals("ANNA", "Anna")]
    #[case::accent("éric", "Éric")]
    #[case::decomposed("e\u{301}ric", "E\u{301}ric")]
    #[case::sharp_s_inside("großmann", "Großmann")]
    #[case::capital_sharp_s_inside("GROẞMANN", "Großmann")]
    #[case::sharp_s_first("ßa", "Ssa")]
    #[case::ligature("ﬁnn", "Finn")]
    #[case::long_ligature("ﬃ", "Ffi")]
    #[case::n_with_apostrophe("ŉa", "ʼNa")]
    #[case::digraph("ǆungla", "ǅungla")]
    #[case::digraph_in_capitals("ǄUNGLA", "ǅungla")]
    #[case::final_sigma("ΠΑΠΑΔΌΠΟΥΛΟΣ", "Παπαδόπουλος")]
    #[case::sigma_first("ΣΟΦΟΣ", "Σοφος")]
    #[case::one_sigma("Σ", "Σ")]
    #[case::iota_subscript("ᾳδης", "ᾼδης")]
    #[case::iota_subscript_with_an_accent("ᾴδης", "Ά\u{345}δης")]
    #[case::dialytika("ΐα", "Ϊ\u{301}α")]
    #[case::armenian_ligature("եւա", "Եւա")]
    #[case::georgian("ნინო", "ნინო")]
    #[case::georgian_capitals("ᲜᲘᲜᲝ", "ნინო")]
    #[case::cyrillic("ИВАН", "Иван")]
    #[case::turkish("İBRAHİM", "İbrahim")]
    #[case::turkish_with_both("DİKILIÇ", "Dikılıç")]
    #[case::turkish_decomposed("I\u{307}BRAHI\u{307}M", "I\u{307}brahim")]
    #[case::not_guessed("ISPARTA", "Isparta")]
    #[case::deseret("𐐨𐐨", "𐐀𐐨")]
    #[case::number("3RD", "3rd")]
    #[case::uncased("王", "王")]
    #[case::hawaiian("ʻOKINA", "ʻOkina")]
    #[case::arabic("ʿABD", "ʿAbd")]
    #[case::stray_mark("\u{301}anna", "\u{301}Anna")]
    #[case::empty("", "")]
    fn titles(#[case] piece: &str, #[case] expected: &str) {
        assert_eq!(nfc(&title(piece)), nfc(expected));
    }

    #[rstest]
    #[case::capitals("ANNA", true)]
    #[case::small("anna", true)]
    #[case::mixed("Anna", false)]
    #[case::sharp_s_in_capitals("GROßMANN", true)]
    #[case::ordinal("Mª", false)]
    #[case::uncased("王", false)]
    #[case::digits("3", false)]
    #[case::digraph("ǅ", true)]
    #[case::empty("", false)]
    fn knows_one_case(#[case] word: &str, #[case] expected: bool) {
        assert_eq!(has_one_case(word), expected);
    }
}
