//! The queue before the webhooks: as much of Amazon SQS as the functions send to, and what brings the messages to the function
//! `webhooks`. They are in memory: what waits is gone after a restart, the events are not.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, process::Command, time::Instant};

use crate::{
    flags::HOST,
    invocation::invoke,
    problem::{Problem, system},
    queue::{self, AGAIN_AFTER},
};

pub(crate) const WEBHOOKS: &str = "webhooks";

/// Most messages of an event.
const BATCH: usize = 10;

/// Listening already, so that nobody else takes the port.
#[derive(Debug)]
pub(crate) struct Tasks {
    waiting: Waiting,
    listener: TcpListener,
    port: u16,
}

type Waiting = Arc<Mutex<Messages>>;

/// What waits to be delivered.
#[derive(Debug, Default)]
struct Messages {
    /// How many came so far.
    count: u64,
    all: Vec<Message>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: String,
    /// When it becomes visible.
    from: Instant,
}

impl Tasks {
    pub(crate) async fn start() -> Result<Self, Problem> {
        let no_port = || system("a port for the queue before the webhooks");
        let listener = TcpListener::bind((HOST, 0)).await.map_err(no_port())?;
        let port = listener.local_addr().map_err(no_port())?.port();
        Ok(Self {
            waiting: Waiting::default(),
            listener,
            port,
        })
    }

    /// Settings with which a function sends to this queue.
    pub(crate) fn are_taken_from(&self, function: &mut Command) {
        let url = format!("http://{HOST}:{}", self.port);
        function
            .env("WEBHOOKS_QUEUE_URL", format!("{url}/local/{WEBHOOKS}"))
            .env("AWS_ENDPOINT_URL_SQS", url)
            .env_remove("EVENT_BUS")
            .env_remove("EVENT_TOPIC_ARN");
    }

    /// Takes messages, and hands them to the function that listens on this port; returns only when it can take none.
    pub(crate) async fn run(self, functions: u16) -> Problem {
        let taking = Router::new()
            .route("/", post(take))
            .with_state(Arc::clone(&self.waiting));
        let ended = tokio::select! {
            ended = axum::serve(self.listener, taking).into_future() => ended,
            never = pump(&self.waiting, functions) => match never {},
        };
        let error = ended.err();
        let error = error.unwrap_or_else(|| std::io::Error::other("it ended"));
        system("the queue before the webhooks")(error)
    }
}

async fn take(State(waiting): State<Waiting>, headers: HeaderMap, body: String) -> Response {
    let target = headers.get("x-amz-target");
    if target.is_none_or(|target| target != "AmazonSQS.SendMessageBatch") {
        let unknown = json!({ "__type": "com.amazonaws.sqs#UnsupportedOperation" });
        return (StatusCode::BAD_REQUEST, Json(unknown)).into_response();
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let entries = body.get("Entries").and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    let taken: Vec<_> = entries
        .filter_map(|entry| locked(&waiting).accept(entry))
        .collect();
    Json(json!({ "Successful": taken, "Failed": [] })).into_response()
}

async fn pump(waiting: &Waiting, functions: u16) -> Infallible {
    let wait = "endpoints wait for events";
    queue::pump(wait, async || deliver_due(waiting, functions).await).await
}

async fn deliver_due(waiting: &Waiting, functions: u16) -> Result<(), Problem> {
    loop {
        let due = locked(waiting).due();
        if due.is_empty() {
            return Ok(());
        }
        let answer = invoke(functions, WEBHOOKS, &event(&due)).await?;
        locked(waiting).forget_done(&due, &answer);
    }
}

fn locked(waiting: &Waiting) -> MutexGuard<'_, Messages> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Messages {
    /// What SQS says of a message that it has.
    fn accept(&mut self, entry: &Value) -> Option<Value> {
        let text = |name| entry.get(name).and_then(Value::as_str);
        let delay = entry.get("DelaySeconds").and_then(Value::as_u64);
        let delay = Duration::from_secs(delay.unwrap_or_default());
        let (place, body) = (text("Id")?, text("MessageBody")?);
        self.count += 1;
        let id = format!("task-{}", self.count);
        self.all.push(Message {
            id: id.clone(),
            body: body.to_owned(),
            from: Instant::now() + delay,
        });
        Some(json!({ "Id": place, "MessageId": id }))
    }

    /// What is visible, and is not for a while from now on.
    fn due(&mut self) -> Vec<Message> {
        let now = Instant::now();
        let due = self.all.iter_mut().filter(|message| message.from <= now);
        due.take(BATCH)
            .map(|message| {
                message.from = now + AGAIN_AFTER;
                message.clone()
            })
            .collect()
    }

    /// What the function was done with. Its answer names the others.
    fn forget_done(&mut self, delivered: &[Message], answer: &str) {
        let is_done = |message: &&Message| !answer.contains(&format!("\"{}\"", message.id));
        let done: Vec<_> = delivered
            .iter()
            .filter(is_done)
            .map(|one| &one.id)
            .collect();
        self.all.retain(|message| !done.contains(&&message.id));
    }
}

fn event(messages: &[Message]) -> Value {
    let records = messages.iter().map(|message| {
        json!({
            "messageId": message.id,
            "body": message.body,
            "eventSource": "aws:sqs",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(place: &str, delay: u64) -> Value {
        json!({ "Id": place, "MessageBody": place, "DelaySeconds": delay })
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_is_due_after_its_delay_until_it_is_done_with() {
        let mut waiting = Messages::default();
        for (place, delay) in [("0", 0), ("1", 0), ("2", 60)] {
            assert!(waiting.accept(&entry(place, delay)).is_some());
        }
        let first = waiting.due();
        let bodies = |messages: &[Message]| -> Vec<String> {
            messages.iter().map(|one| one.body.clone()).collect()
        };
        assert_eq!(bodies(&first), ["0", "1"]);
        assert!(waiting.due().is_empty());
        let answer = json!({ "batchItemFailures": [{ "itemIdentifier": "task-1" }] });
        waiting.forget_done(&first, &answer.to_string());
        tokio::time::advance(AGAIN_AFTER).await;
        assert_eq!(bodies(&waiting.due()), ["0", "2"]);
    }
}
