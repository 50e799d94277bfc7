//! Words of names that are written small.
//!
//! Sources: Unicode CLDR, person names (`tn`, `surname-prefix`), and the customs of each language: Nederlandse Taalunie,
//! "Taaladvies, hoofdletters in persoonsnamen" (also for Flanders); Duden, "Namenszusätze"; Real Academia Española,
//! "Ortografía", capitals of surnames; Imprimerie nationale, "Lexique", particules.

use super::{Customs, Word};
use crate::domain::{language::Language, normal_form::nfd};

/// Whether a word is a particle and written small at its place.
pub(super) fn is_small(words: &[Word<'_>], place: usize, customs: Customs) -> bool {
    let at = |place: usize| words.get(place).map(|word| word.small.as_str());
    let Some(word) = at(place) else {
        return false;
    };
    if follows_another(words, place) {
        return true;
    }
    let begins_a_run = opens(word) && at(place + 1).is_some_and(is_follower);
    if customs.is_flemish && is_dutch(word) {
        return false;
    }
    if begins_a_run {
        return true;
    }
    if at(place + 1).is_none() {
        return false;
    }
    if place == 0 {
        return is_small_at_the_beginning(word, customs.language);
    }
    let is_given_name = word == "van" && customs.is_vietnamese;
    !is_given_name && is_small_inside(word, customs.language)
}

/// `van der Berg`, `de la Cruz`, `von und zu Guttenberg`: together these are particles in every language.
fn opens(word: &str) -> bool {
    matches!(
        word,
        "van"
            | "von"
            | "vom"
            | "de"
            | "in"
            | "op"
            | "uit"
            | "aan"
            | "auf"
            | "over"
            | "onder"
            | "bij"
            | "voor"
    )
}

fn is_follower(word: &str) -> bool {
    matches!(
        word,
        "der" | "den" | "de" | "dem" | "het" | "'t" | "’t" | "la" | "las" | "los" | "und" | "zu"
    ) || is_elided_article(word)
}

/// `de l'Hôpital`.
fn is_elided_article(word: &str) -> bool {
    word.starts_with("l'") || word.starts_with("l’")
}

/// `Mac an Bhaird`.
fn is_gaelic_article(word: &str, before: &str) -> bool {
    matches!(word, "an" | "na") && matches!(before, "mac" | "mag" | "nic" | "mhic")
}

fn follows_another(words: &[Word<'_>], place: usize) -> bool {
    let before = |distance: usize| {
        let place = place.checked_sub(distance)?;
        words.get(place).map(|word| word.small.as_str())
    };
    let (Some(word), Some(previous)) = (before(0), before(1)) else {
        return false;
    };
    if is_elided_article(word) {
        // Only its article is small; `parts` sees to that.
        return false;
    }
    let in_a_run = opens(previous)
        || (is_follower(previous)
            && before(2).is_some_and(|word| opens(word) || is_follower(word)));
    (is_follower(word) && in_a_run) || is_gaelic_article(word, previous)
}

fn is_dutch(word: &str) -> bool {
    matches!(
        word,
        "van"
            | "de"
            | "den"
            | "der"
            | "ter"
            | "ten"
            | "te"
            | "in"
            | "op"
            | "aan"
            | "uit"
            | "bij"
            | "tot"
            | "voor"
            | "onder"
            | "over"
            | "het"
    )
}

/// After a given name.
fn is_small_inside(word: &str, language: Language) -> bool {
    match word {
        // Of any language: Dutch, German, Swedish, Portuguese, Arabic, Malay, Welsh, Tamil in Malaysia and Singapore.
        "van" | "von" | "'t" | "’t" | "af" | "dos" | "bin" | "ibn" | "bint" | "binti" | "binte"
        | "ap" | "ferch" | "a/l" | "a/p" | "s/o" | "d/o" => true,
        // `Robert De Niro` and `Alessandro Del Piero` are Italian.
        "de" | "del" => language != Language::Italian,
        "der" => matches!(language, Language::Dutch | Language::German),
        "zu" | "zum" | "zur" | "vom" | "und" => language == Language::German,
        "du" | "des" => language == Language::French,
        "da" | "das" | "do" | "e" => language == Language::Portuguese,
        "y" => language == Language::Spanish,
        "av" => language == Language::Swedish,
        word => language == Language::Dutch && is_dutch(word),
    }
}

/// Where a surname stands alone. One particle is not enough in a language that does not use it: `Van Morrison`, `De Niro`.
fn is_small_at_the_beginning(word: &str, language: Language) -> bool {
    match language {
        Language::Dutch => is_dutch(word) || word == "von",
        Language::German => matches!(word, "von" | "vom" | "zu" | "zum" | "zur"),
        Language::French => matches!(word, "de" | "du" | "des" | "von"),
        Language::Spanish => matches!(word, "de" | "del" | "von"),
        Language::Portuguese => matches!(word, "de" | "da" | "das" | "do" | "dos" | "von"),
        Language::Swedish => matches!(word, "af" | "av" | "von"),
        Language::English
        | Language::Italian
        | Language::Japanese
        | Language::TraditionalChinese => word == "von",
    }
}

/// The commonest surnames of Viet Nam, with and without their accents.
pub(super) fn is_vietnamese_surname(word: &str) -> bool {
    let plain: String = nfd(word)
        .chars()
        .filter(|c| !matches!(c, '\u{300}'..='\u{36f}'))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    matches!(
        plain.as_str(),
        "nguyen"
            | "tran"
            | "le"
            | "pham"
            | "hoang"
            | "huynh"
            | "phan"
            | "vu"
            | "vo"
            | "dang"
            | "bui"
            | "do"
            | "ho"
            | "ngo"
            | "duong"
            | "ly"
            | "dinh"
            | "truong"
            | "dao"
            | "doan"
            | "lam"
            | "trinh"
    )
}
