//! `signupctl policy history`, `show` and `rollback`: what was published, and the way back.

use serde::Serialize;
use shared::{
    app::publications::{History, Publications},
    domain::publication::{PolicyFlow, PolicyVersion, Publication},
};

use super::publish::instead;
use crate::{
    exit::{Exit, Failure},
    output::{Output, Table},
};

const HEADER: [&str; 6] = ["VERSION", "STATE", "PUBLISHED", "AUTHOR", "SHA-256", "NOTE"];

/// Digits of the SHA-256 in the table, enough to compare by eye.
const SHORT: usize = 12;

pub(super) async fn run(
    flow: &PolicyFlow,
    json: bool,
    publications: &Publications,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let history = publications.history(flow).await?;
    if history.publications.is_empty() {
        writeln!(output.notes, "`{flow}` has no published policy")?;
    } else if json {
        for one in &history.publications {
            write_json(one, &history, output)?;
        }
    } else {
        let mut table = Table::new(HEADER);
        for one in &history.publications {
            table.push(row(one, &history));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

pub(super) async fn show(
    flow: &PolicyFlow,
    number: Option<u32>,
    publications: &Publications,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let (version, source) = publications.source(flow, number).await?;
    // Byte for byte what was published: it can be published again, and its SHA-256 can be compared.
    write!(output.results, "{source}")?;
    writeln!(output.notes, "version {} of `{flow}`", version.number)?;
    Ok(Exit::Done)
}

pub(super) async fn roll_back(
    version: PolicyVersion,
    by: &str,
    publications: &Publications,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let number = version.number;
    let changed = publications.roll_back(version, by).await?;
    let flow = &changed.to.flow;
    if changed.from == Some(number) {
        writeln!(
            output.results,
            "unchanged: version {number} of `{flow}` is the current one"
        )?;
    } else {
        writeln!(
            output.results,
            "version {number} of `{flow}` decides again within 30 seconds{}",
            instead(&changed)
        )?;
    }
    Ok(Exit::Done)
}

fn row(publication: &Publication, history: &History) -> [String; 6] {
    let number = Some(publication.version.number);
    let state = match number {
        _ if history.current == number => "current",
        _ if history.candidate == number => "candidate",
        _ => "",
    };
    [
        publication.version.number.to_string(),
        state.to_owned(),
        publication.at.to_string(),
        publication.author.clone(),
        publication.sha256.chars().take(SHORT).collect(),
        publication.note.clone(),
    ]
}

#[derive(Serialize)]
struct Line<'p> {
    flow: &'p str,
    version: u32,
    current: bool,
    candidate: bool,
    published: String,
    author: &'p str,
    sha256: &'p str,
    note: &'p str,
}

fn write_json(
    publication: &Publication,
    history: &History,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let number = Some(publication.version.number);
    let line = Line {
        flow: publication.version.flow.as_str(),
        version: publication.version.number,
        current: history.current == number,
        candidate: history.candidate == number,
        published: publication.at.to_string(),
        author: &publication.author,
        sha256: &publication.sha256,
        note: &publication.note,
    };
    serde_json::to_writer(&mut *output.results, &line).map_err(std::io::Error::from)?;
    writeln!(output.results)?;
    Ok(())
}
