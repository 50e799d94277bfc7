//! What the record of a decision costs the answer: the same request to a function that keeps records and to one that keeps
//! none, in turns.
//!
//! `make bench-records`, or `cargo run --release -p benches --bin records`.

use std::{
    error::Error,
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, body::Body, http::Request};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use local::engine::{Engine, create_table};
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    app::credentials::Credentials,
    compose,
    config::Settings,
    domain::sign_up::{Protocol, Step},
    http::Route,
    telemetry::JsonJournal,
};
use tempfile::TempDir;
use tower::ServiceExt;

const REQUESTS: usize = 2_000;
const UNMEASURED: usize = 100;
const TABLE: &str = "records";
const STEP: Step = Step::BeforeCreatingUser;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // In a file, for one in memory looks through its whole stream at each write.
    let folder = TempDir::new()?;
    let engine = Engine::in_file(&folder.path().join("table"), "127.0.0.1:0").await?;
    let client = engine.connection().client();
    create_table(&client, TABLE).await?;
    let table = Arc::new(Table::new(client, TABLE));
    let credentials = Credentials::new(table, Arc::new(SystemClock));
    let password = credentials.create("connector", "bench").await?.password;
    let authorization = format!("Basic {}", STANDARD.encode(format!("connector:{password}")));

    let functions = [
        function(&engine, "0").await?,
        function(&engine, "90").await?,
    ];
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..REQUESTS + UNMEASURED {
        for (router, times) in functions.iter().zip(&mut times) {
            let request = request(number, &authorization)?;
            let started = Instant::now();
            let answer = router.clone().oneshot(request).await?;
            let took = started.elapsed();
            if !answer.status().is_success() {
                return Err(format!("status {}", answer.status()).into());
            }
            if number >= UNMEASURED {
                times.push(took);
            }
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "| Answers | p50 ms | p99 ms |")?;
    writeln!(out, "| --- | ---: | ---: |")?;
    for (name, times) in ["without a record", "with a record"].iter().zip(&mut times) {
        times.sort();
        let at = |share: usize| milliseconds(times.get(REQUESTS * share / 100));
        writeln!(out, "| {name} | {:.2} | {:.2} |", at(50), at(99))?;
    }
    Ok(())
}

/// A function of a deployment whose log goes nowhere.
async fn function(engine: &Engine, event_days: &str) -> Result<Router, Failure> {
    let endpoint = engine.endpoint();
    let settings = Settings::read(&[
        ("TABLE_NAME", TABLE),
        ("EVENT_DAYS", event_days),
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str()),
        ("AWS_REGION", "local"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ]);
    let settings = settings.map_err(|problems| format!("{problems:?}"))?;
    let clock = Arc::new(SystemClock);
    let journal = Arc::new(JsonJournal::new(std::io::sink(), Arc::clone(&clock) as _));
    let service = compose::service(STEP, settings, |_, _| None, clock, journal).await;
    Ok(service.map_err(|problems| problems.join("; "))?.router())
}

/// Of somebody else each time.
fn request(number: usize, authorization: &str) -> Result<Request<Body>, Failure> {
    let route = Route {
        step: STEP,
        protocol: Protocol::Connector,
    };
    let body = format!(
        r#"{{"email":"person-{number}@partner.example","displayName":"Jane Roe","city":"Redmond",
            "identities":[{{"signInType":"federated","issuer":"facebook.com","issuerAssignedId":"{number}"}}]}}"#
    );
    let request = Request::post(route.path())
        .header("authorization", authorization)
        .header("content-type", "application/json")
        .body(Body::from(body))?;
    Ok(request)
}

fn milliseconds(time: Option<&Duration>) -> f64 {
    time.copied().unwrap_or_default().as_secs_f64() * 1e3
}
