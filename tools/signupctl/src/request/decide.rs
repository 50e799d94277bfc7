//! `signupctl request approve`, `deny`, `reopen` and `retry`

use shared::{
    app::requests::Requests,
    domain::approval::{Action, Actor, ApprovalRequest, Change, RequestId, State},
};

use super::failure;
use crate::{
    args::DecideArguments,
    author::author,
    exit::{Exit, Failure},
    output::Output,
};

/// Each request is told by itself; one that is not changed keeps no other from it.
pub(super) async fn run(
    action: Action,
    arguments: &DecideArguments,
    message: Option<&str>,
    requests: &Requests,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let author = author(arguments.author.as_deref(), "who decides")?;
    let change = Change::new(action, Actor::Person(author))
        .because(arguments.reason.clone())
        .telling(message.map(str::to_owned));
    let ids = arguments.ids.as_slice();
    let one = async |id: &RequestId, output: &mut Output<'_>| {
        let decided = requests.decide(id, arguments.if_version, &change).await;
        let decided = decided.map_err(|error| failure(id, error))?;
        writeln!(output.results, "{}", told(&decided))?;
        Ok::<_, Failure>(())
    };
    if let [id] = ids {
        one(id, output).await?;
        return Ok(Exit::Done);
    }
    if arguments.if_version.is_some() {
        return Err(Failure::Told(format!(
            "--if-version: found {} requests, expected one",
            ids.len()
        )));
    }
    let mut failed = 0;
    for id in ids {
        match one(id, output).await {
            Ok(()) => {}
            Err(failure @ (Failure::BrokenPipe | Failure::Output(_))) => return Err(failure),
            Err(failure) => {
                failed += 1;
                writeln!(output.notes, "{failure}")?;
            }
        }
    }
    match failed {
        0 => Ok(Exit::Done),
        _ => Err(Failure::Told(format!(
            "{failed} of {} requests not changed",
            ids.len()
        ))),
    }
}

/// How the request is now.
fn told(request: &ApprovalRequest) -> String {
    let (id, version) = (&request.id, request.version);
    let (so_far, needed) = (request.approved_by.len(), request.terms.approvals);
    match request.state {
        State::Pending if so_far > 0 => {
            format!("{id}: pending, {so_far} of {needed} approvals (version {version})")
        }
        state => format!("{id}: {} (version {version})", state.name()),
    }
}
