//! The function that does what time asks of approval requests.

use std::{process::ExitCode, sync::Arc};

use super::{clock_and_journal, ended, together, told};
use crate::{
    adapters::{
        dynamodb::Table, graph::Graph, outgoing::GuardedHttp, schedule, secrets::SecretsManager,
    },
    app::{
        maintenance::{Bounds, Maintenance},
        policies::Policies,
    },
    config::{Environment, MaintenanceSettings, ProcessEnvironment, Settings},
    ports::{accounts::Accounts, clock::Clock, guests::Guests, journal::Journal},
};

/// Runs the function that does what time asks of approval requests until Lambda ends it.
pub async fn run_maintenance() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let made = maintenance(
        &ProcessEnvironment,
        Arc::clone(&clock),
        Arc::clone(&journal),
    );
    let served = match made {
        Ok(maintenance) => schedule::run(|deadline| maintenance.run(deadline), clock.as_ref())
            .await
            .map_err(|error| vec![error.to_string()]),
        Err(problems) => Err(problems),
    };
    ended("maintenance", served, &journal)
}

/// Puts the function together. Nothing is connected before its first run.
pub fn maintenance(
    environment: &(impl Environment + ?Sized),
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Maintenance, Vec<String>> {
    let own = MaintenanceSettings::read(environment);
    let (settings, own) =
        together(Settings::read(environment), own).map_err(|problems| told(&problems))?;
    let client = settings.connection.client();
    let table = Arc::new(Table::new(client, &settings.table_name));
    let policies = Policies::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock),
        Arc::clone(&journal),
    );
    let graph = own.accounts.map(|accounts| {
        let secrets = Arc::new(SecretsManager::new(settings.secrets, Arc::clone(&clock)));
        let outgoing = GuardedHttp::new(settings.private_hosts, secrets, Arc::clone(&clock));
        Arc::new(Graph::new(Arc::new(outgoing), accounts.graph))
    });
    let guests = graph.clone().filter(|_| own.guests_need_approval);
    Ok(Maintenance {
        store: Arc::clone(&table) as _,
        rounds: Arc::clone(&table) as _,
        reminders: Arc::clone(&table) as _,
        redelivery: Arc::clone(&table) as _,
        published: Arc::clone(&table) as _,
        policies,
        accounts: graph.map(|graph| graph as Arc<dyn Accounts>),
        guests: guests.map(|graph| graph as Arc<dyn Guests>),
        guest_rounds: table,
        clock,
        journal,
        bounds: Bounds::USUAL,
    })
}
