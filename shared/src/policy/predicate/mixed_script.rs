//! Names that are put together from letters of several scripts, so that they look like another name: `Pаypal` with a
//! Cyrillic `а`.
//!
//! Source: Unicode Technical Standard 39, section 5.1 (augmented and resolved script sets) and 5.2 (the level "highly
//! restrictive": one script, or Latin beside the scripts of Chinese, Japanese or Korean).
//!
//! The standard judges identifiers; a name is judged word by word, for people do write theirs in two scripts side by
//! side: `Иван (Ivan) Петров`.

use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;

/// Whether a word of a name mixes scripts that nobody mixes.
pub fn is_mixed(name: &str) -> bool {
    name.split(|c: char| !is_of_a_word(c)).any(word_is_mixed)
}

/// Letters, marks and digits of any script, and what joins or modifies them.
fn is_of_a_word(c: char) -> bool {
    let script = Script::from(c);
    c.is_alphanumeric() || script == Script::Inherited || script != Script::Common
}

fn word_is_mixed(word: &str) -> bool {
    let mut all = AugmentedScriptSet::default();
    let mut beside_latin = AugmentedScriptSet::default();
    let cyrillic = word.chars().any(|c| Script::from(c) == Script::Cyrillic);
    let telling = |c: &char| !(is_unassigned(*c) || cyrillic && is_palochka_of_a_keyboard(*c));
    for c in word.chars().filter(telling) {
        let scripts = AugmentedScriptSet::for_char(c);
        all.intersect_with(scripts);
        if !scripts.base.contains_script(Script::Latin) {
            beside_latin.intersect_with(scripts);
        }
    }
    let east_asian = beside_latin.hanb || beside_latin.jpan || beside_latin.kore;
    all.is_empty() && !east_asian
}

/// Of no script: a later version of Unicode may give it one.
fn is_unassigned(c: char) -> bool {
    Script::from(c) == Script::Unknown
}

/// Chechen, Ingush, Avar and other languages of the Caucasus have the letter palochka, which their keyboards lack:
/// people type a Latin capital I. Both look the same, so nothing is lost by letting it pass.
const fn is_palochka_of_a_keyboard(c: char) -> bool {
    c == 'I'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[test]
    fn honest_names_are_not_flagged() {
        let names = [
            "Jane O'Neill",
            "Seán Ó Súilleabháin",
            "Vincent van der Berg",
            "Nguyễn Thị Minh Khai",
            "María de la Cruz-Muñoz",
            "Ronald MacDonald III",
            "Fatima al-Farsi",
            "Åsa Öström",
            "Łukasz Żółć",
            "İbrahim Şimşek Çağlayan",
            "Þórdís Guðmundsdóttir",
            "Kaʻiulani Kekāuluohi",
            "N!xau ǂToma",
            "Ŋgũgĩ wa Thiong'o",
            "Adébáyọ̀ Fálétí",
            "Иван Петров",
            "Ђорђе Љубичић",
            "Зиявудин МухIаммад",
            "Їжакевич Ґалаґан",
            "Γιώργος Παπαδόπουλος",
            "Արամ Խաչատրյան",
            "გიორგი მარგველაშვილი",
            "דָּוִד בֶּן־גּוּרְיוֹן",
            "محمد بن سلمان",
            "پرویز مُشرّف",
            "राजेश कुमार",
            "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
            "শেখ হাসিনা",
            "முத்துவேல் கருணாநிதி",
            "నందమూరి తారక రామారావు",
            "ස්වර්ණා පෙරේරා",
            "สมชาย ใจดี",
            "ວຽງຈັນ",
            "အောင်ဆန်းစုကြည်",
            "សុខា ចាន់",
            "አበበ ቢቂላ",
            "王",
            "王小明",
            "Wang 王小明",
            "王Wang",
            "田中 さくら",
            "山田タロー",
            "レオナルド・ダ・ヴィンチ",
            "田中Taro",
            "佐々木ノア",
            "김민준",
            "金민준",
            "Kim김민준",
            "ㄅㄆ小明",
            "ᐊᓕᓯ ᐃᓄᒃ",
            "ᏣᎳᎩ",
            "Иван (Ivan) Петров",
            "Мария Smith",
            "Γιώργος George Παπάς",
            "Anna-Мария",
            "Dr. Ola Nordmann, PhD 😀",
            "Maria 2",
            "\u{3a2}",
            "Maria\u{e000}",
            "Иван 2-й",
            "",
            "  ",
        ];
        for name in names {
            assert!(!is_mixed(name), "{name}");
        }
        assert!(names.len() >= 30);
    }

    #[rstest]
    #[case::cyrillic_a_in_latin("P\u{430}ypal")]
    #[case::latin_a_in_cyrillic("Ив\u{61}н")]
    #[case::cyrillic_o("C\u{43e}nt\u{43e}s\u{43e} Support")]
    #[case::second_word("Support \u{410}dmin")]
    #[case::greek_omicron("G\u{3bf}\u{3bf}gle")]
    #[case::greek_capital("\u{391}nna")]
    #[case::greek_and_cyrillic("\u{3b1}\u{432}")]
    #[case::cherokee_and_latin("\u{13d4}om")]
    #[case::armenian_in_latin("S\u{585}fia")]
    #[case::hangul_and_kana("\u{ae40}\u{3042}")]
    #[case::cyrillic_beside_han("\u{738b}\u{430}")]
    #[case::latin_cyrillic_and_han("\u{738b}W\u{430}ng")]
    #[case::hebrew_and_arabic("\u{5d0}\u{628}")]
    #[case::decomposed("P\u{430}\u{301}ypal")]
    #[case::palochka_hides_nothing_else("I\u{412}an")]
    fn flags(#[case] name: &str) {
        assert!(is_mixed(name), "{name}");
    }

    proptest! {
        #[test]
        fn one_script_is_never_mixed(name in "[a-zA-ZÀ-ÖØ-öø-ÿĀ-ž' -]{0,40}|[а-яА-ЯёЁ -]{0,40}|[α-ωΑ-Ω]{0,20}") {
            prop_assert!(!is_mixed(&name));
        }

        #[test]
        fn any_text_is_judged(name in "\\PC{0,60}") {
            is_mixed(&name);
        }
    }
}
