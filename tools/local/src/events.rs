//! What brings the table's stream to the function `events`: from the first start on, and after a restart from where it was. In a
//! deployment an event source mapping does it.

use std::{
    convert::Infallible,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use local::engine::{Engine, Stream, StreamStart};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::{
    flags::Flags,
    invocation::invoke,
    problem::{Problem, system},
    queue,
};

pub(crate) const EVENTS: &str = "events";

/// Most records of a batch.
const BATCH: usize = 100;

#[derive(Debug)]
pub(crate) struct Events {
    stream: Stream,
    port: u16,
    /// The file with the number of the last record that is done with.
    done: PathBuf,
}

impl Events {
    pub(crate) fn of(flags: &Flags, engine: &Engine) -> Result<Self, Problem> {
        let done = flags.beside_state("stream");
        let last = last_done(&done)?;
        let from = last.as_deref().map_or(StreamStart::Now, StreamStart::After);
        Ok(Self {
            stream: engine.stream(&flags.table, from)?,
            port: flags.port,
            done,
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
            let mut sequences = records.iter().filter_map(sequence);
            let Some(first) = sequences.next() else {
                return Ok(());
            };
            let last = sequences.next_back().unwrap_or(first);
            let answered = invoke(self.port, EVENTS, &json!({ "Records": records })).await;
            let failed = match &answered {
                Ok(answer) => lowest_of_failed(&records, answer),
                Err(_) => Some(first),
            };
            // It goes on from there in a while.
            if let Some(failed) = failed {
                self.stream.back_to(failed)?;
                return answered.map(|_| ());
            }
            keep(&self.done, last).map_err(system(self.done.display().to_string()))?;
        }
    }
}

/// Of an earlier run, if there was one.
fn last_done(file: &Path) -> Result<Option<String>, Problem> {
    let name = file.display().to_string();
    match std::fs::read_to_string(file) {
        Ok(last) if is_sequence(&last) => Ok(Some(last)),
        Ok(found) => Err(Problem::Place { file: name, found }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(system(name)(error)),
    }
}

/// As the engine has them.
fn is_sequence(text: &str) -> bool {
    text.len() == 21 && text.bytes().all(|octet| octet.is_ascii_digit())
}

/// The whole number or the one before it: a crash leaves no half of one.
fn keep(file: &Path, last: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(last.as_bytes())?;
    new.persist(file)?;
    Ok(())
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
    fn after_a_restart_it_knows_where_it_was() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("stream");
        assert_eq!(last_done(&file).unwrap(), None);
        for last in ["100000000000000000007", "100000000000000000012"] {
            keep(&file, last).unwrap();
            assert_eq!(last_done(&file).unwrap().as_deref(), Some(last));
        }
        for other in ["", "7", "10000000000000000001x"] {
            keep(&file, other).unwrap();
            let told = last_done(&file).unwrap_err().to_string();
            let expected = format!("{}: found `{other}`, expected", file.display());
            assert!(told.starts_with(&expected), "{told}");
        }
    }

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
