//! `make dev` as a newcomer meets it: the real program, `cargo lambda watch` and the functions, on other ports.
//!
//! It needs what `make test` sets up: cargo-lambda first on PATH, and `signupctl` beside the program.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tempfile::TempDir;

/// A function may have to be compiled, on a machine that is busy.
const READY: Duration = Duration::from_mins(4);
const STOPPED: Duration = Duration::from_secs(10);
/// On a machine that is busy.
const SAID: Duration = Duration::from_secs(30);

/// One at a time: they share the build folder and pick free ports.
static ONE: Mutex<()> = Mutex::new(());

const JOHN: &str = r#"{"email":"johnsmith@fabrikam.onmicrosoft.com","identities":[{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"0123456789"}],"displayName":"John Smith","givenName":"John","surname":"Smith","ui_locales":"LANGUAGE"}"#;

/// A folder for the state, and ports that nobody uses.
struct Place {
    state: TempDir,
    port: u16,
    dynamodb_port: u16,
    entra_port: u16,
    smtp_port: u16,
    _alone: MutexGuard<'static, ()>,
}

impl Place {
    fn new() -> Self {
        let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let version = Command::new("cargo-lambda")
            .args(["lambda", "--version"])
            .output();
        assert!(
            version.is_ok_and(|output| output.status.success()),
            "cargo-lambda is not on PATH: run `make test`, or put .venv/bin of `make setup` first on PATH"
        );
        let ports = [0; 4].map(|any| TcpListener::bind(("127.0.0.1", any)).unwrap());
        let [port, dynamodb_port, entra_port, smtp_port] =
            ports.map(|taken| taken.local_addr().unwrap().port());
        Self {
            state: TempDir::new().unwrap(),
            port,
            dynamodb_port,
            entra_port,
            smtp_port,
            _alone: alone,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
        command
            .args(["--port", &self.port.to_string()])
            .args(["--dynamodb-port", &self.dynamodb_port.to_string()])
            .args(["--entra-port", &self.entra_port.to_string()])
            .args(["--smtp-port", &self.smtp_port.to_string()])
            .arg("--state")
            .arg(self.state.path().join("dynamodb.sqlite"))
            .stdin(Stdio::null());
        command
    }

    fn start(&self) -> Running {
        Self::run(&mut self.command())
    }

    fn run(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Running { child, lines }
    }

    /// Status and body.
    fn post(&self, path: &str, credential: Option<&str>, body: &str) -> (u16, String) {
        let authorization = credential.map_or_else(String::new, |credential| {
            format!("Authorization: Basic {}\r\n", STANDARD.encode(credential))
        });
        let mut connection = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: local\r\n{authorization}Content-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).unwrap();
        let status = response.split(' ').nth(1).unwrap().parse().unwrap();
        let body = response.split_once("\r\n\r\n").unwrap().1.to_owned();
        (status, body)
    }

    /// The request of the README.
    fn john(&self, language: &str) -> String {
        let path = "/connectors/before-creating-user";
        let body = JOHN.replace("LANGUAGE", language);
        let (status, body) = self.post(path, Some("connector:local-password"), &body);
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A list entry for the next start to load.
    fn lists(&self, matcher: &str) -> PathBuf {
        let lists = self.state.path().join("lists.csv");
        let row = format!("matcher,effect,reason\n{matcher},deny,a test\n");
        std::fs::write(&lists, row).unwrap();
        lists
    }

    fn signupctl(&self, arguments: &[&str]) -> Output {
        Command::new(Path::new(env!("CARGO_BIN_EXE_local")).with_file_name("signupctl"))
            .args(arguments)
            .env("TABLE_NAME", "signup-connectors")
            .env(
                "AWS_ENDPOINT_URL_DYNAMODB",
                format!("http://127.0.0.1:{}", self.dynamodb_port),
            )
            .env("AWS_REGION", "local")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AUDIT_BUCKET", "audit")
            .env(
                "AWS_ENDPOINT_URL_S3",
                format!("http://127.0.0.1:{}/s3", self.entra_port),
            )
            .output()
            .unwrap()
    }

    /// Which lists were added to, as the events say.
    fn told_of_lists(&self) -> usize {
        let listed = ["event", "list", "--type", "list_entry.added", "--json"];
        let listed = self.signupctl(&listed);
        assert!(listed.status.success(), "{}", stderr(&listed));
        String::from_utf8(listed.stdout).unwrap().lines().count()
    }

    fn assert_audit_is_whole(&self) {
        let verified = self.signupctl(&["audit", "verify"]);
        let said = String::from_utf8(verified.stdout.clone()).unwrap();
        assert!(verified.status.success(), "{said}{}", stderr(&verified));
        assert!(
            said.starts_with("segments: ") && !said.contains("records: 0,"),
            "{said}"
        );
    }

    /// Ids of the requests in a state.
    fn requests(&self, state: &str) -> Vec<String> {
        let listed = self.signupctl(&["request", "list", "--state", state, "--json"]);
        let lines = String::from_utf8(listed.stdout).unwrap();
        let ids = lines.lines().map(|line| {
            let request: Value = serde_json::from_str(line).unwrap();
            request
                .get("id")
                .and_then(Value::as_str)
                .unwrap()
                .to_owned()
        });
        ids.collect()
    }

    fn assert_free(&self) {
        for port in [
            self.port,
            self.dynamodb_port,
            self.entra_port,
            self.smtp_port,
        ] {
            let bound = TcpListener::bind(("127.0.0.1", port));
            assert!(bound.is_ok(), "port {port} is still in use: {bound:?}");
        }
    }
}

/// The program; it is stopped whatever becomes of the test.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Waits for the one line.
    fn ready(&self) -> String {
        let end = Instant::now() + READY;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.starts_with("ready") => return line,
                Ok(line) => eprint_line(&line),
                Err(problem) => panic!("it did not get ready: {problem}"),
            }
        }
    }

    /// What came since, or comes soon.
    fn said(&self, wanted: &str) -> bool {
        let end = Instant::now() + SAID;
        while let Ok(line) = self
            .lines
            .recv_timeout(end.saturating_duration_since(Instant::now()))
        {
            if line.contains(wanted) {
                return true;
            }
        }
        false
    }

    fn signal(&self, signal: Signal) {
        let _ = kill(pid(self.child.id()), signal);
    }

    /// Signals it, and asserts that it ends as it should, and with it everything that it started.
    fn stop(mut self, signal: Signal) {
        let family = descendants(self.child.id());
        assert!(
            family.len() >= 6,
            "expected cargo-lambda and five functions, found {family:?}"
        );
        self.signal(signal);
        let end = Instant::now() + STOPPED;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < end, "it does not stop at {signal}");
            thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{signal}: {status}");
        for id in family {
            assert!(kill(pid(id), None).is_err(), "process {id} is left");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.signal(Signal::SIGTERM);
            let _ = self.child.wait();
        }
    }
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(id.try_into().unwrap())
}

/// The children of a process, and theirs.
fn descendants(of: u32) -> BTreeSet<u32> {
    let table = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output()
        .unwrap();
    let table = String::from_utf8(table.stdout).unwrap();
    let pairs: Vec<(u32, u32)> = table
        .lines()
        .filter_map(|line| {
            let (id, parent) = line.trim().split_once(char::is_whitespace)?;
            Some((id.parse().ok()?, parent.trim().parse().ok()?))
        })
        .collect();
    let mut family = BTreeSet::from([of]);
    while pairs
        .iter()
        .any(|(id, parent)| family.contains(parent) && family.insert(*id))
    {}
    family.remove(&of);
    family
}

/// What was there before the ready line, for whoever reads a failure.
fn eprint_line(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_newcomer_gets_an_answer_and_ctrl_c_leaves_nothing_behind() {
    let place = Place::new();
    let running = place.start();
    let ready = running.ready();
    assert_eq!(
        ready,
        format!(
            "ready: sign up at http://127.0.0.1:{}; connectors and extensions on http://127.0.0.1:{}, DynamoDB on \
             http://127.0.0.1:{}, credential connector / local-password",
            place.entra_port, place.port, place.dynamodb_port
        )
    );

    // The answer and its log line.
    assert_eq!(
        place.john("en-US"),
        r#"{"version":"1.0.0","action":"Continue"}"#
    );
    assert!(running.said(r#""step":"before-creating-user""#));

    // The example lists are there, and a new entry counts at once, in the person's language.
    let mallory = r#"{"email":"mallory@example.com"}"#;
    let path = "/connectors/after-federation";
    let (_, body) = place.post(path, Some("connector:local-password"), mallory);
    assert!(body.contains("ShowBlockPage"), "{body}");
    let added = place.signupctl(&[
        "list",
        "add",
        "johnsmith@fabrikam.onmicrosoft.com",
        "--effect",
        "deny",
        "--reason",
        "left the partner",
    ]);
    assert!(added.status.success(), "{}", stderr(&added));
    let denied = place.john("sv-SE");
    assert!(
        denied.contains("ShowBlockPage") && denied.contains("Det går inte att registrera sig"),
        "{denied}"
    );
    // The table's stream came to the function that tells others.
    assert!(running.said(r#""events_kept":1"#));

    // Every route, with and without a user flow, reaches its function, which refuses a stranger.
    for (folder, segment) in [
        ("connectors", "after-federation"),
        ("connectors", "before-creating-user"),
        ("connectors", "before-token"),
        ("extensions", "attribute-collection-start"),
        ("extensions", "attribute-collection-submit"),
        ("extensions", "token-issuance-start"),
        ("extensions", "otp-send"),
    ] {
        for path in [
            format!("/{folder}/{segment}"),
            format!("/{folder}/partners/{segment}"),
        ] {
            let (status, body) = place.post(&path, None, "{}");
            assert_eq!((status, body.as_str()), (401, ""), "{path}");
        }
    }

    running.stop(Signal::SIGINT);
    place.assert_free();

    // Again right after: the state is still there.
    let running = place.start();
    running.ready();
    assert!(place.john("en-US").contains("ShowBlockPage"));
    running.stop(Signal::SIGTERM);
    place.assert_free();
}

#[test]
fn what_changes_before_the_stream_is_read_again_is_told_and_audited() {
    let place = Place::new();
    let listing = |matcher| {
        let lists = place.lists(matcher);
        let running = Place::run(place.command().arg("--lists").arg(lists));
        running.ready();
        running
    };
    // Of a fresh table nothing is told of what was there from the start.
    let running = listing("evil.example");
    place.john("en-US");
    assert!(running.said(r#""events_audited":"#));
    assert_eq!(place.told_of_lists(), 0);
    running.stop(Signal::SIGINT);

    let running = listing("spam.example");
    assert!(running.said(r#""events_kept":1"#));
    assert_eq!(place.told_of_lists(), 1);
    place.assert_audit_is_whole();
    running.stop(Signal::SIGINT);
}

#[test]
fn whoever_is_approved_gets_an_account() {
    let place = Place::new();
    let running = place.start();
    running.ready();
    let keys = format!(
        "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:{}/keys",
        place.entra_port
    );
    let console = format!("open http://127.0.0.1:{}/console,", place.port);
    assert!(running.said(&console), "it does not name the console");
    assert!(running.said(&keys), "it does not say how to decide");

    // The example lists send this domain to a review.
    let bob = r#"{"email":"bob@example.net","displayName":"Bob Cooper"}"#;
    let path = "/connectors/before-creating-user";
    let (_, body) = place.post(path, Some("connector:local-password"), bob);
    assert!(body.contains("needs to be reviewed"), "{body}");
    let pending = place.requests("pending");
    let [request] = pending.as_slice() else {
        panic!("expected one request, found {pending:?}")
    };
    let approved = place.signupctl(&["request", "approve", request, "--author", "a test"]);
    assert!(approved.status.success(), "{}", stderr(&approved));
    assert!(running.said(r#""outcome":"provisioned""#));
    assert_eq!(place.requests("provisioned"), pending);
    running.stop(Signal::SIGINT);
}

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new();
    let taken = TcpListener::bind(("127.0.0.1", place.port)).unwrap();
    let output = place.command().output().unwrap();
    drop(taken);
    assert!(!output.status.success());
    let message = stderr(&output);
    let expected = format!("error: port {} of 127.0.0.1 is in use", place.port);
    assert!(message.starts_with(&expected), "{message}");
    place.assert_free();
}

#[test]
fn a_bad_setting_ends_it_with_the_settings_name() {
    let place = Place::new();
    let output = place
        .command()
        .env("DEFAULT_EFFECT", "perhaps")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let message = stderr(&output);
    assert!(
        message.contains("a function does not start") && message.contains("DEFAULT_EFFECT"),
        "{message}"
    );
    place.assert_free();
}

#[test]
fn without_cargo_lambda_it_says_what_to_do() {
    let place = Place::new();
    let output = place.command().env("PATH", "").output().unwrap();
    assert!(!output.status.success());
    let message = stderr(&output);
    assert!(message.contains("cargo-lambda is missing"), "{message}");
    place.assert_free();
}

#[test]
fn bad_rows_of_the_lists_are_shown() {
    let place = Place::new();
    let lists: PathBuf = place.state.path().join("lists.csv");
    std::fs::write(&lists, "matcher,effect\nexample.com,perhaps\n").unwrap();
    let output = place.command().arg("--lists").arg(&lists).output().unwrap();
    assert!(!output.status.success());
    let message = stderr(&output);
    assert!(
        message.contains("could not be loaded") && message.contains("perhaps"),
        "{message}"
    );
    place.assert_free();
}
