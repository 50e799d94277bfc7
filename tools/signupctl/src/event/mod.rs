//! `signupctl event`: what happened.

mod list;
mod restore;
mod schema;
mod show;

use std::sync::Arc;

use jiff::Timestamp;
use shared::{adapters::dynamodb::Table, app::kept_events::KeptEvents};

use crate::{
    args::EventCommand,
    exit::{Exit, Failure},
    output::Output,
};

/// The table is asked for only by commands that need it.
pub(crate) async fn run(
    command: &EventCommand,
    table: impl AsyncFn() -> Result<Arc<Table>, Failure>,
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
        EventCommand::Restore(arguments) => restore::run(arguments, &*table().await?, output).await,
    }
}
