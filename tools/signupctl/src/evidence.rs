//! `signupctl evidence`: what is kept of a person's verifications.

use jiff::Timestamp;
use serde::Serialize;
use shared::{domain::verification::Evidence, ports::attempts::EvidenceReader};

use crate::{
    args::EvidenceArguments,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

pub(crate) async fn run(
    arguments: &EvidenceArguments,
    reader: &dyn EvidenceReader,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let kept = reader.evidence(&arguments.person).await?;
    if kept.is_empty() {
        writeln!(output.notes, "nothing is kept of this person")?;
    } else if arguments.json {
        for evidence in &kept {
            write_json(&line(evidence), output.results)?;
        }
    } else {
        let mut table = Table::new(["AT", "VERIFICATION", "PROVIDER", "OUTCOME", "REFERENCE"]);
        for evidence in &kept {
            table.push(row(evidence));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

fn row(evidence: &Evidence) -> [String; 5] {
    [
        evidence.at.to_string(),
        evidence.verification.to_string(),
        evidence.provider.clone(),
        evidence.outcome.name().to_owned(),
        evidence.reference.clone().unwrap_or_default(),
    ]
}

#[derive(Serialize)]
pub(crate) struct Line<'e> {
    at: Timestamp,
    verification: &'e str,
    provider: &'e str,
    outcome: &'static str,
    reference: Option<&'e str>,
}

pub(crate) fn line(evidence: &Evidence) -> Line<'_> {
    Line {
        at: evidence.at,
        verification: evidence.verification.as_str(),
        provider: &evidence.provider,
        outcome: evidence.outcome.name(),
        reference: evidence.reference.as_deref(),
    }
}
