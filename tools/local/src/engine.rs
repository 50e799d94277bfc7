//! DynamoDB on this machine: an engine over SQLite behind the real HTTP protocol, so that the one
//! adapter runs everywhere.

use std::{collections::HashMap, net::SocketAddr, path::Path};

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType, StreamSpecification, StreamViewType, TimeToLiveSpecification,
    },
};
use dynoxide::{
    Database, ImportOptions,
    actions::{
        get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
        list_streams::ListStreamsRequest,
    },
    server,
    streams::shard_id,
};
use serde_json::Value;
use shared::adapters::dynamodb::Connection;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

const STREAM_ORDER: &str = "CREATE INDEX IF NOT EXISTS stream_order
    ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Why the engine does not run.
#[derive(Debug)]
pub struct EngineError(pub String);

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the local DynamoDB: {}", self.0)
    }
}

impl std::error::Error for EngineError {}

/// A running engine; it stops when it is dropped.
pub struct Engine {
    database: Database,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// A fresh engine in memory on a free port: one for each test.
    pub async fn in_memory() -> Result<Self, EngineError> {
        let database = Database::memory().map_err(|error| EngineError(error.to_string()))?;
        Self::serve(database, "127.0.0.1:0").await
    }

    /// An engine whose state survives in a file.
    pub async fn in_file(path: &Path, address: &str) -> Result<Self, EngineError> {
        let failed =
            |error: &dyn std::fmt::Display| EngineError(format!("{}: {error}", path.display()));
        let database = Database::new(&path.to_string_lossy()).map_err(|error| failed(&error))?;
        // The engine looks for the last record of the stream at each write, without an index through all of
        // them: a long import would get slower and slower.
        rusqlite::Connection::open(path)
            .and_then(|file| file.execute_batch(STREAM_ORDER))
            .map_err(|error| failed(&error))?;
        Self::serve(database, address).await
    }

    async fn serve(database: Database, address: &str) -> Result<Self, EngineError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| EngineError(format!("{address}: {error}")))?;
        let address = listener
            .local_addr()
            .map_err(|error| EngineError(error.to_string()))?;
        let (stop, stopped) = oneshot::channel();
        let served = database.clone();
        let serving = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            // It ends by our own signal only; a failure shows as refused connections.
            let _ = server::serve_with_shutdown(listener, served, shutdown).await;
        });
        Ok(Self {
            database,
            address,
            stop: Some(stop),
            serving,
        })
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How the product's adapter reaches the engine. It checks no signature.
    pub fn connection(&self) -> Connection {
        Connection {
            region: "local".to_owned(),
            endpoint: Some(self.endpoint()),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        }
    }

    /// Loads items without going through HTTP, for measurements of large tables.
    pub fn load(
        &self,
        table: &str,
        items: Vec<HashMap<String, AttributeValue>>,
    ) -> Result<(), EngineError> {
        let items = items
            .into_iter()
            .map(|item| {
                item.into_iter()
                    .map(|(name, value)| Some((name, stored(value)?)))
                    .collect()
            })
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| EngineError("an item has a type that is not loaded".to_owned()))?;
        self.database
            .import_items(table, items, ImportOptions::default())
            .map(|_| ())
            .map_err(|error| EngineError(error.to_string()))
    }

    /// The stream of a table.
    pub fn stream(&self, table: &str, from: StreamStart<'_>) -> Result<Stream, EngineError> {
        let request = ListStreamsRequest {
            table_name: Some(table.to_owned()),
            ..ListStreamsRequest::default()
        };
        let found = self.database.list_streams(request).map_err(told)?;
        let found = found.streams.into_iter().next();
        let stream = found.ok_or_else(|| EngineError(format!("{table} has no stream")))?;
        let mut stream = Stream {
            database: self.database.clone(),
            arn: stream.stream_arn,
            shard: shard_id(table),
            place: String::new(),
        };
        stream.go_to(match from {
            StreamStart::Beginning => ("TRIM_HORIZON", None),
            StreamStart::Now => ("LATEST", None),
            StreamStart::After(sequence) => ("AFTER_SEQUENCE_NUMBER", Some(sequence)),
        })?;
        Ok(stream)
    }

    /// Deletes the items that are past their time to live, as DynamoDB does by itself.
    pub fn expire(&self) -> Result<(), EngineError> {
        self.database.sweep_ttl().map(|_| ()).map_err(told)
    }

    /// Stops, and waits until the file is closed.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        let _ = (&mut self.serving).await;
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// From where a stream is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamStart<'s> {
    Beginning,
    Now,
    /// Behind the record of this number, which need not be there any more.
    After(&'s str),
}

/// The stream of a table, and how far it was read.
pub struct Stream {
    database: Database,
    arn: String,
    shard: String,
    place: String,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// The next records in the form in which Lambda brings them; none when there are none yet.
    pub fn read(&mut self, at_most: usize) -> Result<Vec<Value>, EngineError> {
        let request = GetRecordsRequest {
            shard_iterator: self.place.clone(),
            limit: Some(at_most),
        };
        let read = self.database.get_records(request).map_err(told)?;
        self.place = read.next_shard_iterator.unwrap_or_default();
        let records = read.records.into_iter();
        records
            .map(|record| serde_json::to_value(record).map_err(told))
            .collect()
    }

    /// Goes back to a record, so that it is the next one.
    pub fn back_to(&mut self, sequence: &str) -> Result<(), EngineError> {
        self.go_to(("AT_SEQUENCE_NUMBER", Some(sequence)))
    }

    fn go_to(&mut self, (kind, sequence): (&str, Option<&str>)) -> Result<(), EngineError> {
        let request = GetShardIteratorRequest {
            stream_arn: self.arn.clone(),
            shard_id: self.shard.clone(),
            shard_iterator_type: kind.to_owned(),
            sequence_number: sequence.map(str::to_owned),
        };
        let place = self.database.get_shard_iterator(request).map_err(told)?;
        self.place = place.shard_iterator.unwrap_or_default();
        Ok(())
    }
}

fn told(error: impl std::fmt::Display) -> EngineError {
    EngineError(error.to_string())
}

/// The engine's form of an attribute; of the types that our items use.
fn stored(value: AttributeValue) -> Option<dynoxide::AttributeValue> {
    Some(match value {
        AttributeValue::S(text) => dynoxide::AttributeValue::S(text),
        AttributeValue::N(number) => dynoxide::AttributeValue::N(number),
        AttributeValue::Bool(truth) => dynoxide::AttributeValue::BOOL(truth),
        AttributeValue::L(values) => {
            dynoxide::AttributeValue::L(values.into_iter().map(stored).collect::<Option<_>>()?)
        }
        AttributeValue::M(members) => dynoxide::AttributeValue::M(
            members
                .into_iter()
                .map(|(name, value)| Some((name, stored(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// Creates the table as `template.yaml` does, unless it is there.
pub async fn create_table(client: &Client, name: &str) -> Result<(), EngineError> {
    if client
        .describe_table()
        .table_name(name)
        .send()
        .await
        .is_ok()
    {
        return Ok(());
    }
    let failed = |error: &dyn std::error::Error| EngineError(format!("create {name}: {error}"));
    let mut table = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .stream_specification(
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::NewAndOldImages)
                .build()
                .map_err(|error| failed(&error))?,
        );
    for (attribute, key_type) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(|error| failed(&error))?;
        let element = KeySchemaElement::builder()
            .attribute_name(attribute)
            .key_type(key_type)
            .build()
            .map_err(|error| failed(&error))?;
        table = table.attribute_definitions(definition).key_schema(element);
    }
    table.send().await.map_err(|error| failed(&error))?;
    let ttl = TimeToLiveSpecification::builder()
        .attribute_name("ttl")
        .enabled(true)
        .build()
        .map_err(|error| failed(&error))?;
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(ttl)
        .send()
        .await
        .map_err(|error| failed(&error))?;
    Ok(())
}
