//! The settings of the function that reads the table's stream and tells others of events.

use reqwest::Url;

use super::{
    env::Environment,
    settings::{Problem, Reader},
};
use crate::adapters::dynamodb::Connection;

/// Every setting of this function alone, for the documentation's test.
pub const EVENTS_NAMES: &[&str] = &[
    "EVENT_BUS",
    "EVENT_TOPIC_ARN",
    "WEBHOOKS_QUEUE_URL",
    "AUDIT_BUCKET",
    "AWS_ENDPOINT_URL_EVENTBRIDGE",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_SNS",
    "AWS_ENDPOINT_URL_SQS",
];

/// Who is told of events; each only where it is named.
#[derive(Debug)]
pub struct EventsSettings {
    pub bus: Option<Sink>,
    pub topic: Option<Sink>,
    pub queue: Option<Sink>,
    /// The bucket of the audit chain.
    pub audit: Option<Sink>,
}

/// A bus, a topic, a queue or a bucket: its name, ARN or URL, and how its service is reached.
#[derive(Debug)]
pub struct Sink {
    pub name: String,
    pub connection: Connection,
}

impl EventsSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = Self {
            bus: reader.sink(&BUS),
            topic: reader.sink(&TOPIC),
            queue: reader.sink(&QUEUE),
            audit: reader.sink(&AUDIT),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

/// What names a sink.
struct Kind {
    setting: &'static str,
    endpoint: &'static str,
    is_name: fn(&str) -> bool,
    expected: &'static str,
}

const BUS: Kind = Kind {
    setting: "EVENT_BUS",
    endpoint: "AWS_ENDPOINT_URL_EVENTBRIDGE",
    is_name: is_bus,
    expected: "the name or the ARN of an event bus, or nothing for none",
};

const TOPIC: Kind = Kind {
    setting: "EVENT_TOPIC_ARN",
    endpoint: "AWS_ENDPOINT_URL_SNS",
    is_name: is_topic,
    expected: "the ARN of a standard topic, or nothing for none",
};

const QUEUE: Kind = Kind {
    setting: "WEBHOOKS_QUEUE_URL",
    endpoint: "AWS_ENDPOINT_URL_SQS",
    is_name: is_queue,
    expected: "the URL of a standard queue, or nothing for none",
};

const AUDIT: Kind = Kind {
    setting: "AUDIT_BUCKET",
    endpoint: "AWS_ENDPOINT_URL_S3",
    is_name: is_bucket,
    expected: "the name of a bucket, or nothing for none",
};

/// How names of topics and queues end that keep an order, and take neither delays nor messages without a group.
const ORDERED: &str = ".fifo";

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn sink(&mut self, kind: &Kind) -> Option<Sink> {
        let name = self.environment.get(kind.setting)?;
        if !(kind.is_name)(&name) {
            self.problem(kind.setting, &name, kind.expected);
        }
        let connection = self.connection(kind.endpoint);
        Some(Sink { name, connection })
    }
}

fn is_bus(name: &str) -> bool {
    let is_known = |octet: u8| octet.is_ascii_alphanumeric() || b"/.-_:".contains(&octet);
    name.len() <= 1600 && name.bytes().all(is_known)
}

fn is_topic(name: &str) -> bool {
    let mut parts = name.split(':');
    parts.next() == Some("arn") && parts.nth(1) == Some("sns") && !name.ends_with(ORDERED)
}

/// Whether it is the URL of a queue that takes delays.
pub(super) fn is_queue(name: &str) -> bool {
    let is_http = |url: Url| matches!(url.scheme(), "https" | "http");
    Url::parse(name).is_ok_and(is_http) && !name.ends_with(ORDERED)
}

fn is_bucket(name: &str) -> bool {
    let is_known =
        |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-".contains(&octet);
    (3..=63).contains(&name.len()) && name.bytes().all(is_known)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const ALL: [(&str, &str); 7] = [
        ("AWS_REGION", "eu-north-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("EVENT_BUS", "default"),
        (
            "EVENT_TOPIC_ARN",
            "arn:aws:sns:eu-north-1:111122223333:sign-ups",
        ),
        (
            "WEBHOOKS_QUEUE_URL",
            "https://sqs.eu-north-1.amazonaws.com/111122223333/webhooks",
        ),
        ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:7100"),
    ];

    #[test]
    fn each_sink_is_reached_by_its_own_endpoint() {
        let settings = EventsSettings::read(&ALL).unwrap();
        let endpoint = |sink: &Option<Sink>| sink.as_ref().unwrap().connection.endpoint.clone();
        assert_eq!(endpoint(&settings.bus), None);
        assert_eq!(
            endpoint(&settings.queue).as_deref(),
            Some("http://127.0.0.1:7100")
        );
        assert!(settings.topic.unwrap().name.ends_with(":sign-ups"));
    }

    #[test]
    fn nobody_need_be_told() {
        let nobody: [(&str, &str); 0] = [];
        let settings = EventsSettings::read(&nobody).unwrap();
        let EventsSettings {
            bus,
            topic,
            queue,
            audit,
        } = settings;
        assert!([bus, topic, queue, audit].iter().all(Option::is_none));
    }

    #[rstest]
    #[case("EVENT_BUS", "a bus")]
    #[case("EVENT_TOPIC_ARN", "sign-ups")]
    #[case("EVENT_TOPIC_ARN", "arn:aws:sqs:eu-north-1:111122223333:sign-ups")]
    #[case("EVENT_TOPIC_ARN", "arn:aws:sns:eu-north-1:111122223333:sign-ups.fifo")]
    #[case("WEBHOOKS_QUEUE_URL", "webhooks")]
    #[case(
        "WEBHOOKS_QUEUE_URL",
        "https://sqs.eu-north-1.amazonaws.com/1/webhooks.fifo"
    )]
    #[case("AUDIT_BUCKET", "Audit")]
    #[case("AUDIT_BUCKET", "a/b")]
    #[case("AWS_ENDPOINT_URL_SQS", "localhost")]
    fn what_names_no_sink_is_told(#[case] setting: &'static str, #[case] value: &str) {
        let all = [&ALL[..], &[(setting, value)]].concat();
        let problems = EventsSettings::read(all.as_slice()).unwrap_err();
        let found: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        assert_eq!(found, [setting]);
    }
}
