//! A table with its stream, the function but for Lambda, and sinks that remember.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use jiff::Timestamp;
use local::engine::{Engine, Stream, StreamStart, create_table};
use serde_json::Value;
use shared::{
    adapters::dynamodb::{Table, stream_record},
    app::events::{Events, Sinks, Webhooks},
    domain::{
        approval::{Action, Actor, ApprovalRequest, Change, RequestId, Sealed, WrappedKey},
        audit::Signature,
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{EventFilter, EventKind, KeptEvent},
        list::{Effect, ListEntry, ListName, Matcher},
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError,
        approval_requests::{ApprovalRequests, Filed},
        audit_chain::{AuditChain, AuditLine},
        endpoint_store::EndpointReader,
        event_bus::{EventBus, SinkError, Task, TaskQueue, Topic},
        journal::{Notice, Told},
        list_store::{self, ListStore},
        request_store::RequestStore,
    },
    testkit::{FixedClock, Remembered, pending},
};
use tokio::time::Instant;

/// Later than the engine's own clock: nothing that lives for a while ends during a test.
pub(crate) const NOW: Timestamp = Timestamp::constant(2_000_000_000, 0);
pub(crate) const TABLE: &str = "events";

/// Failed batches after which a test gives up.
const MOST_FAILURES: usize = 3;

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) client: Client,
    pub(crate) table: Arc<Table>,
    pub(crate) others: Arc<Others>,
    pub(crate) journal: Arc<Remembered>,
    pub(crate) events: Events,
    stream: Mutex<Stream>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let engine = Engine::in_memory().await.unwrap();
        let client = engine.connection().client();
        create_table(&client, TABLE).await.unwrap();
        let table = Arc::new(Table::new(client.clone(), TABLE));
        let others: Arc<Others> = Arc::default();
        let journal = Arc::new(Remembered::default());
        let webhooks = Webhooks::new(Arc::clone(&others) as _, Arc::clone(&others) as _);
        let events = Events {
            keeper: Arc::clone(&table) as _,
            days: 90,
            chain: Some(Arc::clone(&others) as _),
            sinks: Sinks {
                bus: Some(Arc::clone(&others) as _),
                topic: Some(Arc::clone(&others) as _),
                webhooks: Some(webhooks),
            },
            dead_letters: Arc::clone(&table) as _,
            clock: Arc::new(FixedClock::at(NOW)),
            journal: Arc::clone(&journal) as _,
        };
        Self {
            stream: Mutex::new(engine.stream(TABLE, StreamStart::Beginning).unwrap()),
            engine,
            client,
            table,
            others,
            journal,
            events,
        }
    }

    /// The next records, as Lambda would bring them.
    pub(crate) fn read(&self) -> Vec<Value> {
        self.stream.lock().unwrap().read(25).unwrap()
    }

    pub(crate) fn back_to(&self, sequence: &str) {
        self.stream.lock().unwrap().back_to(sequence).unwrap();
    }

    /// From the beginning of the stream, once more.
    pub(crate) fn rewind(&self) {
        *self.stream.lock().unwrap() = self.engine.stream(TABLE, StreamStart::Beginning).unwrap();
    }

    pub(crate) async fn take(&self, records: &[Value]) -> Vec<String> {
        let records: Vec<_> = records.iter().cloned().map(stream_record).collect();
        self.events.take(&records, far()).await
    }

    /// Takes what is in the stream, and what that brings into it, as Lambda does: from the first record that failed it goes on.
    /// How many batches failed.
    pub(crate) async fn deliver(&self) -> usize {
        let mut failures = 0;
        while failures < MOST_FAILURES {
            let records = self.read();
            if records.is_empty() {
                break;
            }
            let failed = self.take(&records).await;
            if let Some(first) = failed.iter().min() {
                failures += 1;
                self.back_to(first);
            }
        }
        failures
    }

    /// Forgets whoever was told so far.
    pub(crate) fn forget(&self) {
        self.others.bus.forget();
        self.others.topic.forget();
        self.others.queue.forget();
    }

    /// What the log tells of batches.
    pub(crate) fn told(&self) -> Vec<Told> {
        let notices = self.journal.notices().into_iter();
        notices
            .filter_map(|notice| match notice {
                Notice::Told(told) => Some(told),
                _ => None,
            })
            .collect()
    }

    pub(crate) async fn opened(&self, name: &str) -> ApprovalRequest {
        self.open(fresh(name)).await
    }

    pub(crate) async fn open(&self, request: ApprovalRequest) -> ApprovalRequest {
        let filed = self.table.open(&request, &sealed(), None, far()).await;
        assert_eq!(filed.unwrap(), Filed::Yes);
        request
    }

    pub(crate) async fn change(
        &self,
        before: &ApprovalRequest,
        action: Action,
        by: &str,
    ) -> ApprovalRequest {
        let by = match by {
            "system" => Actor::System,
            "applicant" => Actor::Applicant,
            name => Actor::Person(name.to_owned()),
        };
        let change = Change::new(action, by).because(Some("not known here".to_owned()));
        let (next, entry) = before.after(&change, NOW).unwrap();
        assert!(self.table.change(before, &next, &entry).await.unwrap());
        next
    }

    pub(crate) async fn put(&self, entry: ListEntry) {
        self.apply(list_store::Change::Put(entry)).await;
    }

    pub(crate) async fn apply(&self, change: list_store::Change) {
        self.table.apply(&[change], &signature()).await.unwrap();
    }
}

/// A request that nobody has made yet.
pub(crate) fn fresh(name: &str) -> ApprovalRequest {
    let id = RequestId::new(NOW, std::array::from_fn(|_| fastrand::u8(..)));
    pending(id, PersonKey::of_address(name), NOW)
}

pub(crate) fn far() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(5))
}

pub(crate) fn sealed() -> Sealed {
    Sealed {
        octets: vec![1, 2, 3],
        key: WrappedKey(vec![4, 5, 6]),
    }
}

fn signature() -> Signature {
    Signature {
        by: "eve".to_owned(),
        at: NOW,
    }
}

pub(crate) fn entry(matcher: &str, effect: Effect) -> ListEntry {
    ListEntry {
        matcher: Matcher::parse(matcher).unwrap(),
        list: ListName::parse("people").unwrap(),
        effect,
        reason: "asked for it".to_owned(),
        owner: String::new(),
        expires_at: None,
    }
}

pub(crate) fn endpoint(number: u64, kinds: &[&str], state: EndpointState) -> Endpoint {
    let kinds = kinds.iter();
    Endpoint {
        id: EndpointId::new(number),
        url: "https://crm.contoso.example/events".to_owned(),
        kinds: kinds
            .map(|kind| EventFilter::parse(kind).unwrap())
            .collect(),
        fields: Vec::new(),
        state,
        note: String::new(),
        created_at: NOW,
        revision: 1,
    }
}

/// Everybody who is told.
#[derive(Default)]
pub(crate) struct Others {
    pub(crate) bus: Taken<KeptEvent>,
    pub(crate) topic: Taken<KeptEvent>,
    pub(crate) queue: Taken<Task>,
    pub(crate) lines: Mutex<Vec<AuditLine>>,
    pub(crate) chain_is_broken: AtomicBool,
    pub(crate) endpoints: Mutex<Vec<Endpoint>>,
    pub(crate) endpoints_read: AtomicUsize,
}

/// What somebody has taken, and how many it refuses before it takes more.
pub(crate) struct Taken<T> {
    taken: Mutex<Vec<T>>,
    refuses: AtomicUsize,
}

impl<T> Default for Taken<T> {
    fn default() -> Self {
        Self {
            taken: Mutex::default(),
            refuses: AtomicUsize::new(0),
        }
    }
}

impl<T: Clone> Taken<T> {
    fn take(&self, all: &[T]) -> Vec<Result<(), SinkError>> {
        all.iter().map(|one| self.take_one(one)).collect()
    }

    fn take_one(&self, one: &T) -> Result<(), SinkError> {
        let refuses = self.refuses.load(Ordering::SeqCst);
        if refuses > 0 {
            self.refuses.store(refuses - 1, Ordering::SeqCst);
            return Err(SinkError::Throttled);
        }
        self.taken.lock().unwrap().push(one.clone());
        Ok(())
    }

    pub(crate) fn all(&self) -> Vec<T> {
        self.taken.lock().unwrap().clone()
    }

    fn forget(&self) {
        self.taken.lock().unwrap().clear();
    }

    pub(crate) fn refuses(&self, next: usize) {
        self.refuses.store(next, Ordering::SeqCst);
    }
}

impl Taken<KeptEvent> {
    /// Sorted.
    pub(crate) fn kinds(&self) -> Vec<EventKind> {
        let mut kinds: Vec<_> = self.all().iter().map(|event| event.kind).collect();
        kinds.sort_unstable();
        kinds
    }

    /// Sorted, each once for each time that it was told.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<_> = self.all().iter().map(|one| one.id.to_string()).collect();
        ids.sort_unstable();
        ids
    }
}

#[async_trait]
impl EventBus for Others {
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>> {
        self.bus.take(events)
    }
}

#[async_trait]
impl Topic for Others {
    async fn publish(&self, events: &[KeptEvent]) -> Vec<Result<(), SinkError>> {
        self.topic.take(events)
    }
}

#[async_trait]
impl TaskQueue for Others {
    async fn send(&self, tasks: &[Task], after: Duration) -> Vec<Result<(), SinkError>> {
        assert_eq!(after, Duration::ZERO);
        self.queue.take(tasks)
    }
}

#[async_trait]
impl EndpointReader for Others {
    async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        self.endpoints_read.fetch_add(1, Ordering::SeqCst);
        Ok(self.endpoints.lock().unwrap().clone())
    }
}

#[async_trait]
impl AuditChain for Others {
    async fn append(&self, lines: &[AuditLine]) -> Result<(), SinkError> {
        if self.chain_is_broken.load(Ordering::SeqCst) {
            return Err(SinkError::Unavailable("status 503".to_owned()));
        }
        self.lines.lock().unwrap().extend_from_slice(lines);
        Ok(())
    }
}
