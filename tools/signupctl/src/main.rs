//! The operator's command line: allow and deny lists, connector credentials, Entra's signing keys, sign-ups on trial.

mod args;
mod audit;
mod author;
mod claims;
mod code;
mod collection;
mod connection;
mod credential;
mod disposable;
mod endpoint;
mod event;
mod evidence;
mod exit;
mod expiry;
mod export;
mod import;
mod keys;
mod list;
mod moment;
mod output;
mod policy;
mod request;
mod rows;
mod trial;
mod values;

use std::{
    io::{BufWriter, Write, stderr, stdout},
    process::ExitCode,
    sync::Arc,
};

use clap::Parser;
use shared::{
    adapters::system_clock::SystemClock,
    app::{
        audit::Audit, codes::Codes, collections::Directory, credentials::Credentials, lists::Lists,
        requests::Requests,
    },
    config::ProcessEnvironment,
    ports::clock::Clock,
};

use self::{
    args::{Arguments, AuditCommand, Command, KeysArguments},
    exit::{Exit, Failure},
    output::Output,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return exit::usage(&usage),
    };
    let mut results = BufWriter::new(stdout().lock());
    let mut output = Output {
        results: &mut results,
        notes: &mut stderr(),
    };
    let mut ended = run(&arguments, &mut output).await;
    // What was printed before a failure still counts, and output that cannot be written is a failure.
    if let Err(error) = results.flush()
        && ended.is_ok()
    {
        ended = Err(error.into());
    }
    exit::code(ended)
}

async fn run(arguments: &Arguments, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = async || connection::table(&arguments.connection).await.map(Arc::new);
    match &arguments.command {
        Command::List(command) => {
            let lists = Lists::new(table().await?);
            list::run(command, &lists, clock.now(), output).await
        }
        Command::Credential(command) => {
            let credentials = Credentials::new(table().await?, clock);
            credential::run(command, &credentials, output).await
        }
        Command::Keys(command) => keys::run(command, &*table().await?, clock.now(), output).await,
        Command::Disposable(command) => {
            disposable::run(command, table().await?, clock, output).await
        }
        Command::Policy(command) => policy::run(command, table, clock, output).await,
        Command::Claims(command) => {
            let directory = Directory(table().await?);
            claims::run(command, &directory, clock.now(), output).await
        }
        Command::Values(command) => values::run(command, table().await?, clock.now(), output).await,
        Command::Code(command) => {
            let codes = Codes::new(table().await?);
            code::run(command, &codes, clock.now(), output).await
        }
        Command::Request(command) => {
            let table = table().await?;
            let requests = Requests::new(Arc::clone(&table) as _, table, Arc::clone(&clock));
            let keys =
                async |of: &KeysArguments| connection::keys(&arguments.connection, of, clock).await;
            request::run(command, &requests, keys, output).await
        }
        Command::Endpoint(command) => {
            let reach = endpoint::Reach {
                table: table().await?,
                config: connection::sdk_config(&arguments.connection).await?,
                secrets_prefix: command.secrets_prefix.clone(),
                clock,
            };
            endpoint::run(&command.command, &reach, output).await
        }
        Command::Audit(command) => {
            let table = table().await?;
            match &command.command {
                Some(AuditCommand::Verify(verify)) => {
                    let objects = connection::objects(&arguments.connection, verify).await?;
                    audit::verify(verify, objects, table, clock, output).await
                }
                None => audit::run(command, &Audit::new(table), clock.now(), output).await,
            }
        }
        Command::Event(command) => {
            let queue = async |url: Option<&String>| {
                let config = connection::sdk_config(&arguments.connection).await?;
                connection::queue(&config, url).await
            };
            event::run(command, table, queue, clock.now(), output).await
        }
        Command::Evidence(command) => evidence::run(command, &*table().await?, output).await,
        Command::Try(command) => trial::run(command, &ProcessEnvironment, output).await,
    }
}
