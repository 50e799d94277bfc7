//! `signupctl list remove`

use jiff::Timestamp;
use shared::{
    app::lists::{Difference, Lists},
    domain::list::ListName,
    ports::list_store::Change,
};

use super::{content, place};
use crate::{
    args::RemoveArguments,
    author::signature,
    exit::{Exit, Failure},
    output::{Output, visible},
};

pub(super) async fn run(
    arguments: &RemoveArguments,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let signature = signature(&arguments.author, now)?;
    let matcher = &arguments.matcher.matcher;
    let found = lists.find(std::slice::from_ref(matcher)).await?;
    let wanted = |list: &ListName| arguments.list.as_ref().is_none_or(|only| only == list);
    let changes: Vec<Change> = found
        .into_iter()
        .map(|entry| entry.list)
        .filter(wanted)
        .map(|list| Change::Remove {
            matcher: matcher.clone(),
            list,
        })
        .collect();
    let mut removed = false;
    for difference in lists.apply(&changes, &signature).await? {
        if let Difference::Removed(entry) = difference {
            removed = true;
            writeln!(
                output.results,
                "removed {}: {}",
                place(&entry),
                content(&entry)
            )?;
        }
    }
    if removed {
        return Ok(Exit::Done);
    }
    let matcher = visible(&matcher.to_string());
    Err(Failure::Told(match &arguments.list {
        Some(list) => format!("nothing to remove: `{matcher}` is not in list `{list}`"),
        None => format!("nothing to remove: `{matcher}` is in no list"),
    }))
}
