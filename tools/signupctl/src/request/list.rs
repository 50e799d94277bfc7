//! `signupctl request list`

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::requests::Requests,
    domain::{
        approval::{Applicant, ApprovalRequest},
        publication::PolicyFlow,
    },
    ports::data_keys::DataKeyReader,
};

use super::{failure, flow, plainly, provider};
use crate::{
    args::ListRequestsArguments,
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

/// Requests that are read at once when only some are wanted.
const PAGE: u16 = 100;

const WITH_NAMES: usize = 9;
const WITHOUT_NAMES: usize = 7;

const HEADER: [&str; WITH_NAMES] = [
    "ID", "STATE", "SINCE", "FLOW", "DOMAIN", "PROVIDER", "ASKED BY", "NAME", "ADDRESS",
];

const ERASED: &str = "erased";

pub(super) async fn run(
    arguments: &ListRequestsArguments,
    requests: &Requests,
    keys: Option<&dyn DataKeyReader>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let wanted = wanted(arguments, requests).await?;
    let mut lines = Vec::new();
    for request in &wanted.requests {
        let who = match keys {
            Some(keys) => Some(who(request, requests, keys).await?),
            None => None,
        };
        lines.push(line(request, who));
    }
    if lines.is_empty() {
        let state = arguments.state.name();
        writeln!(output.notes, "no such requests are {state}")?;
    } else if arguments.json {
        for line in &lines {
            write_json(line, output.results)?;
        }
    } else if keys.is_some() {
        write::<WITH_NAMES>(lines, output)?;
    } else {
        write::<WITHOUT_NAMES>(lines, output)?;
    }
    if wanted.more
        && let Some(last) = wanted.requests.last()
    {
        writeln!(output.notes, "there are more: --after {}", last.id)?;
    }
    Ok(Exit::Done)
}

/// What the filters leave.
struct Wanted {
    requests: Vec<ApprovalRequest>,
    /// Whether not all were read.
    more: bool,
}

/// Filters while reading: every request in the state is paid for until there are enough.
async fn wanted(arguments: &ListRequestsArguments, requests: &Requests) -> Result<Wanted, Failure> {
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    // One more tells whether these are all.
    let enough = limit.saturating_add(1);
    let all = arguments.flow.is_none() && arguments.domain.is_none();
    let (mut found, mut after) = (Vec::new(), arguments.after.clone());
    loop {
        let missing = u16::try_from(enough - found.len()).unwrap_or(PAGE);
        let size = if all { missing.min(PAGE) } else { PAGE };
        let page = requests
            .list(arguments.state, arguments.order(), after.as_ref(), size)
            .await
            .map_err(plainly)?;
        found.extend(
            page.requests
                .into_iter()
                .filter(|request| is_wanted(request, arguments)),
        );
        after = page.next;
        if found.len() > limit || after.is_none() {
            let more = found.len() > limit;
            found.truncate(limit);
            return Ok(Wanted {
                requests: found,
                more,
            });
        }
    }
}

fn is_wanted(request: &ApprovalRequest, arguments: &ListRequestsArguments) -> bool {
    let of_flow = match &arguments.flow {
        Some(PolicyFlow::Named(flow)) => request.user_flow.as_ref() == Some(flow),
        Some(PolicyFlow::Others) => request.user_flow.is_none(),
        None => true,
    };
    let domain = arguments.domain.as_ref();
    of_flow && domain.is_none_or(|domain| request.domain.as_deref() == Some(domain.as_str()))
}

/// A table of the first `N` columns.
fn write<const N: usize>(lines: Vec<Line<'_>>, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut table = Table::<N>::new(first(HEADER));
    for line in lines {
        table.push(first(line.row()));
    }
    table.write(output.results)?;
    Ok(())
}

fn first<T: Default, const N: usize>(cells: [T; WITH_NAMES]) -> [T; N] {
    let mut cells = cells.into_iter();
    std::array::from_fn(|_| cells.next().unwrap_or_default())
}

#[derive(Serialize)]
struct Line<'r> {
    id: &'r str,
    state: &'static str,
    since: Timestamp,
    flow: &'r str,
    domain: Option<&'r str>,
    provider: &'r str,
    asked_by: &'r str,
    version: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    who: Option<Who>,
}

#[derive(Serialize)]
struct Who {
    erased: bool,
    name: Option<String>,
    address: Option<String>,
}

async fn who(
    request: &ApprovalRequest,
    requests: &Requests,
    keys: &dyn DataKeyReader,
) -> Result<Who, Failure> {
    let applicant = requests.applicant(request, keys).await;
    let applicant = applicant.map_err(|error| failure(&request.id, error))?;
    Ok(Who {
        erased: applicant.is_none(),
        name: applicant.as_ref().and_then(name),
        address: applicant.and_then(|applicant| applicant.addresses.into_iter().next()),
    })
}

fn line(request: &ApprovalRequest, who: Option<Who>) -> Line<'_> {
    Line {
        id: request.id.as_str(),
        state: request.state.name(),
        since: request.changed_at,
        flow: flow(request),
        domain: request.domain.as_deref(),
        provider: provider(request),
        asked_by: &request.asked_by,
        version: request.version,
        who,
    }
}

/// The display name, else what it is mostly made of.
fn name(applicant: &Applicant) -> Option<String> {
    let text = |name| applicant.text(name).map(str::to_owned);
    text("displayName").or_else(|| {
        let parts = [text("givenName"), text("surname")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

impl Line<'_> {
    fn row(self) -> [String; WITH_NAMES] {
        let [name, address] = match self.who {
            Some(Who { erased: true, .. }) => [ERASED.to_owned(), String::new()],
            Some(Who { name, address, .. }) => [name, address].map(Option::unwrap_or_default),
            None => [String::new(), String::new()],
        };
        [
            self.id.to_owned(),
            self.state.to_owned(),
            self.since.to_string(),
            self.flow.to_owned(),
            self.domain.unwrap_or_default().to_owned(),
            self.provider.to_owned(),
            self.asked_by.to_owned(),
            name,
            address,
        ]
    }
}
