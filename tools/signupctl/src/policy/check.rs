//! `signupctl policy check`

use std::path::PathBuf;

use shared::policy::document::Document;

use super::source::{self, SourceError};
use crate::{
    exit::{Exit, Failure},
    output::Output,
};

pub(super) fn run(files: &[PathBuf], output: &mut Output<'_>) -> Result<Exit, Failure> {
    let mut ended = Exit::Done;
    for file in super::policies(files) {
        let name = source::name(file);
        match source::read(file) {
            Ok(read) => {
                let what = summary(&read.document);
                writeln!(output.results, "{name}: {what}, no fault")?;
            }
            Err(SourceError::Faults { faults, .. }) => {
                for fault in &faults {
                    writeln!(output.notes, "{name}:{fault}")?;
                }
                writeln!(output.results, "{name}: {}", counted(faults.len(), "fault"))?;
                ended = Exit::Faulty;
            }
            Err(error @ SourceError::Unreadable { .. }) => return Err(error.into()),
        }
    }
    Ok(ended)
}

fn summary(document: &Document) -> String {
    let attributes = counted(document.attributes.len(), "attribute");
    let rules = counted(document.rules.len(), "rule");
    let messages = counted(document.messages.len(), "message");
    format!("{attributes}, {rules}, {messages}")
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
