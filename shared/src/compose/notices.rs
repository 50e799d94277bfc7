//! The function that mails notices about approval requests.

use std::{process::ExitCode, sync::Arc};

use super::{Ground, clock_and_journal, ended, mailer, together, told};
use crate::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::happened,
        queue::{self, Taken},
        secrets::SecretsManager,
    },
    app::{
        notices::{self, Notices},
        one_time_codes::Sender,
    },
    config::{
        Environment, MailSettings, NoticesSettings, ProcessEnvironment, RequestsSettings, Settings,
    },
    policy::notice::NoticeWriter,
    ports::{clock::Clock, journal::Journal},
};

/// Runs the function that mails notices about approval requests until Lambda ends it.
pub async fn run_notices() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let served = match notices(&ProcessEnvironment, clock, Arc::clone(&journal)) {
        Ok(notices) => queue::run_batches(|messages| taken(&notices, messages))
            .await
            .map_err(|error| vec![error.to_string()]),
        Err(problems) => Err(problems),
    };
    ended("notices", served, &journal)
}

async fn taken(notices: &Notices, messages: Vec<String>) -> Vec<Taken> {
    let messages: Vec<_> = messages.iter().map(|text| happened(text)).collect();
    let done = notices.take(&messages).await.into_iter();
    done.map(|is_done| if is_done { Taken::Done } else { Taken::PutBack })
        .collect()
}

/// Puts the function together. Nothing is connected before the first message comes.
pub fn notices(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Notices, Vec<String>> {
    let own = together(
        MailSettings::read(environment),
        NoticesSettings::read(environment),
    );
    let requests = together(RequestsSettings::read(environment), own);
    let settings = together(Settings::read(environment), requests);
    let (settings, (requests, (mail, own))) = settings.map_err(|problems| told(&problems))?;
    let Ground {
        table, policies, ..
    } = Ground::new(&settings, &clock, &journal);
    Ok(Notices {
        settings: notices::Settings {
            sender: Sender {
                from: mail.from,
                reply_to: mail.reply_to,
                default_language: settings.default_language,
            },
            console_url: own.console_url,
            link_secret: own.link_secret,
        },
        writer: NoticeWriter::default(),
        requests: Arc::clone(&table) as _,
        keys: Arc::new(KmsDataKeys::new(
            &requests.connection,
            requests.key,
            Arc::clone(&clock),
        )),
        current: Arc::clone(&table) as _,
        policies,
        deliveries: table,
        mailer: mailer(mail.transport, &settings.secrets, &clock),
        secrets: Arc::new(SecretsManager::new(settings.secrets, Arc::clone(&clock))),
        clock,
        journal,
    })
}
