//! Why it does not run, in words for whoever typed `make dev`.

use local::engine::EngineError;
use local_entra::{StartError, config::ConfigError};
use shared::{app::credentials::CredentialError, ports::StoreError};

use crate::{flags::HOST, table::USERNAME};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error(
        "port {port} of {HOST} is in use: stop what listens there (another `make dev`?), or choose another \
         with `make dev {variable}=…` ({flag})"
    )]
    PortInUse {
        port: u16,
        flag: &'static str,
        variable: &'static str,
    },
    #[error("{0}")]
    Engine(#[from] EngineError),
    #[error("the local Entra: {0}")]
    Tenant(#[from] ConfigError),
    #[error("the local Entra: {0}")]
    Entra(#[from] StartError),
    #[error("the credential `{USERNAME}`: {0}")]
    Credential(#[from] CredentialError),
    #[error("the table: {0}")]
    Table(#[from] StoreError),
    #[error(
        "{file}: found `{found}`, expected the number of a record of the table's stream; remove the file to go on with what \
         happens from now on"
    )]
    Place { file: String, found: String },
    #[error("{program} is missing: {remedy}")]
    Missing {
        program: String,
        remedy: &'static str,
    },
    #[error("the lists of {file} could not be loaded:\n{output}")]
    Lists { file: String, output: String },
    #[error("a function does not start: {0}")]
    Refused(String),
    #[error("`cargo lambda watch` ended by itself ({0}); what it said is above")]
    Ended(String),
    #[error("{path} answered {found}, expected 200")]
    Answer { path: String, found: String },
    #[error("{path} did not answer within {seconds} s")]
    NotReady { path: String, seconds: u64 },
    #[error("{what}: {error}")]
    System { what: String, error: std::io::Error },
}

/// For `map_err`: what was being done when the system said no.
pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Problem {
    |error| Problem::System {
        what: what.into(),
        error,
    }
}
