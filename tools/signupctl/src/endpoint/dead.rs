//! `signupctl endpoint dead`: what was told in vain.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::endpoints::{DeadLetters, Endpoints},
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        webhook::DeadWebhook,
    },
};

use super::Reach;
use crate::{
    args::DeadCommand,
    author::changer,
    connection,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

pub(super) async fn run(
    command: &DeadCommand,
    reach: &Reach,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let letters = DeadLetters {
        dead: Arc::clone(&reach.table) as _,
        audit: Arc::clone(&reach.table) as _,
        clock: Arc::clone(&reach.clock),
    };
    match command {
        DeadCommand::List { endpoint, json } => {
            let wanted = wanted(endpoint.as_ref(), endpoints).await?;
            list(&wanted, *json, &letters, output).await
        }
        DeadCommand::Replay {
            endpoint,
            queue_url,
            author,
        } => {
            let by = changer(author)?;
            let mut wanted = wanted(endpoint.as_ref(), endpoints).await?;
            if endpoint.is_none() {
                wanted.retain(|one| one.state == EndpointState::Enabled);
            }
            let queue = connection::queue(&reach.config, queue_url.as_ref()).await?;
            for one in &wanted {
                let count = letters.replay(one, &queue, &by).await?;
                writeln!(output.results, "{}: told again: {count}", one.id)?;
            }
            Ok(Exit::Done)
        }
    }
}

/// One endpoint, or all.
async fn wanted(id: Option<&EndpointId>, endpoints: &Endpoints) -> Result<Vec<Endpoint>, Failure> {
    Ok(match id {
        Some(id) => vec![endpoints.find(id).await?],
        None => endpoints.list().await?,
    })
}

async fn list(
    wanted: &[Endpoint],
    json: bool,
    letters: &DeadLetters,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let mut dead = Vec::new();
    for endpoint in wanted {
        dead.extend(letters.list(&endpoint.id).await?);
    }
    if dead.is_empty() {
        writeln!(output.notes, "nothing was told in vain")?;
    } else if json {
        for one in &dead {
            write_json(&line(one), output.results)?;
        }
    } else {
        let mut table = Table::new(["AT", "ENDPOINT", "EVENT", "TYPE", "ATTEMPTS", "ANSWER"]);
        for one in &dead {
            table.push(row(one));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

fn row(dead: &DeadWebhook) -> [String; 6] {
    [
        dead.at.to_string(),
        dead.endpoint.to_string(),
        dead.event.to_string(),
        dead.kind.to_string(),
        dead.attempts.to_string(),
        dead.outcome.to_string(),
    ]
}

#[derive(Serialize)]
struct Line<'d> {
    at: Timestamp,
    endpoint: &'d str,
    event: &'d str,
    r#type: &'static str,
    attempts: u32,
    answer: String,
}

fn line(dead: &DeadWebhook) -> Line<'_> {
    Line {
        at: dead.at,
        endpoint: dead.endpoint.as_str(),
        event: dead.event.as_str(),
        r#type: dead.kind.name(),
        attempts: dead.attempts,
        answer: dead.outcome.to_string(),
    }
}
