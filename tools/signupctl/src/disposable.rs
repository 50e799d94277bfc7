//! `signupctl disposable`: a newer list of disposable domains than the one that the functions carry.

use std::{io::ErrorKind, path::Path, sync::Arc};

use shared::{
    adapters::{dynamodb::Table, https},
    app::disposable_publications::{
        DisposableError, DisposablePublications, ListInUse, NewList, Refreshed,
    },
    policy::predicate::disposable::{BadLine, DisposableDomains},
    ports::clock::Clock,
};

use crate::{
    args::DisposableCommand,
    author::changer,
    exit::{Exit, Failure},
    output::{Output, quoted, visible},
};

/// What the built-in list was taken from.
const UPSTREAM: &str = "https://raw.githubusercontent.com/disposable-email-domains/disposable-email-domains/main/disposable_email_blocklist.conf";

/// Bad lines that are told one by one.
const LINES_TOLD: usize = 10;

pub(crate) async fn run(
    command: &DisposableCommand,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let publications = DisposablePublications::new(table, clock);
    match command {
        DisposableCommand::Refresh {
            from,
            force,
            author,
        } => {
            let by = changer(author)?;
            let source = from.as_deref().unwrap_or(UPSTREAM);
            let domains = read(source).await?;
            let new = NewList {
                domains: &domains,
                source,
                force: *force,
                author: &by,
            };
            refreshed(&publications.refresh(new).await?, output)?;
        }
        DisposableCommand::Show => show(&publications.in_use().await?, output)?,
        DisposableCommand::Reset(author) => {
            reset(publications.reset(&changer(author)?).await?, output)?;
        }
    }
    Ok(Exit::Done)
}

async fn read(source: &str) -> Result<DisposableDomains, Failure> {
    let text = if source.contains("://") {
        let text = https::text(source).await;
        text.map_err(|problem| Failure::Told(format!("{}: {problem}", visible(source))))?
    } else {
        file(source)?
    };
    DisposableDomains::read(&text).map_err(|bad| faulty(source, &bad))
}

fn file(path: &str) -> Result<String, Failure> {
    std::fs::read_to_string(Path::new(path)).map_err(|error| {
        let problem = match error.kind() {
            ErrorKind::InvalidData => "the file is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Failure::Told(format!("{}: {problem}", visible(path)))
    })
}

fn faulty(source: &str, bad: &[BadLine]) -> Failure {
    let told = bad.iter().take(LINES_TOLD).map(|one| {
        let (line, found) = (one.line, quoted(&one.found));
        format!(
            "{}:{line}: found {found}, expected a domain",
            visible(source)
        )
    });
    let mut lines: Vec<String> = told.collect();
    if bad.len() > LINES_TOLD {
        lines.push(format!("and {} lines more", bad.len() - LINES_TOLD));
    }
    lines.push("nothing was published".to_owned());
    Failure::Told(lines.join("\n"))
}

fn refreshed(refreshed: &Refreshed, output: &mut Output<'_>) -> Result<(), Failure> {
    let Refreshed {
        version,
        domains,
        added,
        removed,
    } = refreshed;
    match version {
        Some(number) => writeln!(
            output.results,
            "published version {number} of the list, {domains} domains: {added} added, {removed} removed; it counts \
             within 30 seconds"
        )?,
        None => writeln!(
            output.results,
            "unchanged: the list in use has the same {domains} domains"
        )?,
    }
    Ok(())
}

fn show(list: &ListInUse, output: &mut Output<'_>) -> Result<(), Failure> {
    let domains = list.domains.iter().count();
    match &list.version {
        Some(version) => writeln!(
            output.results,
            "version {} of {}, from {}: {domains} domains",
            version.number,
            version.at,
            visible(&version.source)
        )?,
        None => writeln!(output.results, "the built-in list: {domains} domains")?,
    }
    Ok(())
}

fn reset(from: Option<u32>, output: &mut Output<'_>) -> Result<(), Failure> {
    match from {
        Some(number) => writeln!(
            output.results,
            "the built-in list counts within 30 seconds instead of version {number}"
        )?,
        None => writeln!(output.results, "unchanged: the built-in list is in use")?,
    }
    Ok(())
}

impl From<DisposableError> for Failure {
    fn from(error: DisposableError) -> Self {
        match error {
            DisposableError::Store(error) => Self::Table(error),
            error => Self::Told(error.to_string()),
        }
    }
}
