//! Differences for people, and for programs.

use std::io;

use serde_json::Value;
use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::compare::{Change, Difference, KeyChange};
use crate::output::{Output, visible};

/// Longest pair of values on one line, in characters.
const ONE_LINE: usize = 80;

/// One JSON object in each line.
pub(super) fn json(differences: &[Difference], output: &mut Output<'_>) -> io::Result<()> {
    for difference in differences {
        serde_json::to_writer(&mut *output.results, difference)?;
        writeln!(output.results)?;
    }
    Ok(())
}

pub(super) fn text(differences: &[Difference], output: &mut Output<'_>) -> io::Result<()> {
    for Difference { what, name, change } in differences {
        let space = if name.is_empty() { "" } else { " " };
        write!(output.results, "{what}{space}{}: ", visible(name))?;
        match change {
            Change::Added { keys } => {
                writeln!(output.results, "added")?;
                for KeyChange { key, to, .. } in keys {
                    writeln!(
                        output.results,
                        "  {} = {}",
                        visible(key),
                        shown(to.as_ref())
                    )?;
                }
            }
            Change::Removed => writeln!(output.results, "removed")?,
            Change::Changed { keys } => {
                writeln!(output.results, "changed")?;
                changed(keys, output)?;
            }
            Change::Moved { from, to } => {
                writeln!(output.results, "moved from place {from} to {to}")?;
            }
            Change::Decided { keys } => {
                writeln!(output.results, "decided differently")?;
                changed(keys, output)?;
            }
        }
    }
    Ok(())
}

fn changed(keys: &[KeyChange], output: &mut Output<'_>) -> io::Result<()> {
    for KeyChange { key, from, to } in keys {
        let (key, old, new) = (visible(key), shown(from.as_ref()), shown(to.as_ref()));
        if old.chars().count() + new.chars().count() <= ONE_LINE {
            writeln!(output.results, "  {key}: {old} → {new}")?;
        } else {
            writeln!(output.results, "  {key}:")?;
            in_pieces(from.as_ref(), to.as_ref(), output)?;
        }
    }
    Ok(())
}

/// Of long values only the pieces that differ.
fn in_pieces(from: Option<&Value>, to: Option<&Value>, output: &mut Output<'_>) -> io::Result<()> {
    let (old, new) = (pieces(from), pieces(to));
    let steps = capture_diff_slices(Algorithm::Myers, &old, &new);
    for change in steps.iter().flat_map(|step| step.iter_changes(&old, &new)) {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => continue,
        };
        writeln!(output.results, "    {sign} {}", change.value())?;
    }
    Ok(())
}

/// What of a value can differ by itself: the lines of a text, the elements of a list.
fn pieces(value: Option<&Value>) -> Vec<String> {
    match value {
        None => Vec::new(),
        Some(Value::String(text)) => text.lines().map(visible).collect(),
        Some(Value::Array(elements)) => elements.iter().map(|one| shown(Some(one))).collect(),
        Some(value) => vec![shown(Some(value))],
    }
}

/// As in a policy: a text in the quotes that it does not need to escape.
fn shown(value: Option<&Value>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Value::String(text)) => {
            let quote = if text.contains('"') { '\'' } else { '"' };
            format!("{quote}{}{quote}", visible(text))
        }
        Some(Value::Array(elements)) => {
            let elements: Vec<_> = elements.iter().map(|one| shown(Some(one))).collect();
            format!("[{}]", elements.join(", "))
        }
        Some(Value::Object(members)) => {
            let members = members.iter();
            let members =
                members.map(|(key, value)| format!("{} = {}", visible(key), shown(Some(value))));
            let members: Vec<_> = members.collect();
            format!("{{ {} }}", members.join(", "))
        }
        Some(other) => other.to_string(),
    }
}
