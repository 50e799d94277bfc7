//! `signupctl event list`

use jiff::Timestamp;
use serde_json::Value;
use shared::{
    app::kept_events::{KeptEvents, Wanted},
    domain::event::KeptEvent,
};

use crate::{
    args::ListEventsArguments,
    exit::{Exit, Failure},
    output::{Listing, Output},
};

pub(super) async fn run(
    arguments: &ListEventsArguments,
    events: &KeptEvents,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let wanted = Wanted {
        since: arguments.since.since(now),
        until: arguments.until.map_or(now, |until| until.until(now)),
        kinds: arguments.kinds.clone(),
    };
    let mut listing = Listing::new(["AT", "TYPE", "ABOUT", "ID"]);
    let mut found = false;
    for hour in wanted.hours() {
        for event in events.of_hour(&wanted, hour).await? {
            found = true;
            if arguments.json {
                writeln!(output.results, "{}", event.text)?;
            } else {
                listing.push(event.at, row(&event), output.results)?;
            }
        }
    }
    listing.finish(output.results)?;
    if !found {
        writeln!(output.notes, "nothing of that kind happened")?;
    }
    Ok(Exit::Done)
}

fn row(event: &KeptEvent) -> [String; 4] {
    [
        event.at.to_string(),
        event.kind.to_string(),
        about(event).unwrap_or_default(),
        event.id.to_string(),
    ]
}

/// What most tells it apart from others of its kind.
fn about(event: &KeptEvent) -> Option<String> {
    let told: Value = serde_json::from_str(&event.text).ok()?;
    let data = told.get("data")?;
    let mut names = ["request", "reference", "list", "flow"].into_iter();
    names.find_map(|name| Some(data.get(name)?.as_str()?.to_owned()))
}
