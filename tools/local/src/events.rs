//! What brings the table's stream to the function `events`, from now on. In a deployment an event source mapping does it.

use std::convert::Infallible;

use local::engine::{Engine, Stream, StreamStart};
use serde_json::{Value, json};

use crate::{flags::Flags, invocation::invoke, problem::Problem, queue};

pub(crate) const EVENTS: &str = "events";

/// Most records of a batch.
const BATCH: usize = 100;

#[derive(Debug)]
pub(crate) struct Events {
    stream: Stream,
    port: u16,
}

impl Events {
    pub(crate) fn of(flags: &Flags, engine: &Engine) -> Result<Self, Problem> {
        Ok(Self {
            stream: engine.stream(&flags.table, StreamStart::Now)?,
            port: flags.port,
        })
    }

    pub(crate) async fn run(mut self) -> Infallible {
        let waiting = "changes of the table wait to be told";
        queue::pump(waiting, async || self.deliver().await).await
    }

    /// Everything that is there, batch by batch.
    async fn deliver(&mut self) -> Result<(), Problem> {
        loop {
            let records = self.stream.read(BATCH)?;
            let Some(first) = records.first().and_then(sequence).map(str::to_owned) else {
                return Ok(());
            };
            let answered = invoke(self.port, EVENTS, &json!({ "Records": records })).await;
            let failed = match &answered {
                Ok(answer) => lowest_of_failed(&records, answer),
                Err(_) => Some(first.as_str()),
            };
            // It goes on from there in a while.
            if let Some(failed) = failed {
                self.stream.back_to(failed)?;
                return answered.map(|_| ());
            }
        }
    }
}

fn sequence(record: &Value) -> Option<&str> {
    record.pointer("/dynamodb/SequenceNumber")?.as_str()
}

/// The first record that the answer names.
fn lowest_of_failed<'r>(records: &'r [Value], answer: &str) -> Option<&'r str> {
    let mut sequences = records.iter().filter_map(sequence);
    sequences.find(|sequence| answer.contains(&format!("\"{sequence}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_from_the_first_record_that_failed() {
        let record = |number: &str| json!({ "dynamodb": { "SequenceNumber": number } });
        let records = ["101", "102", "103"].map(record);
        let failed = |sequences: &[&str]| {
            let failures = sequences.iter().map(|one| json!({ "itemIdentifier": one }));
            json!({ "batchItemFailures": failures.collect::<Vec<_>>() }).to_string()
        };
        let lowest = |sequences| lowest_of_failed(&records, &failed(sequences)).map(str::to_owned);
        assert_eq!(lowest(&["103", "102"]).as_deref(), Some("102"));
        assert_eq!(lowest(&[]), None);
    }
}
