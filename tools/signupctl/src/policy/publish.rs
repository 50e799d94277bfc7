//! `signupctl policy publish`

use std::{ops::ControlFlow, path::Path};

use shared::{
    app::publications::{Changed, Draft, Publications},
    domain::publication::PolicyFlow,
    policy::Policy,
};

use super::{
    cases,
    source::{self, SourceError},
};
use crate::{
    args::PublishArguments,
    author::author,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    arguments: &PublishArguments,
    publications: impl AsyncFnOnce() -> Result<Publications, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let proposal = Proposal {
        file: &arguments.file,
        flow: &arguments.of.flow,
        note: &arguments.note,
        author: arguments.author.as_deref(),
    };
    let publish = async |draft: Draft<'_>| Ok(publications().await?.publish(draft).await?);
    match proposal.make(publish, output).await? {
        ControlFlow::Continue(changed) => told(&changed, output)?,
        ControlFlow::Break(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

/// A policy that somebody wants to have in the table.
pub(super) struct Proposal<'a> {
    pub(super) file: &'a Path,
    pub(super) flow: &'a PolicyFlow,
    pub(super) note: &'a str,
    pub(super) author: Option<&'a str>,
}

impl Proposal<'_> {
    /// Writes it if it has no fault and stands its test; else tells why not, and how to end.
    pub(super) async fn make(
        &self,
        write: impl AsyncFnOnce(Draft<'_>) -> Result<Changed, Failure>,
        output: &mut Output<'_>,
    ) -> Result<ControlFlow<Exit, Changed>, Failure> {
        let read = match source::read(self.file) {
            Ok(read) => read,
            Err(error @ SourceError::Faults { .. }) => {
                writeln!(output.notes, "{error}\n{NOTHING}")?;
                return Ok(ControlFlow::Break(Exit::Faulty));
            }
            Err(error) => return Err(error.into()),
        };
        if !stands_its_test(&read.policy, self.file, output)? {
            writeln!(output.notes, "{NOTHING}")?;
            return Ok(ControlFlow::Break(Exit::Unexpected));
        }
        let author = author(self.author, "who publishes")?;
        let draft = Draft {
            flow: self.flow,
            source: &read.text,
            document: &read.document,
            author: &author,
            note: self.note,
        };
        write(draft).await.map(ControlFlow::Continue)
    }
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
    writeln!(
        output.results,
        "published version {number} of `{flow}`: it decides within 30 seconds{}",
        instead(changed)
    )?;
    tell_others(changed, output)
}

pub(super) fn instead(changed: &Changed) -> String {
    let from = changed
        .from
        .map(|from| format!(" instead of version {from}"));
    from.unwrap_or_default()
}

/// What the first policy of a named user flow means for the others.
pub(super) fn tell_others(changed: &Changed, output: &mut Output<'_>) -> Result<(), Failure> {
    let flow = &changed.to.flow;
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
