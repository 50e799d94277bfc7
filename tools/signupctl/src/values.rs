//! `signupctl values`: sets of allowed values.

use std::{io::Write, slice::from_ref, sync::Arc};

use jiff::Timestamp;
use shared::{
    app::collections::{Collection, MAX_BATCH, ValueSet},
    domain::{
        audit::Signature,
        value_set::{Member, SetName, SetValue},
    },
    ports::value_store::ValueStore,
};

use crate::{
    args::{AddValuesArguments, ExportFile, TypedExpiry, ValuesCommand},
    author::signature,
    collection::{Told, each, import, tell_applied},
    exit::{Exit, Failure},
    export,
    output::{Output, visible, write_json},
    rows::{Members, Writer, member_cells, member_line},
};

pub(crate) async fn run(
    command: &ValuesCommand,
    store: Arc<dyn ValueStore>,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let set = |name: &SetName| ValueSet {
        store: Arc::clone(&store),
        name: name.clone(),
    };
    match command {
        ValuesCommand::Import { set: name, file } => {
            let form = Members { set: name.clone() };
            import(file, &set(name), form, now, output).await
        }
        ValuesCommand::Export { set: name, file } => {
            let set = set(name);
            let write = async |out: &mut dyn Write| write(file, &set, out).await;
            export::run(file.output.as_deref(), "values", write, output).await
        }
        ValuesCommand::Add(arguments) => add(arguments, &set(&arguments.set), now, output).await,
        ValuesCommand::Remove {
            set: name,
            values,
            author,
        } => remove(values, &set(name), &signature(author, now)?, output).await,
        ValuesCommand::Show {
            set: name,
            value,
            json,
        } => show(value, *json, &set(name), output).await,
        ValuesCommand::Sets => sets(&*store, output).await,
    }
}

async fn write(file: &ExportFile, set: &ValueSet, out: &mut dyn Write) -> Result<u64, Failure> {
    let mut written = 0;
    if file.json {
        each(set, |member| {
            written += 1;
            write_json(&member_line(&member), out)
        })
        .await?;
        return Ok(written);
    }
    let mut writer = Writer::new(out, Members::COLUMNS)?;
    each(set, |member| {
        written += 1;
        Ok(writer.write(member_cells(&member))?)
    })
    .await?;
    writer.flush()?;
    Ok(written)
}

async fn add(
    arguments: &AddValuesArguments,
    set: &ValueSet,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let signature = signature(&arguments.author, now)?;
    let expires = arguments.expires.as_ref();
    let expires_at = expires
        .map(|typed: &TypedExpiry| typed.end(now))
        .transpose()?;
    let members: Vec<Member> = arguments
        .values
        .iter()
        .map(|value| Member {
            set: set.name.clone(),
            value: value.clone(),
            note: arguments.note.clone(),
            expires_at,
        })
        .collect();
    for batch in members.chunks(MAX_BATCH) {
        tell_applied(set, batch, &signature, output).await?;
    }
    Ok(Exit::Done)
}

async fn remove(
    values: &[SetValue],
    set: &ValueSet,
    signature: &Signature,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut removed = 0;
    for batch in values.chunks(MAX_BATCH) {
        let found = set.find(batch).await?;
        let there: Vec<SetValue> = found.iter().map(ValueSet::key).collect();
        set.remove(&there, signature).await?;
        removed += found.len();
        for member in &found {
            let (name, content) = (ValueSet::name(member), ValueSet::content(member));
            writeln!(output.results, "removed {name}: {content}")?;
        }
        for value in batch.iter().filter(|value| !there.contains(value)) {
            writeln!(output.notes, "{}", absent(value, set))?;
        }
    }
    if removed == 0 {
        let told = format!("nothing to remove from set `{}`", set.name);
        return Err(Failure::Told(told));
    }
    Ok(Exit::Done)
}

fn absent(value: &SetValue, set: &ValueSet) -> String {
    format!("`{}` is not in set `{}`", visible(value.as_str()), set.name)
}

async fn show(
    value: &SetValue,
    json: bool,
    set: &ValueSet,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let found = set.find(from_ref(value)).await?;
    let Some(member) = found.first() else {
        return Err(Failure::Told(absent(value, set)));
    };
    if json {
        write_json(&member_line(member), output.results)?;
    } else {
        let (name, content) = (ValueSet::name(member), ValueSet::content(member));
        writeln!(output.results, "{name}: {content}")?;
    }
    Ok(Exit::Done)
}

async fn sets(store: &dyn ValueStore, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let sets = store.sets().await?;
    for set in &sets {
        writeln!(output.results, "{set}")?;
    }
    if sets.is_empty() {
        writeln!(output.notes, "no sets")?;
    }
    Ok(Exit::Done)
}

impl Told for ValueSet {
    fn name(member: &Member) -> String {
        let value = visible(member.value.as_str());
        format!("`{value}` in set `{}`", member.set)
    }

    fn content(member: &Member) -> String {
        format!("note {}, expires {}", note(member), end(member))
    }

    fn change(from: &Member, to: &Member) -> String {
        let fields = [
            ("note", note(from), note(to)),
            ("expires", end(from), end(to)),
        ];
        let changed = fields.iter().filter(|(_, from, to)| from != to);
        let told = changed.map(|(name, from, to)| format!("{name} {from} → {to}"));
        told.collect::<Vec<_>>().join(", ")
    }
}

fn note(member: &Member) -> String {
    format!("\"{}\"", visible(&member.note))
}

fn end(member: &Member) -> String {
    member
        .expires_at
        .map_or_else(|| "never".to_owned(), |end| end.to_string())
}
