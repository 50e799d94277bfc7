//! `signupctl endpoint`: who is told of events over HTTP.

mod add;
mod dead;
mod list;
mod log;

use std::{fmt::Arguments, sync::Arc};

use aws_config::SdkConfig;
use shared::{
    adapters::{
        dynamodb::Table, outgoing::GuardedHttp, private_hosts::PrivateHosts,
        secrets::SecretsManager,
    },
    app::{endpoints::Endpoints, webhooks::sender::Sender},
    domain::{endpoint::EndpointId, webhook::Meaning},
    ports::clock::Clock,
};

use crate::{
    args::EndpointCommand,
    connection::given,
    exit::{Exit, Failure},
    output::{Output, quoted},
};

const SECRETS_PREFIX: &str = "signup-connectors";

/// How endpoints, their secrets and their systems are reached.
pub(crate) struct Reach {
    pub(crate) table: Arc<Table>,
    pub(crate) config: SdkConfig,
    pub(crate) secrets_prefix: Option<String>,
    pub(crate) clock: Arc<dyn Clock>,
}

pub(crate) async fn run(
    command: &EndpointCommand,
    reach: &Reach,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let endpoints = reach.endpoints(PrivateHosts::default());
    match command {
        EndpointCommand::Add(arguments) => add::run(arguments, &endpoints, output).await,
        EndpointCommand::List { json } => list::run(*json, &endpoints, output).await,
        EndpointCommand::Test { id, private_hosts } => {
            test(id, &reach.endpoints(hosts(private_hosts)?), output).await
        }
        EndpointCommand::RotateSecret { id, drop_old } => {
            add::rotate(id, *drop_old, &endpoints, output).await
        }
        EndpointCommand::Disable { id } => {
            endpoints.disable(id).await?;
            done(format_args!("disabled {id}: it is told nothing"), output)
        }
        EndpointCommand::Enable { id } => {
            endpoints.enable(id).await?;
            done(format_args!("enabled {id}: it is told of events"), output)
        }
        EndpointCommand::Remove { id } => remove(id, reach, &endpoints, output).await,
        EndpointCommand::Log(arguments) => {
            log::run(arguments, &*reach.table, reach.clock.now(), output).await
        }
        EndpointCommand::Dead(command) => dead::run(command, reach, &endpoints, output).await,
    }
}

impl Reach {
    fn secrets(&self) -> SecretsManager {
        let prefix = given(self.secrets_prefix.as_ref()).unwrap_or(SECRETS_PREFIX);
        let clock = Arc::clone(&self.clock);
        SecretsManager::of(self.config.clone(), prefix.to_owned(), clock)
    }

    /// With what the functions may reach inside of private networks.
    fn endpoints(&self, private_hosts: PrivateHosts) -> Endpoints {
        let secrets = Arc::new(self.secrets());
        let outgoing = GuardedHttp::new(
            private_hosts,
            Arc::clone(&secrets) as _,
            Arc::clone(&self.clock),
        );
        Endpoints {
            store: Arc::clone(&self.table) as _,
            secrets: Arc::clone(&secrets) as _,
            sender: Sender {
                outgoing: Arc::new(outgoing),
                secrets,
                clock: Arc::clone(&self.clock),
            },
            clock: Arc::clone(&self.clock),
        }
    }
}

fn hosts(texts: &[String]) -> Result<PrivateHosts, Failure> {
    let texts = texts.iter().map(|text| text.trim().to_owned());
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    PrivateHosts::parse(&texts).map_err(|text| {
        let found = quoted(&text);
        Failure::Told(format!(
            "--private-hosts: found {found}, expected hosts such as crm.contoso.com or 10.0.0.7:8443"
        ))
    })
}

/// The status is a result; a message that was not taken is a failure, too.
async fn test(
    id: &EndpointId,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let sent = endpoints.test(id).await?;
    let milliseconds = sent.latency.as_millis();
    let outcome = sent.outcome;
    writeln!(output.results, "{outcome} after {milliseconds} ms")?;
    match outcome.meaning() {
        Meaning::Delivered => Ok(Exit::Done),
        Meaning::Gone | Meaning::Failed => Err(Failure::Told(format!(
            "{id} did not take the message: expected a status from 200 to 299"
        ))),
    }
}

async fn remove(
    id: &EndpointId,
    reach: &Reach,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    endpoints.remove(id).await?;
    let secret = reach.secrets().full_name(&id.secret());
    writeln!(
        output.notes,
        "its secret stays in AWS Secrets Manager; nobody needs `{secret}` any more"
    )?;
    done(format_args!("removed {id}"), output)
}

fn done(what: Arguments<'_>, output: &mut Output<'_>) -> Result<Exit, Failure> {
    writeln!(output.results, "{what}")?;
    Ok(Exit::Done)
}
