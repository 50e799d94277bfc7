//! What names an event, and the hour under which it is found.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::digest::hexadecimal;

/// `evt_`, ten digits for the hour in UTC, an underscore, and 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventId(String);

const PREFIX: &str = "evt_";
const DIGITS: usize = 32;

impl EventId {
    /// The same for the same parts within an hour.
    pub fn derive(at: Timestamp, parts: &[&[u8]]) -> Self {
        let digits: String = hexadecimal(parts).chars().take(DIGITS).collect();
        Self(format!("{PREFIX}{}_{digits}", Hour::of(at)))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (hour, digits) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let is_digit = |octet: u8| octet.is_ascii_digit() || (b'a'..=b'f').contains(&octet);
        let is_fine =
            Hour::parse(hour).is_some() && digits.len() == DIGITS && digits.bytes().all(is_digit);
        is_fine.then(|| Self(text.to_owned()))
    }

    /// The hour under which it is kept.
    pub fn hour(&self) -> Hour {
        let hour = self.0.strip_prefix(PREFIX).unwrap_or_default();
        let (hour, _) = hour.split_once('_').unwrap_or_default();
        Hour::parse(hour).unwrap_or(Hour::of(Timestamp::UNIX_EPOCH))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("no id of an event"))
    }
}

/// An hour in UTC, written `2026011512`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(i64);

const SECONDS: i64 = 3600;

impl Hour {
    pub fn of(at: Timestamp) -> Self {
        Self(at.as_second().div_euclid(SECONDS))
    }

    pub fn parse(text: &str) -> Option<Self> {
        let is_number = text.len() == 10 && text.bytes().all(|octet| octet.is_ascii_digit());
        let (date, hour) = text.split_at_checked(8).filter(|_| is_number)?;
        let date: jiff::civil::Date = date.parse().ok()?;
        let hour = hour.parse().ok().filter(|hour| (0..24).contains(hour))?;
        let at = date.at(hour, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
        Some(Self::of(at.ok()?.timestamp()))
    }

    pub fn start(self) -> Timestamp {
        let since = SignedDuration::from_secs(self.0.saturating_mul(SECONDS));
        Timestamp::UNIX_EPOCH
            .saturating_add(since)
            .unwrap_or(Timestamp::MAX)
    }

    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start().strftime("%Y%m%d%H"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    proptest! {
        #[test]
        fn an_hour_is_read_as_it_is_written(seconds in 0_i64..7_258_118_400) {
            let at = Timestamp::from_second(seconds).unwrap();
            let hour = Hour::of(at);
            prop_assert_eq!(Hour::parse(&hour.to_string()), Some(hour));
            prop_assert!(hour.start() <= at && at < hour.next().start());
        }

        #[test]
        fn an_id_is_read_as_it_is_written(seconds in 0_i64..7_258_118_400, part in ".*") {
            let at = Timestamp::from_second(seconds).unwrap();
            let id = EventId::derive(at, &[part.as_bytes()]);
            prop_assert_eq!(id.hour(), Hour::of(at));
            prop_assert_eq!(EventId::parse(id.as_str()), Some(id));
        }

        #[test]
        fn no_text_is_read_as_an_id_of_another_form(text in ".*") {
            if let Some(id) = EventId::parse(&text) {
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }

    #[rstest]
    #[case("")]
    #[case("evt_2026011512_")]
    #[case("evt_2026011524_0123456789abcdef0123456789abcdef")]
    #[case("evt_2026013212_0123456789abcdef0123456789abcdef")]
    #[case("evt_2026011512_0123456789ABCDEF0123456789abcdef")]
    #[case("evt_+026011512_0123456789abcdef0123456789abcdef")]
    fn anything_else_is_no_id(#[case] text: &str) {
        assert_eq!(EventId::parse(text), None);
    }
}
