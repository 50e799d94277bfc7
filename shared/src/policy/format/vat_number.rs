//! VAT numbers of the European Union, Northern Ireland, the United Kingdom, Norway and Switzerland.
//!
//! The forms of the Union and of Northern Ireland are those of the European Commission (VIES, "What is the format of a VAT
//! number?"), those of the other countries are named at their rules. A check digit is verified where [`check`] names
//! who published its rule. Whether a number is registered only the tax authority knows.

use super::{Country, check_digits as check, shape};

/// The numbers of one country.
struct Rule {
    /// What the number begins with, abroad and on invoices: Greece has `EL`.
    prefix: &'static str,
    /// The rest of it, as [`shape`] describes shapes.
    shapes: &'static str,
    /// Takes the rest of the number.
    has_check_digits: fn(&str) -> bool,
    /// Words after the number that say that it is a VAT number.
    suffixes: &'static [&'static str],
}

impl Rule {
    const fn new(
        prefix: &'static str,
        shapes: &'static str,
        has_check_digits: fn(&str) -> bool,
    ) -> Self {
        Self {
            prefix,
            shapes,
            has_check_digits,
            suffixes: &[],
        }
    }

    const fn with_suffixes(mut self, suffixes: &'static [&'static str]) -> Self {
        self.suffixes = suffixes;
        self
    }

    fn of(prefix: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.prefix == prefix)
    }

    /// Whether a number without its prefix is one of the country's.
    fn admits(&self, number: &str) -> bool {
        let number = self
            .suffixes
            .iter()
            .find_map(|suffix| number.strip_suffix(suffix))
            .unwrap_or(number);
        // Zeros alone satisfy most check digits.
        let has_a_digit = number.contains(|c| matches!(c, '1'..='9'));
        has_a_digit
            && shape::written(self.shapes, number).is_some()
            && (self.has_check_digits)(number)
    }
}

/// His Majesty's Revenue and Customs: nine digits, twelve for a branch, `GD` for departments and `HA` for health authorities.
const UNITED_KINGDOM: &str = "#########|############|GD[0-4]##|HA[5-9]##";

/// From two to ten digits.
const ROMANIA: &str = "[1-9]#|[1-9]##|[1-9]###|[1-9]####|[1-9]#####|[1-9]######|[1-9]#######|[1-9]########|[1-9]#########";

static RULES: [Rule; 31] = [
    Rule::new("AT", "U########", check::austria),
    Rule::new("BE", "[01]#########", check::belgium),
    Rule::new("BG", "#########|##########", check::bulgaria),
    // Federal Tax Administration: `CHE-123.456.788 MWST`, by the enterprise number (eCH-0097).
    Rule::new("CH", "E#########", check::switzerland).with_suffixes(&["MWST", "TVA", "IVA"]),
    Rule::new("CY", "########@", check::cyprus),
    Rule::new("CZ", "########|#########|##########", check::czechia),
    Rule::new("DE", "[1-9]########", check::germany),
    Rule::new("DK", "[1-9]#######", check::denmark),
    Rule::new("EE", "#########", check::estonia),
    Rule::new("EL", "#########", check::greece),
    Rule::new("ES", "@#######@|########@|@########", check::spain),
    Rule::new("FI", "########", check::finland),
    Rule::new("FR", "[0-9A-HJ-NP-Z][0-9A-HJ-NP-Z]#########", check::france),
    Rule::new("GB", UNITED_KINGDOM, check::united_kingdom),
    Rule::new("HR", "###########", check::croatia),
    Rule::new("HU", "########", check::hungary),
    Rule::new("IE", "#######@|#######@[A-IW]|#@#####@", check::ireland),
    Rule::new("IT", "###########", check::italy),
    Rule::new("LT", "#######1#|##########1#", check::lithuania),
    Rule::new("LU", "########", check::luxembourg),
    Rule::new("LV", "###########", check::latvia),
    Rule::new("MT", "########", check::malta),
    Rule::new(
        "NL",
        "#########B#[1-9]|#########B[1-9]0",
        check::netherlands,
    ),
    // Brønnøysund Register Centre: `123 456 785 MVA`.
    Rule::new("NO", "#########", check::norway).with_suffixes(&["MVA"]),
    Rule::new("PL", "##########", check::poland),
    Rule::new("PT", "[1-9]########", check::portugal),
    Rule::new("RO", ROMANIA, check::romania),
    Rule::new("SE", "############", check::sweden),
    Rule::new("SI", "[1-9]#######", check::slovenia),
    Rule::new("SK", "[1-9]#########", check::slovakia),
    Rule::new("XI", UNITED_KINGDOM, check::united_kingdom),
];

/// Whether a text is a VAT number with its prefix, or one without it of the country given.
pub(super) fn is_vat_number(value: &str, country: Option<Country>) -> bool {
    let Some(number) = shape::compact(value) else {
        return false;
    };
    let with_prefix = number
        .split_at_checked(2)
        .is_some_and(|(prefix, rest)| Rule::of(prefix).is_some_and(|rule| rule.admits(rest)));
    with_prefix
        || country
            .and_then(|country| Rule::of(prefix_in(country)))
            .is_some_and(|rule| rule.admits(&number))
}

/// The prefix of a country's numbers. Monaco has French numbers, the Isle of Man has British ones (Directive 2006/112/EC,
/// article 7).
fn prefix_in(country: Country) -> &'static str {
    match country.code() {
        "GR" => "EL",
        "MC" => "FR",
        "IM" => "GB",
        code => code,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// A number with right check digits, and one with a wrong one or of another form.
    #[rstest]
    #[case::austria("ATU10223006", "ATU10223007")]
    #[case::belgium("BE0428759497", "BE0428759496")]
    #[case::bulgaria("BG175074752", "BG175074751")]
    #[case::switzerland("CHE-100.155.212 MWST", "CHE-100.155.213 MWST")]
    #[case::cyprus("CY10259033P", "CY10259033Z")]
    #[case::czechia("CZ25123891", "CZ25123890")]
    #[case::germany("DE136695976", "DE136695978")]
    #[case::denmark("DK13585628", "DK13585627")]
    #[case::estonia("EE100931558", "EE100594103")]
    #[case::greece("EL023456780", "EL023456781")]
    #[case::spain("ESB58378431", "ESB58378432")]
    #[case::finland("FI20774740", "FI20774741")]
    #[case::france("FR40303265045", "FR84323140391")]
    #[case::united_kingdom("GB980780684", "GB802311781")]
    #[case::croatia("HR33392005961", "HR33392005962")]
    #[case::hungary("HU12892312", "HU12892313")]
    #[case::ireland("IE6433435F", "IE6433435E")]
    #[case::italy("IT00743110157", "IT00743110158")]
    #[case::lithuania("LT119511515", "LT100001919018")]
    #[case::luxembourg("LU15027442", "LU15027443")]
    #[case::latvia("LV40003521600", "LV40003521601")]
    #[case::malta("MT11679112", "MT11679113")]
    #[case::netherlands("NL004495445B01", "NL123456789B90")]
    #[case::norway("NO 988 077 917 MVA", "NO 988 077 918 MVA")]
    #[case::poland("PL8567346215", "PL8567346216")]
    #[case::portugal("PT501964843", "PT501964842")]
    #[case::romania("RO18547290", "RO18547291")]
    #[case::sweden("SE123456789701", "SE123456789101")]
    #[case::slovenia("SI50223054", "SI50223055")]
    #[case::slovakia("SK2022749619", "SK2022749618")]
    #[case::northern_ireland("XI980780684", "XI802311781")]
    fn checks(#[case] valid: &str, #[case] invalid: &str) {
        assert!(is_vat_number(valid, None), "{valid}");
        assert!(!is_vat_number(invalid, None), "{invalid}");
    }

    #[rstest]
    #[case::spaces("DE", "DE 136 695 976")]
    #[case::lower_case("DE", "de136695976")]
    #[case::without_a_prefix("DE", "136695976")]
    #[case::greek_country("GR", "EL023456780")]
    #[case::greek_without_a_prefix("GR", "023456780")]
    #[case::norwegian("NO", "988077917MVA")]
    #[case::norwegian_digits("NO", "988 077 917")]
    #[case::swiss_in_french("CH", "CHE-100.155.212 TVA")]
    #[case::swiss_digits("CH", "CHE100155212")]
    #[case::belgian_dots("BE", "BE 0428.759.497")]
    #[case::monegasque("MC", "FR53000004605")]
    #[case::british_branch("GB", "GB 980 7806 84 001")]
    #[case::british_department("GB", "GBGD001")]
    #[case::british_health_authority("GB", "GBHA599")]
    #[case::dutch_person("NL", "NL002455799B11")]
    #[case::spanish_person("ES", "ES54362315K")]
    #[case::spanish_foreigner("ES", "ESX2482300W")]
    #[case::irish_old("IE", "IE8D79739I")]
    #[case::irish_long("IE", "IE3333510LH")]
    #[case::french_letters("FR", "FRK7399859412")]
    #[case::lithuanian_temporary("LT", "LT100001919017")]
    #[case::of_another_country("SE", "DK13585628")]
    fn accepts(#[case] country: &str, #[case] value: &str) {
        assert!(is_vat_number(value, Country::parse(country)));
    }

    #[rstest]
    #[case::empty("")]
    #[case::only_a_prefix("DE")]
    #[case::unknown_prefix("US123456789")]
    #[case::zeros("DK00000000")]
    #[case::too_long("DE1366959760")]
    #[case::words("not registered")]
    #[case::country_code_of_greece("GR023456780")]
    fn refuses(#[case] value: &str) {
        assert!(!is_vat_number(value, Country::parse("DE")));
    }

    #[test]
    fn needs_a_country_or_a_prefix() {
        assert!(!is_vat_number("136695976", None));
        assert!(!is_vat_number("136695976", Country::parse("US")));
    }
}
