//! The functions, run by `cargo lambda watch` behind one port with the routes of the workspace's
//! `Cargo.toml`, and started anew when their source changes.

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use local::engine::Engine;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinHandle,
    time::timeout,
};

use crate::{
    entra::Entra,
    flags::{Flags, HOST, in_project},
    output,
    problem::{Problem, system},
    table,
    tasks::Tasks,
};

/// It stops within 0.2 seconds; a compiler in between may take longer.
const GRACE: Duration = Duration::from_secs(5);

/// Said by the runtime library of each function that `cargo lambda watch` starts, and of no use.
const NOISE: &[u8] = b"AWS_LAMBDA_MAX_CONCURRENCY is set to '1'";

#[derive(Debug)]
pub(crate) struct Functions {
    child: Child,
    refusals: mpsc::Receiver<String>,
    output: [JoinHandle<()>; 2],
}

impl Functions {
    pub(crate) fn start(
        flags: &Flags,
        engine: &Engine,
        entra: &Entra,
        tasks: &Tasks,
    ) -> Result<Self, Problem> {
        let mut command = Command::new("cargo-lambda");
        command
            .args(["lambda", "--color", "never", "watch", "--quiet", "--locked"])
            .args(["--disable-cors", "--invoke-address", HOST])
            .args(["--invoke-port", &flags.port.to_string()])
            .current_dir(in_project(""))
            .env("RUST_LOG", "cargo_lambda=warn")
            .env(
                "CARGO_LAMBDA_IGNORE_FILE",
                in_project("tools/local/watch.ignore"),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C then reaches this program alone, which stops everything in order.
            .process_group(0)
            .kill_on_drop(true);
        entra.has_partners_for(&mut command);
        entra.keeps_keys_for(&mut command);
        entra.keeps_audit_of(&mut command);
        table::point_to(&mut command, flags, engine);
        entra.trusted_by(&mut command);
        entra.takes_mail_of(&mut command);
        entra.makes_accounts_for(&mut command);
        entra.signs_people_in_to(&mut command);
        tasks.are_taken_from(&mut command);
        forget_cargo(&mut command);
        let mut child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Problem::Missing {
                program: "cargo-lambda".to_owned(),
                remedy: "`make dev` installs it into .venv; put .venv/bin first on PATH",
            },
            _ => system("cargo-lambda")(error),
        })?;
        let (refused, refusals) = mpsc::channel(1);
        let output = [
            tokio::spawn(forward(child.stdout.take(), output::line, refused.clone())),
            tokio::spawn(forward(child.stderr.take(), output::error_line, refused)),
        ];
        Ok(Self {
            child,
            refusals,
            output,
        })
    }

    /// Resolves when a function says that it does not start, or when nothing runs any more.
    pub(crate) async fn failed(&mut self) -> Problem {
        tokio::select! {
            Some(problems) = self.refusals.recv() => Problem::Refused(problems),
            status = self.child.wait() => ended(status),
        }
    }

    /// Resolves when `cargo lambda watch` has ended by itself. A function that does not start after a
    /// change of its source waits for the next change.
    pub(crate) async fn ended(&mut self) -> Problem {
        ended(self.child.wait().await)
    }

    /// Ends `cargo lambda watch`, which ends the functions, and waits for the last of them.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::SIGTERM);
        if timeout(GRACE, self.child.wait()).await.is_err() {
            self.signal(Signal::SIGKILL);
            let _ = self.child.wait().await;
        }
        // Each of them holds the output open. One that lost its server by force ends by itself.
        for output in self.output {
            let _ = timeout(GRACE, output).await;
        }
    }

    fn signal(&self, signal: Signal) {
        // Without an id it has been waited for, and the id may be another's.
        if let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }
}

fn ended(status: std::io::Result<ExitStatus>) -> Problem {
    Problem::Ended(match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    })
}

/// Passes lines on until the last process that writes them has ended.
async fn forward(
    lines: Option<impl AsyncRead + Unpin>,
    to: fn(&[u8]),
    refused: mpsc::Sender<String>,
) {
    let Some(lines) = lines else { return };
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    while let Ok(1..) = lines.read_until(b'\n', &mut line).await {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if !text.starts_with(NOISE) {
            to(text);
        }
        if let Some(problems) = refusal(text) {
            // Only the first one counts.
            let _ = refused.try_send(problems);
        }
        line.clear();
    }
}

/// The problems in the log line of a function that does not start.
fn refusal(line: &[u8]) -> Option<String> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let function = record.get("function")?.as_str()?;
    let problems = record.get("problems")?.as_array()?;
    let problems: Vec<_> = problems.iter().filter_map(Value::as_str).collect();
    Some(format!("{function}: {}", problems.join("; ")))
}

/// What `cargo run` and `cargo test` tell their program is not meant for another cargo: crates whose
/// build depends on it would be built again.
fn forget_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let told = [
            "CARGO_PKG_",
            "CARGO_MANIFEST_",
            "CARGO_BIN_",
            "CARGO_CRATE_",
        ];
        if name
            .to_str()
            .is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix)))
        {
            command.env_remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_a_function_that_does_not_start() {
        let line = br#"{"function":"before-token","level":"ERROR","problems":["A: x","B: y"]}"#;
        assert_eq!(refusal(line).as_deref(), Some("before-token: A: x; B: y"));
        assert_eq!(refusal(br#"{"function":"before-token"}"#), None);
        assert_eq!(refusal(b"error: could not compile"), None);
    }
}
