//! Of what happened, and of what people have changed.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use shared::domain::{
    endpoint::EndpointId,
    event::{EventFilter, EventId, EventKind},
};

use super::{AuthorArguments, endpoints::endpoint_id, note};
use crate::moment::{EXPECTED, Moment};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct AuditArguments {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    /// A day in UTC, such as 2026-11-22; without it today.
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Option<Date>,
    /// Only what somebody of exactly this name did.
    #[arg(long, value_parser = note, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// Only what is about this: a request, a matcher, the id or name of something else, or a person with claims.
    #[arg(long, value_parser = note, value_name = "WHAT")]
    pub(crate) about: Option<String>,
    /// One JSON object in each line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Follow the audit chain, and compare its records with those of the table.
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The first day in UTC, such as 2026-11-22; without it the one on which the chain began.
    #[arg(long, value_name = "DAY")]
    pub(crate) since: Option<Date>,
    /// The last day; without it today.
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<Date>,
    /// A copy of the bucket, as `aws s3 sync` makes it, instead of the bucket.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The bucket of the audit chain.
    #[arg(
        long,
        env = "AUDIT_BUCKET",
        hide_env_values = true,
        value_name = "NAME"
    )]
    pub(crate) bucket: Option<String>,
    /// Another S3 than AWS's.
    #[arg(long, env = "AWS_ENDPOINT_URL_S3", value_name = "URL")]
    pub(crate) s3_endpoint_url: Option<String>,
    /// One JSON object in each line instead of words.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Show what happened, the oldest first.
    List(ListEventsArguments),
    /// Show an event as it is told, and what is kept of the person.
    Show {
        #[arg(value_parser = event_id)]
        id: EventId,
        /// JSON in one line.
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of events.
    Schema,
    /// Keep the decisions that are in the log alone, because they could not be recorded in time.
    Restore(RestoreArguments),
    /// Tell endpoints of what happened in a while once more.
    Replay(ReplayArguments),
    /// Records of the table's stream that could not be read.
    #[command(subcommand)]
    Dead(DeadRecordCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum DeadRecordCommand {
    /// Show which, and why.
    List {
        /// One JSON object in each line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Remove one of which nothing is left to do.
    Remove {
        /// As `dead list` shows it.
        id: String,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListEventsArguments {
    /// 2026-11-22 (its beginning, UTC), 2026-11-22T12:00:00Z, or 2h (ago).
    #[arg(long, value_parser = moment, default_value = "24h", value_name = "WHEN")]
    pub(crate) since: Moment,
    /// The same; of a date its end. Without it now.
    #[arg(long, value_parser = moment, value_name = "WHEN")]
    pub(crate) until: Option<Moment>,
    /// Only these: `sign_up.blocked`, `sign_up.*`; repeat it for more.
    #[arg(long = "type", value_parser = filter, value_name = "FILTER")]
    pub(crate) kinds: Vec<EventFilter>,
    /// The events as they are told, one JSON object in each line, instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// 2026-11-22 (its beginning, UTC), 2026-11-22T12:00:00Z, or 2h (ago).
    #[arg(long, value_parser = moment, value_name = "WHEN")]
    pub(crate) since: Moment,
    /// The same; of a date its end. Without it now.
    #[arg(long, value_parser = moment, value_name = "WHEN")]
    pub(crate) until: Option<Moment>,
    /// Only these: `sign_up.blocked`, `sign_up.*`; repeat it for more.
    #[arg(long = "type", value_parser = filter, value_name = "FILTER")]
    pub(crate) kinds: Vec<EventFilter>,
    /// Only this endpoint; repeat it for more. Without it each that is enabled. One is told only of what it wants.
    #[arg(long = "endpoint", value_parser = endpoint_id, value_name = "ID")]
    pub(crate) endpoints: Vec<EndpointId>,
    /// The URL of the queue before the webhooks.
    #[arg(
        long,
        env = "WEBHOOKS_QUEUE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) queue_url: Option<String>,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// Lines of the functions' log; others among them are passed over. `-` is standard input.
    pub(crate) file: PathBuf,
    /// For how many days after its time an event is kept, as in the functions.
    #[arg(
        long,
        env = "EVENT_DAYS",
        hide_env_values = true,
        default_value_t = 90,
        value_parser = clap::value_parser!(u32).range(1..=3650),
        value_name = "DAYS"
    )]
    pub(crate) days: u32,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

pub(super) fn event_id(text: &str) -> Result<EventId, &'static str> {
    EventId::parse(text)
        .ok_or("expected `evt_` with an hour and 32 digits, as `event list` shows it")
}

pub(super) fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text).ok_or_else(|| format!("expected {EXPECTED}"))
}

pub(super) fn filter(text: &str) -> Result<EventFilter, String> {
    EventFilter::parse(text).ok_or_else(|| {
        let names = EventKind::ALL.map(|kind| format!("`{kind}`"));
        format!(
            "expected `*`, all of one subject such as `sign_up.*`, or one of {}",
            names.join(", ")
        )
    })
}
