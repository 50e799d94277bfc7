//! Who does what is recorded under a name.

use jiff::Timestamp;
use shared::{
    config::{Environment, ProcessEnvironment},
    domain::audit::Signature,
};

use crate::{args::AuthorArguments, exit::Failure};

/// The name that was given, or that of the account on this machine. `expected` says of whom.
pub(crate) fn author(named: Option<&str>, expected: &str) -> Result<String, Failure> {
    let account = || {
        ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(variable)
    };
    let system = || whoami::username().ok();
    let author = named.map(str::to_owned).or_else(account).or_else(system);
    let author = author.map(|author| author.trim().to_owned());
    author
        .filter(|author| !author.is_empty())
        .ok_or_else(|| Failure::Told(format!("--author: found nothing, expected {expected}")))
}

/// The name of whoever changes something.
pub(crate) fn changer(arguments: &AuthorArguments) -> Result<String, Failure> {
    author(arguments.author.as_deref(), "who changes it")
}

/// The same with the time of the change.
pub(crate) fn signature(arguments: &AuthorArguments, at: Timestamp) -> Result<Signature, Failure> {
    let by = changer(arguments)?;
    Ok(Signature { by, at })
}

fn variable(name: &str) -> Option<String> {
    ProcessEnvironment.get(name)
}
