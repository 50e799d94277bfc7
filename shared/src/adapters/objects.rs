//! Objects of a bucket (Amazon S3).

use async_trait::async_trait;
use aws_types::SdkConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use ring::digest::{SHA256, digest};

use super::{
    aws::{Connection, Manners},
    signed::{Answer, Request, Signed},
};
use crate::ports::{
    event_bus::SinkError,
    objects::{ObjectReader, Objects},
};

/// One bucket.
#[derive(Debug)]
pub struct Bucket {
    service: Signed,
    /// Before the names of objects in a path.
    root: String,
}

const SERVICE: &str = "s3";

impl Bucket {
    /// The bucket is a part of the host; of the path where the host is given, or where the name would not fit its certificate.
    pub fn new(connection: &Connection, name: &str) -> Self {
        let own_host = connection.endpoint.is_none() && !name.contains('.');
        Self::made(
            Signed::new(connection, SERVICE, Manners::ONCE),
            name,
            own_host,
        )
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub fn of(config: &SdkConfig, endpoint: Option<&str>, name: &str) -> Self {
        let service = Signed::of(config, endpoint, SERVICE);
        let own_host = endpoint.is_none() && !name.contains('.');
        Self::made(service, name, own_host)
    }

    fn made(service: Signed, name: &str, own_host: bool) -> Self {
        if own_host {
            Self {
                service: service.at(name),
                root: "/".to_owned(),
            }
        } else {
            Self {
                service,
                root: format!("/{name}/"),
            }
        }
    }

    async fn ask(
        &self,
        method: Method,
        name: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Answer, SinkError> {
        // The names that are used here need no encoding.
        let path = format!("{}{name}", self.root);
        let request = Request {
            method,
            path,
            headers,
            body,
        };
        Ok(self.service.send(request).await?)
    }
}

#[async_trait]
impl ObjectReader for Bucket {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, SinkError> {
        let answer = self.ask(Method::GET, name, Vec::new(), Vec::new()).await?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(failure(&answer)),
        }
    }
}

#[async_trait]
impl Objects for Bucket {
    async fn put_if_absent(&self, name: &str, content: &str) -> Result<bool, SinkError> {
        let headers = vec![
            ("content-type", "application/x-ndjson".to_owned()),
            ("if-none-match", "*".to_owned()),
            // A bucket with Object Lock takes nothing without one, whatever the signature covers.
            ("x-amz-checksum-sha256", checksum(content)),
        ];
        let body = content.as_bytes().to_vec();
        let answer = self.ask(Method::PUT, name, headers, body).await?;
        match answer.status {
            200 => Ok(true),
            // There is one; or somebody else is writing it at this moment.
            412 | 409 => Ok(false),
            _ => Err(failure(&answer)),
        }
    }
}

fn checksum(content: &str) -> String {
    STANDARD.encode(digest(&SHA256, content.as_bytes()))
}

/// S3 says the code in XML: `<Error><Code>AccessDenied</Code>…`.
fn failure(answer: &Answer) -> SinkError {
    let text = String::from_utf8_lossy(&answer.body);
    let code = text
        .split_once("<Code>")
        .and_then(|(_, rest)| rest.split_once("</Code>"));
    answer.failure_of(code.map_or("", |(code, _)| code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_that_of_s3() {
        // FIPS 180-2 appendix B.1, in Base64.
        assert_eq!(
            checksum("abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }

    #[test]
    fn a_refusal_tells_the_code() {
        let refused = |status, body: &str| {
            failure(&Answer {
                status,
                body: body.as_bytes().to_vec(),
            })
        };
        let denied =
            "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>";
        assert_eq!(
            refused(403, denied).to_string(),
            SinkError::Refused("AccessDenied".to_owned()).to_string()
        );
        assert_eq!(
            refused(403, "<html>").to_string(),
            SinkError::Refused("status 403".to_owned()).to_string()
        );
        let slow = "<Error><Code>SlowDown</Code></Error>";
        assert!(matches!(refused(503, slow), SinkError::Unavailable(_)));
    }
}
