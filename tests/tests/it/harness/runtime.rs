//! The Lambda Runtime API, and a function's process under it.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::body::Bytes;
use serde_json::Value;
use shared::{
    adapters::system_clock::SystemClock,
    config::{Environment, ProcessEnvironment},
    domain::sign_up::Step,
    ports::clock::Clock,
};
use tokio::{
    process::{Child, Command},
    sync::{Notify, mpsc, oneshot},
    time::{Instant, timeout},
};

use super::{
    event::{Event, PlatformDeadline},
    http::{Request, Response, Server, response},
    log::{self, Log},
};

/// A test that waits longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// Nothing else may leave a function.
const HEADERS: [&str; 5] = [
    "allow",
    "cache-control",
    "content-length",
    "content-type",
    "www-authenticate",
];

/// Settings of a function by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    pub(crate) fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.remove(name);
        self
    }
}

/// A running function.
pub(crate) struct Function {
    /// Killed when it is dropped.
    process: Child,
    platform: Arc<Platform>,
    _runtime_api: Server,
    log: Log,
    errors: Log,
}

/// A function that ended by itself.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) log: Vec<Value>,
}

/// What became of an event.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) elapsed: Duration,
    /// The request's line in the log; `null` for a path that nobody serves.
    pub(crate) line: Value,
}

/// What an answer does to a sign-up, in either protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Continue,
    Block(String),
}

/// The platform's side: events in, outcomes out.
struct Platform {
    queue: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    invoke: mpsc::UnboundedSender<Invocation>,
    pending: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    asked: Notify,
    requests: AtomicU64,
}

struct Invocation {
    event: String,
    deadline: PlatformDeadline,
    outcome: oneshot::Sender<Outcome>,
}

/// A response, or what the function reported as an error.
type Outcome = Result<Bytes, Bytes>;

impl Function {
    /// Starts the binary of a step and waits until it asks for its first event.
    pub(crate) async fn start(step: Step, settings: &Settings) -> Self {
        Self::start_named(step.name(), settings).await
    }

    /// The same of any function.
    pub(crate) async fn start_named(name: &str, settings: &Settings) -> Self {
        let mut function = Self::spawn(name, settings).await;
        let platform = Arc::clone(&function.platform);
        tokio::select! {
            () = platform.asked.notified() => function,
            _ = function.process.wait() => {
                function.settle().await;
                panic!("{name} ended instead of starting:\n{}", function.told())
            }
            () = tokio::time::sleep(PATIENCE) => panic!("{name} does not start"),
        }
    }

    /// Starts a binary that is expected to end by itself.
    pub(crate) async fn refuse(step: Step, settings: &Settings) -> Ended {
        Self::refuse_named(step.name(), settings).await
    }

    /// The same of any function.
    pub(crate) async fn refuse_named(name: &str, settings: &Settings) -> Ended {
        let mut function = Self::spawn(name, settings).await;
        let Ok(status) = timeout(PATIENCE, function.process.wait()).await else {
            panic!("{name} started, which it must not")
        };
        function.settle().await;
        Ended {
            code: status.unwrap().code(),
            log: function
                .lines()
                .iter()
                .map(|line| log::record(line))
                .collect(),
        }
    }

    async fn spawn(name: &str, settings: &Settings) -> Self {
        let platform = Platform::new();
        let handler = {
            let platform = Arc::clone(&platform);
            move |request| Arc::clone(&platform).answer(request)
        };
        let runtime_api = Server::start(handler).await;
        let address = runtime_api.address().to_string();
        let mut process = Command::new(binary(name))
            .env_clear()
            .envs(lambda(name, &address))
            .envs(&settings.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let log = Log::follow(process.stdout.take().unwrap());
        let errors = Log::follow(process.stderr.take().unwrap());
        Self {
            process,
            platform,
            _runtime_api: runtime_api,
            log,
            errors,
        }
    }

    /// Sends an event and takes the answer, which must be one: a function never fails an invocation.
    pub(crate) async fn send(&self, event: &Event) -> Answer {
        let start = self.log.len();
        let sent = Instant::now();
        let outcome = self
            .invoke(event.to_json().to_string(), event.platform_deadline)
            .await;
        let elapsed = sent.elapsed();
        let Ok(payload) = outcome else {
            panic!(
                "the function failed the invocation: {outcome:?}\n{}",
                self.told()
            )
        };
        let mut answer = Answer::read(&payload, elapsed);
        if answer.status != 404 {
            answer.line = self
                .log
                .record(start, |record| record.get("outcome").is_some())
                .await;
        }
        self.hides(&event.secrets(), start);
        answer
    }

    /// Sends any text as an event.
    pub(crate) async fn invoke(&self, event: String, deadline: PlatformDeadline) -> Outcome {
        self.invoke_within(event, deadline, PATIENCE).await
    }

    /// Hands over messages of a queue, which may take long; gives what the function answers to them.
    pub(crate) async fn take(&self, messages: &Value, patience: Duration) -> Value {
        let deadline = PlatformDeadline::In(patience);
        let outcome = self.invoke_within(messages.to_string(), deadline, patience);
        let answer = outcome.await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    async fn invoke_within(
        &self,
        event: String,
        deadline: PlatformDeadline,
        patience: Duration,
    ) -> Outcome {
        let (outcome, told) = oneshot::channel();
        let invocation = Invocation {
            event,
            deadline,
            outcome,
        };
        assert!(
            self.platform.invoke.send(invocation).is_ok(),
            "the emulator is gone"
        );
        match timeout(patience, told).await {
            Ok(Ok(outcome)) => outcome,
            _ => panic!("the function does not answer:\n{}", self.told()),
        }
    }

    /// Stops the process between two requests, as Lambda does, and lets it go on after a while.
    pub(crate) async fn freeze(&self, time: Duration) {
        self.signal("STOP").await;
        tokio::time::sleep(time).await;
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let process = self.process.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).status();
        assert!(sent.await.unwrap().success());
    }

    /// A record of the log that `wanted` accepts; waits for it a little.
    pub(crate) async fn notice(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        self.log.record(0, wanted).await
    }

    /// Everything that the function has written, to either stream.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = self.log.lines();
        lines.extend(self.errors.lines());
        lines
    }

    pub(crate) fn hides(&self, secrets: &[String], start: usize) {
        let lines = self.log.lines();
        for line in lines.iter().skip(start).chain(&self.errors.lines()) {
            for secret in secrets {
                assert!(
                    !line.contains(secret.as_str()),
                    "`{secret}` stands in the log: {line}"
                );
            }
        }
    }

    pub(crate) async fn is_running(&mut self) -> bool {
        // Whoever crashed has had the time to.
        tokio::time::sleep(Duration::from_millis(20)).await;
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Lets the readers of the streams come to their end.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    fn told(&self) -> String {
        self.lines().join("\n")
    }
}

impl Answer {
    fn read(payload: &[u8], elapsed: Duration) -> Self {
        let payload: Value = serde_json::from_slice(payload).unwrap();
        assert_eq!(payload["isBase64Encoded"], false, "{payload}");
        assert!(payload["cookies"].as_array().is_none_or(Vec::is_empty));
        assert!(
            payload["multiValueHeaders"]
                .as_object()
                .is_none_or(serde_json::Map::is_empty),
            "HTTP APIs know no such member: {payload}"
        );
        let headers: BTreeMap<String, String> =
            serde_json::from_value(payload["headers"].clone()).unwrap();
        for name in headers.keys() {
            assert!(
                HEADERS.contains(&name.as_str()),
                "the header `{name}` leaves the function"
            );
        }
        let body = payload["body"].as_str().unwrap_or_default().to_owned();
        if let Some(length) = headers.get("content-length") {
            assert_eq!(*length, body.len().to_string(), "{payload}");
        }
        Self {
            status: u16::try_from(payload["statusCode"].as_u64().unwrap()).unwrap(),
            headers,
            body,
            elapsed,
            line: Value::Null,
        }
    }

    /// What the answer does, read strictly by the contract.
    pub(crate) fn verdict(&self) -> Verdict {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json", "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        if let Some(action) = body.get("action") {
            assert_eq!(body["version"], "1.0.0", "{self:?}");
            return match action.as_str().unwrap() {
                "Continue" => Verdict::Continue,
                "ShowBlockPage" => Verdict::Block(text(&body["userMessage"])),
                other => panic!("`{other}` is no action of a sign-up step"),
            };
        }
        let actions = body["data"]["actions"].as_array().unwrap();
        assert_eq!(actions.len(), 1, "{self:?}");
        let action = &actions[0];
        match action["@odata.type"].as_str().unwrap().rsplit('.').next() {
            Some("continueWithDefaultBehavior" | "provideClaimsForToken") => Verdict::Continue,
            Some("showBlockPage") => {
                assert!(!text(&action["title"]).is_empty());
                Verdict::Block(text(&action["message"]))
            }
            other => panic!("{other:?} is no action that the lists lead to"),
        }
    }

    /// The sentence of the block page, which this answer must be.
    pub(crate) fn block_page(&self) -> String {
        match self.verdict() {
            Verdict::Block(message) => message,
            Verdict::Continue => panic!("the sign-up goes on: {self:?}"),
        }
    }

    /// A refusal says nothing but its status.
    pub(crate) fn assert_refused(&self, status: u16, reason: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.body, "", "{self:?}");
        assert!(!self.headers.contains_key("content-type"), "{self:?}");
        assert_eq!(self.line["outcome"], "refused", "{self:?}");
        assert_eq!(self.line["reason"], reason, "{self:?}");
        assert_eq!(self.line["status"], status, "{self:?}");
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Platform {
    fn new() -> Arc<Self> {
        let (invoke, queue) = mpsc::unbounded_channel();
        Arc::new(Self {
            queue: tokio::sync::Mutex::new(queue),
            invoke,
            pending: Mutex::default(),
            asked: Notify::new(),
            requests: AtomicU64::new(1),
        })
    }

    async fn answer(self: Arc<Self>, request: Request) -> Option<Response> {
        const INVOCATION: &str = "/2018-06-01/runtime/invocation/";
        let path = request.uri().path().to_owned();
        let accepted = || Some(response(202, "application/json", r#"{"status":"OK"}"#));
        if path == "/2018-06-01/runtime/init/error" {
            return accepted();
        }
        let rest = path.strip_prefix(INVOCATION)?;
        if rest == "next" {
            return self.next().await;
        }
        let (id, kind) = rest.split_once('/')?;
        let pending = self.pending.lock().unwrap().remove(id)?;
        let body = request.into_body();
        let _ = pending.send(match kind {
            "response" => Ok(body),
            _ => Err(body),
        });
        accepted()
    }

    async fn next(&self) -> Option<Response> {
        self.asked.notify_one();
        let invocation = self.queue.lock().await.recv().await?;
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
        self.pending
            .lock()
            .unwrap()
            .insert(id.clone(), invocation.outcome);
        let deadline = match invocation.deadline {
            PlatformDeadline::In(time) => {
                let end = SystemClock.now() + time;
                end.as_millisecond().to_string()
            }
            PlatformDeadline::Literally(text) => text.to_owned(),
        };
        let mut response = response(200, "application/json", invocation.event);
        let headers = [
            ("lambda-runtime-aws-request-id", id.as_str()),
            ("lambda-runtime-deadline-ms", &deadline),
            (
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-north-1:123456789012:function:sign-up",
            ),
            (
                "lambda-runtime-trace-id",
                "Root=1-5f4c1f2e-3d1f6d0d4bd5e2a1c9d8e7f6;Parent=5b3cc918939afd63;Sampled=0",
            ),
        ];
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        Some(response)
    }
}

/// The environment that Lambda gives to every function.
fn lambda(name: &str, runtime_api: &str) -> [(&'static str, String); 12] {
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/11/21/[$LATEST]0123456789abcdef".to_owned(),
        ),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023".to_owned()),
        ("_HANDLER", "bootstrap".to_owned()),
        ("LAMBDA_TASK_ROOT", "/var/task".to_owned()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("TZ", ":UTC".to_owned()),
    ]
}

fn binary(name: &str) -> PathBuf {
    let folder = ProcessEnvironment.get("FUNCTIONS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug"),
        PathBuf::from,
    );
    let binary = folder.join(name);
    assert!(
        binary.is_file(),
        "{} is missing: run `make dev-binaries`",
        binary.display()
    );
    binary
}
