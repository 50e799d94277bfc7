//! `signupctl endpoint add` and `rotate-secret`

use shared::{
    app::endpoints::{Endpoints, NewEndpoint},
    domain::endpoint::EndpointId,
};

use super::done;
use crate::{
    args::AddEndpointArguments,
    author::changer,
    exit::{Exit, Failure},
    output::Output,
};

pub(super) async fn run(
    arguments: &AddEndpointArguments,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let new = NewEndpoint {
        url: arguments.url.clone(),
        kinds: arguments.kinds.clone(),
        fields: arguments.fields.clone(),
        note: arguments.note.clone(),
    };
    let by = changer(&arguments.author)?;
    let (endpoint, key) = endpoints.add(new, &by).await?;
    let id = &endpoint.id;
    show(&format!("id: {id}\nsecret: {}\n", key.text()), id, output)?;
    writeln!(
        output.notes,
        "\n\
         The secret is shown this once; it is kept in AWS Secrets Manager. Give it to whoever receives the events, who checks \
         signatures with it (docs/webhooks.md).\n\
         It is told of events within a minute. `signupctl endpoint test {id}` sends a message that tells of nothing."
    )?;
    Ok(Exit::Done)
}

pub(super) async fn rotate(
    id: &EndpointId,
    drop_old: bool,
    by: &str,
    endpoints: &Endpoints,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    if drop_old {
        endpoints.drop_old(id, by).await?;
        return done(
            format_args!("the newest secret alone signs messages to {id} within five minutes"),
            output,
        );
    }
    let key = endpoints.rotate(id, by).await?;
    show(&format!("secret: {}\n", key.text()), id, output)?;
    writeln!(
        output.notes,
        "\n\
         The secret is shown this once. Messages are signed with it and with the one before, within five minutes.\n\
         When the receiver has it, run `signupctl endpoint rotate-secret {id} --drop-old`."
    )?;
    Ok(Exit::Done)
}

/// Nobody sees a secret again that could not be shown.
fn show(text: &str, id: &EndpointId, output: &mut Output<'_>) -> Result<(), Failure> {
    let shown = write!(output.results, "{text}").and_then(|()| output.results.flush());
    shown.map_err(|error| {
        Failure::Told(format!(
            "the secret of `{id}` was made, but could not be shown ({error}): run `signupctl endpoint rotate-secret {id}`"
        ))
    })
}
