//! `signupctl list show`

use jiff::Timestamp;
use serde::Serialize;
use shared::{app::lists::Lists, domain::list::ListEntry};

use super::each;
use crate::{
    args::{Kind, ShowArguments},
    exit::{Exit, Failure},
    output::{Listing, Output, write_json},
};

const HEADER: [&str; 6] = ["MATCHER", "EFFECT", "LIST", "EXPIRES", "OWNER", "REASON"];

pub(super) async fn run(
    arguments: &ShowArguments,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut shown = 0_u64;
    if arguments.json {
        each(lists, |entry| {
            if wanted(arguments, &entry, now) {
                shown += 1;
                write_entry(&entry, now, output)?;
            }
            Ok(())
        })
        .await?;
    } else {
        let mut listing = Listing::new(HEADER);
        each(lists, |entry| {
            if wanted(arguments, &entry, now) {
                shown += 1;
                let row = row(&entry, now);
                listing.push((entry.matcher, entry.list), row, output.results)?;
            }
            Ok(())
        })
        .await?;
        listing.finish(output.results)?;
    }
    if shown == 0 {
        writeln!(output.notes, "no such entry")?;
    }
    Ok(Exit::Done)
}

fn wanted(arguments: &ShowArguments, entry: &ListEntry, now: Timestamp) -> bool {
    let list = arguments
        .list
        .as_ref()
        .is_none_or(|list| *list == entry.list);
    let effect = arguments.effect.is_none_or(|effect| effect == entry.effect);
    let kind = arguments
        .kind
        .is_none_or(|kind| kind == Kind::from(entry.matcher.kind()));
    list && effect && kind && (!arguments.expired || !entry.is_active(now))
}

fn row(entry: &ListEntry, now: Timestamp) -> [String; 6] {
    [
        entry.matcher.to_string(),
        entry.effect.to_string(),
        entry.list.to_string(),
        end(entry, now),
        entry.owner.clone(),
        entry.reason.clone(),
    ]
}

/// When an entry ends, for people.
pub(super) fn end(entry: &ListEntry, now: Timestamp) -> String {
    match entry.expires_at {
        None => "never".to_owned(),
        Some(end) if entry.is_active(now) => end.to_string(),
        Some(end) => format!("{end} (expired)"),
    }
}

#[derive(Serialize)]
struct Line<'e> {
    matcher: String,
    kind: &'static str,
    effect: &'static str,
    list: &'e str,
    reason: &'e str,
    owner: &'e str,
    expires: Option<Timestamp>,
    expired: bool,
}

fn write_entry(entry: &ListEntry, now: Timestamp, output: &mut Output<'_>) -> Result<(), Failure> {
    let line = Line {
        matcher: entry.matcher.to_string(),
        kind: entry.matcher.kind().name(),
        effect: entry.effect.name(),
        list: entry.list.as_str(),
        reason: &entry.reason,
        owner: &entry.owner,
        expires: entry.expires_at,
        expired: !entry.is_active(now),
    };
    write_json(&line, output.results)
}
