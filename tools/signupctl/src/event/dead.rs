//! `signupctl event dead`: records of the table's stream that could not be read.

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::audit::of_setting,
    domain::audit::{SettingAction, SettingChange},
    ports::dead_letters::{DeadLetter, DeadLetters},
};

use crate::{
    args::DeadRecordCommand,
    author::signature,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

pub(super) async fn run(
    command: &DeadRecordCommand,
    dead: &dyn DeadLetters,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let letters = dead.letters().await?;
    match command {
        DeadRecordCommand::List { json } => list(&letters, *json, output),
        DeadRecordCommand::Remove { id, author } => {
            if letters.iter().all(|letter| letter.id != *id) {
                return Err(Failure::Told(format!(
                    "{id}: expected the id of a record as `event dead list` shows it, found none such"
                )));
            }
            let change = SettingChange::of(SettingAction::DeadRecordRemove, id);
            let record = of_setting(&signature(author, now)?, change);
            dead.remove(id, &record).await?;
            writeln!(output.notes, "removed: {id}")?;
            Ok(Exit::Done)
        }
    }
}

fn list(letters: &[DeadLetter], json: bool, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if letters.is_empty() {
        writeln!(output.notes, "every record could be read")?;
    } else if json {
        for letter in letters {
            write_json(&line(letter), output.results)?;
        }
    } else {
        let mut table = Table::new(["AT", "ID", "SEQUENCE", "ITEM", "REASON"]);
        for letter in letters {
            table.push(row(letter));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

fn row(letter: &DeadLetter) -> [String; 5] {
    let item = letter.item.as_ref();
    [
        letter.at.to_string(),
        letter.id.clone(),
        letter.sequence.clone(),
        item.map(|(pk, sk)| format!("{pk} {sk}"))
            .unwrap_or_default(),
        letter.reason.clone(),
    ]
}

#[derive(Serialize)]
struct Line<'l> {
    at: Timestamp,
    id: &'l str,
    sequence: &'l str,
    pk: Option<&'l str>,
    sk: Option<&'l str>,
    reason: &'l str,
}

fn line(letter: &DeadLetter) -> Line<'_> {
    let (pk, sk) = letter
        .item
        .as_ref()
        .map(|(pk, sk)| (pk.as_str(), sk.as_str()))
        .unzip();
    Line {
        at: letter.at,
        id: &letter.id,
        sequence: &letter.sequence,
        pk,
        sk,
        reason: &letter.reason,
    }
}
