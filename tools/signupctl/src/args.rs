//! Commands and options.

mod endpoints;
mod events;
mod look_ups;
mod requests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use shared::domain::{
    identity::{IdentityProvider, Subject},
    list::{Effect, ListName, Matcher, MatcherKind},
    policy::UserFlow,
    publication::PolicyFlow,
    sign_up::Step,
};

pub(crate) use self::{
    endpoints::{
        AddEndpointArguments, DeadCommand, EndpointArguments, EndpointCommand, LogArguments,
    },
    events::{
        AuditArguments, AuditCommand, DeadRecordCommand, EventCommand, ListEventsArguments,
        ReplayArguments, RestoreArguments, VerifyArguments,
    },
    look_ups::{
        AddValuesArguments, ClaimsCommand, CodeCommand, CreateCodeArguments, EvidenceArguments,
        ExportFile, ImportFile, TypedCode, ValuesCommand,
    },
    requests::{DecideArguments, KeysArguments, ListRequestsArguments, RequestCommand},
};
use crate::{
    exit::{CODES, Failure},
    expiry::{Expiry, MOMENT},
    output::quoted,
};

/// Allow and deny lists, connector credentials and signing keys of a signup-connectors deployment, and sign-ups on trial.
#[derive(Debug, Parser)]
#[command(name = "signupctl", version, after_help = CODES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Who does it, for the audit.
#[derive(Debug, Args)]
pub(crate) struct AuthorArguments {
    /// Who changes it; without it the name of the account on this machine.
    #[arg(long, value_parser = note, value_name = "NAME")]
    pub(crate) author: Option<String>,
}

/// Where the table is. Credentials come from the AWS profile, single sign-on or the environment.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// The DynamoDB table of the deployment.
    #[arg(
        long,
        env = "TABLE_NAME",
        hide_env_values = true,
        global = true,
        value_name = "NAME"
    )]
    pub(crate) table: Option<String>,
    /// Its AWS region; without it the profile's.
    #[arg(long, env = "AWS_REGION", hide_env_values = true, global = true)]
    pub(crate) region: Option<String>,
    /// The AWS profile to use.
    #[arg(
        long,
        env = "AWS_PROFILE",
        hide_env_values = true,
        global = true,
        value_name = "NAME"
    )]
    pub(crate) profile: Option<String>,
    /// Another DynamoDB than AWS's, such as `http://127.0.0.1:8000`.
    #[arg(
        long,
        env = "AWS_ENDPOINT_URL_DYNAMODB",
        global = true,
        value_name = "URL"
    )]
    pub(crate) endpoint_url: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Who may sign up: allow, deny and review entries.
    #[command(subcommand)]
    List(Box<ListCommand>),
    /// The HTTP Basic credentials of the API connectors; two can be live during a rotation.
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Entra's signing keys, kept in the table for the functions' start.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// What a user flow asks and decides: check, publish and roll back its policy.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// The list behind `email.disposable`: a newer one than the functions carry.
    #[command(subcommand)]
    Disposable(DisposableCommand),
    /// The directory: claims about people and organisations that policies return.
    #[command(subcommand)]
    Claims(ClaimsCommand),
    /// Sets of values that policies accept: supplier numbers, cost centres.
    #[command(subcommand)]
    Values(ValuesCommand),
    /// Invitation codes: who may use one, how often, and what it sets.
    #[command(subcommand)]
    Code(CodeCommand),
    /// Approval requests: who waits for a decision, and the decision.
    #[command(subcommand)]
    Request(RequestCommand),
    /// Endpoints: who is told of events over HTTP, by which secret, and what came of it.
    Endpoint(EndpointArguments),
    /// What people have changed on a day: decisions about requests, entries of lists, and whatever else is changed here.
    Audit(AuditArguments),
    /// What happened: each decision about a sign-up, and what became of requests, accounts, lists and policies.
    #[command(subcommand)]
    Event(EventCommand),
    /// What is kept of a person's identity verifications.
    Evidence(EvidenceArguments),
    /// Run sign-ups through a deployment as Entra would; without the table and AWS.
    #[command(after_help = CODES)]
    Try(TryArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ListCommand {
    /// Add an entry, or change the one with the same matcher and list.
    Add(AddArguments),
    /// Remove an entry.
    Remove(RemoveArguments),
    /// Show entries.
    Show(ShowArguments),
    /// Show what would be decided for an address, and by which entry.
    #[command(after_help = CODES)]
    Check(CheckArguments),
    /// Add or change the entries of a CSV file.
    #[command(after_help = CODES)]
    Import(ImportArguments),
    /// Write all entries as CSV.
    Export(ExportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// An address, `example.com`, `*.example.com`, `provider:facebook.com` or `identity:PROVIDER#SUBJECT`.
    #[arg(value_parser = matcher)]
    pub(crate) matcher: TypedMatcher,
    /// The list to put it in; a matcher can stand once in each.
    #[arg(long, value_parser = list_name, default_value = "default", value_name = "NAME")]
    pub(crate) list: ListName,
    /// `allow`, `deny` or `review`.
    #[arg(long, value_parser = effect)]
    pub(crate) effect: Effect,
    /// Why; for your colleagues, never shown to the person who signs up.
    #[arg(long, value_parser = note, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Whom to ask about this entry.
    #[arg(long, value_parser = note, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) owner: String,
    /// When the entry ends: 2027-01-31 (the end of that day, UTC), 2027-01-31T12:00:00Z, or 30d.
    #[arg(long, value_parser = expiry, value_name = "WHEN")]
    pub(crate) expires: Option<TypedExpiry>,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArguments {
    /// The matcher of the entry, as for `add`.
    #[arg(value_parser = matcher)]
    pub(crate) matcher: TypedMatcher,
    /// Remove it from this list only; without it from every list.
    #[arg(long, value_parser = list_name, value_name = "NAME")]
    pub(crate) list: Option<ListName>,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// Only entries of this list.
    #[arg(long, value_parser = list_name, value_name = "NAME")]
    pub(crate) list: Option<ListName>,
    /// Only entries with this effect: `allow`, `deny` or `review`.
    #[arg(long, value_parser = effect)]
    pub(crate) effect: Option<Effect>,
    /// Only entries of this kind.
    #[arg(long)]
    pub(crate) kind: Option<Kind>,
    /// Only entries that have expired; they count no longer, and DynamoDB will delete them.
    #[arg(long)]
    pub(crate) expired: bool,
    /// One JSON object in each line instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The address that would sign up.
    #[arg(required_unless_present = "provider")]
    pub(crate) address: Option<String>,
    /// The identity provider that the person would come from, such as facebook.com.
    #[arg(long, value_parser = provider)]
    pub(crate) provider: Option<IdentityProvider>,
    /// What the identity provider calls the person.
    #[arg(long, value_parser = subject, requires = "provider")]
    pub(crate) subject: Option<Subject>,
    /// The effect when no entry matches: `allow`, `deny` or `review`. Without it `DEFAULT_EFFECT`, as
    /// in the functions, or else `allow`.
    #[arg(long, value_parser = effect, value_name = "EFFECT")]
    pub(crate) default: Option<Effect>,
    /// A list that the user flow counts; repeat it for more. Without it all lists count.
    #[arg(long = "list", value_parser = list_name, value_name = "NAME")]
    pub(crate) lists: Vec<ListName>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// CSV with the columns matcher and effect, and if you like list, reason, owner, expires; `-` is
    /// standard input.
    pub(crate) file: PathBuf,
    /// Print what would change, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The list of rows that name none.
    #[arg(long, value_parser = list_name, default_value = "default", value_name = "NAME")]
    pub(crate) list: ListName,
    #[command(flatten)]
    pub(crate) author: AuthorArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// Only entries of this list.
    #[arg(long, value_parser = list_name, value_name = "NAME")]
    pub(crate) list: Option<ListName>,
    /// The file to write; without it standard output.
    #[arg(long, short)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Make a credential with a random password, which is shown this once.
    Create {
        /// 1 to 64 printable ASCII characters without a colon; without it a random name.
        #[arg(long, value_name = "NAME")]
        username: Option<String>,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Show the live credentials and when they were last used.
    List,
    /// End a credential: within a minute its requests are refused.
    Retire {
        /// The id that `credential list` shows.
        id: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Retire it even if it is the last one.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Fetch the keys from Entra and replace those in the table.
    Refresh {
        /// An issuer; repeat it for more. Without it those that follow from `ENTRA_TENANT_ID`,
        /// `ENTRA_TENANT_DOMAIN` and `ENTRA_ISSUERS`, as in the functions.
        #[arg(long = "issuer", value_name = "URL")]
        issuers: Vec<String>,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DisposableCommand {
    /// Publish a newer list of disposable domains; every function follows within 30 seconds.
    Refresh {
        /// A file or an https URL: one domain a line, and comments on lines that begin with `#`. Without it the list that the built-in one was
        /// taken from.
        #[arg(long, value_name = "FILE|URL")]
        from: Option<String>,
        /// Publish it even if it lacks more than half of the domains of the list in use.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Show which list is in use: version, date, source and number of domains.
    Show,
    /// Go back to the built-in list.
    Reset(AuthorArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Tell every fault of policies, with line, column and what was probably meant.
    #[command(after_help = CODES)]
    Check {
        /// Policies: TOML, as docs/policy.md explains it. Files of cases (`*.test.toml`) are passed over.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Decide the cases of policies, and tell what is not as expected.
    #[command(after_help = CODES)]
    Test(TestArguments),
    /// Tell what two policies say and decide differently.
    #[command(after_help = CODES)]
    Diff(DiffArguments),
    /// Show how one sign-up is decided: values, list entry, every rule with its time, the answer.
    Explain(ExplainArguments),
    /// Print the JSON Schema of policies, for editors.
    Schema,
    /// Check a policy and make it the current one of its user flow; every function follows within 30 seconds.
    Publish(PublishArguments),
    /// Try a policy on real sign-ups: it decides nothing, and the log tells where it would decide differently.
    Shadow(ShadowArguments),
    /// Make the policy that is tried the current one.
    Promote {
        #[command(flatten)]
        of: FlowArguments,
        #[command(flatten)]
        author: AuthorArguments,
    },
    /// Show the published versions of a user flow, the newest first.
    History {
        #[command(flatten)]
        of: FlowArguments,
        /// One JSON object in each line instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Print a version as it was written.
    Show {
        #[command(flatten)]
        of: FlowArguments,
        /// Without it the current one.
        #[arg(long, value_name = "NUMBER")]
        version: Option<u32>,
    },
    /// Make an earlier version the current one again.
    Rollback {
        #[command(flatten)]
        of: FlowArguments,
        /// The number that `history` shows.
        #[arg(long, value_name = "NUMBER")]
        version: u32,
        #[command(flatten)]
        author: AuthorArguments,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Policies. Files of cases (`*.test.toml`) are passed over.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The cases; without it those of `NAME.test.toml` beside each `NAME.toml`.
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// The policy before: a file, `-` for standard input, or with --flow the number of a version or `current`.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The policy after, likewise.
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// The user flow whose published versions are meant; `*` as for `publish`.
    #[arg(long, value_parser = policy_flow, value_name = "NAME")]
    pub(crate) flow: Option<PolicyFlow>,
    /// The cases that both decide; without it those of `NAME.test.toml` beside NEW, or else beside OLD.
    #[arg(long, value_name = "FILE")]
    pub(crate) cases: Option<PathBuf>,
    /// One JSON object in each line.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The policy.
    pub(crate) file: PathBuf,
    /// The name of a case.
    #[arg(long, value_name = "NAME", required_unless_present = "request")]
    pub(crate) case: Option<String>,
    /// Where the case stands; without it in `NAME.test.toml` beside `NAME.toml`.
    #[arg(long, value_name = "FILE", requires = "case")]
    pub(crate) cases: Option<PathBuf>,
    /// A request body of an API connector or a custom authentication extension, as Entra sends it. The lists in the table
    /// are not read.
    #[arg(long, value_name = "FILE", conflicts_with = "case")]
    pub(crate) request: Option<PathBuf>,
    /// The step of the request, where its body does not say.
    #[arg(long, requires = "request")]
    pub(crate) step: Option<StepName>,
    /// The user flow in the URL of the request.
    #[arg(long, value_name = "NAME", requires = "request")]
    pub(crate) user_flow: Option<String>,
}

/// The steps of a sign-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StepName {
    AfterFederation,
    BeforeCreatingUser,
    BeforeToken,
}

impl From<StepName> for Step {
    fn from(name: StepName) -> Self {
        match name {
            StepName::AfterFederation => Self::AfterFederation,
            StepName::BeforeCreatingUser => Self::BeforeCreatingUser,
            StepName::BeforeToken => Self::BeforeToken,
        }
    }
}

/// Whose policy.
#[derive(Debug, Args)]
pub(crate) struct FlowArguments {
    /// The user flow in the connector's URL; `*` is for URLs without one and for user flows without a policy of their own.
    #[arg(long, value_parser = policy_flow, value_name = "NAME")]
    pub(crate) flow: PolicyFlow,
}

#[derive(Debug, Args)]
pub(crate) struct PublishArguments {
    /// The policy: a TOML file; `-` is standard input.
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) of: FlowArguments,
    /// What is new and why, for your colleagues.
    #[arg(long, value_parser = note, value_name = "TEXT")]
    pub(crate) note: String,
    /// Who publishes; without it the name of the account on this machine.
    #[arg(long, value_parser = note, value_name = "NAME")]
    pub(crate) author: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShadowArguments {
    /// The policy: a TOML file; `-` is standard input.
    #[arg(required_unless_present = "end")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) of: FlowArguments,
    /// What is new and why, for your colleagues.
    #[arg(long, value_parser = note, value_name = "TEXT", required_unless_present = "end")]
    pub(crate) note: Option<String>,
    /// Who publishes it, or ends it; without it the name of the account on this machine.
    #[arg(long, value_parser = note, value_name = "NAME")]
    pub(crate) author: Option<String>,
    /// Try it no longer; it stays in the history.
    #[arg(long, conflicts_with_all = ["file", "note"])]
    pub(crate) end: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TryArguments {
    /// Scenario files: TOML, as docs/scenarios.md explains it.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The deployment, such as `https://sign-up.contoso.com`; without it the one of each file.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The user name of the API connectors; the password is taken from `CONNECTOR_PASSWORD`.
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// A file with the password, instead of `CONNECTOR_PASSWORD`.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
    /// A client certificate with its chain and private key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_certificate: Option<PathBuf>,
    /// The local Entra that signs tokens for the extensions. Without it the token in
    /// `EXTENSION_TOKEN`, or for a deployment on this machine `http://127.0.0.1:7000`.
    #[arg(long, value_name = "URL")]
    pub(crate) entra: Option<String>,
    /// Print only sign-ups that did not go as expected, and a summary.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print one JSON object in each line, for each sign-up.
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) json: bool,
}

/// The kinds of matchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    Address,
    Domain,
    Suffix,
    Provider,
    Identity,
}

impl From<MatcherKind> for Kind {
    fn from(kind: MatcherKind) -> Self {
        match kind {
            MatcherKind::Address => Self::Address,
            MatcherKind::Domain => Self::Domain,
            MatcherKind::Suffix => Self::Suffix,
            MatcherKind::Provider => Self::Provider,
            MatcherKind::Identity => Self::Identity,
        }
    }
}

/// A matcher with its spelling on the command line.
#[derive(Debug, Clone)]
pub(crate) struct TypedMatcher {
    pub(crate) text: String,
    pub(crate) matcher: Matcher,
}

/// An end with its spelling on the command line.
#[derive(Debug, Clone)]
pub(crate) struct TypedExpiry {
    pub(crate) text: String,
    pub(crate) expiry: Expiry,
}

impl TypedExpiry {
    /// The moment; what has ended already would be made in vain.
    pub(crate) fn end(&self, now: Timestamp) -> Result<Timestamp, Failure> {
        let end = self.expiry.moment(now).filter(|end| *end > now);
        end.ok_or_else(|| {
            let found = quoted(&self.text);
            Failure::Told(format!(
                "--expires: found {found}, expected a time in the future and before the year 10000"
            ))
        })
    }
}

fn matcher(text: &str) -> Result<TypedMatcher, String> {
    let matcher = Matcher::parse(text).map_err(|error| error.to_string())?;
    Ok(TypedMatcher {
        text: text.to_owned(),
        matcher,
    })
}

fn expiry(text: &str) -> Result<TypedExpiry, String> {
    let expiry = Expiry::parse(text)
        .ok_or_else(|| format!("expected {MOMENT}, or a duration such as 30d"))?;
    Ok(TypedExpiry {
        text: text.to_owned(),
        expiry,
    })
}

fn policy_flow(text: &str) -> Result<PolicyFlow, String> {
    PolicyFlow::parse(text).ok_or_else(|| {
        let max = UserFlow::MAX;
        format!("expected `*`, or at most {max} letters, digits, `_` and `-`")
    })
}

fn effect(text: &str) -> Result<Effect, &'static str> {
    Effect::parse(text).ok_or("expected `allow`, `deny` or `review`")
}

fn list_name(text: &str) -> Result<ListName, String> {
    ListName::parse(text).ok_or_else(|| {
        format!(
            "expected at most {} letters, digits, `-`, `_` and `.`",
            ListName::MAX
        )
    })
}

fn note(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    let most = shared::domain::list::ListEntry::MAX_NOTE;
    if length > most {
        return Err(format!(
            "found {length} characters, expected at most {most}"
        ));
    }
    Ok(text.to_owned())
}

fn provider(text: &str) -> Result<IdentityProvider, String> {
    IdentityProvider::parse(text).map_err(|error| error.to_string())
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::parse(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;
    use shared::domain::audit::SettingAction;

    use super::*;

    /// The commands that change something, with what the audit has of each: the names of actions, `entries`, or `decisions`.
    const CHANGING: [(&str, &[&str]); 33] = [
        ("list add", &["entries"]),
        ("list remove", &["entries"]),
        ("list import", &["entries"]),
        ("credential create", &["credential.create"]),
        ("credential retire", &["credential.retire"]),
        ("keys refresh", &["keys.refresh"]),
        ("policy publish", &["policy.publish"]),
        ("policy shadow", &["policy.shadow", "policy.end-shadow"]),
        ("policy promote", &["policy.promote"]),
        ("policy rollback", &["policy.rollback"]),
        ("disposable refresh", &["disposable.refresh"]),
        ("disposable reset", &["disposable.reset"]),
        ("claims import", &["claims.put"]),
        ("claims remove", &["claims.remove"]),
        ("values import", &["values.put"]),
        ("values add", &["values.put"]),
        ("values remove", &["values.remove"]),
        ("code create", &["code.create"]),
        ("code revoke", &["code.revoke"]),
        ("request approve", &["decisions"]),
        ("request deny", &["decisions"]),
        ("request reopen", &["decisions"]),
        ("request retry", &["decisions"]),
        ("request erase", &["request.erase"]),
        ("endpoint add", &["endpoint.add"]),
        (
            "endpoint rotate-secret",
            &["endpoint.rotate-secret", "endpoint.drop-secret"],
        ),
        ("endpoint disable", &["endpoint.disable"]),
        ("endpoint enable", &["endpoint.enable"]),
        ("endpoint remove", &["endpoint.remove"]),
        ("endpoint dead replay", &["endpoint.replay"]),
        ("event replay", &["event.replay"]),
        ("event restore", &["event.restore"]),
        ("event dead remove", &["dead-record.remove"]),
    ];

    /// The commands that change nothing in a deployment.
    const LOOKING: [&str; 34] = [
        "list show",
        "list check",
        "list export",
        "credential list",
        "policy check",
        "policy test",
        "policy diff",
        "policy explain",
        "policy schema",
        "policy history",
        "policy show",
        "disposable show",
        "claims export",
        "claims show",
        "values export",
        "values show",
        "values sets",
        "code list",
        "code show",
        "request list",
        "request counts",
        "request show",
        "endpoint list",
        "endpoint test",
        "endpoint log",
        "endpoint dead list",
        "audit",
        "audit verify",
        "event list",
        "event show",
        "event schema",
        "event dead list",
        "evidence",
        "try",
    ];

    /// Every command that does something by itself, with its options.
    fn commands(of: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        for command in of.get_subcommands() {
            let path = format!("{path} {}", command.get_name());
            if !command.is_subcommand_required_set() {
                found.push((path.trim().to_owned(), command.clone()));
            }
            commands(command, &path, found);
        }
    }

    fn all_commands() -> Vec<(String, clap::Command)> {
        let mut found = Vec::new();
        commands(&Arguments::command(), "", &mut found);
        found
    }

    #[test]
    fn every_command_is_known_to_be_recorded_or_to_change_nothing() {
        let found = all_commands().into_iter().map(|(path, _)| path);
        let found: BTreeSet<String> = found.collect();
        let changing = CHANGING.iter().map(|(path, _)| *path);
        let known = changing.chain(LOOKING).map(str::to_owned);
        assert_eq!(found, known.collect());
    }

    #[test]
    fn whoever_changes_something_can_say_a_name_and_nobody_else() {
        for (path, command) in all_commands() {
            let has_author = command.get_arguments().any(|one| one.get_id() == "author");
            let changes = CHANGING.iter().any(|(changing, _)| *changing == path);
            assert_eq!(has_author, changes, "{path}");
        }
    }

    #[test]
    fn every_action_is_of_a_command_and_explained() {
        let told = CHANGING.iter().flat_map(|(_, actions)| *actions);
        let told: BTreeSet<&str> = told.copied().collect();
        let known = SettingAction::ALL.map(SettingAction::name).into_iter();
        let known: BTreeSet<&str> = known.chain(["entries", "decisions"]).collect();
        assert_eq!(told, known);
        let explained = include_str!("../../../docs/audit.md");
        for action in SettingAction::ALL {
            let name = format!("`{}`", action.name());
            assert!(explained.contains(&name), "docs/audit.md lacks {name}");
        }
    }

    #[test]
    fn commands_and_options_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
