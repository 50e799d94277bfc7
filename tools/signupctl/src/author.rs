//! Who does what is recorded under a name.

use shared::config::{Environment, ProcessEnvironment};

use crate::exit::Failure;

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

fn variable(name: &str) -> Option<String> {
    ProcessEnvironment.get(name)
}
