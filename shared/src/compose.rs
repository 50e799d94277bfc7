//! From settings to a running function: the only place that knows every side.

use std::{process::ExitCode, sync::Arc, time::Duration};

use tokio::time::Instant;

use crate::{
    adapters::{dynamodb::Table, entra_keys::EntraKeys, lambda, system_clock::SystemClock},
    app::{
        callers::Callers,
        decide::{Decide, Decider},
        disposable::DisposableLists,
        policies::Policies,
    },
    config::{Environment, ProcessEnvironment, Settings},
    domain::sign_up::Step,
    http::{self, Service, Trust},
    ports::{
        Deadline,
        clock::Clock,
        journal::{Journal, Notice},
    },
    telemetry::JsonJournal,
};

/// Time for the first read, within the ten seconds that Lambda gives the init phase.
const INIT: Duration = Duration::from_secs(3);

/// Runs the function of a step until Lambda ends it.
pub async fn run(step: Step) -> ExitCode {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let journal: Arc<dyn Journal> =
        Arc::new(JsonJournal::new(std::io::stdout(), Arc::clone(&clock)));
    let service = match service(step, &ProcessEnvironment, clock, Arc::clone(&journal)).await {
        Ok(service) => service,
        Err(problems) => {
            journal.notice(&Notice::RefusedToStart {
                function: step.name(),
                problems,
            });
            return ExitCode::FAILURE;
        }
    };
    match lambda::run(service.router(), SystemClock).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let problems = vec![error.to_string()];
            journal.notice(&Notice::RefusedToStart {
                function: step.name(),
                problems,
            });
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
    let settings = Settings::read(environment)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let table = Arc::new(Table::new(
        settings.connection.client(),
        &settings.table_name,
    ));
    let callers = Arc::new(Callers::new(
        Arc::clone(&table) as _,
        Arc::new(EntraKeys::default()),
        Arc::clone(&table) as _,
        Arc::clone(&clock),
        Arc::clone(&journal),
    ));
    let deadline = Deadline(Instant::now() + INIT);
    // A table that cannot be read now may be readable at the first request.
    let _ = callers.renew(deadline).await;
    let credentials = callers.records().map(|records| records.credentials.len());
    somebody_may_call(&settings.trust, credentials)?;
    let policies = Arc::new(Policies::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock),
        Arc::clone(&journal),
    ));
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
    journal.notice(&Notice::Started {
        function: step.name(),
        init: started.elapsed(),
        credentials: credentials.unwrap_or_default(),
    });
    let decide: Arc<dyn Decide> = Arc::new(Decider::new(
        table,
        policies,
        disposable,
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
