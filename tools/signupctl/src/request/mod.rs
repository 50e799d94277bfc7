//! `signupctl request`: approval requests and the decisions about them.

mod decide;
mod list;
mod show;

use serde_json::{Map, Value};
use shared::{
    app::requests::{RequestError, Requests},
    domain::approval::{Action, ApprovalRequest, RequestId},
    ports::data_keys::DataKeyReader,
};

use crate::{
    args::{KeysArguments, RequestCommand},
    author::changer,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

/// Counting a longer queue costs more than knowing its length is worth.
const COUNTED: u32 = 10_000;

/// The keys are asked for only by commands that read who applied.
pub(crate) async fn run<K: DataKeyReader>(
    command: &RequestCommand,
    requests: &Requests,
    keys: impl AsyncFnOnce(&KeysArguments) -> Result<K, Failure>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    match command {
        RequestCommand::List(arguments) => {
            let keys = if arguments.names {
                Some(keys(&arguments.keys).await?)
            } else {
                None
            };
            let keys = keys.as_ref().map(|keys| keys as &dyn DataKeyReader);
            list::run(arguments, requests, keys, output).await
        }
        RequestCommand::Counts { json } => counts(*json, requests, output).await,
        RequestCommand::Show { id, keys: of, json } => {
            show::run(id, *json, requests, &keys(of).await?, output).await
        }
        RequestCommand::Approve(arguments) => {
            let message = arguments.message.as_deref();
            decide::run(
                Action::Approve,
                &arguments.decide,
                message,
                requests,
                output,
            )
            .await
        }
        RequestCommand::Deny(arguments) => {
            let message = arguments.message.as_deref();
            decide::run(Action::Deny, &arguments.decide, message, requests, output).await
        }
        RequestCommand::Reopen(arguments) => {
            decide::run(Action::Reopen, arguments, None, requests, output).await
        }
        RequestCommand::Retry(arguments) => {
            decide::run(Action::Retry, arguments, None, requests, output).await
        }
        RequestCommand::Erase { id, yes, author } => {
            erase(id, *yes, &changer(author)?, requests, output).await
        }
    }
}

async fn counts(json: bool, requests: &Requests, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let counts = requests.counts(COUNTED).await.map_err(plainly)?;
    if json {
        let counts = counts.into_iter();
        let line: Map<String, Value> = counts
            .map(|(state, count)| (state.name().to_owned(), count.into()))
            .collect();
        write_json(&line, output.results)?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new(["STATE", "REQUESTS"]);
    for (state, count) in counts {
        let more = if count < COUNTED { "" } else { " or more" };
        table.push([state.name().to_owned(), format!("{count}{more}")]);
    }
    table.write(output.results)?;
    Ok(Exit::Done)
}

async fn erase(
    id: &RequestId,
    yes: bool,
    by: &str,
    requests: &Requests,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if !yes {
        return Err(Failure::Told(
            "--yes: found nothing, expected it, for nobody can undo this".to_owned(),
        ));
    }
    let erased = requests
        .erase(id, by)
        .await
        .map_err(|error| failure(id, error))?;
    writeln!(output.results, "erased who applied with {id}")?;
    if erased.state.is_open() {
        writeln!(
            output.notes,
            "it is still {}, and nobody can see any more whom it is about",
            erased.state.name()
        )?;
    }
    Ok(Exit::Done)
}

/// The user flow as it is asked for: `*` for URLs without one.
fn flow(request: &ApprovalRequest) -> &str {
    let flow = request.user_flow.as_ref();
    flow.map_or("*", |flow| flow.as_str())
}

/// Microsoft's own accounts come without a name of their provider.
fn provider(request: &ApprovalRequest) -> &str {
    request.provider.as_deref().unwrap_or("microsoft")
}

/// What went wrong with one request.
fn failure(id: &RequestId, error: RequestError) -> Failure {
    match error {
        RequestError::Store(error) => Failure::Table(error),
        error => Failure::Told(format!("{id}: {error}")),
    }
}

/// What went wrong with no request in particular.
fn plainly(error: RequestError) -> Failure {
    match error {
        RequestError::Store(error) => Failure::Table(error),
        error => Failure::Told(error.to_string()),
    }
}
