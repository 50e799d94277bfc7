//! Steps that bring a value into its form before it is checked.
//!
//! A value that a step cannot bring into its form stays as it is: to say so is for [`super::format`]. Each step, taken twice,
//! does the same as taken once.

mod name_case;
mod spaces;

use super::{
    document::Normalisation,
    format::{Country, phone, postal_code},
};
use crate::domain::{language::Language, normal_form::nfc};

/// What a step may know about the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Of the person's address: by it national telephone numbers and postal codes are read.
    pub country: Option<Country>,
    /// Of the person's form: names are written by its customs.
    pub language: Language,
}

/// The value after one step.
///
/// Upper and lower case are Unicode's own mappings, the same in every language: `i` becomes `I` and `I` becomes `i` for
/// Turkish and Azeri words as well, because nothing says that a word is one.
pub fn apply(step: Normalisation, value: &str, context: &Context) -> String {
    match step {
        Normalisation::Trim => spaces::trim(value).to_owned(),
        Normalisation::CollapseSpaces => spaces::collapse(value),
        Normalisation::Nfc => nfc(value).into_owned(),
        Normalisation::UpperCase => value.to_uppercase(),
        Normalisation::LowerCase => value.to_lowercase(),
        Normalisation::NameCase => name_case::name_case(value, context),
        Normalisation::E164 => {
            phone::e164(value, context.country).unwrap_or_else(|_| value.to_owned())
        }
        Normalisation::CountryCode => country_as(value, Country::code),
        Normalisation::CountryName => country_as(value, Country::name),
        Normalisation::PostalCode => context
            .country
            .and_then(|country| postal_code::written(value, country))
            .unwrap_or_else(|| value.to_owned()),
    }
}

fn country_as(value: &str, form: fn(Country) -> &'static str) -> String {
    Country::parse(value).map_or(value, form).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::domain::normal_form::nfkd;
    use crate::policy::format;

    const STEPS: [Normalisation; 10] = [
        Normalisation::Trim,
        Normalisation::CollapseSpaces,
        Normalisation::Nfc,
        Normalisation::UpperCase,
        Normalisation::LowerCase,
        Normalisation::NameCase,
        Normalisation::E164,
        Normalisation::CountryCode,
        Normalisation::CountryName,
        Normalisation::PostalCode,
    ];

    fn context(country: &str) -> Context {
        Context {
            country: Country::parse(country),
            language: Language::English,
        }
    }

    #[rstest]
    #[case::trim(Normalisation::Trim, "\u{a0} Anna \u{200b}", "Anna")]
    #[case::spaces(Normalisation::CollapseSpaces, "Anna  \t Maria", "Anna Maria")]
    #[case::composed(Normalisation::Nfc, "Zoe\u{308}", "Zoë")]
    #[case::upper_case(Normalisation::UpperCase, "straße", "STRASSE")]
    #[case::lower_case(Normalisation::LowerCase, "ΟΔΟΣ", "οδος")]
    #[case::dotted_i(Normalisation::UpperCase, "izmir", "IZMIR")]
    #[case::dotless_i(Normalisation::LowerCase, "ISPARTA", "isparta")]
    #[case::name(Normalisation::NameCase, "ANNA O'NEILL", "Anna O'Neill")]
    #[case::e164(Normalisation::E164, "070-123 45 67", "+46701234567")]
    #[case::code(Normalisation::CountryCode, "sverige", "SE")]
    #[case::code_of_three_letters(Normalisation::CountryCode, "SWE", "SE")]
    #[case::country(Normalisation::CountryName, "se", "Sweden")]
    #[case::postal_code(Normalisation::PostalCode, "11455", "114 55")]
    fn normalises(#[case] step: Normalisation, #[case] value: &str, #[case] expected: &str) {
        assert_eq!(apply(step, value, &context("SE")), expected);
    }

    #[rstest]
    #[case::e164(Normalisation::E164, "call me")]
    #[case::code(Normalisation::CountryCode, "Atlantis")]
    #[case::country(Normalisation::CountryName, "Atlantis")]
    #[case::postal_code(Normalisation::PostalCode, "1145")]
    fn leaves_what_it_cannot_read(#[case] step: Normalisation, #[case] value: &str) {
        assert_eq!(apply(step, value, &context("SE")), value);
    }

    #[rstest]
    #[case::e164(Normalisation::E164, "070-123 45 67")]
    #[case::postal_code(Normalisation::PostalCode, "11455")]
    fn leaves_what_needs_a_country(#[case] step: Normalisation, #[case] value: &str) {
        assert_eq!(apply(step, value, &context("")), value);
    }

    #[rstest]
    #[case::letters("a")]
    #[case::capitals("A")]
    #[case::combining_marks("e\u{301}\u{301}")]
    #[case::spaces(" ")]
    #[case::words("van ")]
    #[case::apostrophes("o'")]
    #[case::hyphens("al-")]
    #[case::dots("j.")]
    #[case::dotted_capitals("İI\u{307}")]
    fn takes_the_longest_values(#[case] repeated: &str) {
        let long = repeated.repeat(16 * 1024 / repeated.len());
        for step in STEPS {
            let once = apply(step, &long, &context("SE"));
            assert_eq!(apply(step, &once, &context("SE")), once, "{step:?}");
        }
    }

    fn language() -> impl Strategy<Value = Language> {
        proptest::sample::select(Language::ALL.to_vec())
    }

    fn country() -> impl Strategy<Value = Option<Country>> {
        proptest::option::of(proptest::sample::select(
            format::all_countries().collect::<Vec<_>>(),
        ))
    }

    /// Pieces of names and numbers with what is hard about them.
    fn value() -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            "van",
            "VAN",
            "der",
            "de",
            "DE",
            "la",
            "von",
            "zu",
            "und",
            "y",
            "E",
            "o",
            "O",
            "d",
            "D",
            "l",
            "mc",
            "MC",
            "mac",
            "MACDONALD",
            "al",
            "AL",
            "ash",
            "shafi",
            "iii",
            "IV",
            "ó",
            "Ó",
            "o\u{301}",
            "hógáin",
            "HÓGÁIN",
            "'",
            "’",
            "ʼ",
            "-",
            "‐",
            ".",
            ",",
            "/",
            "(",
            " ",
            "  ",
            "\u{3000}",
            "王",
            "ß",
            "ẞ",
            "ŉ",
            "ﬁ",
            "ﬃ",
            "ǆ",
            "Ǆ",
            "ǅ",
            "İ",
            "I\u{307}",
            "ı",
            "ΑΣ",
            "σ",
            "Σ",
            "ᾳ",
            "ᾼ",
            "ΐ",
            "ა",
            "Ა",
            "ij",
            "IJ",
            "ª",
            "3",
            "t",
            "s",
            "bin",
            "NGUYEN",
            "nguyễn",
            "a/l",
            "x",
            "X",
            "Xx",
            "ꭰ",
            "𐐨",
            "\u{200d}",
            "+46",
            "70",
        ]);
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn twice_is_once(value in prop_oneof!["\\PC{0,24}", "\\p{Any}{0,12}", value()], country in country(), language in language()) {
            let context = Context { country, language };
            for step in STEPS {
                let once = apply(step, &value, &context);
                prop_assert_eq!(apply(step, &once, &context), once, "{:?}", step);
            }
        }

        #[test]
        fn twice_is_once_for_numbers_and_codes(value in "\\+?[0-9() -]{3,18}|[A-Za-z]{0,3}[ -]?[0-9]{2,5}[ -]?[A-Za-z0-9]{0,4}", country in country()) {
            let context = Context { country, language: Language::English };
            for step in [Normalisation::E164, Normalisation::PostalCode, Normalisation::CountryCode, Normalisation::CountryName] {
                let once = apply(step, &value, &context);
                prop_assert_eq!(apply(step, &once, &context), once, "{:?}", step);
            }
        }

        #[test]
        fn what_is_normalised_is_accepted(value in "\\+?[0-9() -]{6,18}", country in country()) {
            let context = Context { country, language: Language::English };
            let number = apply(Normalisation::E164, &value, &context);
            let accepted = format::check(crate::policy::document::Format::Phone, &value, country);
            let accepted_after = format::check(crate::policy::document::Format::Phone, &number, country);
            prop_assert_eq!(accepted, accepted_after);
        }

        #[test]
        fn names_keep_their_letters(value in value(), country in country(), language in language()) {
            let context = Context { country, language };
            let named = apply(Normalisation::NameCase, &value, &context);
            let fold = |text: &str| -> String {
                let folded = text.to_lowercase().replace('ς', "σ").replace('ı', "i");
                nfkd(&folded).chars().filter(|c| *c != '\u{307}').collect::<String>().to_uppercase()
            };
            prop_assert_eq!(fold(&named), fold(&value));
        }
    }
}
