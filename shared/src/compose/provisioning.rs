//! The function that makes the accounts of approved requests.

use std::{process::ExitCode, sync::Arc};

use super::{clock_and_journal, ended, together, told};
use crate::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::{Table, changed_request},
        graph::Graph,
        outgoing::GuardedHttp,
        queue::{self, Taken},
        secrets::SecretsManager,
    },
    app::provisioning::{self, Provisioning, Timing, deliveries::Deliveries},
    config::{Environment, ProcessEnvironment, ProvisioningSettings, RequestsSettings, Settings},
    ports::{clock::Clock, journal::Journal},
};

/// Runs the function that makes the accounts of approved requests until Lambda ends it.
pub async fn run_provisioning() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let served = match deliveries(&ProcessEnvironment, clock, Arc::clone(&journal)) {
        Ok(deliveries) => queue::run(|message| taken(&deliveries, message))
            .await
            .map_err(|error| vec![error.to_string()]),
        Err(problems) => Err(problems),
    };
    ended("provisioning", served, &journal)
}

async fn taken(deliveries: &Deliveries, message: String) -> Taken {
    let request = changed_request(&message);
    if deliveries.take(request.as_ref()).await {
        Taken::Done
    } else {
        Taken::PutBack
    }
}

/// Puts the function together. Nothing is connected before the first request comes.
pub fn deliveries(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Deliveries, Vec<String>> {
    let own = together(
        RequestsSettings::read(environment),
        ProvisioningSettings::read(environment),
    );
    let settings = together(Settings::read(environment), own);
    let (settings, (requests, own)) = settings.map_err(|problems| told(&problems))?;
    let secrets = SecretsManager::new(settings.secrets, Arc::clone(&clock));
    let outgoing = GuardedHttp::new(
        settings.private_hosts,
        Arc::new(secrets),
        Arc::clone(&clock),
    );
    let client = settings.connection.client();
    let provisioning = Provisioning {
        store: Arc::new(Table::new(client, &settings.table_name)),
        keys: Arc::new(KmsDataKeys::new(
            &requests.connection,
            requests.key,
            Arc::clone(&clock),
        )),
        accounts: Arc::new(Graph::new(Arc::new(outgoing), own.graph)),
        clock,
        settings: provisioning::Settings {
            tenant_domain: own.tenant_domain,
            guest_marker: own.guest_marker,
            redirect_url: own.redirect_url,
            send_invitation: own.send_invitation,
            timing: Timing::USUAL,
        },
    };
    Ok(Deliveries::new(provisioning, journal))
}
