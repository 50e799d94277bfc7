//! `signupctl policy publish`

use std::path::Path;

use shared::{
    app::publications::{Changed, Draft, Publications},
    config::{Environment, ProcessEnvironment},
    domain::publication::PolicyFlow,
    policy::Policy,
};

use super::{
    cases,
    source::{self, SourceError},
};
use crate::{
    args::PublishArguments,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    arguments: &PublishArguments,
    publications: impl AsyncFnOnce() -> Result<Publications, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let read = match source::read(&arguments.file) {
        Ok(read) => read,
        Err(error @ SourceError::Faults { .. }) => {
            writeln!(output.notes, "{error}\n{NOTHING}")?;
            return Ok(Exit::Faulty);
        }
        Err(error) => return Err(error.into()),
    };
    if !stands_its_test(&read.policy, &arguments.file, output)? {
        writeln!(output.notes, "{NOTHING}")?;
        return Ok(Exit::Unexpected);
    }
    let author = author(arguments)?;
    let draft = Draft {
        flow: &arguments.of.flow,
        source: &read.text,
        document: &read.document,
        author: &author,
        note: &arguments.note,
    };
    let changed = publications().await?.publish(draft).await?;
    told(&changed, output)?;
    Ok(Exit::Done)
}

const NOTHING: &str = "nothing was published";

/// Whether every case beside the policy goes as it expects; a policy without cases has nothing to stand.
fn stands_its_test(policy: &Policy, file: &Path, output: &mut Output<'_>) -> Result<bool, Failure> {
    let file = cases::beside(file);
    if !file.exists() {
        return Ok(true);
    }
    let tested = cases::test(policy, &file)?;
    cases::report(&tested, output)?;
    Ok(tested.unexpected.is_empty())
}

fn told(changed: &Changed, output: &mut Output<'_>) -> Result<(), Failure> {
    let (flow, number) = (&changed.to.flow, changed.to.number);
    let before = match changed.from {
        Some(from) => format!(" instead of version {from}"),
        None => String::new(),
    };
    writeln!(
        output.results,
        "published version {number} of `{flow}`: it decides within 30 seconds{before}"
    )?;
    let first_named = changed.from.is_none() && *flow != PolicyFlow::Others;
    if first_named && !changed.current.versions.contains_key(&PolicyFlow::Others) {
        writeln!(
            output.notes,
            "from now on a user flow's name in a URL that has no policy and is not in USER_FLOWS is refused as a wiring \
             mistake; publish one with --flow '*' for all others"
        )?;
    }
    Ok(())
}

fn author(arguments: &PublishArguments) -> Result<String, Failure> {
    let account = || {
        ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(variable)
    };
    let system = || whoami::username().ok();
    let author = arguments.author.clone().or_else(account).or_else(system);
    let author = author.map(|author| author.trim().to_owned());
    author
        .filter(|author| !author.is_empty())
        .ok_or_else(|| Failure::Told("--author: found nothing, expected who publishes".to_owned()))
}

fn variable(name: &str) -> Option<String> {
    ProcessEnvironment.get(name)
}
