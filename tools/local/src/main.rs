//! `make dev`: DynamoDB, the example lists, the functions and a local Entra on this machine, until Ctrl-C.

mod entra;
mod events;
mod flags;
mod functions;
mod http;
mod invocation;
mod maintenance;
mod notices;
mod operator;
mod output;
mod problem;
mod provisioning;
mod queue;
mod ready;
mod table;
mod tasks;

use std::{future::Future, pin::pin, process::ExitCode};

use clap::Parser;
use local::engine::Engine;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    entra::Entra,
    events::Events,
    flags::{Flags, HOST},
    functions::Functions,
    notices::Notices,
    problem::{Problem, system},
    provisioning::Pump,
    tasks::Tasks,
};

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            output::problem(&problem);
            ExitCode::FAILURE
        }
    }
}

/// Runs until a signal says stop, which is a success, or something ends by itself, which is not.
async fn run(flags: &Flags) -> Result<(), Problem> {
    // Listened to before anything starts, so that Ctrl-C during the start leaves nothing behind.
    let stop = told_to_stop()?;
    // Both before either is used: a table is not filled for functions that cannot be served.
    free(flags.dynamodb_port, "--dynamodb-port", "DYNAMODB_PORT").await?;
    free(flags.port, "--port", "PORT").await?;
    free(flags.entra_port, "--entra-port", "ENTRA_PORT").await?;
    free(flags.smtp_port, "--smtp-port", "SMTP_PORT").await?;

    let entra = Entra::start(flags).await?;
    let engine = start_engine(flags).await?;
    let mut functions = None;
    let outcome = tokio::select! {
        problem = serve(flags, &engine, entra, &mut functions) => Err(problem),
        () = stop => Ok(()),
    };
    if let Some(functions) = functions {
        functions.stop().await;
    }
    engine.stop().await;
    outcome
}

/// Returns only when something went wrong.
async fn serve(
    flags: &Flags,
    engine: &Engine,
    entra: Entra,
    functions: &mut Option<Functions>,
) -> Problem {
    if let Err(problem) = table::fill(flags, engine).await {
        return problem;
    }
    let (events, tasks) = match told_of_changes(flags, engine).await {
        Ok(told) => told,
        Err(problem) => return problem,
    };
    let functions = match Functions::start(flags, engine, &entra, &tasks) {
        Ok(started) => functions.insert(started),
        Err(problem) => return problem,
    };
    let deciding = match operator::deciding(flags, engine, &entra) {
        Ok(deciding) => deciding,
        Err(problem) => return problem,
    };
    let mut entra = pin!(entra.serve());
    let ready = tokio::select! {
        ready = ready::wait(flags.port) => ready,
        problem = functions.failed() => Err(problem),
        problem = &mut entra => Err(problem),
    };
    if let Err(problem) = ready {
        return problem;
    }
    output::line(
        format!(
            "ready: sign up at http://{HOST}:{}; connectors and extensions on http://{HOST}:{}, DynamoDB on {}, \
             credential {} / {}",
            flags.entra_port,
            flags.port,
            engine.endpoint(),
            table::USERNAME,
            table::PASSWORD,
        )
        .as_bytes(),
    );
    output::line(deciding.as_bytes());
    let (pump, notices) = (Pump::of(flags, engine), Notices::of(flags, engine));
    tokio::select! {
        problem = functions.ended() => problem,
        problem = entra => problem,
        never = pump.run() => match never {},
        never = maintenance::run(flags.port) => match never {},
        never = notices.run() => match never {},
        never = events.run() => match never {},
        problem = tasks.run(flags.port) => problem,
    }
}

/// What reads the table's stream, and the queue into which others' tasks go.
async fn told_of_changes(flags: &Flags, engine: &Engine) -> Result<(Events, Tasks), Problem> {
    Ok((Events::of(flags, engine)?, Tasks::start().await?))
}

/// Resolves at Ctrl-C, at the end of the terminal, or when a supervisor says so.
fn told_to_stop() -> Result<impl Future<Output = ()>, Problem> {
    let listen = |kind| signal(kind).map_err(system("signals"));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

async fn free(port: u16, flag: &'static str, variable: &'static str) -> Result<(), Problem> {
    match TcpListener::bind((HOST, port)).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Problem::PortInUse {
            port,
            flag,
            variable,
        }),
        Err(error) => Err(system(format!("port {port}"))(error)),
    }
}

async fn start_engine(flags: &Flags) -> Result<Engine, Problem> {
    if let Some(folder) = flags.state.parent() {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(system(folder.display().to_string()))?;
    }
    let address = format!("{HOST}:{}", flags.dynamodb_port);
    Ok(Engine::in_file(&flags.state, &address).await?)
}
