//! Of approval requests.

use clap::{Args, Subcommand};
use shared::{
    domain::{
        approval::{RequestId, State},
        email::EmailDomain,
        publication::PolicyFlow,
    },
    ports::request_store::Order,
};

use super::{AuthorArguments, note, policy_flow};

#[derive(Debug, Subcommand)]
pub(crate) enum RequestCommand {
    /// Show the requests in a state, the oldest first.
    List(ListRequestsArguments),
    /// Show how many requests are in each state.
    Counts {
        /// A JSON object instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Show everything about a request: who applies, its history, other requests beside it, verifications.
    Show {
        #[arg(value_parser = request_id)]
        id: RequestId,
        #[command(flatten)]
        keys: KeysArguments,
        /// A JSON object instead of words.
        #[arg(long)]
        json: bool,
    },
    /// Approve requests: each account will be created.
    Approve(AnswerArguments),
    /// Deny requests.
    Deny(AnswerArguments),
    /// Open requests again that are denied or expired.
    Reopen(DecideArguments),
    /// Have accounts tried again that could not be created.
    Retry(DecideArguments),
    /// Make who applied unreadable, for everybody and for ever. What happened stays.
    Erase {
        #[arg(value_parser = request_id)]
        id: RequestId,
        /// That you mean it.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ListRequestsArguments {
    /// `pending`, `approved`, `provisioning`, `provisioned`, `provisioning-failed`, `denied`, `expired` or `withdrawn`.
    #[arg(long, value_parser = state, default_value = State::Pending.name(), value_name = "STATE")]
    pub(crate) state: State,
    /// Only those of this user flow; `*` is for URLs without one.
    #[arg(long, value_parser = policy_flow, value_name = "NAME")]
    pub(crate) flow: Option<PolicyFlow>,
    /// Only those whose address is at this domain.
    #[arg(long, value_parser = domain, value_name = "DOMAIN")]
    pub(crate) domain: Option<EmailDomain>,
    /// Most requests to show.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), default_value_t = 50, value_name = "N")]
    pub(crate) limit: u32,
    /// The newest first.
    #[arg(long)]
    newest: bool,
    /// Begin after this request.
    #[arg(long, value_parser = request_id, value_name = "ID")]
    pub(crate) after: Option<RequestId>,
    /// Show names and addresses, too.
    #[arg(long)]
    pub(crate) names: bool,
    #[command(flatten)]
    pub(crate) keys: KeysArguments,
    /// One JSON object in each line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

impl ListRequestsArguments {
    pub(crate) const fn order(&self) -> Order {
        if self.newest {
            Order::NewestFirst
        } else {
            Order::OldestFirst
        }
    }
}

/// By what applicants are read.
#[derive(Debug, Args)]
pub(crate) struct KeysArguments {
    /// The KMS key of the deployment that seals applicants: its id, its ARN or an alias.
    #[arg(long, env = "REQUESTS_KEY", hide_env_values = true, value_name = "KEY")]
    pub(crate) requests_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    #[arg(value_parser = request_id, required = true, value_name = "ID")]
    pub(crate) ids: Vec<RequestId>,
    /// Why; for your colleagues. It stays when the applicant is erased.
    #[arg(long, value_parser = note, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Only if nobody has changed the request since this version, which `show` tells.
    #[arg(long, value_name = "VERSION")]
    pub(crate) if_version: Option<u64>,
    /// Who decides; without it the name of the account on this machine.
    #[arg(long, value_parser = note, value_name = "NAME")]
    pub(crate) author: Option<String>,
}

/// A decision of which the applicant hears.
#[derive(Debug, Args)]
pub(crate) struct AnswerArguments {
    #[command(flatten)]
    pub(crate) decide: DecideArguments,
    /// What the applicant is told beside the decision.
    #[arg(long, value_parser = note, value_name = "TEXT")]
    pub(crate) message: Option<String>,
}

fn request_id(text: &str) -> Result<RequestId, &'static str> {
    RequestId::parse(text).ok_or("expected 26 letters and digits, as `request list` shows them")
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| {
        let names = State::ALL.map(|state| format!("`{}`", state.name()));
        format!("expected one of {}", names.join(", "))
    })
}

fn domain(text: &str) -> Result<EmailDomain, String> {
    EmailDomain::parse(text).map_err(|error| error.to_string())
}
