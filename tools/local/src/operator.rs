//! The operator's command line, set up for this machine.

use std::path::{Path, PathBuf};

use local::engine::Engine;
use tokio::process::Command;

use crate::{
    entra::Entra,
    flags::{Flags, HOST, in_project},
    problem::{Problem, system},
    ready::CONSOLE,
    table,
};

/// `signupctl`, which stands beside this program.
pub(crate) fn program() -> Result<PathBuf, Problem> {
    let program = std::env::current_exe()
        .map_err(system("the folder of this program"))?
        .with_file_name("signupctl");
    if program.is_file() {
        return Ok(program);
    }
    Err(Problem::Missing {
        program: program.display().to_string(),
        remedy: "build it with `cargo build --locked --workspace`, or use `make dev`",
    })
}

/// How to decide about requests, in the console or with what is typed in another terminal, and how to see what happened.
pub(crate) fn deciding(flags: &Flags, engine: &Engine, entra: &Entra) -> Result<String, Problem> {
    let program = program()?;
    let from_project = program.strip_prefix(in_project("")).unwrap_or(&program);
    let mut command = Command::new(from_project);
    table::point_to(&mut command, flags, engine);
    entra.keeps_keys_for(&mut command);
    entra.keeps_audit_of(&mut command);
    let console = format!("http://{HOST}:{}{CONSOLE}", flags.port);
    let receiver = format!("http://{HOST}:{}/received", flags.entra_port);
    Ok(told(&console, &receiver, command.as_std()))
}

fn told(console: &str, receiver: &str, command: &std::process::Command) -> String {
    let settings = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!(" {}={}", name.display(), value?.display())));
    let settings: String = settings.collect();
    let program = Path::new(command.get_program()).display();
    format!(
        "to decide about sign-ups that wait for a review, open {console}, or type in another terminal:\n  \
         export{settings}\n  {program} request list --names\n  {program} request approve ID\n\
         events arrive at {receiver}; in the same terminal, what happened and whether the audit is whole:\n  \
         {program} event list\n  {program} audit verify"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_the_address_and_every_setting() {
        let mut command = std::process::Command::new("target/debug/signupctl");
        command
            .env("TABLE_NAME", "local")
            .env("AWS_REGION", "local")
            .env_remove("AWS_PROFILE");
        let told = told(
            "http://127.0.0.1:9000/console",
            "http://127.0.0.1:7000/received",
            &command,
        );
        let lines: Vec<_> = told.lines().collect();
        let expected = [
            "to decide about sign-ups that wait for a review, open http://127.0.0.1:9000/console, or type in another terminal:",
            "  export AWS_REGION=local TABLE_NAME=local",
            "  target/debug/signupctl request list --names",
            "  target/debug/signupctl request approve ID",
            "events arrive at http://127.0.0.1:7000/received; in the same terminal, what happened and whether the audit is whole:",
            "  target/debug/signupctl event list",
            "  target/debug/signupctl audit verify",
        ];
        assert_eq!(lines, expected);
    }
}
