//! `signupctl event restore`: events that are in the log alone.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, stdin},
    path::Path,
};

use jiff::Timestamp;
use serde_json::Value;
use shared::{
    app::audit::of_setting,
    domain::{
        approval::later,
        audit::{SettingAction, SettingChange},
        event::KeptEvent,
    },
    ports::{audit_store::AuditKeeper, event_log::EventKeeper},
};

use crate::{
    args::RestoreArguments,
    author::signature,
    exit::{Exit, Failure},
    output::Output,
};

/// The events are one by one: that somebody restores any is recorded before the first one.
pub(super) async fn run<S: EventKeeper + AuditKeeper>(
    arguments: &RestoreArguments,
    store: &S,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let change = SettingChange::new(SettingAction::EventRestore);
    let record = of_setting(&signature(&arguments.author, now)?, change);
    let name = arguments.file.display();
    let unreadable = |error: io::Error| Failure::Told(format!("{name}: {error}"));
    let lines = open(&arguments.file).map_err(unreadable)?;
    let (mut restored, mut kept, mut bad) = (0_u64, 0_u64, 0_u64);
    for (number, line) in (1_u64..).zip(lines.lines()) {
        let Some(event) = unrecorded(&line.map_err(unreadable)?) else {
            continue;
        };
        let Some(event) = KeptEvent::read(&event.to_string()) else {
            writeln!(output.notes, "{name}, line {number}: it has no whole event")?;
            bad += 1;
            continue;
        };
        if restored + kept == 0 {
            store.keep_record(&record).await?;
        }
        let until = later(event.at, arguments.days);
        if store.keep(&event, until).await? {
            restored += 1;
        } else {
            kept += 1;
        }
    }
    writeln!(
        output.results,
        "restored: {restored}, in the table already: {kept}"
    )?;
    Ok(if bad == 0 { Exit::Done } else { Exit::BadRows })
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(file)?)))
}

/// The event of a line that takes the place of a record. Tools that print a log put a time and a stream before the line.
fn unrecorded(line: &str) -> Option<Value> {
    let (_, rest) = line.split_once('{')?;
    let mut fields: Value = serde_json::from_str(&format!("{{{rest}")).ok()?;
    let is_record = fields.get("dependency")? == "decision-records";
    is_record.then(|| fields.get_mut("event").map(Value::take))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_take_the_place_of_a_record_have_an_event() {
        let line = r#"{"dependency":"decision-records","event":{"id":"x"}}"#;
        let event = serde_json::json!({ "id": "x" });
        assert_eq!(unrecorded(line), Some(event.clone()));
        let tailed = format!("2026-11-22T10:00:00.000000+00:00 [1]abc {line}");
        assert_eq!(unrecorded(&tailed), Some(event));
        for other in [
            "",
            "{",
            "{}",
            "START RequestId: 1",
            r#"{"dependency":"table"}"#,
        ] {
            assert_eq!(unrecorded(other), None);
        }
    }
}
