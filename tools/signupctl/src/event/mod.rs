//! `signupctl event`: what happened.

mod dead;
mod list;
mod replay;
mod restore;
mod schema;
mod show;

use std::sync::Arc;

use jiff::Timestamp;
use shared::{
    adapters::{dynamodb::Table, task_queue::Sqs},
    app::{kept_events::KeptEvents, replay::Replay},
};

use crate::{
    args::EventCommand,
    exit::{Exit, Failure},
    output::Output,
};

/// The table and the queue are asked for only by commands that need them.
pub(crate) async fn run(
    command: &EventCommand,
    table: impl AsyncFn() -> Result<Arc<Table>, Failure>,
    queue: impl AsyncFn(Option<&String>) -> Result<Sqs, Failure>,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        EventCommand::List(arguments) => {
            list::run(arguments, &KeptEvents(table().await?), now, output).await
        }
        EventCommand::Show { id, json } => {
            show::run(id, *json, &KeptEvents(table().await?), output).await
        }
        EventCommand::Schema => schema::run(output),
        EventCommand::Replay(arguments) => {
            let queue = queue(arguments.queue_url.as_ref()).await?;
            let table = table().await?;
            let replay = Replay {
                events: KeptEvents(Arc::clone(&table) as _),
                endpoints: Arc::clone(&table) as _,
                audit: table,
                queue: Arc::new(queue),
            };
            replay::run(arguments, &replay, now, output).await
        }
        EventCommand::Restore(arguments) => {
            restore::run(arguments, &*table().await?, now, output).await
        }
        EventCommand::Dead(command) => dead::run(command, &*table().await?, now, output).await,
    }
}
