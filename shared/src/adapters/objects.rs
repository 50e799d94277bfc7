//! Objects of a bucket (Amazon S3).

use async_trait::async_trait;
use aws_types::SdkConfig;
use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::Method;
use ring::digest::{SHA256, digest};

use super::{
    aws::Connection,
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
        Self::made(Signed::new(connection, SERVICE), name, own_host)
    }

    /// The same for whoever comes with credentials of their own, such as an operator.
    pub async fn of(
        config: &SdkConfig,
        endpoint: Option<&str>,
        name: &str,
    ) -> Result<Self, SinkError> {
        let service = Signed::of(config, endpoint, SERVICE).await?;
        let own_host = endpoint.is_none() && !name.contains('.');
        Ok(Self::made(service, name, own_host))
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
        self.service.send(request).await
    }
}

#[async_trait]
impl ObjectReader for Bucket {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, SinkError> {
        let answer = self.ask(Method::GET, name, Vec::new(), Vec::new()).await?;
        match answer.status {
            200 => Ok(Some(answer.body)),
            404 => Ok(None),
            _ => Err(answer.failure()),
        }
    }
}

#[async_trait]
impl Objects for Bucket {
    async fn put_if_absent(&self, name: &str, content: &str) -> Result<bool, SinkError> {
        let headers = vec![
            ("content-type", "application/x-ndjson".to_owned()),
            ("if-none-match", "*".to_owned()),
            // A bucket that locks what is put into it takes nothing without one; the digest in the signature does not count.
            ("x-amz-checksum-sha256", checksum(content)),
        ];
        let body = content.as_bytes().to_vec();
        let answer = self.ask(Method::PUT, name, headers, body).await?;
        match answer.status {
            200 => Ok(true),
            // There is one; or somebody else is writing it at this moment.
            412 | 409 => Ok(false),
            _ => Err(answer.failure()),
        }
    }
}

fn checksum(content: &str) -> String {
    STANDARD.encode(digest(&SHA256, content.as_bytes()))
}
