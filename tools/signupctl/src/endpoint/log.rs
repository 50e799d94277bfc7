//! `signupctl endpoint log`

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::endpoints::attempts_since, domain::webhook::Attempt, ports::delivery_log::DeliveryReader,
};

use crate::{
    args::LogArguments,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

pub(super) async fn run(
    arguments: &LogArguments,
    log: &dyn DeliveryReader,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let attempts = attempts(arguments, log, now).await?;
    if attempts.is_empty() {
        writeln!(output.notes, "it was told nothing of that")?;
    } else if arguments.json {
        for attempt in &attempts {
            write_json(&line(attempt), output.results)?;
        }
    } else {
        let mut table = Table::new(["AT", "EVENT", "TYPE", "ATTEMPT", "ANSWER", "MS", "NEXT"]);
        for attempt in &attempts {
            table.push(row(attempt));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

async fn attempts(
    arguments: &LogArguments,
    log: &dyn DeliveryReader,
    now: Timestamp,
) -> Result<Vec<Attempt>, Failure> {
    if let Some(event) = &arguments.event {
        return Ok(log.attempts_for(&arguments.id, event).await?);
    }
    let since = arguments.since.since(now);
    Ok(attempts_since(log, &arguments.id, since, now).await?)
}

fn row(attempt: &Attempt) -> [String; 7] {
    [
        attempt.at.to_string(),
        attempt.event.to_string(),
        attempt.kind.to_string(),
        attempt.number.to_string(),
        attempt.outcome.to_string(),
        attempt.latency.as_millis().to_string(),
        attempt.next.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    event: &'a str,
    r#type: &'static str,
    attempt: u32,
    answer: String,
    latency_ms: u128,
    next: Option<Timestamp>,
}

fn line(attempt: &Attempt) -> Line<'_> {
    Line {
        at: attempt.at,
        event: attempt.event.as_str(),
        r#type: attempt.kind.name(),
        attempt: attempt.number,
        answer: attempt.outcome.to_string(),
        latency_ms: attempt.latency.as_millis(),
        next: attempt.next,
    }
}
