//! From settings to a running function: the only place that knows every side.

use std::{process::ExitCode, sync::Arc, time::Duration};

use axum::Router;
use tokio::time::Instant;

#[cfg(feature = "mail")]
use crate::{
    adapters::mail::{Ses, Smtp},
    app::one_time_codes::{OneTimeCodes, Sender},
    config::{MailSettings, MailTransport},
    http::{Entrance, OTP_SEND, OneTimeCodeService},
    ports::mailer::Mailer,
};
use crate::{
    adapters::{
        dynamodb::Table,
        entra_keys::EntraKeys,
        lambda,
        outgoing::GuardedHttp,
        private_hosts::PrivateHosts,
        secrets::{SecretsManager, SecretsSettings},
        system_clock::SystemClock,
        verification::Verification,
    },
    app::{
        callers::Callers,
        decide::{Decide, Decider, Others},
        disposable::DisposableLists,
        policies::Policies,
        readiness::Readiness,
    },
    config::{Environment, Problem, ProcessEnvironment, Settings},
    domain::sign_up::Step,
    http::{self, Service, Trust},
    ports::{
        Deadline,
        clock::Clock,
        journal::{Journal, Notice},
        outgoing::Outgoing,
        secrets::Secrets,
    },
    telemetry::JsonJournal,
};

/// Time for the first read, within the ten seconds that Lambda gives the init phase.
const INIT: Duration = Duration::from_secs(3);

/// Runs the function of a step until Lambda ends it.
pub async fn run(step: Step) -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let service = service(step, &ProcessEnvironment, clock, Arc::clone(&journal)).await;
    serve(
        step.name(),
        service.map(|service| service.router()),
        &journal,
    )
    .await
}

/// Runs the function that mails one-time codes until Lambda ends it.
#[cfg(feature = "mail")]
pub async fn run_otp_send() -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let service = one_time_codes(&ProcessEnvironment, clock, Arc::clone(&journal)).await;
    serve(OTP_SEND, service.map(|service| service.router()), &journal).await
}

/// What every function tells the time by, and what it writes its log to.
fn clock_and_journal() -> (Arc<dyn Clock>, Arc<dyn Journal>) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let journal = JsonJournal::new(std::io::stdout(), Arc::clone(&clock));
    (clock, Arc::new(journal))
}

async fn serve(
    function: &'static str,
    router: Result<Router, Vec<String>>,
    journal: &Arc<dyn Journal>,
) -> ExitCode {
    let served = match router {
        Ok(router) => lambda::run(router, SystemClock)
            .await
            .map_err(|error| vec![error.to_string()]),
        Err(problems) => Err(problems),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(problems) => {
            journal.notice(&Notice::RefusedToStart { function, problems });
            ExitCode::FAILURE
        }
    }
}

/// Builds the service and reads what proves callers; tells every reason not to start.
pub async fn service(
    step: Step,
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Arc<Service>, Vec<String>> {
    let started = Instant::now();
    let settings = Settings::read(environment).map_err(|problems| told(&problems))?;
    let Ground {
        table,
        callers,
        policies,
    } = Ground::new(&settings, &clock, &journal);
    let deadline = Deadline(Instant::now() + INIT);
    let credentials = read_callers(&callers, deadline).await;
    somebody_may_call(&settings.trust, credentials)?;
    let others = others(
        &table,
        settings.private_hosts,
        settings.secrets,
        &clock,
        &journal,
    );
    let disposable = Arc::new(DisposableLists::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock),
        Arc::clone(&journal),
    ));
    if let Some(records) = callers.records() {
        tokio::join!(
            policies.load(&records.policies, deadline),
            disposable.load(&records.policies, deadline),
        );
    }
    for active in policies.all() {
        others.readiness.prepare(&active);
    }
    journal.notice(&Notice::Started {
        function: step.name(),
        init: started.elapsed(),
        credentials: credentials.unwrap_or_default(),
    });
    let decide: Arc<dyn Decide> = Arc::new(Decider::new(
        table,
        policies,
        disposable,
        others,
        Arc::clone(&clock),
    ));
    let settings = http::Settings {
        step,
        trust: settings.trust,
        policies: settings.policies,
        budgets: settings.budgets,
        default_language: settings.default_language,
        api_version: settings.api_version,
    };
    Ok(Service::new(settings, callers, decide, clock, journal))
}

/// The way to other systems; nothing is connected before a policy asks somebody.
pub fn others(
    table: &Arc<Table>,
    private_hosts: PrivateHosts,
    secrets: SecretsSettings,
    clock: &Arc<dyn Clock>,
    journal: &Arc<dyn Journal>,
) -> Others {
    let secrets: Arc<dyn Secrets> = Arc::new(SecretsManager::new(secrets, Arc::clone(clock)));
    let outgoing: Arc<dyn Outgoing> = Arc::new(GuardedHttp::new(
        private_hosts,
        Arc::clone(&secrets),
        Arc::clone(clock),
    ));
    let verifier = Verification::new(
        Arc::clone(&outgoing),
        Arc::clone(&secrets),
        Arc::clone(clock),
    );
    let readiness = Readiness::new(secrets, Arc::clone(journal));
    Others::new(table, outgoing, Arc::new(verifier), readiness, clock)
}

/// The same of the function that mails one-time codes.
#[cfg(feature = "mail")]
pub async fn one_time_codes(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Arc<OneTimeCodeService>, Vec<String>> {
    let started = Instant::now();
    let (settings, mail) = match (Settings::read(environment), MailSettings::read(environment)) {
        (Ok(settings), Ok(mail)) => (settings, mail),
        (settings, mail) => {
            let problems = [settings.err(), mail.err()].into_iter().flatten();
            return Err(problems.flat_map(|problems| told(&problems)).collect());
        }
    };
    entra_may_call(&settings.trust)?;
    let mailer = mailer(mail.transport, &settings.secrets, &clock);
    let Ground {
        table,
        callers,
        policies,
    } = Ground::new(&settings, &clock, &journal);
    let deadline = Deadline(Instant::now() + INIT);
    let credentials = read_callers(&callers, deadline).await;
    if let Some(records) = callers.records() {
        policies.load(&records.policies, deadline).await;
    }
    journal.notice(&Notice::Started {
        function: OTP_SEND,
        init: started.elapsed(),
        credentials: credentials.unwrap_or_default(),
    });
    let sender = Sender {
        from: mail.from,
        reply_to: mail.reply_to,
        default_language: settings.default_language,
    };
    let codes = OneTimeCodes::new(
        sender,
        table,
        mailer,
        Arc::clone(&callers),
        policies,
        Arc::clone(&clock),
        Arc::clone(&journal),
    );
    let entrance = Entrance::new(settings.trust, settings.budgets, callers, clock, journal);
    Ok(OneTimeCodeService::new(entrance, codes))
}

/// What stands under every function.
struct Ground {
    table: Arc<Table>,
    callers: Arc<Callers>,
    policies: Arc<Policies>,
}

impl Ground {
    fn new(settings: &Settings, clock: &Arc<dyn Clock>, journal: &Arc<dyn Journal>) -> Self {
        let client = settings.connection.client();
        let table = Arc::new(Table::new(client, &settings.table_name));
        let callers = Arc::new(Callers::new(
            Arc::clone(&table) as _,
            Arc::new(EntraKeys::default()),
            Arc::clone(&table) as _,
            Arc::clone(clock),
            Arc::clone(journal),
        ));
        let policies = Arc::new(Policies::new(
            Arc::clone(&table) as _,
            Arc::clone(clock),
            Arc::clone(journal),
        ));
        Self {
            table,
            callers,
            policies,
        }
    }
}

/// How many credentials there are, if the table could be read.
async fn read_callers(callers: &Callers, deadline: Deadline) -> Option<usize> {
    // A table that cannot be read now may be readable at the first request.
    let _ = callers.renew(deadline).await;
    callers.records().map(|records| records.credentials.len())
}

#[cfg(feature = "mail")]
fn mailer(
    transport: MailTransport,
    secrets: &SecretsSettings,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Mailer> {
    match transport {
        MailTransport::Ses {
            connection,
            configuration_set,
        } => Arc::new(Ses::new(&connection, configuration_set)),
        MailTransport::Smtp { server, secret } => {
            let credentials = secret.map(|name| {
                let secrets = SecretsManager::new(secrets.clone(), Arc::clone(clock));
                (Arc::new(secrets) as Arc<dyn Secrets>, name)
            });
            Arc::new(Smtp::new(server, credentials))
        }
    }
}

fn told(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// Nobody but Entra calls an extension.
#[cfg(feature = "mail")]
fn entra_may_call(trust: &Trust) -> Result<(), Vec<String>> {
    if trust.entra.is_some() {
        return Ok(());
    }
    let nobody = "nobody may call: set ENTRA_TENANT_ID and ENTRA_AUDIENCES";
    Err(vec![nobody.to_owned()])
}

/// Without any credential every request would be refused: better not to start, and to say why.
fn somebody_may_call(trust: &Trust, credentials: Option<usize>) -> Result<(), Vec<String>> {
    let nobody = trust.certificates.is_empty() && trust.entra.is_none() && credentials == Some(0);
    if nobody {
        return Err(vec![
            "nobody may call: create a connector credential with `signupctl credential create`, or set \
             CLIENT_CERTIFICATES, or set ENTRA_TENANT_ID and ENTRA_AUDIENCES"
                .to_owned(),
        ]);
    }
    Ok(())
}
