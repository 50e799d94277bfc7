//! Registration numbers of companies, by country.
//!
//! The forms are those of the registers named at the rules, as the documentation of python-stdnum brings them together, and
//! for the United Kingdom and the Netherlands of the register alone. A check digit is verified where [`check`] names who
//! published its rule. Whether a company is registered only the register knows.

use super::{Country, check_digits as check, shape};

/// The numbers of one country's companies.
struct Rule {
    country: &'static str,
    /// As [`shape`] describes shapes.
    shapes: &'static str,
    has_check_digits: fn(&str) -> bool,
}

impl Rule {
    const fn new(
        country: &'static str,
        shapes: &'static str,
        has_check_digits: fn(&str) -> bool,
    ) -> Self {
        Self {
            country,
            shapes,
            has_check_digits,
        }
    }

    fn of(country: Country) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.country == country.code())
    }

    fn admits(&self, value: &str) -> bool {
        // Zeros alone satisfy most check digits.
        shape::compact(value).is_some_and(|number| {
            number.contains(|c| matches!(c, '1'..='9'))
                && shape::written(self.shapes, &number).is_some()
                && (self.has_check_digits)(&number)
        })
    }
}

/// Firmenbuch: up to six digits and a letter, often with `FN` before them.
const AUSTRIA: &str =
    "#@|##@|###@|####@|#####@|######@|FN#@|FN##@|FN###@|FN####@|FN#####@|FN######@";

/// Companies House: eight digits, or letters for the kind of company; those of societies end with a letter.
const UNITED_KINGDOM: &str = "########|@@######|@@#####@|@#######";

static RULES: [Rule; 25] = [
    Rule::new("AT", AUSTRIA, unchecked),
    // Australian Securities and Investments Commission (ACN), Australian Business Register (ABN).
    Rule::new("AU", "#########|[1-9]##########", check::australian_company),
    // Crossroads Bank for Enterprises.
    Rule::new("BE", "[01]#########", check::belgium),
    // Registry Agency, EIK.
    Rule::new("BG", "#########", check::bulgaria),
    // Receita Federal, CNPJ.
    Rule::new("BR", "************##", check::brazilian_company),
    // Federal Statistical Office, UID (eCH-0097).
    Rule::new("CH", "CHE#########", check::switzerland),
    // State Administration for Market Regulation, unified social credit code.
    Rule::new("CN", "******************", check::chinese_company),
    // Czech Statistical Office, IČO.
    Rule::new("CZ", "########", check::czechia),
    // Danish Business Authority, CVR.
    Rule::new("DK", "[1-9]#######", check::denmark),
    // Commercial Register, registrikood.
    Rule::new("EE", "[1789]#######", check::estonian_company),
    // Agencia Tributaria, NIF of legal persons.
    Rule::new("ES", "[A-HJNP-SUVW]#######[0-9A-J]", check::spain),
    // Finnish Patent and Registration Office, Y-tunnus.
    Rule::new("FI", "########", check::finland),
    // INSEE: SIREN, or SIRET of an establishment.
    Rule::new("FR", "#########|##############", check::french_company),
    Rule::new("GB", UNITED_KINGDOM, unchecked),
    // Israeli Corporations Authority.
    Rule::new("IL", "5########", check::luhn_company),
    // Registers Iceland, kennitala of organisations.
    Rule::new("IS", "[4-7]########[09]", check::icelandic_company),
    // Registro delle Imprese, by the codice fiscale of companies.
    Rule::new("IT", "###########", check::luhn_company),
    // National Tax Agency, corporate number.
    Rule::new("JP", "[1-9]############", check::japanese_company),
    // Register of Enterprises.
    Rule::new("LV", "[4-9]##########", check::latvia),
    // Kamer van Koophandel.
    Rule::new("NL", "########", unchecked),
    // Brønnøysund Register Centre.
    Rule::new("NO", "#########", check::norway),
    // National Court Register (KRS), Central Statistical Office (REGON).
    Rule::new(
        "PL",
        "##########|#########|##############",
        check::polish_company,
    ),
    // Bolagsverket.
    Rule::new("SE", "##########", check::luhn_company),
    // AJPES.
    Rule::new("SI", "#######|#######*##", check::slovenian_company),
    // Ministry of Economic Affairs, unified business number.
    Rule::new("TW", "########", check::taiwanese_company),
];

/// The number has no check digit.
fn unchecked(_: &str) -> bool {
    true
}

/// Whether a text is a registration number of the country. Without a country, and of a country without a rule, only what
/// could be a number somewhere is one.
pub(super) fn is_company_number(value: &str, country: Option<Country>) -> bool {
    country
        .and_then(Rule::of)
        .map_or_else(|| could_be_a_number(value), |rule| rule.admits(value))
}

/// Letters and digits of the longest numbers: those of India have 21, and some are written with their court.
const LONGEST: usize = 40;

/// In any script: German numbers come with the name of their court.
fn could_be_a_number(value: &str) -> bool {
    let Some(number) = shape::compact(value) else {
        return false;
    };
    (2..=LONGEST).contains(&number.chars().count())
        && number.contains(|c: char| c.is_ascii_digit())
        && number.chars().all(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn is(country: &str, value: &str) -> bool {
        is_company_number(value, Some(Country::parse(country).unwrap()))
    }

    /// A number of the country, and one with a wrong check digit or of another form.
    #[rstest]
    #[case::austria("AT", "FN 122119m", "122119")]
    #[case::australia("AU", "004 085 616", "004 085 617")]
    #[case::belgium("BE", "0428.759.497", "0428.759.496")]
    #[case::bulgaria("BG", "175074752", "175074751")]
    #[case::brazil("BR", "16.727.230/0001-97", "16.727.230/0001-98")]
    #[case::switzerland("CH", "CHE-100.155.212", "CHE-100.155.213")]
    #[case::china("CN", "91110000600037341L", "91110000600037342L")]
    #[case::czechia("CZ", "25123891", "25123890")]
    #[case::denmark("DK", "13585628", "13585627")]
    #[case::estonia("EE", "12345678", "12345679")]
    #[case::spain("ES", "J99216582", "J99216583")]
    #[case::finland("FI", "2077474-0", "2077474-1")]
    #[case::france("FR", "732 829 320", "732 829 321")]
    #[case::united_kingdom("GB", "SC123456", "SC12345")]
    #[case::israel("IL", "516179157", "516179150")]
    #[case::iceland("IS", "450401-3150", "530575-0299")]
    #[case::italy("IT", "00743110157", "00743110158")]
    #[case::japan("JP", "5-8356-7825-6246", "2-8356-7825-6246")]
    #[case::latvia("LV", "40003521600", "40003521601")]
    #[case::netherlands("NL", "12345678", "1234567")]
    #[case::norway("NO", "988 077 917", "988 077 918")]
    #[case::poland("PL", "192598184", "192598183")]
    #[case::sweden("SE", "123456-7897", "123456-7891")]
    #[case::slovenia("SI", "9331310000", "9331320000")]
    #[case::taiwan("TW", "00501503", "00501502")]
    fn checks(#[case] country: &str, #[case] valid: &str, #[case] invalid: &str) {
        assert!(is(country, valid), "{valid}");
        assert!(!is(country, invalid), "{invalid}");
    }

    #[rstest]
    #[case::without_fn("AT", "122119m")]
    #[case::business_number("AU", "51 824 753 556")]
    #[case::brazilian_letters("BR", "12.ABC.345/01DE-35")]
    #[case::lower_case("CN", "91110000600037341l")]
    #[case::establishment("FR", "732 829 320 00074")]
    #[case::post_office("FR", "356 000 000 49837")]
    #[case::british_digits("GB", "00445790")]
    #[case::society("GB", "IP12345R")]
    #[case::court_register("PL", "0000123456")]
    #[case::part_of_a_company("PL", "12345678512347")]
    #[case::main_seat("SI", "9331310")]
    #[case::full_width("JP", "５８３５６７８２５６２４６")]
    #[case::seventh_digit_seven("TW", "10458575")]
    fn accepts(#[case] country: &str, #[case] value: &str) {
        assert!(is(country, value));
    }

    #[rstest]
    #[case::zeros("SE", "000000-0000")]
    #[case::a_person("IS", "120174-3399")]
    #[case::first_check_digit_of_two("PL", "12345678612342")]
    #[case::letter_that_is_not_used("CN", "9111000060003734IL")]
    #[case::establishment("FR", "732 829 320 00079")]
    #[case::words("SE", "not registered")]
    #[case::empty("SE", "")]
    fn refuses(#[case] country: &str, #[case] value: &str) {
        assert!(!is(country, value));
    }

    #[rstest]
    #[case::german_court("München HRB 123456", true)]
    #[case::digits("123 456/78", true)]
    #[case::no_digit("not registered", false)]
    #[case::one_character("7", false)]
    #[case::markup("<b>123</b>", false)]
    #[case::sentence(
        "our number is 12345678, the same as that of the mother company",
        false
    )]
    #[case::empty("", false)]
    fn elsewhere_only_what_could_be_a_number_is_accepted(
        #[case] value: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(is("DE", value), expected);
        assert_eq!(is_company_number(value, None), expected);
    }

    #[test]
    fn each_country_has_one_rule() {
        for pair in RULES.windows(2) {
            assert!(pair[0].country < pair[1].country, "{}", pair[1].country);
        }
        for rule in &RULES {
            assert!(Country::parse(rule.country).is_some(), "{}", rule.country);
        }
    }
}
