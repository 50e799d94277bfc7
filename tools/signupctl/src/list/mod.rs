//! `signupctl list`: the allow and deny lists.

mod add;
mod check;
mod export;
mod import;
mod remove;
mod show;

use jiff::Timestamp;
use shared::{
    app::lists::{Lists, Place},
    domain::list::ListEntry,
};

use crate::{
    args::ListCommand,
    exit::{Exit, Failure},
    output::{Output, visible},
};

pub(crate) async fn run(
    command: &ListCommand,
    lists: &Lists,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        ListCommand::Add(arguments) => add::run(arguments, lists, now, output).await,
        ListCommand::Remove(arguments) => remove::run(arguments, lists, now, output).await,
        ListCommand::Show(arguments) => show::run(arguments, lists, now, output).await,
        ListCommand::Check(arguments) => check::run(arguments, lists, now, output).await,
        ListCommand::Import(arguments) => import::run(arguments, lists, now, output).await,
        ListCommand::Export(arguments) => export::run(arguments, lists, output).await,
    }
}

/// Hands every entry on as it is read, so that memory does not grow with the lists.
async fn each(
    lists: &Lists,
    mut take: impl FnMut(ListEntry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut place = Some(Place::default());
    while let Some(here) = place {
        let (entries, next) = lists.page(here).await?;
        entries.into_iter().try_for_each(&mut take)?;
        place = next;
    }
    Ok(())
}

/// Where an entry stands.
fn place(entry: &ListEntry) -> String {
    let matcher = visible(&entry.matcher.to_string());
    format!("`{matcher}` in list `{}`", entry.list)
}

/// What an entry says, in one line.
fn content(entry: &ListEntry) -> String {
    let mut parts = vec![entry.effect.to_string()];
    for (name, note) in [("reason", &entry.reason), ("owner", &entry.owner)] {
        if !note.is_empty() {
            parts.push(format!("{name} \"{}\"", visible(note)));
        }
    }
    if let Some(end) = entry.expires_at {
        parts.push(format!("expires {end}"));
    }
    parts.join(", ")
}

/// What became different, in one line.
fn change(from: &ListEntry, to: &ListEntry) -> String {
    let note = |text: &str| format!("\"{}\"", visible(text));
    let end = |end: Option<Timestamp>| end.map_or_else(|| "never".to_owned(), |e| e.to_string());
    let fields = [
        ("effect", from.effect.to_string(), to.effect.to_string()),
        ("reason", note(&from.reason), note(&to.reason)),
        ("owner", note(&from.owner), note(&to.owner)),
        ("expires", end(from.expires_at), end(to.expires_at)),
    ];
    let changed = fields.iter().filter(|(_, from, to)| from != to);
    let told: Vec<String> = changed
        .map(|(name, from, to)| format!("{name} {from} → {to}"))
        .collect();
    told.join(", ")
}
