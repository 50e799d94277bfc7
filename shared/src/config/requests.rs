//! The settings of the functions that make approval requests.

use super::{
    env::Environment,
    settings::{Problem, Reader},
};
use crate::adapters::dynamodb::Connection;

/// Every setting of these functions alone, for the documentation's test.
pub const REQUESTS_NAMES: &[&str] = &["REQUESTS_KEY", "AWS_ENDPOINT_URL_KMS"];

const KEY: &str = "the id, the ARN or an alias (`alias/…`) of the KMS key that seals who applies for an approval; \
                   the template sets it to its RequestsKey";

/// KMS's own bound.
const MAX_KEY: usize = 2048;

/// By what applicants are sealed.
#[derive(Debug)]
pub struct RequestsSettings {
    pub connection: Connection,
    /// The id, the ARN or an alias of a KMS key.
    pub key: String,
}

impl RequestsSettings {
    /// Reads every setting, and tells every problem.
    pub fn read(environment: &(impl Environment + ?Sized)) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader {
            environment,
            problems: Vec::new(),
        };
        let settings = Self {
            connection: reader.connection("AWS_ENDPOINT_URL_KMS"),
            key: reader.requests_key(),
        };
        if reader.problems.is_empty() {
            Ok(settings)
        } else {
            Err(reader.problems)
        }
    }
}

impl<E: Environment + ?Sized> Reader<'_, E> {
    fn requests_key(&mut self) -> String {
        let key = self.required("REQUESTS_KEY", KEY);
        if !key.is_empty() && !is_key(&key) {
            self.problem("REQUESTS_KEY", &key, KEY);
        }
        key
    }
}

fn is_key(text: &str) -> bool {
    let known = |octet: u8| octet.is_ascii_alphanumeric() || b":/_-".contains(&octet);
    text.len() <= MAX_KEY && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<RequestsSettings, Vec<String>> {
        let aws = [
            ("AWS_REGION", "eu-north-1"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        let all = [&aws, settings].concat();
        RequestsSettings::read(all.as_slice())
            .map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[rstest]
    #[case::id("1234abcd-12ab-34cd-56ef-1234567890ab")]
    #[case::arn("arn:aws:kms:eu-north-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")]
    #[case::alias("alias/requests")]
    fn a_key_is_all_that_is_needed(#[case] key: &str) {
        let settings = read(&[("REQUESTS_KEY", key)]).unwrap();
        assert_eq!(settings.key, key);
        assert_eq!(settings.connection.endpoint, None);
    }

    #[test]
    fn every_problem_is_told_at_once_with_what_to_do() {
        let missing = read(&[("AWS_ENDPOINT_URL_KMS", "localhost")]).unwrap_err();
        let [endpoint, key] = missing.as_slice() else {
            panic!("{missing:?}")
        };
        assert!(endpoint.starts_with("AWS_ENDPOINT_URL_KMS: found `localhost`"));
        assert!(
            key.starts_with("REQUESTS_KEY: found nothing, expected the id, the ARN"),
            "{key}"
        );
        let other = read(&[("REQUESTS_KEY", "the key")]).unwrap_err();
        assert!(
            other[0].starts_with("REQUESTS_KEY: found `the key`"),
            "{other:?}"
        );
    }
}
