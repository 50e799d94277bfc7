//! Of endpoints, which are told of events.

use clap::{Args, Subcommand};
use shared::{
    config::{is_endpoint_url, is_field},
    domain::{
        endpoint::EndpointId,
        event::{EventFilter, EventId},
    },
};

use super::{
    AuthorArguments,
    events::{event_id, filter, moment},
    note,
};
use crate::moment::Moment;

#[derive(Debug, Args)]
pub(crate) struct EndpointArguments {
    /// What stands before the names of the deployment's secrets in AWS Secrets Manager; without it `signup-connectors`.
    #[arg(
        long,
        env = "SECRETS_PREFIX",
        hide_env_values = true,
        global = true,
        value_name = "PREFIX"
    )]
    pub(crate) secrets_prefix: Option<String>,
    #[command(subcommand)]
    pub(crate) command: EndpointCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EndpointCommand {
    /// Tell a URL of events from now on. Its secret is shown this once.
    Add(AddEndpointArguments),
    /// Show who is told of which events.
    List {
        /// One JSON object in each line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Send a signed message that tells of nothing, now and once.
    Test {
        #[arg(value_parser = endpoint_id)]
        id: EndpointId,
        /// Hosts that may be inside of a private network, as in the functions.
        #[arg(
            long,
            env = "PRIVATE_HOSTS",
            value_delimiter = ',',
            value_name = "HOST"
        )]
        private_hosts: Vec<String>,
    },
    /// Make another secret, which is shown this once. The one before signs beside it.
    RotateSecret {
        #[arg(value_parser = endpoint_id)]
        id: EndpointId,
        /// End a rotation: the newest secret alone signs, and no other is made.
        #[arg(long)]
        drop_old: bool,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Tell it nothing until it is enabled again. What happens in between is not told later.
    Disable {
        #[arg(value_parser = endpoint_id)]
        id: EndpointId,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Tell it of events again, also when it answered 410 (Gone).
    Enable {
        #[arg(value_parser = endpoint_id)]
        id: EndpointId,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Forget it, and delete its secret.
    Remove {
        #[arg(value_parser = endpoint_id)]
        id: EndpointId,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Show what it was told, and what it answered.
    Log(LogArguments),
    /// What was told in vain, to the last attempt.
    #[command(subcommand)]
    Dead(DeadCommand),
}

#[derive(Debug, Args)]
pub(crate) struct AddEndpointArguments {
    /// Where events are sent: an HTTPS URL.
    #[arg(value_parser = url)]
    pub(crate) url: String,
    /// `sign_up.blocked`, all of a subject (`sign_up.*`), or `*`; repeat it for more.
    #[arg(long = "type", value_parser = filter, required = true, value_name = "FILTER")]
    pub(crate) kinds: Vec<EventFilter>,
    /// A personal field that it is told, such as `email`; repeat it for more.
    #[arg(long = "field", value_parser = field, value_name = "NAME")]
    pub(crate) fields: Vec<String>,
    /// Whose it is; for your colleagues.
    #[arg(long, value_parser = note, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LogArguments {
    #[arg(value_parser = endpoint_id)]
    pub(crate) id: EndpointId,
    /// Of what happened since then: 2027-01-31, 2027-01-31T12:00:00Z, or 3d (ago); 30 days at the most.
    #[arg(long, value_parser = moment, default_value = "24h", value_name = "WHEN")]
    pub(crate) since: Moment,
    /// Of this event alone.
    #[arg(long, value_parser = event_id, conflicts_with = "since", value_name = "ID")]
    pub(crate) event: Option<EventId>,
    /// One JSON object in each line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadCommand {
    /// Show what was told in vain.
    List {
        /// Only to this endpoint.
        #[arg(long, value_parser = endpoint_id, value_name = "ID")]
        endpoint: Option<EndpointId>,
        /// One JSON object in each line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Have it told again, from the first attempt on.
    Replay {
        /// Only to this endpoint; without it to every one that is enabled.
        #[arg(long, value_parser = endpoint_id, value_name = "ID")]
        endpoint: Option<EndpointId>,
        /// The queue before the function `webhooks`.
        #[arg(
            long,
            env = "WEBHOOKS_QUEUE_URL",
            hide_env_values = true,
            value_name = "URL"
        )]
        queue_url: Option<String>,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

pub(super) fn endpoint_id(text: &str) -> Result<EndpointId, &'static str> {
    EndpointId::parse(text).ok_or("expected `ep_` and 16 digits, as `endpoint list` shows it")
}

fn url(text: &str) -> Result<String, &'static str> {
    let url = is_endpoint_url(text).then(|| text.to_owned());
    url.ok_or("expected an HTTPS URL without a user and without a fragment")
}

fn field(text: &str) -> Result<String, &'static str> {
    let field = is_field(text).then(|| text.to_owned());
    field.ok_or("expected `email`, `identities`, `matcher`, or the name of an attribute")
}
