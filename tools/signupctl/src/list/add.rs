//! `signupctl list add`

use jiff::Timestamp;
use shared::{
    app::lists::{Difference, Lists},
    domain::list::ListEntry,
    ports::list_store::Change,
};

use super::{change, content, place};
use crate::{
    args::AddArguments,
    author::signature,
    exit::{Exit, Failure},
    expiry::Expiry,
    output::{Output, visible},
};

pub(super) async fn run(
    arguments: &AddArguments,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let signature = signature(&arguments.author, now)?;
    let expires_at = arguments
        .expires
        .as_ref()
        .map(|typed| typed.end(now))
        .transpose()?;
    let entry = ListEntry {
        matcher: arguments.matcher.matcher.clone(),
        list: arguments.list.clone(),
        effect: arguments.effect,
        reason: arguments.reason.clone(),
        owner: arguments.owner.clone(),
        expires_at,
    };
    for difference in lists.apply(&[Change::Put(entry)], &signature).await? {
        match difference {
            Difference::Added(entry) => {
                writeln!(
                    output.results,
                    "added {}: {}",
                    place(&entry),
                    content(&entry)
                )?;
            }
            Difference::Changed { from, to } => {
                writeln!(
                    output.results,
                    "changed {}: {}",
                    place(&to),
                    change(&from, &to)
                )?;
            }
            Difference::Unchanged(entry) => {
                writeln!(
                    output.results,
                    "unchanged {}: {}",
                    place(&entry),
                    content(&entry)
                )?;
            }
            // No answer to a `Put`.
            Difference::Removed(_) | Difference::Absent { .. } => {}
        }
    }
    tell_spellings(arguments, expires_at, output)?;
    Ok(Exit::Done)
}

/// Says how the input was understood where that differs from how it was typed.
fn tell_spellings(
    arguments: &AddArguments,
    expires_at: Option<Timestamp>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let (typed, canonical) = (
        &arguments.matcher.text,
        arguments.matcher.matcher.to_string(),
    );
    if *typed != canonical {
        let (typed, canonical) = (visible(typed), visible(&canonical));
        writeln!(output.results, "`{typed}` is matched as `{canonical}`")?;
    }
    if let Some(typed) = &arguments.expires
        && let (Expiry::EndOf(date), Some(end)) = (typed.expiry, expires_at)
    {
        writeln!(output.results, "{date} counts to its end in UTC: {end}")?;
    }
    Ok(())
}
