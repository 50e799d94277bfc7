//! The table with what a first request needs: the local credential and the example lists.

use std::{process::Stdio, sync::Arc};

use local::engine::{Engine, create_table};
use local_entra::partners::ENDPOINT_ID;
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    app::credentials::{Credentials, verifier},
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::EventFilter,
    },
    ports::{
        clock::Clock,
        endpoint_store::{EndpointReader, EndpointStore},
    },
};
use tokio::process::Command;

use crate::{
    flags::{Flags, HOST},
    operator,
    problem::{Problem, system},
};

/// The credential of the README's requests. It opens nothing but this machine's own table.
pub(crate) const USERNAME: &str = "connector";
pub(crate) const PASSWORD: &str = "local-password";

/// Who made it, for the audit.
const MAKER: &str = "make dev";

/// Leaves alone what is there already: state survives from run to run.
pub(crate) async fn fill(flags: &Flags, engine: &Engine) -> Result<(), Problem> {
    let client = engine.connection().client();
    create_table(&client, &flags.table).await?;
    let table = Arc::new(Table::new(client, &flags.table));
    ensure_endpoint(&table, flags).await?;
    ensure_credential(&Credentials::new(table, Arc::new(SystemClock))).await?;
    load_lists(flags, engine).await
}

/// The local Entra's receiver is told of everything.
async fn ensure_endpoint(table: &Table, flags: &Flags) -> Result<(), Problem> {
    let (Some(id), Some(everything)) = (EndpointId::parse(ENDPOINT_ID), EventFilter::parse("*"))
    else {
        return Ok(());
    };
    let url = format!("http://{HOST}:{}/receiver/events", flags.entra_port);
    let mut known = table.endpoints().await?.into_iter();
    let known = known.find(|endpoint| endpoint.id == id);
    if known.as_ref().is_some_and(|endpoint| endpoint.url == url) {
        return Ok(());
    }
    let revision = known.map_or(0, |endpoint| endpoint.revision);
    let endpoint = Endpoint {
        id,
        url,
        kinds: vec![everything],
        fields: Vec::new(),
        state: EndpointState::Enabled,
        note: "the local Entra's receiver".to_owned(),
        created_at: SystemClock.now(),
        revision: revision + 1,
    };
    table.put(&endpoint, None).await?;
    Ok(())
}

async fn ensure_credential(credentials: &Credentials) -> Result<(), Problem> {
    let live = credentials.list().await?;
    if let Some(credential) = live.iter().find(|live| live.username == USERNAME) {
        if credential.verifier.0 == verifier(PASSWORD.as_bytes()).0 {
            return Ok(());
        }
        // Made by hand with a random password: the documented one has to work.
        credentials.retire(&credential.id, MAKER).await?;
    }
    credentials
        .create_with(USERNAME, PASSWORD.to_owned(), MAKER)
        .await?;
    Ok(())
}

/// Loads the lists as an operator would: with `signupctl`.
async fn load_lists(flags: &Flags, engine: &Engine) -> Result<(), Problem> {
    let program = operator::program()?;
    let mut command = Command::new(&program);
    point_to(&mut command, flags, engine);
    let output = command
        .args(["list", "import"])
        .arg(&flags.lists)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(system(program.display().to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(Problem::Lists {
        file: flags.lists.display().to_string(),
        output: String::from_utf8_lossy(&text).trim_end().to_owned(),
    })
}

/// Settings that reach the local table, and never an account that the shell is signed in to.
pub(crate) fn point_to(command: &mut Command, flags: &Flags, engine: &Engine) {
    let connection = engine.connection();
    command
        .env("TABLE_NAME", &flags.table)
        .env("AWS_ENDPOINT_URL_DYNAMODB", engine.endpoint())
        .env("AWS_REGION", connection.region)
        .env("AWS_ACCESS_KEY_ID", connection.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", connection.secret_access_key)
        .env_remove("AWS_SESSION_TOKEN")
        .env_remove("AWS_PROFILE");
}
