//! The parts of one word: between hyphens, and between apostrophes and other marks.

use super::{Customs, letters};
use crate::domain::{language::Language, normal_form};

/// What is before a word matters for two of them: the vowel after `Ó` has an h, the article after `de` is small.
#[derive(Clone, Copy)]
struct Surroundings {
    customs: Customs,
    is_after_o: bool,
    is_after_de: bool,
}

/// A word with the capitals of a name.
pub(super) fn title(word: &str, before: Option<&str>, customs: Customs) -> String {
    let surroundings = Surroundings {
        customs,
        is_after_o: before == Some("ó"),
        is_after_de: before == Some("de"),
    };
    let parts: Vec<&str> = word.split(is_hyphen).collect();
    let mut hyphens = word.chars().filter(|c| is_hyphen(*c));
    let mut titled = String::with_capacity(word.len());
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            titled.extend(hyphens.next());
        }
        let before = place.checked_sub(1).and_then(|place| parts.get(place));
        if is_small_part(part, before.is_some(), parts.get(place + 1).copied()) {
            titled.push_str(&letters::small(part));
        } else {
            push_part(&mut titled, part, surroundings);
        }
    }
    titled
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2013}' | '\u{ff0d}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | '＇')
}

/// Arabic articles before a hyphen, and particles between two.
fn is_small_part(part: &str, is_inside: bool, after: Option<&str>) -> bool {
    let Some(after) = after.filter(|after| !after.is_empty()) else {
        return false;
    };
    let part = letters::small(part);
    is_article(&part, &letters::small(after)) || (is_inside && is_particle_between_hyphens(&part))
}

/// `al-`, `el-`, and the forms that take the sound of a following sun letter: `ar-Rashid`, `ash-Shafi'i`.
fn is_article(part: &str, after: &str) -> bool {
    matches!(part, "al" | "el")
        || matches!(
            part,
            "ad" | "an" | "ar" | "as" | "at" | "az" | "adh" | "ash" | "ath"
        ) && part
            .strip_prefix('a')
            .is_some_and(|sound| after.starts_with(sound))
}

/// `Saint-Jean-de-Luz`, `Zia-ul-Haq`.
fn is_particle_between_hyphens(part: &str) -> bool {
    matches!(
        part,
        "de" | "du"
            | "des"
            | "del"
            | "la"
            | "le"
            | "les"
            | "en"
            | "sur"
            | "sous"
            | "van"
            | "der"
            | "den"
            | "von"
            | "zu"
            | "ul"
            | "ud"
            | "ur"
            | "us"
            | "uz"
            | "bin"
            | "ibn"
    )
}

/// A run of letters, and the mark before it.
#[derive(Clone, Copy)]
struct Piece<'w> {
    mark: Option<char>,
    text: &'w str,
}

fn pieces(part: &str) -> Vec<Piece<'_>> {
    let mut mark = None;
    let mut pieces = Vec::new();
    for text in part.split_inclusive(is_mark) {
        let end = text.chars().next_back().filter(|c| is_mark(*c));
        let letters = end.map_or(text, |end| text.strip_suffix(end).unwrap_or(text));
        pieces.push(Piece {
            mark,
            text: letters,
        });
        mark = end;
    }
    if mark.is_some() {
        pieces.push(Piece { mark, text: "" });
    }
    pieces
}

/// Joiners and modifier letters, such as the apostrophe of Hawaiian and Uzbek, are letters here.
fn is_mark(c: char) -> bool {
    !(c.is_alphanumeric() || normal_form::is_mark(c) || matches!(c, '\u{200c}' | '\u{200d}'))
}

fn push_part(titled: &mut String, part: &str, surroundings: Surroundings) {
    let pieces = pieces(part);
    for (place, piece) in pieces.iter().enumerate() {
        titled.extend(piece.mark);
        let previous = place.checked_sub(1).and_then(|place| pieces.get(place));
        let next = pieces.get(place + 1);
        let cased = if is_small_piece(piece, previous, next, surroundings) {
            letters::small(piece.text)
        } else {
            title_piece(piece.text, surroundings)
        };
        titled.push_str(&cased);
    }
}

fn is_small_piece(
    piece: &Piece<'_>,
    previous: Option<&Piece<'_>>,
    next: Option<&Piece<'_>>,
    surroundings: Surroundings,
) -> bool {
    let is_elided = next.is_some_and(|next| next.mark.is_some_and(is_apostrophe));
    match (piece.mark, previous) {
        (None, _) if is_elided => is_small_elision(piece.text, surroundings),
        (Some(mark), Some(previous)) if is_apostrophe(mark) => {
            if previous.text.is_empty() {
                is_short_dutch_article(piece.text)
            } else {
                !(previous.mark.is_none()
                    && takes_a_capital_after(previous.text)
                    && has_two_letters(piece.text))
            }
        }
        _ => false,
    }
}

/// `d'Ornano` in French, `de l'Hôpital`.
fn is_small_elision(text: &str, surroundings: Surroundings) -> bool {
    match letters::small(text).as_str() {
        "d" => surroundings.customs.language == Language::French,
        "l" => surroundings.is_after_de,
        _ => false,
    }
}

/// `'t Hooft`, `'s-Gravesande`.
fn is_short_dutch_article(text: &str) -> bool {
    matches!(letters::small(text).as_str(), "t" | "s")
}

/// Irish, Italian and French elisions and the nasals of West Africa. After other letters the apostrophe stands for a sound:
/// `T'ang`, `Ng'ang'a`.
fn takes_a_capital_after(text: &str) -> bool {
    matches!(
        letters::small(text).as_str(),
        "o" | "d" | "l" | "m" | "n" | "dell" | "dall" | "all" | "nell" | "degl" | "sant"
    )
}

fn has_two_letters(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 2
}

fn title_piece(text: &str, surroundings: Surroundings) -> String {
    let small = letters::small(text);
    if let Some((start, rest)) = two_capitals(&small, surroundings) {
        return format!("{start}{}", letters::title(rest));
    }
    let is_dutch = surroundings.customs.language == Language::Dutch;
    match small.strip_prefix("ij") {
        Some(rest) if is_dutch => format!("IJ{rest}"),
        _ => letters::title(text),
    }
}

/// Beginnings after which another capital comes.
fn two_capitals(small: &str, surroundings: Surroundings) -> Option<(&'static str, &str)> {
    if let Some(rest) = small
        .strip_prefix("mc")
        .filter(|rest| has_two_letters(rest))
    {
        return Some(("Mc", rest));
    }
    if let Some(rest) = small.strip_prefix("mac").filter(|rest| is_clan(rest)) {
        return Some(("Mac", rest));
    }
    if surroundings.is_after_o
        && let Some(rest) = small
            .strip_prefix('h')
            .filter(|rest| begins_with_a_vowel(rest))
    {
        return Some(("h", rest));
    }
    None
}

/// Names that are written with `Mac` and a capital more often than not; `Mackay`, `Mackenzie` and `Mackie` are not.
fn is_clan(rest: &str) -> bool {
    matches!(
        rest,
        "adam"
            | "alister"
            | "allister"
            | "arthur"
            | "askill"
            | "aulay"
            | "bride"
            | "callum"
            | "cormack"
            | "diarmid"
            | "donald"
            | "donnell"
            | "dougal"
            | "dougall"
            | "ewan"
            | "fadyen"
            | "farlane"
            | "gillivray"
            | "gowan"
            | "gregor"
            | "innes"
            | "intosh"
            | "intyre"
            | "iver"
            | "kinnon"
            | "lachlan"
            | "laren"
            | "lean"
            | "lennan"
            | "leod"
            | "millan"
            | "nab"
            | "naughton"
            | "neil"
            | "neill"
            | "neish"
            | "phail"
            | "phee"
            | "pherson"
            | "quarrie"
            | "queen"
            | "rae"
            | "ritchie"
            | "rury"
            | "sween"
            | "taggart"
            | "tavish"
            | "vicar"
    )
}

fn begins_with_a_vowel(text: &str) -> bool {
    text.starts_with(['a', 'á', 'e', 'é', 'i', 'í', 'o', 'ó', 'u', 'ú'])
}
