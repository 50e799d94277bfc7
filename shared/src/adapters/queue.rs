//! Messages of a queue (Amazon SQS), which Lambda hands over in batches.

use futures_util::future::join_all;
use lambda_http::{
    LambdaEvent,
    lambda_runtime::{Error, run as run_runtime, service_fn},
};
use serde::{Deserialize, Serialize};

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Done,
    /// It is delivered again when it becomes visible again, until the queue gives it up.
    PutBack,
}

/// Takes messages in the Lambda runtime loop until the platform ends it. The event source must report failures of single
/// messages (`ReportBatchItemFailures`).
pub async fn run<F, T>(take: F) -> Result<(), Error>
where
    F: Fn(String) -> T,
    T: Future<Output = Taken>,
{
    let take = &take;
    run_batches(|messages| join_all(messages.into_iter().map(take))).await
}

/// The same for messages that are taken together. What is told of them is in their order.
pub async fn run_batches<F, T>(take: F) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> T,
    T: Future<Output = Vec<Taken>>,
{
    let take = &take;
    let batch = |event: LambdaEvent<Batch>| async move {
        Ok::<_, Error>(answer(event.payload, take).await)
    };
    run_runtime(service_fn(batch)).await
}

/// A batch; the rest of the event tells nothing that is needed.
#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    body: String,
}

/// Which items of a batch have to come again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Answer {
    pub(super) fn of(failed: impl IntoIterator<Item = String>) -> Self {
        let failed = failed.into_iter();
        Self {
            batch_item_failures: failed
                .map(|item_identifier| Failure { item_identifier })
                .collect(),
        }
    }
}

async fn answer<F, T>(batch: Batch, take: &F) -> Answer
where
    F: Fn(Vec<String>) -> T,
    T: Future<Output = Vec<Taken>>,
{
    let messages = batch.records.into_iter();
    let (ids, bodies): (Vec<_>, Vec<_>) = messages
        .map(|Message { message_id, body }| (message_id, body))
        .unzip();
    let taken = take(bodies).await;
    let failed = ids.into_iter().zip(taken);
    let failed = failed.filter(|(_, taken)| *taken == Taken::PutBack);
    Answer::of(failed.map(|(id, _)| id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn only_what_is_put_back_is_reported() {
        let record = |id: &str, body: &str| {
            json!({
                "messageId": id,
                "receiptHandle": "r",
                "body": body,
                "attributes": { "ApproximateReceiveCount": "1" },
                "eventSource": "aws:sqs",
            })
        };
        let event =
            json!({ "Records": [record("1", "good"), record("2", "bad"), record("3", "bad")] });
        let batch = serde_json::from_value(event).unwrap();
        let taken = |body: String| {
            if body == "good" {
                Taken::Done
            } else {
                Taken::PutBack
            }
        };
        let take =
            |bodies: Vec<String>| async move { bodies.into_iter().map(taken).collect::<Vec<_>>() };
        let answer = serde_json::to_value(answer(batch, &take).await).unwrap();
        let failures = json!([{ "itemIdentifier": "2" }, { "itemIdentifier": "3" }]);
        assert_eq!(answer, json!({ "batchItemFailures": failures }));
    }

    #[tokio::test]
    async fn an_empty_list_says_that_all_is_done() {
        let batch = Batch {
            records: Vec::new(),
        };
        let answer = answer(batch, &|_| async { Vec::new() }).await;
        let answer = serde_json::to_string(&answer).unwrap();
        assert_eq!(answer, r#"{"batchItemFailures":[]}"#);
    }
}
