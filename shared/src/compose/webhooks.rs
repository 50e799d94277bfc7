//! The function that tells endpoints of events.

use std::{process::ExitCode, sync::Arc};

use super::{clock_and_journal, ended, together, told};
use crate::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::Table,
        outgoing::GuardedHttp,
        queue::{self, Taken},
        secrets::SecretsManager,
        task_queue::Sqs,
    },
    app::{
        breakers::Breakers,
        webhooks::{Content, Webhooks, sender::Sender},
    },
    config::{Environment, ProcessEnvironment, RequestsSettings, Settings, WebhooksSettings},
    ports::{clock::Clock, event_bus::Task, journal::Journal, secrets::Secrets},
};

/// Runs the function that tells endpoints of events until Lambda ends it.
pub async fn run_webhooks() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let served = match webhooks(&ProcessEnvironment, clock, Arc::clone(&journal)) {
        Ok(webhooks) => queue::run_batches(|messages| taken(&webhooks, messages))
            .await
            .map_err(|error| vec![error.to_string()]),
        Err(problems) => Err(problems),
    };
    ended("webhooks", served, &journal)
}

async fn taken(webhooks: &Webhooks, messages: Vec<String>) -> Vec<Taken> {
    let tasks = messages.iter();
    let tasks: Vec<Option<Task>> = tasks.map(|text| serde_json::from_str(text).ok()).collect();
    let done = webhooks.take(&tasks).await.into_iter();
    done.map(|is_done| if is_done { Taken::Done } else { Taken::PutBack })
        .collect()
}

/// Puts the function together. Nothing is connected before the first task comes.
pub fn webhooks(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Webhooks, Vec<String>> {
    let own = together(
        RequestsSettings::read(environment),
        WebhooksSettings::read(environment),
    );
    let settings = together(Settings::read(environment), own);
    let (settings, (requests, own)) = settings.map_err(|problems| told(&problems))?;
    let client = settings.connection.client();
    let table = Arc::new(Table::new(client, &settings.table_name));
    let keys = KmsDataKeys::new(&requests.connection, requests.key, Arc::clone(&clock));
    let secrets: Arc<dyn Secrets> =
        Arc::new(SecretsManager::new(settings.secrets, Arc::clone(&clock)));
    let outgoing = GuardedHttp::new(
        settings.private_hosts,
        Arc::clone(&secrets),
        Arc::clone(&clock),
    );
    Ok(Webhooks {
        endpoints: Arc::clone(&table) as _,
        events: Arc::clone(&table) as _,
        content: Content {
            requests: Arc::clone(&table) as _,
            keys: Arc::new(keys),
        },
        sender: Sender {
            outgoing: Arc::new(outgoing),
            secrets,
            clock: Arc::clone(&clock),
        },
        queue: Arc::new(Sqs::new(&own.connection, own.queue_url)),
        log: Arc::clone(&table) as _,
        dead: Arc::clone(&table) as _,
        reader: Arc::clone(&table) as _,
        breakers: Breakers {
            store: table,
            clock: Arc::clone(&clock),
        },
        clock,
        journal,
        in_flight: own.in_flight,
    })
}
