//! `signupctl endpoint list`

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::endpoints::Endpoints,
    domain::{
        endpoint::{Endpoint, EndpointState},
        event::EventFilter,
    },
};

use crate::{
    exit::{Exit, Failure},
    output::{Output, Table, write_json},
};

pub(super) async fn run(
    json: bool,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let all = endpoints.list().await?;
    if all.is_empty() {
        writeln!(
            output.notes,
            "nobody is told of events: see `signupctl endpoint add`"
        )?;
    } else if json {
        for endpoint in &all {
            write_json(&line(endpoint), output.results)?;
        }
    } else {
        let mut table = Table::new(["ID", "STATE", "TYPES", "FIELDS", "URL", "NOTE"]);
        for endpoint in &all {
            table.push(row(endpoint));
        }
        table.write(output.results)?;
    }
    Ok(Exit::Done)
}

fn row(endpoint: &Endpoint) -> [String; 6] {
    [
        endpoint.id.to_string(),
        endpoint.state.name().to_owned(),
        kinds(endpoint).join(", "),
        endpoint.fields.join(", "),
        endpoint.url.clone(),
        endpoint.note.clone(),
    ]
}

#[derive(Serialize)]
struct Line<'e> {
    id: &'e str,
    state: &'static str,
    since: Option<Timestamp>,
    types: Vec<&'e str>,
    fields: &'e [String],
    url: &'e str,
    note: &'e str,
    created_at: Timestamp,
}

fn line(endpoint: &Endpoint) -> Line<'_> {
    Line {
        id: endpoint.id.as_str(),
        state: endpoint.state.name(),
        since: match endpoint.state {
            EndpointState::Enabled => None,
            EndpointState::Disabled(since) | EndpointState::Gone(since) => Some(since),
        },
        types: kinds(endpoint),
        fields: &endpoint.fields,
        url: &endpoint.url,
        note: &endpoint.note,
        created_at: endpoint.created_at,
    }
}

fn kinds(endpoint: &Endpoint) -> Vec<&str> {
    endpoint.kinds.iter().map(EventFilter::as_str).collect()
}
