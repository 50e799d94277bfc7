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
    app::{
        endpoints::{EndpointError, Endpoints},
        webhooks::sender::Sender,
    },
    domain::{endpoint::EndpointId, webhook::Meaning},
    ports::clock::Clock,
};

use crate::{
    args::EndpointCommand,
    author::changer,
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
        EndpointCommand::RotateSecret {
            id,
            drop_old,
            author,
        } => add::rotate(id, *drop_old, &changer(author)?, &endpoints, output).await,
        EndpointCommand::Disable { id, author } => {
            endpoints.disable(id, &changer(author)?).await?;
            done(format_args!("disabled {id}: it is told nothing"), output)
        }
        EndpointCommand::Enable { id, author } => {
            endpoints.enable(id, &changer(author)?).await?;
            done(format_args!("enabled {id}: it is told of events"), output)
        }
        EndpointCommand::Remove { id, author } => {
            remove(id, &changer(author)?, reach, &endpoints, output).await
        }
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
        SecretsManager::of(&self.config, prefix.to_owned(), clock)
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
    by: &str,
    reach: &Reach,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let secret = reach.secrets().full_name(&id.secret());
    match endpoints.remove(id, by).await {
        Err(EndpointError::SecretStays(error)) => Err(Failure::Told(format!(
            "{id} is removed, but its secret is not ({error}): delete `{secret}` in AWS Secrets Manager, where nobody needs it \
             any more"
        ))),
        removed => {
            removed?;
            writeln!(
                output.notes,
                "its secret `{secret}` is deleted; AWS Secrets Manager can restore it for seven days"
            )?;
            done(format_args!("removed {id}"), output)
        }
    }
}

fn done(what: Arguments<'_>, output: &mut Output<'_>) -> Result<Exit, Failure> {
    writeln!(output.results, "{what}")?;
    Ok(Exit::Done)
}
