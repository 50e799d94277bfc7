//! The settings of the function that tells endpoints of events.

use reqwest::Url;

use super::{
    env::Environment,
    events::is_queue,
    provisioning::is_url,
    settings::{Problem, Reader},
};
use crate::adapters::dynamodb::Connection;

/// Every setting of this function that is not one of requests, for the documentation's test.
pub const WEBHOOKS_NAMES: &[&str] = &[
    "WEBHOOKS_QUEUE_URL",
    "WEBHOOKS_IN_FLIGHT",
    "AWS_ENDPOINT_URL_SQS",
];

const USUAL_IN_FLIGHT: usize = 5;
const MOST_IN_FLIGHT: usize = 100;

/// By which queue tasks come again, and how many requests go to one endpoint.
#[derive(Debug)]
pub struct WebhooksSettings {
    pub connection: Connection,
    pub queue_url: String,
    /// Most requests under way to one endpoint, in each instance.
    pub in_flight: usize,
}

impl WebhooksSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = Self {
            connection: reader.connection("AWS_ENDPOINT_URL_SQS"),
            queue_url: reader.webhooks_queue(),
            in_flight: reader.in_flight(),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn webhooks_queue(&mut self) -> String {
        const EXPECTED: &str = "the URL of the queue before the webhooks; the template sets it";
        let url = self.required("WEBHOOKS_QUEUE_URL", EXPECTED);
        if !url.is_empty() && !is_queue(&url) {
            self.problem("WEBHOOKS_QUEUE_URL", &url, EXPECTED);
        }
        url
    }

    fn in_flight(&mut self) -> usize {
        let Some(text) = self.environment.get("WEBHOOKS_IN_FLIGHT") else {
            return USUAL_IN_FLIGHT;
        };
        let number = text.trim().parse().ok();
        let number = number.filter(|number| (1..=MOST_IN_FLIGHT).contains(number));
        number.unwrap_or_else(|| {
            let expected = format!("a number from 1 to {MOST_IN_FLIGHT}");
            self.problem("WEBHOOKS_IN_FLIGHT", &text, &expected);
            USUAL_IN_FLIGHT
        })
    }
}

/// Whether events can be sent to a URL: HTTPS, on this very machine also HTTP, with neither a user nor a fragment.
pub fn is_endpoint_url(text: &str) -> bool {
    let is_bare = |url: &Url| {
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    };
    is_url(text) && Url::parse(text).is_ok_and(|url| is_bare(&url))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const QUEUE: &str = "https://sqs.eu-north-1.amazonaws.com/111122223333/webhooks";

    fn read(more: &[(&str, &str)]) -> Result<WebhooksSettings, Vec<Problem>> {
        let aws = [
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        WebhooksSettings::read([&aws, more].concat().as_slice())
    }

    #[test]
    fn the_queue_is_all_that_is_needed() {
        let settings = read(&[("WEBHOOKS_QUEUE_URL", QUEUE)]).unwrap();
        assert_eq!(
            (settings.queue_url.as_str(), settings.in_flight),
            (QUEUE, 5)
        );
        let settings = read(&[("WEBHOOKS_QUEUE_URL", QUEUE), ("WEBHOOKS_IN_FLIGHT", "20")]);
        assert_eq!(settings.unwrap().in_flight, 20);
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let bad = [
            ("WEBHOOKS_QUEUE_URL", "webhooks"),
            ("WEBHOOKS_IN_FLIGHT", "0"),
            ("AWS_ENDPOINT_URL_SQS", "localhost"),
        ];
        let problems = read(&bad).unwrap_err();
        let mut found: Vec<_> = problems.iter().map(|problem| problem.setting).collect();
        found.sort_unstable();
        let mut expected = WEBHOOKS_NAMES.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[rstest]
    #[case("https://hooks.partner.example/events?key=1", true)]
    #[case("http://127.0.0.1:7000/receiver/one", true)]
    #[case("http://hooks.partner.example/events", false)]
    #[case("https://user:password@hooks.partner.example/", false)]
    #[case("https://hooks.partner.example/#events", false)]
    #[case("hooks.partner.example", false)]
    fn events_go_over_https(#[case] url: &str, #[case] expected: bool) {
        assert_eq!(is_endpoint_url(url), expected);
    }
}
