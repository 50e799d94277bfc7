//! From settings to a running function: the only place that knows every side.

#[cfg(feature = "console")]
mod approvals;
#[cfg(feature = "events")]
mod events;
mod maintenance;
#[cfg(all(feature = "mail", feature = "requests"))]
mod notices;
#[cfg(feature = "requests")]
mod provisioning;
#[cfg(all(feature = "events", feature = "requests"))]
mod webhooks;

use std::{process::ExitCode, sync::Arc, time::Duration};

use axum::Router;
use tokio::time::Instant;

#[cfg(feature = "console")]
pub use self::approvals::{console, run_approvals};
#[cfg(feature = "events")]
pub use self::events::{events, run_events};
pub use self::maintenance::{maintenance, run_maintenance};
#[cfg(all(feature = "mail", feature = "requests"))]
pub use self::notices::{notices, run_notices};
#[cfg(feature = "requests")]
pub use self::provisioning::{deliveries, run_provisioning};
#[cfg(all(feature = "events", feature = "requests"))]
pub use self::webhooks::{run_webhooks, webhooks};
#[cfg(feature = "requests")]
use crate::{adapters::data_keys::KmsDataKeys, config::RequestsSettings};
#[cfg(feature = "mail")]
use crate::{
    adapters::mail::{Ses, Smtp},
    app::one_time_codes::{OneTimeCodes, Sender},
    config::{Environment, MailSettings, MailTransport},
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
        approvals::Approvals,
        callers::Callers,
        decide::{Decide, Decider, Others},
        decisions::Decisions,
        disposable::DisposableLists,
        policies::Policies,
        readiness::Readiness,
    },
    config::{Problem, ProcessEnvironment, Settings},
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
    let settings = Settings::read(&ProcessEnvironment).map_err(|problems| told(&problems));
    run_step(step, settings, |_, _| None).await
}

/// Runs the function of the step in which people apply for an approval until Lambda ends it.
#[cfg(feature = "requests")]
pub async fn run_before_creating_user() -> ExitCode {
    let settings = together(
        Settings::read(&ProcessEnvironment),
        RequestsSettings::read(&ProcessEnvironment),
    );
    let (settings, requests) = match settings {
        Ok((settings, requests)) => (Ok(settings), Some(requests)),
        Err(problems) => (Err(told(&problems)), None),
    };
    run_step(Step::BeforeCreatingUser, settings, |table, clock| {
        Some(approvals(requests?, table, clock))
    })
    .await
}

async fn run_step(
    step: Step,
    settings: Result<Settings, Vec<String>>,
    approvals: impl FnOnce(&Arc<Table>, &Arc<dyn Clock>) -> Option<Approvals>,
) -> ExitCode {
    let (clock, journal) = clock_and_journal();
    let service = match settings {
        Ok(settings) => service(step, settings, approvals, clock, Arc::clone(&journal)).await,
        Err(problems) => Err(problems),
    };
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
    ended(function, served, journal)
}

fn ended(
    function: &'static str,
    served: Result<(), Vec<String>>,
    journal: &Arc<dyn Journal>,
) -> ExitCode {
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
    settings: Settings,
    approvals: impl FnOnce(&Arc<Table>, &Arc<dyn Clock>) -> Option<Approvals>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Arc<Service>, Vec<String>> {
    let started = Instant::now();
    let Ground {
        table,
        callers,
        policies,
    } = Ground::new(&settings, &clock, &journal);
    let deadline = Deadline(Instant::now() + INIT);
    let credentials = read_callers(&callers, deadline).await;
    somebody_may_call(&settings.trust, credentials)?;
    let mut others = others(
        &table,
        settings.private_hosts,
        settings.secrets,
        &clock,
        &journal,
    );
    others.approvals = approvals(&table, &clock);
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
    let records = settings.records;
    let decisions = records.map(|terms| Decisions::new(Arc::clone(&table) as _, terms));
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
        decisions,
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

/// Making requests.
#[cfg(feature = "requests")]
fn approvals(requests: RequestsSettings, table: &Arc<Table>, clock: &Arc<dyn Clock>) -> Approvals {
    let RequestsSettings { connection, key } = requests;
    Approvals {
        requests: Arc::clone(table) as _,
        keys: Arc::new(KmsDataKeys::new(&connection, key, Arc::clone(clock))),
        clock: Arc::clone(clock),
    }
}

/// The same of the function that mails one-time codes.
#[cfg(feature = "mail")]
pub async fn one_time_codes(
    environment: &impl Environment,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
) -> Result<Arc<OneTimeCodeService>, Vec<String>> {
    let started = Instant::now();
    let settings = together(Settings::read(environment), MailSettings::read(environment));
    let (settings, mail) = settings.map_err(|problems| told(&problems))?;
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

/// Two parts of a function's settings, or every problem of both.
fn together<A, B>(
    one: Result<A, Vec<Problem>>,
    other: Result<B, Vec<Problem>>,
) -> Result<(A, B), Vec<Problem>> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => Err([one.err(), other.err()]
            .into_iter()
            .flatten()
            .flatten()
            .collect()),
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
