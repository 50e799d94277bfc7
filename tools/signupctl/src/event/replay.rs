//! `signupctl event replay`

use jiff::Timestamp;
use shared::app::{
    kept_events::Wanted,
    replay::{Replay, ReplayError},
};

use crate::{
    args::ReplayArguments,
    author::signature,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    arguments: &ReplayArguments,
    replay: &Replay,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let wanted = Wanted {
        since: arguments.since.since(now),
        until: arguments.until.map_or(now, |until| until.until(now)),
        kinds: arguments.kinds.clone(),
    };
    let signature = signature(&arguments.author, now)?;
    let messages = replay
        .run(&wanted, &arguments.endpoints, &signature)
        .await?;
    writeln!(output.results, "put into the queue: {messages}")?;
    Ok(Exit::Done)
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Store(error) => Self::Table(error),
            error => Self::Told(error.to_string()),
        }
    }
}
