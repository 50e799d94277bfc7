//! Amazon SQS: `SendMessageBatch` of its JSON 1.0 protocol.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    aws::{Connection, Manners},
    signed::Signed,
    sinks::by_place,
};
use crate::ports::event_bus::{SinkError, Task, TaskQueue};

/// The longest that a message can be put off.
const LONGEST: u64 = 15 * 60;

/// A queue of SQS.
#[derive(Debug)]
pub struct Sqs {
    service: Signed,
    url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct SendBatch<'q> {
    queue_url: &'q str,
    entries: Vec<Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: String,
    message_body: String,
    delay_seconds: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answered {
    #[serde(default)]
    successful: Vec<Taken>,
    #[serde(default)]
    failed: Vec<Refused>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Taken {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    id: String,
    #[serde(default)]
    code: String,
}

impl Sqs {
    pub fn new(connection: &Connection, url: String) -> Self {
        Self {
            service: Signed::new(connection, "sqs", Manners::ONCE),
            url,
        }
    }

    async fn send_batch(
        &self,
        tasks: &[Task],
        after: Duration,
    ) -> Result<Vec<Result<(), SinkError>>, SinkError> {
        let body = self.body(tasks, after);
        let body = body.map_err(|error| SinkError::Unavailable(error.to_string()))?;
        let target = "AmazonSQS.SendMessageBatch";
        let answer = self.service.json("1.0", target, body).await?;
        if answer.status != 200 {
            return Err(answer.failure());
        }
        let answered: Option<Answered> = serde_json::from_slice(&answer.body).ok();
        let answered = answered.ok_or_else(|| {
            SinkError::Unavailable("its answer does not say what became of each task".to_owned())
        })?;
        let taken: Vec<_> = answered.successful.into_iter().map(|one| one.id).collect();
        let refused = answered.failed.into_iter();
        let refused: Vec<_> = refused.map(|one| (one.id, one.code)).collect();
        Ok(by_place(tasks.len(), &taken, &refused))
    }

    fn body(&self, tasks: &[Task], after: Duration) -> Result<Vec<u8>, serde_json::Error> {
        let is_more = u64::from(after.subsec_nanos() > 0);
        let delay_seconds = after.as_secs().saturating_add(is_more).min(LONGEST);
        let entries = tasks.iter().enumerate().map(|(place, task)| {
            Ok(Entry {
                id: place.to_string(),
                message_body: serde_json::to_string(task)?,
                delay_seconds,
            })
        });
        serde_json::to_vec(&SendBatch {
            queue_url: &self.url,
            entries: entries.collect::<Result<_, serde_json::Error>>()?,
        })
    }
}

#[async_trait]
impl TaskQueue for Sqs {
    async fn send(&self, tasks: &[Task], after: Duration) -> Vec<Result<(), SinkError>> {
        let sent = self.send_batch(tasks, after).await;
        sent.unwrap_or_else(|error| vec![Err(error); tasks.len()])
    }
}
