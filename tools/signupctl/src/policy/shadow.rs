//! `signupctl policy shadow` and `promote`: a candidate beside the policy that decides.

use std::ops::ControlFlow;

use shared::{
    app::publications::{Changed, Draft, Publications},
    domain::publication::PolicyFlow,
};

use super::publish::{Proposal, instead, tell_others};
use crate::{
    args::ShadowArguments,
    author::author,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    arguments: &ShadowArguments,
    publications: impl AsyncFnOnce() -> Result<Publications, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let flow = &arguments.of.flow;
    let (Some(file), Some(note)) = (&arguments.file, &arguments.note) else {
        let by = author(arguments.author.as_deref(), "who ends it")?;
        return end(flow, &by, &publications().await?, output).await;
    };
    let proposal = Proposal {
        file,
        flow,
        note,
        author: arguments.author.as_deref(),
    };
    let shadow = async |draft: Draft<'_>| Ok(publications().await?.shadow(draft).await?);
    match proposal.make(shadow, output).await? {
        ControlFlow::Continue(changed) => told(&changed, output)?,
        ControlFlow::Break(exit) => return Ok(exit),
    }
    Ok(Exit::Done)
}

pub(super) async fn promote(
    flow: &PolicyFlow,
    by: &str,
    publications: &Publications,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let changed = publications.promote(flow, by).await?;
    writeln!(
        output.results,
        "version {} of `{flow}` decides within 30 seconds{}",
        changed.to.number,
        instead(&changed)
    )?;
    tell_others(&changed, output)?;
    Ok(Exit::Done)
}

async fn end(
    flow: &PolicyFlow,
    by: &str,
    publications: &Publications,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let ended = publications.end_shadow(flow, by).await?;
    writeln!(
        output.results,
        "version {} of `{flow}` is the candidate no longer",
        ended.number
    )?;
    Ok(Exit::Done)
}

fn told(changed: &Changed, output: &mut Output<'_>) -> Result<(), Failure> {
    let (flow, number) = (&changed.to.flow, changed.to.number);
    writeln!(
        output.results,
        "published version {number} of `{flow}` as the candidate{}: within 30 seconds it is compared with what decides",
        instead(changed)
    )?;
    writeln!(
        output.notes,
        "it decides nothing. Log lines with `shadow_disagreements = 1` and `shadow_version = {number}` tell where it would \
         decide differently; `signupctl policy promote --flow '{flow}'` makes it decide, `signupctl policy shadow --end \
         --flow '{flow}'` ends it"
    )?;
    Ok(())
}
