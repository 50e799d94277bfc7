//! What goes wrong on purpose, switched on one page for everything that the simulator serves and calls.
//!
//! As JSON each duration is a whole number of milliseconds in a member that ends with `Ms`, such as
//! `{"calls": {"delayMs": 500, "firstAttempt": "answer-lost"}, "mail": {"refused": true}}`.

mod page;

use std::{
    ops::RangeInclusive,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

pub use self::page::router;

/// Of a delay, in milliseconds.
const DELAYS: RangeInclusive<u128> = 0..=60_000;
const PERCENTS: RangeInclusive<u128> = 0..=100;
/// Every status that ends a request.
const STATUSES: RangeInclusive<u128> = 200..=599;

/// All switches; at the start everything works.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Switches>);

/// One reading of the switches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Switches {
    pub calls: CallFaults,
    pub graph: GraphFaults,
    pub receiver: ReceiverFaults,
    pub mail: MailFaults,
}

/// What happens to requests on their way to the deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CallFaults {
    /// Held back that long before it is sent; it counts as network time.
    #[serde(rename = "delayMs", with = "milliseconds")]
    pub delay: Duration,
    pub first_attempt: FirstAttempt,
    /// The same request twice at once; the first answer counts.
    pub twice: bool,
}

/// What becomes of the first attempt, so that the retry is sent at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstAttempt {
    #[default]
    Sent,
    /// It never arrives.
    Dropped,
    /// It arrives and is answered, and the answer is lost.
    AnswerLost,
}

impl FirstAttempt {
    pub const ALL: [Self; 3] = [Self::Sent, Self::Dropped, Self::AnswerLost];

    /// As in JSON and in the form.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Dropped => "dropped",
            Self::AnswerLost => "answer-lost",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attempt| attempt.key() == key)
    }

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "is sent",
            Self::Dropped => "never arrives",
            Self::AnswerLost => "arrives, and its answer is lost",
        }
    }
}

/// What Graph does to requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GraphFaults {
    /// Of 100 requests, how many are answered 429 with `Retry-After`.
    pub throttled_percent: u8,
    /// Of 100 requests, how many are answered 503 without having an effect.
    pub failing_percent: u8,
    /// Of 100 writes, how many take effect and lose their answer.
    pub lost_after_commit_percent: u8,
    /// Of 100 requests that have an effect, how many are answered later by [`Self::late_by`].
    pub late_percent: u8,
    #[serde(rename = "lateMs", with = "milliseconds")]
    pub late_by: Duration,
    #[serde(rename = "latencyMs", with = "milliseconds")]
    pub latency: Duration,
    /// How long an account that was just created is answered 404.
    #[serde(rename = "hiddenAfterCreationMs", with = "milliseconds")]
    pub hidden_after_creation: Duration,
}

/// What the webhook receiver answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ReceiverFaults {
    pub status: u16,
    #[serde(rename = "latencyMs", with = "milliseconds")]
    pub latency: Duration,
}

impl Default for ReceiverFaults {
    fn default() -> Self {
        Self {
            status: 204,
            latency: Duration::ZERO,
        }
    }
}

/// Whether mail is taken. What the simulator itself delivers always is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MailFaults {
    /// Answered as a service that is down: 451 by SMTP, 503 by Amazon SES.
    pub refused: bool,
    /// Answered as a sender that is too fast: 454 by SMTP, 429 by Amazon SES.
    pub throttled: bool,
    #[serde(rename = "latencyMs", with = "milliseconds")]
    pub latency: Duration,
}

/// What is wrong with one switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The path of the member, such as `calls.delayMs`; the form has a field of that name.
    pub field: String,
    /// Such as `expected 0 to 60000`.
    pub message: String,
}

impl Problem {
    fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }
}

impl Switches {
    /// Whether anything goes wrong on purpose.
    pub fn any(&self) -> bool {
        *self != Self::default()
    }

    /// What is outside its limits.
    pub fn problems(&self) -> Vec<Problem> {
        let Self {
            calls,
            graph,
            receiver,
            mail,
        } = self;
        let numbers = [
            ("calls.delayMs", calls.delay.as_millis(), DELAYS),
            (
                "graph.throttledPercent",
                graph.throttled_percent.into(),
                PERCENTS,
            ),
            (
                "graph.failingPercent",
                graph.failing_percent.into(),
                PERCENTS,
            ),
            (
                "graph.lostAfterCommitPercent",
                graph.lost_after_commit_percent.into(),
                PERCENTS,
            ),
            ("graph.latePercent", graph.late_percent.into(), PERCENTS),
            ("graph.lateMs", graph.late_by.as_millis(), DELAYS),
            ("graph.latencyMs", graph.latency.as_millis(), DELAYS),
            (
                "graph.hiddenAfterCreationMs",
                graph.hidden_after_creation.as_millis(),
                DELAYS,
            ),
            ("receiver.status", receiver.status.into(), STATUSES),
            ("receiver.latencyMs", receiver.latency.as_millis(), DELAYS),
            ("mail.latencyMs", mail.latency.as_millis(), DELAYS),
        ];
        let outside = numbers
            .into_iter()
            .filter(|(_, number, limits)| !limits.contains(number));
        let problems = outside.map(|(field, _, limits)| {
            Problem::new(
                field,
                format!("expected {} to {}", limits.start(), limits.end()),
            )
        });
        problems.collect()
    }
}

impl Faults {
    pub fn now(&self) -> Switches {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub fn set(&self, switches: Switches) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = switches;
    }
}

/// Durations as whole milliseconds.
mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.as_millis().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn missing_members_have_their_defaults() {
        let switches: Switches = serde_json::from_str("{}").unwrap();
        assert_eq!(switches, Switches::default());
        assert!(!switches.any());

        let switches: Switches =
            serde_json::from_str(r#"{"receiver": {"latencyMs": 3}, "mail": {}}"#).unwrap();
        assert_eq!(switches.receiver.status, 204);
        assert_eq!(switches.receiver.latency, Duration::from_millis(3));
        assert!(switches.any());
    }

    #[rstest::rstest]
    #[case::at_the_top(r#"{"mails": {}}"#)]
    #[case::in_a_group(r#"{"mail": {"refuse": true}}"#)]
    #[case::a_negative_delay(r#"{"mail": {"latencyMs": -1}}"#)]
    #[case::a_fraction(r#"{"mail": {"latencyMs": 1.5}}"#)]
    #[case::an_unknown_choice(r#"{"calls": {"firstAttempt": "lost"}}"#)]
    fn what_is_not_understood_is_refused(#[case] document: &str) {
        assert!(serde_json::from_str::<Switches>(document).is_err());
    }

    #[test]
    fn each_limit_is_named() {
        let document = r#"{
            "calls": {"delayMs": 60001},
            "graph": {"throttledPercent": 101, "failingPercent": 200, "lostAfterCommitPercent": 255,
                "latePercent": 101, "lateMs": 60001, "latencyMs": 60001, "hiddenAfterCreationMs": 60001},
            "receiver": {"status": 199, "latencyMs": 60001},
            "mail": {"latencyMs": 60001}
        }"#;
        let switches: Switches = serde_json::from_str(document).unwrap();
        let mut fields: Vec<String> = switches
            .problems()
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        fields.sort();
        assert_eq!(
            fields,
            [
                "calls.delayMs",
                "graph.failingPercent",
                "graph.hiddenAfterCreationMs",
                "graph.lateMs",
                "graph.latePercent",
                "graph.latencyMs",
                "graph.lostAfterCommitPercent",
                "graph.throttledPercent",
                "mail.latencyMs",
                "receiver.latencyMs",
                "receiver.status",
            ]
        );
    }

    proptest! {
        #[test]
        fn a_document_keeps_all_switches(
            delays in prop::array::uniform6(0_u64..=60_000),
            percents in prop::array::uniform4(0_u8..=100),
            status in 200_u16..=599,
            flags in any::<[bool; 3]>(),
        ) {
            let [delay, late_by, graph, hidden, receiver, mail] = delays.map(Duration::from_millis);
            let [throttled_percent, failing_percent, lost_after_commit_percent, late_percent] = percents;
            let [twice, refused, throttled] = flags;
            let switches = Switches {
                calls: CallFaults { delay, first_attempt: FirstAttempt::AnswerLost, twice },
                graph: GraphFaults {
                    throttled_percent,
                    failing_percent,
                    lost_after_commit_percent,
                    late_percent,
                    late_by,
                    latency: graph,
                    hidden_after_creation: hidden,
                },
                receiver: ReceiverFaults { status, latency: receiver },
                mail: MailFaults { refused, throttled, latency: mail },
            };
            let document = serde_json::to_string(&switches).unwrap();
            prop_assert_eq!(serde_json::from_str::<Switches>(&document).unwrap(), switches.clone());
            prop_assert_eq!(switches.problems(), []);
        }
    }
}
