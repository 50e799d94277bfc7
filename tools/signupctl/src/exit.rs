//! How a command ends.

use std::{
    io::{ErrorKind, Write, stderr},
    process::ExitCode,
};

use shared::{
    app::{codes::CodeError, credentials::CredentialError, endpoints::EndpointError},
    ports::StoreError,
};

/// For `--help`; `docs/lists.md` says the same, `docs/scenarios.md` for `try`, and `docs/policy.md` for `policy`.
pub(crate) const CODES: &str = "\
Exit codes:
  0    done; `list check`: the sign-up would continue
  1    failed: nothing there to remove, no such credential or request, a request that is not changed, the table or a file
       cannot be used
  2    `list import`, `claims import`, `values import`: at least one row is bad; the good ones are imported
       `policy check`, `test`, `diff`, `publish`, `shadow`: a policy is faulty
  3    `list check`: the sign-up would be denied
  4    `list check`: the sign-up would wait for a review
  5    `try`: at least one sign-up did not go as the file expects; `policy test`, `publish`, `shadow`: a case did not
       `policy diff`: the policies differ
  64   the command line is not understood
  141  nobody reads the output any more";

const FAILED: u8 = 1;
/// `EX_USAGE` of sysexits.h, because clap's own 2 means bad rows here.
const USAGE: u8 = 64;
/// What a shell reports for a program that SIGPIPE ended. Not 0: for `list check` that says `allow`.
const BROKEN_PIPE: u8 = 141;

/// How a command ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    BadRows,
    Faulty,
    Denied,
    Review,
    Unexpected,
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("nobody reads the output")]
    BrokenPipe,
    #[error("the output cannot be written: {0}")]
    Output(std::io::Error),
    #[error("{0}{advice}", advice = advice(.0))]
    Table(#[from] StoreError),
    #[error(transparent)]
    Credential(CredentialError),
    #[error(transparent)]
    Code(CodeError),
    #[error("{0}")]
    Told(String),
}

/// Every `io::Error` that gets here comes from writing results.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Output(error),
        }
    }
}

impl From<CredentialError> for Failure {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Store(error) => Self::Table(error),
            error => Self::Credential(error),
        }
    }
}

impl From<EndpointError> for Failure {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::Store(error) => Self::Table(error),
            error => Self::Told(error.to_string()),
        }
    }
}

impl From<CodeError> for Failure {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::Store(error) => Self::Table(error),
            error => Self::Code(error),
        }
    }
}

fn advice(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => {
            "; are --table, --region and the credentials (--profile) those of the deployment?"
        }
        StoreError::Conflict => "; try again",
        StoreError::TimedOut | StoreError::Throttled | StoreError::Corrupt { .. } => "",
    }
}

/// The exit code, with the failure told.
pub(crate) fn code(ended: Result<Exit, Failure>) -> ExitCode {
    match ended {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::BadRows | Exit::Faulty) => ExitCode::from(2),
        Ok(Exit::Denied) => ExitCode::from(3),
        Ok(Exit::Review) => ExitCode::from(4),
        Ok(Exit::Unexpected) => ExitCode::from(5),
        Err(Failure::BrokenPipe) => ExitCode::from(BROKEN_PIPE),
        Err(failure) => {
            // When even this cannot be written, the exit code still tells it.
            let _ = writeln!(stderr().lock(), "signupctl: {failure}");
            ExitCode::from(FAILED)
        }
    }
}

/// Tells a usage error; `--help` and `--version` come this way too.
pub(crate) fn usage(usage: &clap::Error) -> ExitCode {
    let printed = usage.print();
    match (usage.use_stderr(), printed) {
        (true, _) => ExitCode::from(USAGE),
        (false, Ok(())) => ExitCode::SUCCESS,
        (false, Err(error)) => code(Err(error.into())),
    }
}
