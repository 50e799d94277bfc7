//! `signupctl try`: sign-ups on trial, called as Entra calls.

mod access;
mod json;
mod text;

use std::path::{Path, PathBuf};

use local_entra::{
    call::Caller,
    scenario::{Runner, Scenario, ScenarioFile, Target, Trial},
};
use shared::config::Environment;

use self::access::{Access, TokenSource};
use crate::{
    args::TryArguments,
    exit::{Exit, Failure},
    output::{Output, visible},
};

/// A file that is ready to run: nothing was sent yet.
struct Prepared<'a> {
    path: &'a Path,
    file: ScenarioFile,
    target: Target,
    tokens: TokenSource,
}

/// One sign-up and how it went.
struct Tried<'a> {
    path: &'a Path,
    scenario: &'a Scenario,
    trial: &'a Trial,
}

/// How many sign-ups there were.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Tally {
    tried: usize,
    unexpected: usize,
}

pub(crate) async fn run(
    arguments: &TryArguments,
    environment: &dyn Environment,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let access = Access::new(arguments, environment)?;
    let caller = access.caller()?;
    let files = prepare(&arguments.files, &access)?;
    let mut tally = Tally::default();
    for file in &files {
        for scenario in &file.file.sign_ups {
            let trial = try_one(file, scenario, &caller).await?;
            let tried = Tried {
                path: file.path,
                scenario,
                trial: &trial,
            };
            tally.tried += 1;
            tally.unexpected += usize::from(!tried.as_expected());
            report(arguments, &tried, output)?;
        }
    }
    if !arguments.json {
        text::summary(tally, output.results)?;
    }
    Ok(match tally.unexpected {
        0 => Exit::Done,
        _ => Exit::Unexpected,
    })
}

impl Tried<'_> {
    fn as_expected(&self) -> bool {
        self.trial.differences.is_empty()
    }
}

/// Every file, or everything that is wrong with them.
fn prepare<'a>(paths: &'a [PathBuf], access: &Access) -> Result<Vec<Prepared<'a>>, Failure> {
    let mut prepared = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match prepare_one(path, access) {
            Ok(file) => prepared.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(prepared);
    }
    let lines = problems.iter().flat_map(|problem| problem.lines());
    let lines: Vec<_> = lines.map(visible).collect();
    Err(Failure::Told(lines.join("\n")))
}

fn prepare_one<'a>(path: &'a Path, access: &Access) -> Result<Prepared<'a>, String> {
    let file = ScenarioFile::read(path).map_err(|error| error.to_string())?;
    let placed = |problem: String| format!("{}: {problem}", path.display());
    let target = access.target(&file).map_err(placed)?;
    let tokens = access.tokens(&file, &target).map_err(placed)?;
    Ok(Prepared {
        path,
        file,
        target,
        tokens,
    })
}

async fn try_one(
    file: &Prepared<'_>,
    scenario: &Scenario,
    caller: &Caller,
) -> Result<Trial, Failure> {
    let token = if scenario.kind.calls_extensions() {
        Some(file.tokens.token().await?)
    } else {
        None
    };
    let runner = Runner {
        caller,
        target: &file.target,
        tenant: &file.file.tenant,
    };
    Ok(runner.run(scenario, token.as_deref()).await)
}

/// Each sign-up is shown as soon as it has ended: one that runs into time-outs takes a while.
fn report(
    arguments: &TryArguments,
    tried: &Tried<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    if arguments.json {
        json::write(tried, output.results)?;
    } else if !arguments.quiet || !tried.as_expected() {
        text::write(tried, output.results)?;
    }
    Ok(output.results.flush()?)
}
