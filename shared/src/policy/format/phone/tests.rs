//! Numbers of many countries, and what is typed beside them.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn read(code: &str, value: &str) -> Result<String, FormatFault> {
    e164(value, Some(Country::parse(code).unwrap()))
}

/// By country: a mobile and a fixed number of the metadata's examples, as they are dialled there and in E.164, and a wrong
/// number.
const NUMBERS: &str = "\
AR | 011 15-2345-6789  | +5491123456789 | 011 2345-6789     | +541123456789  | 011 2345-678
AT | 0664 123456       | +43664123456   | 01 234567890      | +431234567890  | 0664 1
AU | 0412 345 678      | +61412345678   | (02) 1234 5678    | +61212345678   | 0412 345 67
BE | 0450 00 12 34     | +32450001234   | 012 34 56 78      | +3212345678    | 012 34 56 7
BR | (11) 96123-4567   | +5511961234567 | (11) 2345-6789    | +551123456789  | 6123-4567
CA | (506) 234-5678    | +15062345678   | 1-416-555-0123    | +14165550123   | (106) 234-5678
CH | 078 123 45 67     | +41781234567   | 021 234 56 78     | +41212345678   | 078 123 45 6
CL | 9 6123 4567       | +56961234567   | (2) 2123 4567     | +56221234567   | 6123 4567
CN | 131 2345 6789     | +8613123456789 | 010 1234 5678     | +861012345678  | 131 2345 678
CO | 321 1234567       | +573211234567  | (601) 2345678     | +576012345678  | 321 12345
CZ | 601 123 456       | +420601123456  | 212 345 678       | +420212345678  | 601 123 45
DE | 01512 3456789     | +4915123456789 | 030 123456        | +4930123456    | 01512 34567890123
DK | 34 41 23 45       | +4534412345    | 32 12 34 56       | +4532123456    | 34 41 23 4
EE | 5123 4567         | +37251234567   | 321 2345          | +3723212345    | 321 234
EG | 010 01234567      | +201001234567  | 02 34567890       | +20234567890   | 010 0123456
ES | 612 34 56 78      | +34612345678   | 810 12 34 56      | +34810123456   | 112 34 56 78
FI | 041 2345678       | +358412345678  | 013 1234567       | +358131234567  | 04
FR | 06 12 34 56 78    | +33612345678   | 01 23 45 67 89    | +33123456789   | 06 12 34 56 7
GB | 07400 123456      | +447400123456  | 0121 234 5678     | +441212345678  | 07400 12345
GR | 691 234 5678      | +306912345678  | 21 2345 6789      | +302123456789  | 691 234 567
HK | 5123 4567         | +85251234567   | 2123 4567         | +85221234567   | 5123 456
HR | 092 123 4567      | +385921234567  | 01 2345 678       | +38512345678   | 01 2345
HU | 06 20 123 4567    | +36201234567   | (06 1) 234 5678   | +3612345678    | 06 20 123 456
ID | 0812-345-678      | +62812345678   | (021) 8350123     | +62218350123   | 0812
IE | 085 012 3456      | +353850123456  | (022) 12345       | +3532212345    | 085 012 345
IL | 050-234-5678      | +972502345678  | 02-123-4567       | +97221234567   | 050-234-567
IN | 081234 56789      | +918123456789  | 074104 10123      | +917410410123  | 81234 5678
IS | 611 1234          | +3546111234    | 410 1234          | +3544101234    | 611 123
IT | 312 345 6789      | +393123456789  | 02 1234 5678      | +390212345678  | 312 3
JP | 090-1234-5678     | +819012345678  | 03-1234-5678      | +81312345678   | 090-1234-567
KE | 0712 123456       | +254712123456  | 020 2012345       | +254202012345  | 0712 12345
KR | 010-2000-0000     | +821020000000  | 02-212-3456       | +8222123456    | 010-2000
LT | 0 612 34567       | +37061234567   | 8 312 34567       | +37031234567   | 612 3456
LU | 628 123 456       | +352628123456  | 27 12 34 56       | +35227123456   | 628
LV | 21 234 567        | +37121234567   | 63 123 456        | +37163123456   | 21 234 56
MX | 222 123 4567      | +522221234567  | 55 1234 5678      | +525512345678  | 222 123 456
MY | 012-345 6789      | +60123456789   | 03-2385 6789      | +60323856789   | 012-345
NG | 0802 123 4567     | +2348021234567 | 02033 12 3456     | +2342033123456 | 0802 123
NL | 06 12345678       | +31612345678   | 010 123 4567      | +31101234567   | 06 1234567
NO | 40 61 23 45       | +4740612345    | 21 23 45 67       | +4721234567    | 40 61 23 4
NZ | 021 123 4567      | +64211234567   | 03 234 5678       | +6432345678    | 03 234 56
PH | 0905 123 4567     | +639051234567  | (02) 3234 5678    | +63232345678   | 0905 123
PK | 0301 2345678      | +923012345678  | (021) 23456789    | +922123456789  | 0301 2345
PL | 512 345 678       | +48512345678   | 12 345 67 89      | +48123456789   | 512 34
PT | 912 345 678       | +351912345678  | 21 234 5678       | +351212345678  | 912 345 67
RO | 0712 034 567      | +40712034567   | 021 123 4567      | +40211234567   | 0712 034
RU | 8 (912) 345-67-89 | +79123456789   | 8 (301) 123-45-67 | +73011234567   | 912 345
SA | 051 234 5678      | +966512345678  | 011 234 5678      | +966112345678  | 051 234 567
SE | 070-123 45 67     | +46701234567   | 08-12 34 56       | +468123456     | 070-123 45 678
SG | 8123 4567         | +6581234567    | 6123 4567         | +6561234567    | 8123 456
SI | 031 234 567       | +38631234567   | (01) 234 56 78    | +38612345678   | 031 234
SK | 0912 123 456      | +421912123456  | 02 212 345 67     | +421221234567  | 0912 123 4
TH | 081 234 5678      | +66812345678   | 02 123 4567       | +6621234567    | 081 234
TR | 0501 234 56 78    | +905012345678  | (0212) 345 67 89  | +902123456789  | 0501 234 56
TW | 0912 345 678      | +886912345678  | 02 2123 4567      | +886221234567  | 0912 345
UA | 050 123 4567      | +380501234567  | 03112 34567       | +380311234567  | 050 123 45
US | (201) 555-0123    | +12015550123   | 1 650 253 0000    | +16502530000   | 201 555 012
VN | 0912 345 678      | +84912345678   | 0210 1234 567     | +842101234567  | 0912 345
ZA | 071 123 4567      | +27711234567   | 010 123 4567      | +27101234567   | 071 123 456
AG | (268) 464-1234    | +12684641234   | 460-1234          | +12684601234   | 460-123
GG | 07781 123456      | +447781123456  | 256789            | +441481256789  | 25678
SM | 66 66 12 12       | +37866661212   | 886377            | +3780549886377 | 8863
KZ | 8 (771) 000 9998  | +77710009998   | 8 (71234) 5 67 89 | +77123456789   | 8 771 000
BY | 8 029 491-19-11   | +375294911911  | 8 0152 45-09-11   | +375152450911  | 029 49";

#[test]
fn reads_national_numbers() {
    for row in NUMBERS.lines() {
        let columns: Vec<_> = row.split('|').map(str::trim).collect();
        let [country, mobile, mobile_in_e164, fixed, fixed_in_e164, wrong] = columns[..] else {
            panic!("{row}");
        };
        assert_eq!(
            read(country, mobile).as_deref(),
            Ok(mobile_in_e164),
            "{row}"
        );
        assert_eq!(read(country, fixed).as_deref(), Ok(fixed_in_e164), "{row}");
        assert_eq!(read(country, wrong), Err(FormatFault::Phone), "{row}");
    }
}

#[rstest]
#[case::plus("+46 70 123 45 67")]
#[case::no_punctuation("+46701234567")]
#[case::trunk_prefix_in_brackets("+46 (0)70-123 45 67")]
#[case::trunk_prefix("+46 070 123 45 67")]
#[case::plus_in_brackets("(+46) 70 123 45 67")]
#[case::international_prefix("0046 70 123 45 67")]
#[case::full_width("＋４６７０１２３４５６７")]
#[case::arabic_digits("+٤٦٧٠١٢٣٤٥٦٧")]
#[case::non_breaking_spaces("+46\u{a0}70\u{202f}123\u{2011}45\u{2011}67")]
#[case::direction_marks("\u{202a}+46701234567\u{202c}")]
fn reads_international_numbers_anywhere(#[case] value: &str) {
    for country in [
        None,
        Country::parse("SE"),
        Country::parse("US"),
        Country::parse("HK"),
    ] {
        assert_eq!(e164(value, country).as_deref(), Ok("+46701234567"));
    }
}

#[rstest]
#[case::from_america("US", "011 46 70 123 45 67")]
#[case::from_japan("JP", "010-46-70-123-4567")]
#[case::from_australia("AU", "0011 46 70 123 45 67")]
#[case::from_russia("RU", "8~10 46 70 123 45 67".replace('~', "").leak())]
#[case::calling_code_without_a_plus("SE", "46 70 123 45 67")]
#[case::without_the_trunk_prefix("SE", "70 123 45 67")]
fn reads_what_is_dialled_in(#[case] country: &str, #[case] value: &str) {
    assert_eq!(read(country, value).as_deref(), Ok("+46701234567"));
}

#[test]
fn keeps_the_zero_of_italian_numbers() {
    assert_eq!(e164("+39 06 698 1234", None).as_deref(), Ok("+39066981234"));
}

#[rstest]
#[case::free_phone("+800 1234 5678", "+80012345678")]
#[case::satellite("+870 773 111 632", "+870773111632")]
fn reads_numbers_of_no_country(#[case] value: &str, #[case] expected: &str) {
    assert_eq!(e164(value, None).as_deref(), Ok(expected));
}

#[rstest]
#[case::no_country(None)]
#[case::country_without_telephones(Country::parse("AQ"))]
fn needs_a_country_for_a_national_number(#[case] country: Option<Country>) {
    assert_eq!(
        e164("070-123 45 67", country),
        Err(FormatFault::PhoneCountry)
    );
}

#[rstest]
#[case::empty("")]
#[case::words("call me")]
#[case::vanity("1-800-FLOWERS")]
#[case::only_a_plus("+")]
#[case::unknown_calling_code("+999 123 456 789")]
#[case::no_calling_code("+0 70 123 45 67")]
#[case::too_short("+46 70")]
#[case::too_long("+46 70 123 45 67 89 01 23")]
#[case::wrong_prefix("+46 00 123 45 67")]
#[case::extension("+46 8 123 456 ext. 12")]
#[case::extension_after_a_hash("+46 8 123 456 #12")]
#[case::two_numbers("+46701234567, +46701234568")]
#[case::plus_inside("46+701234567")]
#[case::two_pluses("++46701234567")]
#[case::address("jane@example.com")]
fn refuses(#[case] value: &str) {
    assert_eq!(e164(value, Country::parse("SE")), Err(FormatFault::Phone));
}

#[test]
fn every_region_has_a_plan() {
    for (code, _) in table::rows(REGIONS) {
        assert!(Country::parse(code).is_some_and(|country| country.code() == code));
        assert!(
            Region::of(code)
                .and_then(|region| Plan::of(region.calling_code))
                .is_some()
        );
    }
}

#[test]
fn no_calling_code_begins_with_another() {
    let codes: Vec<_> = table::rows(PLANS).map(|(code, _)| code).collect();
    for code in &codes {
        let longer = codes.iter().filter(|other| other.starts_with(code));
        assert_eq!(longer.count(), 1, "{code}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_was_read_reads_as_itself(value in "\\+?[0-9]{1,16}|0{0,2}[1-9][0-9]{4,14}", index in 0usize..250) {
        let country = super::super::country::all().nth(index).unwrap();
        if let Ok(number) = e164(&value, Some(country)) {
            prop_assert!(number.len() <= MAX_DIGITS + 1);
            prop_assert_eq!(e164(&number, Some(country)), Ok(number.clone()));
            prop_assert_eq!(e164(&number, None), Ok(number));
        }
    }
}
