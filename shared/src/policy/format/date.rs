//! Dates of the calendar (ISO 8601-1, 5.2.2.1, extended format).

use jiff::civil::Date;

/// Octets of `2026-11-21`.
const OCTETS: usize = 10;

/// Whether a text is a day that exists, as `2026-11-21`.
///
/// The parser also reads the basic format and times of day, which are other forms, so the layout is looked at first.
pub(super) fn is_date(text: &str) -> bool {
    has_layout(text) && text.parse::<Date>().is_ok()
}

fn has_layout(text: &str) -> bool {
    text.len() == OCTETS
        && text.bytes().enumerate().all(|(place, octet)| match place {
            4 | 7 => octet == b'-',
            _ => octet.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::day("2026-11-21")]
    #[case::leap_day("2024-02-29")]
    #[case::leap_day_of_a_century("2000-02-29")]
    #[case::long_ago("1899-12-31")]
    #[case::last("9999-12-31")]
    fn accepts(#[case] text: &str) {
        assert!(is_date(text));
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_leap_year("2023-02-29")]
    #[case::century("1900-02-29")]
    #[case::thirteenth_month("2026-13-01")]
    #[case::month_zero("2026-00-10")]
    #[case::day_zero("2026-01-00")]
    #[case::thirty_first("2026-04-31")]
    #[case::basic_format("20261121")]
    #[case::short("2026-1-1")]
    #[case::time("2026-11-21T10:00")]
    #[case::american("11/21/2026")]
    #[case::european("21.11.2026")]
    #[case::space(" 2026-11-21")]
    #[case::sign("-026-11-21")]
    #[case::week_date("2026-W47-6")]
    #[case::other_digits("２０２６-11-21")]
    fn refuses(#[case] text: &str) {
        assert!(!is_date(text));
    }
}
