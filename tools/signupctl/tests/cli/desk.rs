//! A table of its own for each test, and the binary in front of it.

use std::{path::PathBuf, process::Stdio};

use aws_sdk_dynamodb::Client;
use local::engine::{Engine, create_table};
use shared::adapters::dynamodb::Table;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, process::Command};

pub(crate) const TABLE: &str = "signups";

pub(crate) struct Desk {
    engine: Engine,
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    pub(crate) async fn new() -> Self {
        Self::of(Engine::in_memory().await.unwrap(), TempDir::new().unwrap()).await
    }

    pub(crate) async fn in_file() -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("dynamodb.sqlite");
        Self::of(Engine::in_file(&file, "127.0.0.1:0").await.unwrap(), folder).await
    }

    async fn of(engine: Engine, folder: TempDir) -> Self {
        create_table(&engine.connection().client(), TABLE)
            .await
            .unwrap();
        Self { engine, folder }
    }

    /// What changes an item as no program of ours does.
    pub(crate) fn client(&self) -> Client {
        self.engine.connection().client()
    }

    /// The table without the command line.
    pub(crate) fn table(&self) -> Table {
        Table::new(self.engine.connection().client(), TABLE)
    }

    /// The binary in an environment that knows this table and nothing of the machine.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_signupctl"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TABLE_NAME", TABLE)
            .env("AWS_REGION", "local")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL_DYNAMODB", self.engine.endpoint())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Another program, where the binary runs.
    pub(crate) fn command_of(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments)).await
    }

    /// A run that must succeed; gives what it printed.
    pub(crate) async fn output(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments).await;
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    pub(crate) async fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input).await.unwrap();
        drop(stdin);
        Ran::of(child.wait_with_output().await.unwrap())
    }

    /// Puts a file where the binary runs.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Something there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn files(&self) -> Vec<String> {
        std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    pub(crate) fn content(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }
}

pub(crate) async fn ran(mut command: Command) -> Ran {
    Ran::of(command.output().await.unwrap())
}

impl Ran {
    pub(crate) fn of(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
