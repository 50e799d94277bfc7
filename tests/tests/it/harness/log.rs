//! What a process writes, line by line.

use std::time::Duration;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    sync::watch,
};

/// Lines so far, growing while the process runs.
#[derive(Clone)]
pub(crate) struct Log(watch::Sender<Vec<String>>);

impl Log {
    pub(crate) fn follow(stream: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let log = Self(watch::Sender::new(Vec::new()));
        let lines = log.0.clone();
        tokio::spawn(async move {
            let mut reader = BufReader::new(stream).lines();
            while let Ok(Some(line)) = reader.next_line().await {
                lines.send_modify(|lines| lines.push(line));
            }
        });
        log
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// The first record from line `start` on that `wanted` accepts; waits for it a little.
    pub(crate) async fn record(&self, start: usize, wanted: impl Fn(&Value) -> bool) -> Value {
        let find = |lines: &Vec<String>| {
            lines
                .iter()
                .skip(start)
                .map(|line| record(line))
                .find(&wanted)
        };
        let mut follower = self.0.subscribe();
        let waiting = follower.wait_for(|lines| find(lines).is_some());
        let found = tokio::time::timeout(Duration::from_secs(3), waiting).await;
        match found {
            Ok(Ok(lines)) => find(&lines).unwrap(),
            _ => panic!(
                "the expected line is missing in the log:\n{}",
                self.lines().join("\n")
            ),
        }
    }
}

/// Every line that a function writes is one JSON object.
pub(crate) fn record(line: &str) -> Value {
    match serde_json::from_str(line) {
        Ok(Value::Object(fields)) => Value::Object(fields),
        _ => panic!("this line of the log is no JSON object: {line}"),
    }
}
