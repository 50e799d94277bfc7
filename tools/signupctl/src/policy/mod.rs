//! `signupctl policy`: what a user flow asks and decides.

mod cases;
mod check;
mod diff;
mod explain;
mod form;
mod history;
mod publish;
mod schema;
mod shadow;
pub(crate) mod source;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use shared::{
    adapters::dynamodb::Table,
    app::publications::{PublicationError, Publications},
    domain::publication::PolicyVersion,
    ports::clock::Clock,
};

use self::source::SourceError;
use crate::{
    args::PolicyCommand,
    author::changer,
    exit::{Exit, Failure},
    output::Output,
};

/// The table is asked for only by commands that need it.
pub(crate) async fn run(
    command: &PolicyCommand,
    table: impl AsyncFn() -> Result<Arc<Table>, Failure>,
    clock: Arc<dyn Clock>,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let now = clock.now();
    let publications =
        async || Ok::<_, Failure>(Publications::new(table().await?, Arc::clone(&clock)));
    match command {
        PolicyCommand::Check { files } => check::run(files, output),
        PolicyCommand::Test(arguments) => cases::run(arguments, output),
        PolicyCommand::Diff(arguments) => diff::run(arguments, publications, output).await,
        PolicyCommand::Explain(arguments) => explain::run(arguments, now, output),
        PolicyCommand::Schema => schema::run(output),
        PolicyCommand::Publish(arguments) => publish::run(arguments, publications, output).await,
        PolicyCommand::Shadow(arguments) => shadow::run(arguments, publications, output).await,
        PolicyCommand::Promote { of, author } => {
            let by = changer(author)?;
            shadow::promote(&of.flow, &by, &publications().await?, output).await
        }
        PolicyCommand::History { of, json } => {
            history::run(&of.flow, *json, &publications().await?, output).await
        }
        PolicyCommand::Show { of, version } => {
            history::show(&of.flow, *version, &publications().await?, output).await
        }
        PolicyCommand::Rollback {
            of,
            version,
            author,
        } => {
            let version = PolicyVersion {
                flow: of.flow.clone(),
                number: *version,
            };
            let by = changer(author)?;
            history::roll_back(version, &by, &publications().await?, output).await
        }
    }
}

/// The policies among files: what a shell makes of `*.toml` has their cases as well.
fn policies(files: &[PathBuf]) -> impl Iterator<Item = &Path> {
    let is_cases = |file: &Path| file.to_string_lossy().ends_with(".test.toml");
    let files = files.iter().map(PathBuf::as_path);
    files.filter(move |file| !is_cases(file))
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Told(error.to_string())
    }
}

impl From<PublicationError> for Failure {
    fn from(error: PublicationError) -> Self {
        match error {
            PublicationError::Store(error) => Self::Table(error),
            error => Self::Told(error.to_string()),
        }
    }
}
