//! The Lambda Runtime API, for one process: events in, answers out, and when each came.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use shared::{adapters::system_clock::SystemClock, ports::clock::Clock};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::{Instant, timeout},
};

use crate::{Failure, server::serve};

/// No function takes as long, at whatever share of a CPU.
const PATIENCE: Duration = Duration::from_mins(1);

/// The time that the platform gives a request.
const REQUEST_TAKES: Duration = Duration::from_secs(10);

/// What a process said, and when.
#[derive(Debug)]
enum Said {
    /// It asked for an event.
    Next(Instant),
    Answer(Instant, Bytes),
    Failure(Bytes),
}

pub(crate) struct Platform {
    address: SocketAddr,
    events: mpsc::UnboundedSender<String>,
    said: mpsc::UnboundedReceiver<Said>,
    serving: JoinHandle<()>,
}

struct Side {
    events: Mutex<mpsc::UnboundedReceiver<String>>,
    says: mpsc::UnboundedSender<Said>,
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Platform {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let (events, queue) = mpsc::unbounded_channel();
        let (says, said) = mpsc::unbounded_channel();
        let side = Arc::new(Side {
            events: Mutex::new(queue),
            says,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(error))
            .with_state(side);
        let (address, serving) = serve(router).await?;
        Ok(Self {
            address,
            events,
            said,
            serving,
        })
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// When the process asked for an event.
    pub(crate) async fn asked(&mut self) -> Result<Instant, Failure> {
        match self.hear().await? {
            Said::Next(at) => Ok(at),
            Said::Answer(..) => Err("it answered without an event".into()),
            Said::Failure(told) => Err(lossy(&told)),
        }
    }

    /// Hands over an event; tells how long the answer took, once the process asks for another event, and the answer.
    pub(crate) async fn invoke(&mut self, event: String) -> Result<(Duration, Bytes), Failure> {
        let sent = Instant::now();
        self.events.send(event)?;
        let (answered, answer) = match self.hear().await? {
            Said::Answer(at, answer) => (at, answer),
            Said::Next(_) => return Err("it asked for an event instead of answering one".into()),
            Said::Failure(told) => return Err(lossy(&told)),
        };
        self.asked().await?;
        Ok((answered - sent, answer))
    }

    async fn hear(&mut self) -> Result<Said, Failure> {
        let said = timeout(PATIENCE, self.said.recv()).await;
        let said = said.map_err(|_| format!("it said nothing for {PATIENCE:?}"))?;
        said.ok_or_else(|| "the Runtime API has ended".into())
    }
}

fn lossy(told: &[u8]) -> Failure {
    String::from_utf8_lossy(told).into_owned().into()
}

async fn next(State(side): State<Arc<Side>>) -> Response {
    let _ = side.says.send(Said::Next(Instant::now()));
    let Some(event) = side.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = (SystemClock.now() + REQUEST_TAKES).as_millisecond();
    let headers = [
        ("content-type", "application/json".to_owned()),
        (
            "lambda-runtime-aws-request-id",
            "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned(),
        ),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-north-1:123456789012:function:sign-up".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn response(
    State(side): State<Arc<Side>>,
    Path(_): Path<String>,
    answer: Bytes,
) -> impl IntoResponse {
    accepted(&side, Said::Answer(Instant::now(), answer))
}

async fn error(State(side): State<Arc<Side>>, told: Bytes) -> impl IntoResponse {
    accepted(&side, Said::Failure(told))
}

fn accepted(side: &Side, said: Said) -> impl IntoResponse + use<> {
    let _ = side.says.send(said);
    let json = [(CONTENT_TYPE, "application/json")];
    (StatusCode::ACCEPTED, json, r#"{"status":"OK"}"#)
}
