//! `signupctl event show`

use serde_json::{Value, json};
use shared::{
    app::kept_events::KeptEvents,
    domain::event::{EventId, KeptEvent},
};

use crate::{
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    id: &EventId,
    in_a_line: bool,
    events: &KeptEvents,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let event = events.event(id).await?;
    let event = event.ok_or_else(|| Failure::Told(format!("there is no event {id}")))?;
    let told = told(&event)?;
    if in_a_line {
        writeln!(output.results, "{told}")?;
    } else {
        writeln!(output.results, "{told:#}")?;
    }
    Ok(Exit::Done)
}

/// The event with what is kept of the person, as a webhook has it.
fn told(event: &KeptEvent) -> Result<Value, Failure> {
    let unreadable = |error| Failure::Told(format!("the event cannot be read: {error}"));
    let mut told: Value = serde_json::from_str(&event.text).map_err(unreadable)?;
    if let Value::Object(members) = &mut told
        && !event.personal.is_empty()
    {
        members.insert("personal".to_owned(), json!(event.personal));
    }
    Ok(told)
}
