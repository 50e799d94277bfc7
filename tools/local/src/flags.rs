//! What can be chosen.

use std::path::{Path, PathBuf};

use clap::{
    Parser,
    builder::{PathBufValueParser, TypedValueParser},
};

/// Nothing of this is for other machines to reach.
pub(crate) const HOST: &str = "127.0.0.1";

/// Runs everything of signup-connectors on this machine until Ctrl-C.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Flags {
    /// Port of the functions
    #[arg(long, default_value_t = 9000)]
    pub(crate) port: u16,

    /// Port of DynamoDB
    #[arg(long, default_value_t = 8000)]
    pub(crate) dynamodb_port: u16,

    /// Port of the local Entra: open it in a browser
    #[arg(long, default_value_t = 7000)]
    pub(crate) entra_port: u16,

    /// Port on which mail is taken
    #[arg(long, default_value_t = 2525)]
    pub(crate) smtp_port: u16,

    /// Name of the table
    #[arg(long, default_value = "signup-connectors")]
    pub(crate) table: String,

    /// File in which DynamoDB keeps its state between runs, seen from the project's folder
    #[arg(long, default_value = ".local/dynamodb.sqlite", value_parser = PathBufValueParser::new().map(in_project))]
    pub(crate) state: PathBuf,

    /// CSV file of list entries that is loaded at each start, seen from the project's folder
    #[arg(long, default_value = "examples/lists.csv", value_parser = PathBufValueParser::new().map(in_project))]
    pub(crate) lists: PathBuf,

    /// TOML file with the tenant of the local Entra, seen from the project's folder
    #[arg(long, default_value = "examples/local-entra.toml", value_parser = PathBufValueParser::new().map(in_project))]
    pub(crate) entra: PathBuf,
}

impl Flags {
    /// What else is kept of the table between runs, beside the file of DynamoDB.
    pub(crate) fn beside_state(&self, what: &str) -> PathBuf {
        self.state.with_extension(format!("{}.{what}", self.table))
    }
}

/// A path in the project, whatever the folder it is called from.
pub(crate) fn in_project(path: impl AsRef<Path>) -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let project = tools.and_then(Path::parent).unwrap_or(Path::new("."));
    project.join(path)
}
