//! `signupctl request show`

mod json;
mod words;

use shared::{
    app::requests::Requests, domain::approval::RequestId, ports::data_keys::DataKeyReader,
};

use super::failure;
use crate::{
    exit::{Exit, Failure},
    output::{Output, visible, write_json},
};

pub(super) async fn run(
    id: &RequestId,
    json: bool,
    requests: &Requests,
    keys: &dyn DataKeyReader,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let dossier = requests.show(id, keys).await;
    let dossier = dossier.map_err(|error| failure(id, error))?;
    if json {
        write_json(&json::line(&dossier), output.results)?;
    } else {
        for text in words::words(&dossier) {
            writeln!(output.results, "{}", visible(&text))?;
        }
    }
    Ok(Exit::Done)
}
