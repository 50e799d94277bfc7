//! Records of the table's stream, which Lambda hands over in batches, those of a shard one batch after the other.

use std::time::Duration;

use lambda_http::{
    LambdaEvent,
    lambda_runtime::{Error, run as run_runtime, service_fn},
};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;

use super::{dynamodb::stream_record, queue::Answer, schedule::time_for};
use crate::ports::{Deadline, clock::Clock, table_changes::StreamRecord};

/// Kept back for what is under way when the time is over.
const KEPT_BACK: Duration = Duration::from_secs(5);

/// Takes batches in the Lambda runtime loop until the platform ends it. What it tells are places in the stream: Lambda goes on
/// from the lowest of them. The event source must report failures of single records (`ReportBatchItemFailures`).
pub async fn run<F, T>(take: F, clock: &dyn Clock) -> Result<(), Error>
where
    F: Fn(Vec<StreamRecord>, Deadline) -> T,
    T: Future<Output = Vec<String>>,
{
    let take = &take;
    let batch = |event: LambdaEvent<Batch>| async move {
        let deadline = Deadline(Instant::now() + time_for(&event.context, clock, KEPT_BACK));
        let failed = take(event.payload.read(), deadline).await;
        Ok::<_, Error>(Answer::of(failed))
    };
    run_runtime(service_fn(batch)).await
}

/// A batch. Each record is read by itself, so that none keeps the others from being read.
#[derive(Debug, Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Value>,
}

impl Batch {
    fn read(self) -> Vec<StreamRecord> {
        self.records.into_iter().map(stream_record).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_that_cannot_be_read_leaves_the_others() {
        let breaker = json!({ "pk": { "S": "BREAKER#crm" }, "sk": { "S": "CURRENT" } });
        let other = json!({
            "eventID": "e2",
            "eventName": "MODIFY",
            "dynamodb": { "Keys": breaker, "SequenceNumber": "2" },
        });
        let batch: Batch = serde_json::from_value(json!({ "Records": [1, other] })).unwrap();
        let read = batch.read();
        assert!(read[0].change.is_err());
        assert!(read[1].change.is_ok());
        assert_eq!(read[1].sequence, "2");
    }
}
