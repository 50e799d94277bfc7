//! Countries (ISO 3166-1), and what people call them.

use crate::{
    domain::normal_form::{nfc, nfkd},
    policy::table,
};

/// Codes and English names.
const COUNTRIES: &str = include_str!("../../../data/countries.tsv");

/// Folded codes and names in many languages, and the code that each means.
const NAMES: &str = include_str!("../../../data/country-names.tsv");

/// Longest name that is looked at, in octets; the longest of the table, written out, has some 150.
const MAX_OCTETS: usize = 400;

/// A country or territory with a code of its own in ISO 3166-1, or Kosovo (`XK`, as CLDR and the European Union use it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country {
    code: &'static str,
    name: &'static str,
}

impl Country {
    /// Reads a code of two or three letters, or a name: the English one, one of the message catalogue's languages, or one
    /// in a language of the country (CLDR). Case, accents, spaces and punctuation do not matter.
    ///
    /// `None` for a name that several countries share.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_OCTETS {
            return None;
        }
        let code = table::find(NAMES, &fold(text))?;
        let name = table::find(COUNTRIES, code)?;
        Some(Self { code, name })
    }

    /// ISO 3166-1 alpha-2: `SE`.
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// In English (CLDR): `Sweden`.
    pub const fn name(self) -> &'static str {
        self.name
    }
}

/// A name in the form of the table's keys; `fold` in `shared/data/refresh.py` does the same.
fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    // Most names and all codes have no accents to take off.
    let plain: String = if lower.is_ascii() {
        lower.chars().filter_map(spaced).collect()
    } else {
        let mut plain = nfkd(&lower).into_owned();
        plain.retain(|c| !is_accent(c));
        nfc(&plain).chars().filter_map(spaced).collect()
    };
    let words = || plain.split_whitespace();
    let folded: String = words().filter(|word| !is_stop_word(word)).collect();
    if folded.is_empty() {
        // `AND` is Andorra's code.
        return words().collect();
    }
    folded
}

/// Combining marks of Latin, Greek and Cyrillic letters (Unicode, Combining Diacritical Marks).
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// Nothing for what stands inside a word, a space for what stands between words.
fn spaced(c: char) -> Option<char> {
    match c {
        '\'' | '.' | '’' | '‘' | 'ʼ' => None,
        '‐' | '‑' | '‒' | '–' | '—' | '·' | '・' | '،' | '、' | '。' => Some(' '),
        c if c.is_ascii_punctuation() => Some(' '),
        c => Some(c),
    }
}

/// `The Bahamas`, `Trinidad & Tobago`.
fn is_stop_word(word: &str) -> bool {
    matches!(word, "the" | "and")
}

/// Every country, for tests of each.
#[cfg(test)]
pub(in crate::policy) fn all() -> impl Iterator<Item = Country> {
    table::rows(COUNTRIES).map(|(code, name)| Country { code, name })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::normal_form::nfd;

    #[rstest]
    #[case::alpha_2("SE", "SE")]
    #[case::lower_case("se", "SE")]
    #[case::alpha_3("SWE", "SE")]
    #[case::english("Sweden", "SE")]
    #[case::swedish("Sverige", "SE")]
    #[case::japanese("スウェーデン", "SE")]
    #[case::capitals("GERMANY", "DE")]
    #[case::own_language("Deutschland", "DE")]
    #[case::spaces("  south   korea ", "KR")]
    #[case::bare_korea("Korea", "KR")]
    #[case::iso_korea("Korea (the Republic of)", "KR")]
    #[case::iso_north_korea("Korea (the Democratic People's Republic of)", "KP")]
    #[case::article("The Netherlands", "NL")]
    #[case::holland("Holland", "NL")]
    #[case::ampersand("Trinidad & Tobago", "TT")]
    #[case::and("Trinidad and Tobago", "TT")]
    #[case::dots("U.S.A.", "US")]
    #[case::long_name("United States of America", "US")]
    #[case::uk("UK", "GB")]
    #[case::britain("Great Britain", "GB")]
    #[case::northern_ireland("Northern Ireland", "GB")]
    #[case::ireland("Ireland", "IE")]
    #[case::irish("Éire", "IE")]
    #[case::accents_left_out("Cote d'Ivoire", "CI")]
    #[case::curly_apostrophe("Côte d’Ivoire", "CI")]
    #[case::ivory_coast("Ivory Coast", "CI")]
    #[case::decomposed("O\u{308}sterreich", "AT")]
    #[case::iso_russia("Russian Federation", "RU")]
    #[case::cyrillic("Россия", "RU")]
    #[case::polish("Polska", "PL")]
    #[case::greek("ΕΛΛΆΔΑ", "GR")]
    #[case::arabic("مصر", "EG")]
    #[case::chinese("日本", "JP")]
    #[case::thai("ไทย", "TH")]
    #[case::hindi("भारत", "IN")]
    #[case::full_width("ＪＰ", "JP")]
    #[case::new_name("Türkiye", "TR")]
    #[case::old_name("Turkey", "TR")]
    #[case::czechia("Czech Republic", "CZ")]
    #[case::eswatini("Swaziland", "SZ")]
    #[case::saint("Saint Lucia", "LC")]
    #[case::saint_shortened("St. Lucia", "LC")]
    #[case::hong_kong("Hong Kong", "HK")]
    #[case::kosovo("Kosovo", "XK")]
    #[case::andorra_is_no_stop_word("AND", "AD")]
    #[case::congo_of_iso("Congo (the)", "CG")]
    #[case::other_congo("Democratic Republic of the Congo", "CD")]
    fn reads(#[case] text: &str, #[case] code: &str) {
        assert_eq!(Country::parse(text).map(Country::code), Some(code));
    }

    #[rstest]
    #[case::empty("")]
    #[case::spaces("  ")]
    #[case::punctuation("--")]
    #[case::unassigned_code("QQ")]
    #[case::exceptional_reservation("EU")]
    #[case::city("Stockholm")]
    #[case::prefix("Swed")]
    #[case::two_countries("Sweden Norway")]
    #[case::comment_of_the_table("#")]
    #[case::shared_name("Virgin Islands")]
    fn does_not_read(#[case] text: &str) {
        assert_eq!(Country::parse(text), None);
    }

    #[test]
    fn has_every_code_of_iso_3166_1_and_kosovo() {
        assert_eq!(all().count(), 249 + 1);
    }

    #[test]
    fn reads_its_own_codes_and_names() {
        for country in all() {
            assert_eq!(Country::parse(country.code()), Some(country));
            assert_eq!(Country::parse(country.name()), Some(country));
        }
    }

    #[test]
    fn every_key_of_the_table_is_folded_and_means_a_country() {
        for (key, code) in table::rows(NAMES) {
            assert_eq!(fold(key), key);
            assert_eq!(Country::parse(key).map(Country::code), Some(code), "{key}");
        }
    }

    proptest! {
        #[test]
        fn case_and_accents_do_not_matter(index in 0usize..250) {
            let country = all().nth(index).unwrap();
            let plain: String = nfd(country.name()).chars().filter(|c| !is_accent(*c)).collect();
            prop_assert_eq!(Country::parse(&plain.to_uppercase()), Some(country));
            prop_assert_eq!(Country::parse(&plain.to_lowercase()), Some(country));
        }
    }
}
