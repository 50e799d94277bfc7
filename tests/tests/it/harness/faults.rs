//! A proxy before the table, which counts what is called and fails on demand in the ways of the real
//! DynamoDB.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::http::{Request, Response, Server, client, response};

/// What happens to a call instead of being passed on.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// It is passed on, later.
    Delay(Duration),
    /// The connection ends without an answer.
    Drop,
    /// No answer ever, on an open connection.
    Hang,
    InternalServerError,
    /// Success by its status, with half an answer.
    Garbage,
    /// An error of the service by its `__type`, with HTTP status 400.
    Error(&'static str),
    /// Only so many keys of the `BatchGetItem` are read; the others come back unprocessed.
    Unprocessed {
        keep: usize,
    },
}

impl Fault {
    pub(crate) const THROTTLED: Self =
        Self::Error("com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException");
    pub(crate) const THROTTLED_ACCOUNT: Self =
        Self::Error("com.amazon.coral.availability#ThrottlingException");
}

/// One call that came, also when it failed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: String,
    pub(crate) request: Value,
}

impl Call {
    /// The exact keys of a `BatchGetItem`.
    pub(crate) fn keys(&self) -> Vec<Value> {
        let tables = self.request["RequestItems"].as_object();
        tables
            .into_iter()
            .flat_map(serde_json::Map::values)
            .flat_map(|table| table["Keys"].as_array().cloned().unwrap_or_default())
            .collect()
    }
}

pub(crate) struct Proxy {
    server: Server,
    state: Arc<State>,
}

struct State {
    engine: String,
    client: reqwest::Client,
    once: Mutex<HashMap<String, VecDeque<Fault>>>,
    standing: Mutex<HashMap<String, Fault>>,
    calls: Mutex<Vec<Call>>,
}

impl Proxy {
    pub(crate) async fn before(engine: String) -> Self {
        let state = Arc::new(State {
            engine,
            client: client().build().unwrap(),
            once: Mutex::default(),
            standing: Mutex::default(),
            calls: Mutex::default(),
        });
        let handler = {
            let state = Arc::clone(&state);
            move |request| Arc::clone(&state).handle(request)
        };
        Self {
            server: Server::start(handler).await,
            state,
        }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// The next calls of an operation fail so, one after the other; then it works again.
    pub(crate) fn next(&self, operation: &str, faults: impl IntoIterator<Item = Fault>) {
        let mut once = self.state.once.lock().unwrap();
        once.entry(operation.to_owned()).or_default().extend(faults);
    }

    /// Every call of an operation fails so, until [`Self::heal`].
    pub(crate) fn always(&self, operation: &str, fault: Fault) {
        let mut standing = self.state.standing.lock().unwrap();
        standing.insert(operation.to_owned(), fault);
    }

    /// Ends every open connection, as DynamoDB does with those that are idle for long.
    pub(crate) fn sever(&self) {
        self.server.sever();
    }

    pub(crate) fn heal(&self) {
        self.state.standing.lock().unwrap().clear();
        self.state.once.lock().unwrap().clear();
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// The operations called, in their order.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.calls()
            .into_iter()
            .map(|call| call.operation)
            .collect()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        let called = self.operations();
        called.iter().filter(|called| *called == operation).count()
    }
}

impl State {
    async fn handle(self: Arc<Self>, request: Request) -> Option<Response> {
        let target = request.headers().get("x-amz-target")?.to_str().ok()?;
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        self.calls.lock().unwrap().push(Call {
            operation: operation.clone(),
            request: body.clone(),
        });
        let fault = self.fault(&operation);
        match fault {
            None => self.pass_on(&request, request.body().clone()).await,
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.pass_on(&request, request.body().clone()).await
            }
            Some(Fault::Drop) => None,
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Garbage) => Some(response(200, JSON, r#"{"Responses":{"sign"#)),
            Some(Fault::InternalServerError) => {
                let kind = "com.amazonaws.dynamodb.v20120810#InternalServerError";
                Some(error(500, kind))
            }
            Some(Fault::Error(kind)) => Some(error(400, kind)),
            Some(Fault::Unprocessed { keep }) => self.read_in_part(&request, body, keep).await,
        }
    }

    fn fault(&self, operation: &str) -> Option<Fault> {
        let mut once = self.once.lock().unwrap();
        let next = once.get_mut(operation).and_then(VecDeque::pop_front);
        next.or_else(|| self.standing.lock().unwrap().get(operation).cloned())
    }

    async fn pass_on(&self, request: &Request, body: Bytes) -> Option<Response> {
        let mut forwarded = self.client.post(&self.engine).body(body);
        for name in [
            "x-amz-target",
            "content-type",
            "authorization",
            "x-amz-date",
        ] {
            if let Some(value) = request.headers().get(name) {
                forwarded = forwarded.header(name, value.as_bytes());
            }
        }
        let answer = forwarded.send().await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.ok()?;
        Some(response(status, JSON, body))
    }

    /// Reads the first keys of each table and gives the others back, as DynamoDB does under load.
    async fn read_in_part(
        &self,
        request: &Request,
        mut body: Value,
        keep: usize,
    ) -> Option<Response> {
        if keep == 0 {
            let unprocessed = &body["RequestItems"];
            let answer = json!({ "Responses": {}, "UnprocessedKeys": unprocessed });
            return Some(response(200, JSON, answer.to_string()));
        }
        let mut unprocessed = json!({});
        for (table, wanted) in body["RequestItems"].as_object_mut()? {
            let keys = wanted["Keys"].as_array_mut()?;
            let rest = keys.split_off(keep.min(keys.len()));
            if !rest.is_empty() {
                let mut left = wanted.clone();
                left["Keys"] = Value::Array(rest);
                unprocessed[table] = left;
            }
        }
        let answer = self.pass_on(request, body.to_string().into()).await?;
        let (parts, answer) = answer.into_parts();
        let answer = http_body_util::BodyExt::collect(answer).await.ok()?;
        let mut answer: Value = serde_json::from_slice(&answer.to_bytes()).ok()?;
        answer["UnprocessedKeys"] = unprocessed;
        Some(response(parts.status.as_u16(), JSON, answer.to_string()))
    }
}

const JSON: &str = "application/x-amz-json-1.0";

fn error(status: u16, kind: &str) -> Response {
    let body = json!({ "__type": kind, "message": "the test wants it so" });
    response(status, JSON, body.to_string())
}
