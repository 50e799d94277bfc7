//! `signupctl audit verify`

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use async_trait::async_trait;
use serde::Serialize;
use shared::{
    adapters::dynamodb::Table,
    app::audit_chain::verify::{Finding, Period, Verification, Verified, VerifyError},
    ports::{clock::Clock, event_bus::SinkError, objects::ObjectReader},
};

use crate::{
    args::VerifyArguments,
    exit::{Exit, Failure},
    output::{Output, visible, write_json},
};

pub(crate) async fn run(
    arguments: &VerifyArguments,
    objects: Arc<dyn ObjectReader>,
    table: Arc<Table>,
    clock: Arc<dyn Clock>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let verification = Verification {
        objects,
        heads: Arc::clone(&table) as _,
        records: Arc::clone(&table) as _,
        events: table,
        clock,
    };
    let period = Period {
        since: arguments.since,
        until: arguments.until,
    };
    let verified = verification.verify(&period).await?;
    for finding in &verified.findings {
        tell(finding, arguments.json, output)?;
    }
    summarise(&verified, arguments.json, output)?;
    match verified.findings.len() {
        0 => Ok(Exit::Done),
        number => Err(Failure::Told(format!(
            "the audit chain is not what it was: {number} findings"
        ))),
    }
}

#[derive(Serialize)]
struct Line<'f> {
    finding: &'static str,
    told: &'f str,
}

fn tell(finding: &Finding, json: bool, output: &mut Output<'_>) -> Result<(), Failure> {
    let told = finding.to_string();
    if json {
        let line = Line {
            finding: finding.code(),
            told: &told,
        };
        return write_json(&line, output.results);
    }
    writeln!(output.results, "{}", visible(&told))?;
    Ok(())
}

#[derive(Serialize)]
struct Summary {
    segments: u64,
    records: u64,
    compared: u64,
    findings: usize,
}

fn summarise(verified: &Verified, json: bool, output: &mut Output<'_>) -> Result<(), Failure> {
    let summary = Summary {
        segments: verified.segments,
        records: verified.records,
        compared: verified.compared,
        findings: verified.findings.len(),
    };
    if json {
        return write_json(&summary, output.results);
    }
    writeln!(
        output.results,
        "segments: {}, records: {}, the same in the table: {}",
        summary.segments, summary.records, summary.compared
    )?;
    Ok(())
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Store(error) => Self::Table(error),
            error => Self::Told(error.to_string()),
        }
    }
}

/// A copy of the bucket.
pub(crate) struct Folder(pub(crate) PathBuf);

#[async_trait]
impl ObjectReader for Folder {
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, SinkError> {
        match std::fs::read(self.0.join(name)) {
            Ok(octets) => Ok(Some(octets)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(SinkError::Unavailable(error.to_string())),
        }
    }
}
