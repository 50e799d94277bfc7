//! Ready means: each function has answered a sign-up of the local credential, or refused it if it takes none, each that a queue
//! calls has taken an empty batch, and the one that runs by the clock has run.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use shared::{
    domain::sign_up::{Protocol, Step},
    http::{OTP_SEND, Route},
};
use tokio::time::{sleep, timeout};

use crate::{
    events::EVENTS,
    http, invocation, maintenance,
    problem::Problem,
    queue::{NOTICES, PROVISIONING},
    table::{PASSWORD, USERNAME},
    tasks::WEBHOOKS,
};

/// A function is compiled at its first request, when `make` has not done so before.
const PATIENCE: Duration = Duration::from_mins(5);
const PAUSE: Duration = Duration::from_millis(200);

/// Where people decide about requests.
pub(crate) const CONSOLE: &str = "/console";

/// What a function is asked, and the status of its answer.
struct Trial {
    path: String,
    body: &'static str,
    expected: &'static str,
}

impl Trial {
    fn of(step: Step) -> Self {
        let route = Route {
            step,
            protocol: Protocol::Connector,
        };
        Self::sign_up(route.path(), "200")
    }

    fn event(function: &str, body: &'static str) -> Self {
        Self {
            path: invocation::path(function),
            body,
            expected: "200",
        }
    }

    const fn sign_up(path: String, expected: &'static str) -> Self {
        Self {
            path,
            body: r#"{"email":"ready@example.com"}"#,
            expected,
        }
    }
}

/// All at once: they start side by side.
pub(crate) async fn wait(port: u16) -> Result<(), Problem> {
    let empty_batch = |function| Trial::event(function, r#"{"Records":[]}"#);
    let a_run = Trial::event(maintenance::FUNCTION, "{}");
    tokio::try_join!(
        patiently(port, Trial::of(Step::AfterFederation)),
        patiently(port, Trial::of(Step::BeforeCreatingUser)),
        patiently(port, Trial::of(Step::BeforeToken)),
        // Nobody but Entra calls it, which is what the answer says.
        patiently(
            port,
            Trial::sign_up(format!("/extensions/{OTP_SEND}"), "401")
        ),
        // Forms of its own pages alone are taken.
        patiently(port, Trial::sign_up(CONSOLE.to_owned(), "403")),
        patiently(port, empty_batch(PROVISIONING)),
        patiently(port, empty_batch(NOTICES)),
        patiently(port, empty_batch(EVENTS)),
        patiently(port, empty_batch(WEBHOOKS)),
        patiently(port, a_run),
    )?;
    Ok(())
}

async fn patiently(port: u16, trial: Trial) -> Result<(), Problem> {
    let answered = timeout(PATIENCE, answers(port, &trial)).await;
    answered.unwrap_or_else(|_| {
        Err(Problem::NotReady {
            path: trial.path,
            seconds: PATIENCE.as_secs(),
        })
    })
}

async fn answers(port: u16, trial: &Trial) -> Result<(), Problem> {
    let credential = STANDARD.encode(format!("{USERNAME}:{PASSWORD}"));
    let authorization = format!("Authorization: Basic {credential}\r\n");
    loop {
        let status = http::post(port, &trial.path, &authorization, trial.body).await;
        match status.as_deref() {
            Ok(found) if found == trial.expected => return Ok(()),
            // The server does not listen yet, or the function was just restarted after a change.
            Err(_) | Ok("" | "500" | "502" | "503") => sleep(PAUSE).await,
            Ok(found) => {
                return Err(Problem::Answer {
                    path: trial.path.clone(),
                    found: found.to_owned(),
                });
            }
        }
    }
}
