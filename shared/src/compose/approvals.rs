//! The function of the approval console.

use std::{process::ExitCode, sync::Arc};

use super::{Ground, clock_and_journal, serve, together, told};
use crate::{
    adapters::{data_keys::KmsDataKeys, outgoing::GuardedHttp, secrets::SecretsManager},
    app::{
        advice::Advisor,
        audit::Audit,
        known_domains::{KnownDomains, PATIENCE},
        lists::Lists,
        requests::Requests,
    },
    config::{ConsoleSettings, Environment, ProcessEnvironment, RequestsSettings, Settings},
    console::{Console, Parts},
    ports::{clock::Clock, journal::Journal, secrets::Secrets},
};

/// Runs the function of the approval console until Lambda ends it.
pub async fn run_approvals() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let console = console(&ProcessEnvironment, clock, Arc::clone(&journal));
    serve(
        "approvals",
        console.map(|console| console.router()),
        &journal,
    )
    .await
}

/// Puts the console together. Nothing is connected before somebody comes.
pub fn console(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Arc<Console>, Vec<String>> {
    let own = together(
        RequestsSettings::read(environment),
        ConsoleSettings::read(environment),
    );
    let settings = together(Settings::read(environment), own);
    let (settings, (requests, own)) = settings.map_err(|problems| told(&problems))?;
    let Ground {
        table,
        callers,
        policies,
    } = Ground::new(&settings, &clock, &journal);
    let secrets = SecretsManager::new(settings.secrets, Arc::clone(&clock));
    let secrets: Arc<dyn Secrets> = Arc::new(secrets);
    let outgoing = GuardedHttp::new(
        settings.private_hosts,
        Arc::clone(&secrets),
        Arc::clone(&clock),
    );
    let keys = KmsDataKeys::new(&requests.connection, requests.key, Arc::clone(&clock));
    let known = KnownDomains::new(
        Arc::clone(&table) as _,
        Arc::clone(&table) as _,
        Arc::clone(&clock),
        PATIENCE,
    );
    let advisor = Advisor::new(Arc::clone(&table) as _, policies, known);
    let audit = Audit::new(Arc::clone(&table) as _);
    Ok(Console::new(Parts {
        settings: own.sign_in,
        link_secret: own.link_secret,
        lists: Lists::new(Arc::clone(&table) as _),
        requests: Requests::new(Arc::clone(&table) as _, table, Arc::clone(&clock)),
        keys: Arc::new(keys),
        advisor,
        audit,
        secrets,
        outgoing: Arc::new(outgoing),
        callers,
        clock,
        journal,
    }))
}
