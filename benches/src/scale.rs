//! What a decision costs with ten entries, ten thousand and a million: read units, round trips, time.
//!
//! `make bench-scale`, or `cargo run --release -p benches --bin scale -- 10 10000 1000000`.

use std::{
    collections::BTreeMap,
    error::Error,
    io::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use local::engine::{Engine, create_table};
use shared::{
    adapters::{
        dynamodb::Table, private_hosts::PrivateHosts, secrets::SecretsSettings,
        system_clock::SystemClock,
    },
    app::{
        decide::{Asked, Decide, Decider},
        disposable::DisposableLists,
        policies::Policies as Published,
    },
    compose,
    domain::{
        email::EmailAddress,
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        list::{Effect, ListEntry, ListName, Matcher},
        policy::{FlowPolicy, OnUnavailable, Policies},
        sign_up::{Protocol, SignUp, Step},
    },
    ports::{Deadline, clock::Clock, journal::Journal},
    telemetry::JsonJournal,
};

const DECISIONS: usize = 2_000;
const UNMEASURED: usize = 100;
const LOADED_AT_ONCE: usize = 50_000;
const TABLE: &str = "scale";

type Failure = Box<dyn Error + Send + Sync>;

/// One line of the table.
struct Row {
    entries: usize,
    read_units: f64,
    calls: u32,
    p50: Duration,
    p99: Duration,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut sizes: Vec<usize> = std::env::args()
        .skip(1)
        .filter_map(|a| a.parse().ok())
        .collect();
    if sizes.is_empty() {
        sizes = vec![10, 10_000, 1_000_000];
    }
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| Entries | Read units | Round trips | p50 ms | p99 ms |"
    )?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: |")?;
    for entries in sizes {
        let row = measure(entries).await?;
        writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.2} |",
            row.entries,
            row.read_units,
            row.calls,
            row.p50.as_secs_f64() * 1e3,
            row.p99.as_secs_f64() * 1e3,
        )?;
    }
    Ok(())
}

async fn measure(entries: usize) -> Result<Row, Failure> {
    let engine = Engine::in_memory().await?;
    let client = engine.connection().client();
    create_table(&client, TABLE).await?;
    let table = Arc::new(Table::new(client, TABLE));
    fill(&engine, entries)?;
    let clock = Arc::new(SystemClock);
    let journal = Arc::new(JsonJournal::new(std::io::sink(), Arc::clone(&clock) as _));
    let policies = Published::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    );
    let disposable = DisposableLists::new(
        Arc::clone(&table) as _,
        Arc::clone(&clock) as _,
        Arc::clone(&journal) as _,
    );
    let clock = clock as Arc<dyn Clock>;
    let secrets = SecretsSettings {
        connection: engine.connection(),
        prefix: "none".to_owned(),
    };
    let journal = journal as Arc<dyn Journal>;
    let others = compose::others(&table, PrivateHosts::default(), secrets, &clock, &journal);
    let decider = Decider::new(
        table,
        Arc::new(policies),
        Arc::new(disposable),
        others,
        clock,
    );
    let settings = Policies {
        default: FlowPolicy {
            default: Effect::Allow,
            lists: None,
            on_unavailable: OnUnavailable::Block,
        },
        flows: BTreeMap::new(),
    };
    let mut times = Vec::with_capacity(DECISIONS);
    let (mut read_units, mut calls) = (0.0_f64, 0);
    for number in 0..DECISIONS + UNMEASURED {
        let sign_up = sign_up(number % entries)?;
        let deadline = Deadline(tokio::time::Instant::now() + Duration::from_secs(2));
        let started = Instant::now();
        let asked = Asked {
            sign_up: &sign_up,
            protocol: Protocol::Connector,
            user_flow: None,
            settings: &settings,
            current: None,
            caller_records: false,
        };
        let outcome = decider.decide(asked, deadline).await;
        if number >= UNMEASURED {
            times.push(started.elapsed());
        }
        let read = outcome.read.ok_or("the table could not be read")?;
        read_units = read_units.max(read.units);
        calls = calls.max(read.calls);
    }
    times.sort();
    let at = |share: usize| {
        times
            .get(times.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    Ok(Row {
        entries,
        read_units,
        calls,
        p50: at(50),
        p99: at(99),
    })
}

/// Loads items as the adapter writes them.
fn fill(engine: &Engine, entries: usize) -> Result<(), Failure> {
    for start in (0..entries).step_by(LOADED_AT_ONCE) {
        let end = entries.min(start + LOADED_AT_ONCE);
        let items: Result<Vec<_>, Failure> = (start..end)
            .map(|number| Ok(Table::item_of(&entry(number)?)?))
            .collect();
        engine.load(TABLE, items?)?;
    }
    Ok(())
}

fn entry(number: usize) -> Result<ListEntry, Failure> {
    Ok(ListEntry {
        matcher: Matcher::parse(&address(number))?,
        list: ListName::parse("scale").ok_or("list name")?,
        effect: if number.is_multiple_of(2) {
            Effect::Deny
        } else {
            Effect::Allow
        },
        reason: "an entry of ordinary length".to_owned(),
        owner: "operations".to_owned(),
        expires_at: None,
    })
}

fn address(number: usize) -> String {
    format!("person{number}@partner{}.example.com", number % 1000)
}

/// A person who is on the list, through Facebook.
fn sign_up(number: usize) -> Result<SignUp, Failure> {
    Ok(SignUp {
        step: Step::BeforeCreatingUser,
        addresses: vec![EmailAddress::parse(&address(number))?],
        identities: vec![Identity {
            provider: IdentityProvider::parse("facebook.com")?,
            subject: Some(Subject::parse(&number.to_string())?),
        }],
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    })
}
