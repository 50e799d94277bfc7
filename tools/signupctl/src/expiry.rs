//! When an entry ends, as an operator writes it.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use shared::domain::list::end_of;

/// What is expected, for messages.
pub(crate) const MOMENT: &str =
    "a date such as 2027-01-31 (its end, UTC) or a time such as 2027-01-31T12:00:00Z";

/// `2027-01-31T12:00:00Z`, `2027-01-31` or `30d`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expiry {
    At(Timestamp),
    EndOf(Date),
    After(Span),
}

impl Expiry {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_moment(text).or_else(|| text.parse().ok().map(Self::After))
    }

    /// Only what names the same moment tomorrow: in a file, a duration would change at each import.
    pub(crate) fn parse_moment(text: &str) -> Option<Self> {
        // Jiff would also read a time without an offset as its date, and move the end by hours.
        if text.len() == "2027-01-31".len() {
            text.parse().ok().map(Self::EndOf)
        } else {
            text.parse().ok().map(Self::At)
        }
    }

    /// The moment, to the second as lists keep it; nothing when it lies beyond the year 9999.
    pub(crate) fn moment(self, now: Timestamp) -> Option<Timestamp> {
        let moment = match self {
            Self::At(moment) => moment,
            Self::EndOf(date) => end_of(date)?,
            Self::After(span) => now
                .to_zoned(TimeZone::UTC)
                .checked_add(span)
                .ok()?
                .timestamp(),
        };
        Timestamp::from_second(moment.as_second()).ok()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: &str = "2026-12-01T10:00:00.5Z";

    #[rstest]
    #[case::a_time("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z")]
    #[case::a_time_elsewhere("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z")]
    #[case::a_fraction_is_dropped("2027-01-31T12:00:00.9Z", "2027-01-31T12:00:00Z")]
    #[case::a_date_is_its_end("2027-01-31", "2027-02-01T00:00:00Z")]
    #[case::days("30d", "2026-12-31T10:00:00Z")]
    #[case::months("2mo", "2027-02-01T10:00:00Z")]
    #[case::hours("12h", "2026-12-01T22:00:00Z")]
    fn is_read(#[case] text: &str, #[case] expected: &str) {
        let moment = Expiry::parse(text).unwrap().moment(NOW.parse().unwrap());
        assert_eq!(moment.unwrap().to_string(), expected);
    }

    #[rstest]
    #[case::a_word("soon")]
    #[case::a_number("30")]
    #[case::no_such_day("2027-02-30")]
    #[case::a_time_without_offset("2027-01-31T12:00:00")]
    #[case::another_order("31/01/2027")]
    fn is_refused(#[case] text: &str) {
        assert!(Expiry::parse(text).is_none(), "{text} was accepted");
    }

    #[test]
    fn a_file_has_no_durations() {
        assert!(Expiry::parse_moment("30d").is_none());
    }

    #[test]
    fn nothing_ends_after_the_last_year() {
        let last = Expiry::parse("9999-12-31").unwrap();
        assert_eq!(last.moment(NOW.parse().unwrap()), None);
    }
}
