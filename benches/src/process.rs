//! A function's process, started as Lambda starts one.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use axum::body::Bytes;
use nix::{
    sys::signal::{Signal, kill},
    time::ClockId,
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    time::{Instant, timeout},
};

use crate::{
    Failure,
    platform::Platform,
    share::{Hold, Means},
};

/// A shell that becomes the process at a word: it is held back before it runs, and nothing of starting the shell is measured.
const AT_A_WORD: &str = r#"echo ready; read -r _; exec "$@" > "$0" 2>&1"#;

/// How long a process may take to end.
const ENDING: Duration = Duration::from_mins(1);

/// Lines of its log that are told of a process that does not what it should.
const TOLD: usize = 5;

/// What is started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// What it is called when it does not what it should.
    pub(crate) name: &'static str,
    pub(crate) command: Vec<OsString>,
    pub(crate) settings: Vec<(&'static str, String)>,
}

/// How much of a CPU it gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) means: Means,
    pub(crate) share: f64,
}

pub(crate) struct Process {
    child: Child,
    id: Pid,
    clock: ClockId,
    /// CPU time of the shell.
    before: Duration,
    started: Instant,
    platform: Platform,
    name: &'static str,
    log: PathBuf,
    _hold: Hold,
}

impl Process {
    /// Starts a program and waits until it asks for its first event; tells how long that took. Its log goes to a file.
    pub(crate) async fn start(
        program: &Program,
        pace: Pace,
        log: &Path,
    ) -> Result<(Self, Duration), Failure> {
        let mut process = Self::spawn(program, pace, log).await?;
        let ready = process.until_ready().await;
        let ready = ready.map_err(|error| process.told(&*error))?;
        Ok((process, ready))
    }

    async fn spawn(program: &Program, pace: Pace, log: &Path) -> Result<Self, Failure> {
        let platform = Platform::start().await?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", AT_A_WORD])
            .arg(log)
            .args(&program.command)
            .env_clear()
            .envs(of_lambda(platform.address()))
            .envs(program.settings.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().ok_or("the shell has ended")?;
        let id = Pid::from_raw(i32::try_from(id)?);
        let said = child.stdout.take().ok_or("the shell has no output")?;
        let mut word = child.stdin.take().ok_or("the shell has no input")?;
        BufReader::new(said).read_line(&mut String::new()).await?;
        let hold = Hold::on(id, pace.means, pace.share)?;
        let clock = ClockId::pid_cpu_clock_id(id)?;
        let before = clock.now()?.into();
        let started = Instant::now();
        word.write_all(b"\n").await?;
        Ok(Self {
            child,
            id,
            clock,
            before,
            started,
            platform,
            name: program.name,
            log: log.to_owned(),
            _hold: hold,
        })
    }

    async fn until_ready(&mut self) -> Result<Duration, Failure> {
        tokio::select! {
            asked = self.platform.asked() => Ok(asked? - self.started),
            ended = self.child.wait() => Err(format!("it ended: {}", ended?).into()),
        }
    }

    /// Sends an event; tells how long the answer took, which must let the person go on.
    pub(crate) async fn decide(&mut self, event: String) -> Result<Duration, Failure> {
        let (took, answer) = match self.platform.invoke(event).await {
            Ok(answered) => answered,
            Err(error) => return Err(self.told(&*error)),
        };
        goes_on(&answer).map_err(|error| self.told(&*error))?;
        Ok(took)
    }

    /// CPU time of all its threads, also of those that have ended.
    pub(crate) fn cpu_time(&self) -> Result<Duration, Failure> {
        let now: Duration = self.clock.now()?.into();
        Ok(now.saturating_sub(self.before))
    }

    /// The most memory that it ever had.
    pub(crate) fn peak_kib(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().strip_suffix(" kB"));
        Ok(peak.ok_or("found no VmHWM in its status")?.parse()?)
    }

    pub(crate) async fn kill(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        kill(self.id, Signal::SIGTERM)?;
        let ended = timeout(ENDING, self.child.wait()).await;
        ended.map_err(|_| self.told("it does not end"))??;
        Ok(())
    }

    fn told(&self, problem: impl std::fmt::Display) -> Failure {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines.len().saturating_sub(TOLD);
        let last = lines.get(last..).unwrap_or_default().join("\n");
        format!("{}: {problem}\n{last}", self.name).into()
    }
}

/// Whether an answer lets the person go on.
fn goes_on(answer: &Bytes) -> Result<(), Failure> {
    let answer: Value = serde_json::from_slice(answer)?;
    let body = answer.get("body").and_then(Value::as_str);
    let body: Value = serde_json::from_str(body.unwrap_or("null"))?;
    let status = answer.get("statusCode").and_then(Value::as_u64);
    let action = body.get("action").and_then(Value::as_str);
    if status == Some(200) && action == Some("Continue") {
        return Ok(());
    }
    Err(format!("expected that the person goes on, found {answer}").into())
}

/// The environment that Lambda gives to every function.
fn of_lambda(runtime_api: String) -> [(&'static str, String); 13] {
    let fixed = |name, value: &str| (name, value.to_owned());
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        fixed("AWS_LAMBDA_FUNCTION_NAME", "sign-up"),
        fixed("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        fixed("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        fixed("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/sign-up"),
        fixed(
            "AWS_LAMBDA_LOG_STREAM_NAME",
            "2026/11/22/[$LATEST]0123456789abcdef",
        ),
        fixed("AWS_REGION", "eu-north-1"),
        fixed("AWS_DEFAULT_REGION", "eu-north-1"),
        fixed("AWS_ACCESS_KEY_ID", "ASIAEXAMPLEEXAMPLE00"),
        fixed("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        fixed("AWS_SESSION_TOKEN", "no-session"),
        fixed("LANG", "en_US.UTF-8"),
        fixed("TZ", ":UTC"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_does_not_let_the_person_go_on_is_an_error() {
        let of = |text: &'static str| goes_on(&Bytes::from_static(text.as_bytes()));
        assert!(of(r#"{"statusCode":200,"body":"{\"action\":\"Continue\"}"}"#).is_ok());
        assert!(of(r#"{"statusCode":200,"body":"{\"action\":\"ShowBlockPage\"}"}"#).is_err());
        assert!(of(r#"{"statusCode":401}"#).is_err());
        assert!(of("nothing").is_err());
    }
}
