//! A moment in the past, as an operator writes it.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use shared::domain::{audit::start, list::end_of};

/// What is expected, for messages.
pub(crate) const EXPECTED: &str =
    "a date such as 2026-11-22, a time such as 2026-11-22T12:00:00Z, or how long ago, such as 2h";

/// `2026-11-22T12:00:00Z`, `2026-11-22` or `2h`.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    At(Timestamp),
    On(Date),
    Ago(Span),
}

impl Moment {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // Jiff would also read a time without an offset as its date.
        if text.len() == "2026-11-22".len()
            && let Ok(date) = text.parse()
        {
            return Some(Self::On(date));
        }
        let at = text.parse().ok().map(Self::At);
        at.or_else(|| text.parse().ok().map(Self::Ago))
    }

    /// As the end of a period.
    pub(crate) fn until(self, now: Timestamp) -> Timestamp {
        match self {
            Self::On(date) => end_of(date).unwrap_or(Timestamp::MAX),
            other => other.since(now),
        }
    }

    /// As its beginning.
    pub(crate) fn since(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::On(date) => start(date),
            Self::Ago(span) => {
                let ago = now.to_zoned(TimeZone::UTC).checked_sub(span);
                ago.map_or(Timestamp::MIN, |ago| ago.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const NOW: &str = "2026-12-01T10:00:00Z";

    #[rstest]
    #[case::a_time("2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z")]
    #[case::a_date("2026-11-22", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")]
    #[case::hours("12h", "2026-11-30T22:00:00Z", "2026-11-30T22:00:00Z")]
    #[case::days("30d", "2026-11-01T10:00:00Z", "2026-11-01T10:00:00Z")]
    fn is_read(#[case] text: &str, #[case] since: &str, #[case] until: &str) {
        let moment = Moment::parse(text).unwrap();
        let now = NOW.parse().unwrap();
        assert_eq!(moment.since(now).to_string(), since);
        assert_eq!(moment.until(now).to_string(), until);
    }

    #[rstest]
    #[case::a_word("soon")]
    #[case::no_such_day("2027-02-30")]
    #[case::a_time_without_offset("2027-01-31T12:00:00")]
    fn is_refused(#[case] text: &str) {
        assert!(Moment::parse(text).is_none(), "{text} was accepted");
    }
}
