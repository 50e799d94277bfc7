//! Webhooks: events over HTTP as [Standard Webhooks](https://www.standardwebhooks.com) has them: signed, tried again after
//! longer and longer pauses, and given up in the end.

use std::{fmt, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use ring::hmac;
use serde::{Deserialize, Serialize};

use super::{
    endpoint::EndpointId,
    event::{EventId, EventKind},
};

/// A key that the messages to an endpoint are signed with. It shows itself to nobody who prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(Vec<u8>);

const PREFIX: &str = "whsec_";
const LEAST_OCTETS: usize = 24;
const MOST_OCTETS: usize = 64;

impl SigningKey {
    pub fn new(octets: &[u8; 32]) -> Self {
        Self(octets.to_vec())
    }

    pub fn parse(text: &str) -> Option<Self> {
        let octets = STANDARD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let is_fine = (LEAST_OCTETS..=MOST_OCTETS).contains(&octets.len());
        is_fine.then_some(Self(octets))
    }

    /// As the receiver has it.
    pub fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn sign(&self, content: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let signature = hmac::sign(&key, content.as_bytes());
        format!("v1,{}", STANDARD.encode(signature))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// The live keys of an endpoint. While a key is rotated, the one before is good as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    pub newest: SigningKey,
    pub older: Option<SigningKey>,
}

/// As they are kept as a secret, the newest first.
#[derive(Serialize, Deserialize)]
struct Stored {
    keys: Vec<String>,
}

impl SigningKeys {
    /// What the text of the secret has to be.
    pub const FORM: &'static str =
        "JSON with `keys`, a list of one or two texts, each `whsec_` and 24 to 64 octets in Base64";

    pub fn parse(text: &str) -> Option<Self> {
        let stored: Stored = serde_json::from_str(text).ok()?;
        let keys = stored.keys.iter().map(|key| SigningKey::parse(key));
        let mut keys = keys.collect::<Option<Vec<_>>>()?.into_iter();
        let (newest, older, none) = (keys.next()?, keys.next(), keys.next());
        none.is_none().then_some(Self { newest, older })
    }

    /// The text of the secret.
    pub fn stored(&self) -> String {
        let keys = self.all().map(SigningKey::text).collect();
        serde_json::to_string(&Stored { keys }).unwrap_or_default()
    }

    /// With a newer key beside the newest one so far.
    #[must_use]
    pub fn with(self, newer: SigningKey) -> Self {
        Self {
            newest: newer,
            older: Some(self.newest),
        }
    }

    /// The header `webhook-signature`: a signature by each key.
    pub fn signature(&self, id: &str, at: Timestamp, body: &str) -> String {
        let content = format!("{id}.{}.{body}", at.as_second());
        let signatures: Vec<String> = self.all().map(|key| key.sign(&content)).collect();
        signatures.join(" ")
    }

    fn all(&self) -> impl Iterator<Item = &SigningKey> {
        [&self.newest].into_iter().chain(&self.older)
    }
}

/// How long one attempt may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses before each further attempt.
const PAUSES: [Duration; 11] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(5),
    Duration::from_hours(10),
    Duration::from_hours(14),
    Duration::from_hours(20),
    Duration::from_hours(24),
];

/// By which share a pause is shorter or longer at the most, so that what failed together does not come together again.
const JITTER: f64 = 0.2;

/// The longest pause that an endpoint can ask for.
const LONGEST_ASKED: Duration = Duration::from_hours(24);

/// Beyond all pauses together. What could not be tried for so long, since others failed, is given up.
pub const WHOLE_SCHEDULE: SignedDuration = SignedDuration::from_hours(4 * 24);

/// How long to wait after this attempt, counted from 1; `None` after the last. `chance` is from 0 to 1, and `asked` what the
/// endpoint asks for (`Retry-After`).
pub fn pause_after(attempt: u32, chance: f64, asked: Option<Duration>) -> Option<Duration> {
    let place = usize::try_from(attempt.checked_sub(1)?).ok()?;
    let usual = PAUSES.get(place)?;
    let usual = usual.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance);
    let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
    Some(usual.max(asked))
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// With this status.
    Answered(u16),
    /// Without an answer: the code of the problem.
    Unanswered(String),
}

/// What an outcome means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Delivered,
    /// The endpoint wants nothing any more.
    Gone,
    /// To be tried again.
    Failed,
}

impl Outcome {
    pub const fn meaning(&self) -> Meaning {
        match self {
            Self::Answered(200..=299) => Meaning::Delivered,
            Self::Answered(410) => Meaning::Gone,
            Self::Answered(_) | Self::Unanswered(_) => Meaning::Failed,
        }
    }

    /// From its text.
    pub fn parse(text: &str) -> Self {
        text.parse()
            .map_or_else(|_| Self::Unanswered(text.to_owned()), Self::Answered)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(status) => write!(f, "{status}"),
            Self::Unanswered(problem) => f.write_str(problem),
        }
    }
}

/// One attempt to tell an endpoint of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub endpoint: EndpointId,
    pub event: EventId,
    pub kind: EventKind,
    /// Counted from 1.
    pub number: u32,
    pub at: Timestamp,
    pub outcome: Outcome,
    pub latency: Duration,
    /// When the next one is due.
    pub next: Option<Timestamp>,
}

/// What an endpoint was told in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadWebhook {
    pub endpoint: EndpointId,
    pub event: EventId,
    pub kind: EventKind,
    pub attempts: u32,
    /// Of the last attempt.
    pub outcome: Outcome,
    /// When it was given up.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: Timestamp = Timestamp::constant(1_614_265_330, 0);
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn keys(texts: &[&str]) -> Option<SigningKeys> {
        SigningKeys::parse(&serde_json::json!({ "keys": texts }).to_string())
    }

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        assert_eq!(keys(&[SECRET]).unwrap().signature(ID, AT, BODY), SIGNATURE);
    }

    #[test]
    fn each_live_key_signs_the_newest_first() {
        let newer = SigningKey::new(&[7; 32]);
        let both = keys(&[SECRET]).unwrap().with(newer.clone());
        let signature = both.signature(ID, AT, BODY);
        let (first, second) = signature.split_once(' ').unwrap();
        assert_eq!(second, SIGNATURE);
        assert_eq!(
            keys(&[&newer.text()]).unwrap().signature(ID, AT, BODY),
            first
        );
        assert_eq!(SigningKeys::parse(&both.stored()), Some(both.clone()));
        let third = both.with(SigningKey::new(&[8; 32]));
        assert_eq!(third.older, Some(newer));
    }

    #[rstest]
    #[case::none(&[])]
    #[case::three(&[SECRET, SECRET, SECRET])]
    #[case::without_its_prefix(&["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]
    #[case::too_short(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ=="])]
    #[case::no_base64(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa!!"])]
    #[case::one_of_two(&[SECRET, "whsec_"])]
    fn anything_else_is_no_secret(#[case] texts: &[&str]) {
        assert_eq!(keys(texts), None);
    }

    #[test]
    fn nobody_who_prints_them_sees_keys() {
        let keys = keys(&[SECRET]).unwrap();
        assert_eq!(
            format!("{keys:?}"),
            "SigningKeys { newest: SigningKey(…), older: None }"
        );
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<u64> = (1..)
            .map_while(|attempt| pause_after(attempt, 0.5, None))
            .map(|pause| pause.as_secs())
            .collect();
        assert_eq!(
            pauses,
            [
                5, 30, 120, 600, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400
            ]
        );
        let longest: Duration = PAUSES.iter().map(|pause| pause.mul_f64(1.0 + JITTER)).sum();
        assert!(longest < WHOLE_SCHEDULE.unsigned_abs());
        assert_eq!(pause_after(0, 0.5, None), None);
    }

    proptest! {
        #[test]
        fn a_pause_has_its_length_within_the_jitter(attempt in 1_u32..12, chance in 0.0..=1.0) {
            let pause = pause_after(attempt, chance, None).unwrap().as_secs_f64();
            let usual = pause_after(attempt, 0.5, None).unwrap().as_secs_f64();
            prop_assert!((usual * 0.799..=usual * 1.201).contains(&pause));
        }
    }

    #[rstest]
    #[case::shorter(1, 5)]
    #[case::longer(3600, 3600)]
    #[case::too_long(1_000_000, 86_400)]
    fn an_endpoint_may_ask_for_more_time(#[case] asked: u64, #[case] expected: u64) {
        let pause = pause_after(1, 0.5, Some(Duration::from_secs(asked)));
        assert_eq!(pause, Some(Duration::from_secs(expected)));
    }

    #[rstest]
    #[case("200", Meaning::Delivered)]
    #[case("204", Meaning::Delivered)]
    #[case("301", Meaning::Failed)]
    #[case("404", Meaning::Failed)]
    #[case("410", Meaning::Gone)]
    #[case("503", Meaning::Failed)]
    #[case("timed-out", Meaning::Failed)]
    fn an_answer_says_whether_to_come_again(#[case] text: &str, #[case] expected: Meaning) {
        let outcome = Outcome::parse(text);
        assert_eq!(outcome.meaning(), expected);
        assert_eq!(outcome.to_string(), text);
    }
}
