//! `signupctl claims`: the directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    slice::from_ref,
};

use jiff::Timestamp;
use shared::{
    app::collections::{Collection, Directory},
    domain::{
        attribute::ClaimValue,
        audit::Signature,
        directory::{ClaimsSubject, DirectoryRecord},
    },
};

use crate::{
    args::{ClaimsCommand, ExportFile},
    author::signature,
    collection::{Told, each, import},
    exit::{Exit, Failure},
    export,
    output::{Output, visible, write_json},
    rows::{Claims, TypedName, Writer, claim_text, record_cells, record_line},
};

pub(crate) async fn run(
    command: &ClaimsCommand,
    directory: &Directory,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        ClaimsCommand::Import(file) => import(file, directory, Claims, now, output).await,
        ClaimsCommand::Export(file) => {
            let write = async |out: &mut dyn Write| write(file, directory, out).await;
            export::run(file.output.as_deref(), "records", write, output).await
        }
        ClaimsCommand::Show { subject, json } => show(subject, *json, directory, output).await,
        ClaimsCommand::Remove { subject, author } => {
            remove(subject, directory, &signature(author, now)?, output).await
        }
    }
}

async fn write(
    file: &ExportFile,
    directory: &Directory,
    out: &mut dyn Write,
) -> Result<u64, Failure> {
    if file.json {
        write_lines(directory, out).await
    } else {
        write_rows(directory, out).await
    }
}

async fn write_lines(directory: &Directory, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut written = 0;
    each(directory, |record| {
        written += 1;
        write_json(&record_line(&record), out)
    })
    .await?;
    Ok(written)
}

/// Reads the directory twice, since the header names the claims of every record.
async fn write_rows(directory: &Directory, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut names = BTreeSet::new();
    each(directory, |record| {
        names.extend(typed_names(&record.claims));
        Ok(())
    })
    .await?;
    let columns: Vec<TypedName> = names.iter().cloned().collect();
    let headers = columns.iter().map(TypedName::header);
    let mut writer = Writer::new(out, std::iter::once("subject").chain(headers))?;
    let mut written = 0;
    each(directory, |record| {
        if let Some(new) = typed_names(&record.claims).find(|name| !names.contains(name)) {
            let name = visible(new.header());
            return Err(Failure::Told(format!(
                "the claim `{name}` was added while the directory was read; try again, or take --json"
            )));
        }
        writer.write(record_cells(&record, &columns))?;
        written += 1;
        Ok(())
    })
    .await?;
    writer.flush()?;
    Ok(written)
}

fn typed_names(claims: &BTreeMap<String, ClaimValue>) -> impl Iterator<Item = TypedName> {
    let claims = claims.iter();
    claims.map(|(name, value)| TypedName::of(name, value))
}

async fn show(
    subject: &ClaimsSubject,
    json: bool,
    directory: &Directory,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let record = find(subject, directory).await?;
    if json {
        write_json(&record_line(&record), output.results)?;
    } else {
        let (name, content) = (Directory::name(&record), Directory::content(&record));
        writeln!(output.results, "{name}: {content}")?;
    }
    Ok(Exit::Done)
}

async fn remove(
    subject: &ClaimsSubject,
    directory: &Directory,
    signature: &Signature,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let record = find(subject, directory).await?;
    directory.remove(from_ref(subject), signature).await?;
    let (name, content) = (Directory::name(&record), Directory::content(&record));
    writeln!(output.results, "removed {name}: {content}")?;
    Ok(Exit::Done)
}

async fn find(subject: &ClaimsSubject, directory: &Directory) -> Result<DirectoryRecord, Failure> {
    let found = directory.find(from_ref(subject)).await?;
    found.into_iter().next().ok_or_else(|| {
        let subject = visible(&subject.to_string());
        Failure::Told(format!("the directory has no record of `{subject}`"))
    })
}

impl Told for Directory {
    fn name(record: &DirectoryRecord) -> String {
        format!("`{}`", visible(&record.subject.to_string()))
    }

    fn content(record: &DirectoryRecord) -> String {
        told(&record.claims)
    }

    fn change(from: &DirectoryRecord, to: &DirectoryRecord) -> String {
        let names: BTreeSet<&String> = from.claims.keys().chain(to.claims.keys()).collect();
        let changed = names.into_iter().filter_map(|name| {
            let (from, to) = (from.claims.get(name), to.claims.get(name));
            (from != to).then(|| format!("{name} {} → {}", value(from), value(to)))
        });
        changed.collect::<Vec<_>>().join(", ")
    }
}

/// Claims in one line.
pub(crate) fn told(claims: &BTreeMap<String, ClaimValue>) -> String {
    if claims.is_empty() {
        return "no claims".to_owned();
    }
    let claims = claims.iter();
    let told = claims.map(|(name, claim)| {
        let header = TypedName::of(name, claim);
        format!("{} {}", header.header(), value(Some(claim)))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn value(claim: Option<&ClaimValue>) -> String {
    claim.map_or_else(
        || "nothing".to_owned(),
        |claim| format!("\"{}\"", visible(&claim_text(claim))),
    )
}
