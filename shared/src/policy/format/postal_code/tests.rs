//! Codes of many countries, and what is typed beside them.

use rstest::rstest;

use super::*;

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

/// Valid codes as the post writes them, with what some people type, and codes that are refused.
#[rstest]
#[case::andorra("AD", &["AD100", "AD700"], &["ad 500 x", "AD800", "1234"])]
#[case::argentina("AR", &["C1070AAM", "1070"], &["CC1070AAM", "C1070AA"])]
#[case::austria("AT", &["1010", "3741"], &["101", "10100"])]
#[case::australia("AU", &["2060", "0800"], &["206", "20600"])]
#[case::barbados("BB", &["BB23026"], &["BC23026", "BB2302"])]
#[case::belgium("BE", &["1000", "4000"], &["100", "10000"])]
#[case::bermuda("BM", &["FL 07", "HM GX"], &["FL 7", "F0 07"])]
#[case::bulgaria("BG", &["1000"], &["100"])]
#[case::brazil("BR", &["40301-110", "70002-900"], &["4030-110", "403011100"])]
#[case::canada("CA", &["H3Z 2Y7", "K1A 0B1"], &["D3Z 2Y7", "H3Z 2Y", "3HZ Y27", "H3Z 2O7"])]
#[case::switzerland("CH", &["8001", "1211"], &["800", "80011"])]
#[case::chile("CL", &["8340457"], &["834045"])]
#[case::china("CN", &["266033"], &["26603"])]
#[case::colombia("CO", &["111221"], &["11122"])]
#[case::cyprus("CY", &["2008"], &["20081"])]
#[case::czechia("CZ", &["100 00", "251 66"], &["1000", "1000 00"])]
#[case::germany("DE", &["26133", "01067"], &["2613", "261333", "2613A"])]
#[case::denmark("DK", &["8660", "1566"], &["866"])]
#[case::estonia("EE", &["69501"], &["6950"])]
#[case::spain("ES", &["28039"], &["2803"])]
#[case::finland("FI", &["00550"], &["0055"])]
#[case::france("FR", &["33380", "75008"], &["3338", "333800"])]
#[case::united_kingdom("GB", &["EC1Y 8SY", "M2 5BQ", "CR0 2YR", "DN16 9AA", "W1A 4ZZ", "GIR 0AA", "BFPO 57"], &["EC1Y 8S", "M25BQ1", "1EC 8SY", "EC1Y 8CY"])]
#[case::greece("GR", &["151 24"], &["1512"])]
#[case::croatia("HR", &["10000"], &["1000"])]
#[case::hungary("HU", &["1037"], &["10370"])]
#[case::ireland("IE", &["A65 F4E2", "D6W XY00"], &["A65 F4E", "B65 F4E2", "A6X F4E2"])]
#[case::israel("IL", &["9614303", "96143"], &["961430"])]
#[case::india("IN", &["110034"], &["11003", "010034"])]
#[case::iceland("IS", &["101"], &["1010"])]
#[case::italy("IT", &["00144"], &["0014"])]
#[case::japan("JP", &["154-0023"], &["154-002", "1540-023"])]
#[case::korea("KR", &["03051"], &["030510"])]
#[case::cayman_islands("KY", &["KY1-1100"], &["KY11100X", "KA1-1100"])]
#[case::liechtenstein("LI", &["9490", "9485"], &["9484", "8001"])]
#[case::lithuania("LT", &["04340"], &["0434"])]
#[case::luxembourg("LU", &["4750"], &["475"])]
#[case::latvia("LV", &["LV-1073"], &["LV-107", "LT-1073"])]
#[case::monaco("MC", &["98000"], &["75008"])]
#[case::malta("MT", &["BZN 1130", "NXR 01"], &["B1N 1130"])]
#[case::mexico("MX", &["02860"], &["0286"])]
#[case::netherlands("NL", &["1234 AB"], &["0123 AB", "1234 SS", "1234 A"])]
#[case::norway("NO", &["0025"], &["025"])]
#[case::new_zealand("NZ", &["6001"], &["601"])]
#[case::poland("PL", &["00-950"], &["0-0950", "000-950"])]
#[case::portugal("PT", &["2725-079"], &["2725", "2725-07"])]
#[case::puerto_rico("PR", &["00930"], &["10930"])]
#[case::romania("RO", &["060274"], &["06027"])]
#[case::russia("RU", &["247112"], &["24711"])]
#[case::sweden("SE", &["114 55"], &["1145", "114 555", "1-1-4-5-5"])]
#[case::singapore("SG", &["546080"], &["54608"])]
#[case::slovenia("SI", &["4000"], &["400"])]
#[case::slovakia("SK", &["010 01"], &["010 0"])]
#[case::taiwan("TW", &["104", "10603", "106409"], &["1060"])]
#[case::ukraine("UA", &["15432"], &["1543"])]
#[case::united_states("US", &["95014", "22162-1010"], &["9501", "95014-10", "950141"])]
#[case::vatican("VA", &["00120"], &["00121"])]
#[case::south_africa("ZA", &["0083"], &["083"])]
fn checks(#[case] code: &str, #[case] valid: &[&str], #[case] invalid: &[&str]) {
    let country = country(code);
    for value in valid {
        assert_eq!(check(value, Some(country)), Ok(()), "{value}");
        assert_eq!(written(value, country).as_deref(), Some(*value));
    }
    for value in invalid {
        assert_eq!(
            check(value, Some(country)),
            Err(FormatFault::PostalCode),
            "{value}"
        );
    }
}

#[rstest]
#[case::no_space("SE", "11455", "114 55")]
#[case::prefix("SE", "SE-114 55", "114 55")]
#[case::prefix_and_space("SE", "se 114 55", "114 55")]
#[case::hyphen("SE", "114-55", "114 55")]
#[case::lower_case("NL", "1234ab", "1234 AB")]
#[case::lower_case_in_canada("CA", "h3z2y7", "H3Z 2Y7")]
#[case::hyphen_in_canada("CA", "H3Z-2Y7", "H3Z 2Y7")]
#[case::no_space_in_london("GB", "ec1y8sy", "EC1Y 8SY")]
#[case::vehicle_code("DE", "D-10115", "10115")]
#[case::vehicle_code_in_austria("AT", "A-1010", "1010")]
#[case::vehicle_code_in_luxembourg("LU", "L-4750", "4750")]
#[case::prefix_in_switzerland("CH", "CH-8001", "8001")]
#[case::space_in_paris("FR", "75 008", "75008")]
#[case::space_in_delhi("IN", "110 034", "110034")]
#[case::prefix_left_out("LV", "1073", "LV-1073")]
#[case::prefix_without_hyphen("LV", "lv1073", "LV-1073")]
#[case::prefix_left_out_in_andorra("AD", "500", "AD500")]
#[case::space_after_the_prefix("AD", "AD 500", "AD500")]
#[case::no_hyphen("PL", "00950", "00-950")]
#[case::no_hyphen_in_portugal("PT", "2725079", "2725-079")]
#[case::no_hyphen_in_brazil("BR", "40301110", "40301-110")]
#[case::nine_digits("US", "221621010", "22162-1010")]
#[case::postal_mark("JP", "〒154-0023", "154-0023")]
#[case::full_width("JP", "１５４ー００２３", "154-0023")]
#[case::persian_digits("IR", "۱۱۹۳۶۱۲۳۴۵", "11936-12345")]
#[case::non_breaking_space("CZ", " 100\u{a0}00 ", "100 00")]
fn writes(#[case] code: &str, #[case] typed: &str, #[case] expected: &str) {
    assert_eq!(written(typed, country(code)).as_deref(), Some(expected));
}

#[rstest]
#[case::hong_kong("HK", "-")]
#[case::emirates("AE", "00000")]
fn refuses_nothing_where_there_are_no_codes(#[case] code: &str, #[case] value: &str) {
    assert_eq!(check(value, Some(country(code))), Ok(()));
}

#[rstest]
#[case::digits("12345", true)]
#[case::letters("ec1y 8sy", true)]
#[case::hyphen("154-0023", true)]
#[case::only_hyphens("--", false)]
#[case::empty("", false)]
#[case::sentence("I do not know it", false)]
#[case::markup("<b>", false)]
fn without_a_country_it_could_be_a_code(#[case] value: &str, #[case] valid: bool) {
    assert_eq!(check(value, None).is_ok(), valid);
}

#[test]
fn every_shape_reads_what_it_writes() {
    for (code, columns) in table::rows(SHAPES) {
        let country = country(code);
        for shape in columns.split('\t').next().unwrap().split('|') {
            let example = example(shape);
            let once = written(&example, country).unwrap_or_else(|| panic!("{code} {shape}"));
            assert_eq!(written(&once, country).as_deref(), Some(once.as_str()));
        }
    }
}

/// A code of a shape: the first member of each class.
fn example(shape: &str) -> String {
    let mut code = String::new();
    let mut characters = shape.chars();
    while let Some(c) = characters.next() {
        match c {
            '#' => code.push('1'),
            '@' | '*' => code.push('A'),
            '~' => {}
            '[' => {
                code.extend(characters.next());
                characters.by_ref().find(|c| *c == ']');
            }
            c => code.push(c),
        }
    }
    code
}
