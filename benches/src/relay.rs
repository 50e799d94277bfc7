//! Stands before the table when calls are counted, or when the table is to be as far away as it is on AWS.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, Uri, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{Failure, results::Calls, server::serve};

pub(crate) struct Relay {
    address: SocketAddr,
    way: Arc<Way>,
    serving: JoinHandle<()>,
}

struct Way {
    engine: Uri,
    client: Client<HttpConnector, Full<Bytes>>,
    latency: Duration,
    seen: Mutex<Seen>,
}

/// What came by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    pub(crate) calls: Calls,
    /// Of the last `BatchGetItem`.
    pub(crate) keys: Value,
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Relay {
    /// Each call takes so much longer.
    pub(crate) async fn before(engine: &str, latency: Duration) -> Result<Self, Failure> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let way = Arc::new(Way {
            engine: engine.parse()?,
            client: Client::builder(TokioExecutor::new()).build(connector),
            latency,
            seen: Mutex::default(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&way));
        let (address, serving) = serve(router).await?;
        Ok(Self {
            address,
            way,
            serving,
        })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What came by since this was asked last.
    pub(crate) fn seen(&self) -> Seen {
        let mut seen = self.way.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *seen)
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    tokio::time::sleep(way.latency).await;
    match way.pass_on(request).await {
        Ok(answer) => answer,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Way {
    async fn pass_on(&self, request: Request) -> Result<Response, Failure> {
        let (mut parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let target = parts.headers.get("x-amz-target");
        let operation = target
            .and_then(|target| target.to_str().ok()?.rsplit('.').next())
            .unwrap_or_default()
            .to_owned();
        let mut asked: Value = serde_json::from_slice(&body)?;
        if let Some(members) = asked.as_object_mut() {
            members.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
        }
        parts.uri = self.engine.clone();
        parts.headers.remove(CONTENT_LENGTH);
        let body = Full::new(Bytes::from(asked.to_string()));
        let answer = self
            .client
            .request(Request::from_parts(parts, body))
            .await?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let answered: Value = serde_json::from_slice(&body)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.add(&operation, &asked, &answered);
        Ok(Response::from_parts(parts, body.into()))
    }
}

impl Seen {
    fn add(&mut self, operation: &str, asked: &Value, answered: &Value) {
        let units = units(answered.get("ConsumedCapacity"));
        if matches!(operation, "BatchGetItem" | "GetItem" | "Query") {
            self.calls.reads += 1.0;
            self.calls.read_units += units;
        } else {
            self.calls.writes += 1.0;
            self.calls.write_units += units;
        }
        if operation == "BatchGetItem" {
            let tables = asked.get("RequestItems").and_then(Value::as_object);
            let first = tables.and_then(|tables| tables.values().next());
            self.keys = first.map(|table| table["Keys"].clone()).unwrap_or_default();
        }
    }
}

/// Of one table, or of each of several.
fn units(consumed: Option<&Value>) -> f64 {
    let of_one = |one: &Value| one.get("CapacityUnits").and_then(Value::as_f64);
    match consumed {
        Some(Value::Array(tables)) => tables.iter().filter_map(of_one).sum(),
        Some(one) => of_one(one).unwrap_or_default(),
        None => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn calls_and_units_add_up_and_the_keys_are_those_of_the_last_batch() {
        let mut seen = Seen::default();
        let keys = json!([{ "pk": { "S": "a" } }]);
        seen.add(
            "BatchGetItem",
            &json!({ "RequestItems": { "table": { "Keys": keys } } }),
            &json!({ "ConsumedCapacity": [{ "CapacityUnits": 1.5 }, { "CapacityUnits": 2.0 }] }),
        );
        seen.add(
            "PutItem",
            &json!({}),
            &json!({ "ConsumedCapacity": { "CapacityUnits": 1.0 } }),
        );
        let expected = Calls {
            reads: 1.0,
            writes: 1.0,
            read_units: 3.5,
            write_units: 1.0,
        };
        assert_eq!(seen.calls, expected);
        assert_eq!(seen.keys, keys);
    }
}
