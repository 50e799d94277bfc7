//! What a page of the console's queue costs with a hundred waiting requests, ten thousand and a million.
//!
//! `make bench-paging`, or `cargo run --release -p benches --bin paging -- 100 10000 1000000`.

use std::{
    error::Error,
    io::Write,
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use local::engine::{Engine, create_table};
use shared::{
    adapters::dynamodb::Table,
    domain::{
        approval::{ApprovalRequest, RequestId, State},
        person::PersonKey,
    },
    ports::request_store::{Order, RequestStore},
    testkit::pending,
};

const PAGE: u16 = 25;
const PAGES: usize = 2_000;
const UNMEASURED: usize = 100;
const LOADED_AT_ONCE: usize = 50_000;
const TABLE: &str = "paging";
const FIRST: Timestamp = Timestamp::constant(1_768_478_400, 0);

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "| Requests | Page | p50 ms | p99 ms |")?;
    writeln!(out, "| ---: | --- | ---: | ---: |")?;
    for size in std::env::args().skip(1) {
        measure(size.parse()?, &mut out).await?;
    }
    Ok(())
}

async fn measure(size: usize, out: &mut impl Write) -> Result<(), Failure> {
    let engine = Engine::in_memory().await?;
    let client = engine.connection().client();
    create_table(&client, TABLE).await?;
    let ids = fill(&engine, size)?;
    let table = Table::new(client, TABLE);
    let ways = [
        ("the oldest", Order::OldestFirst, false),
        ("the newest", Order::NewestFirst, false),
        ("anywhere, forwards", Order::OldestFirst, true),
        ("anywhere, backwards", Order::NewestFirst, true),
    ];
    for (name, order, is_anywhere) in ways {
        let mut times = Vec::with_capacity(PAGES);
        for number in 0..PAGES + UNMEASURED {
            let after = is_anywhere.then(|| fastrand::choice(&ids)).flatten();
            let started = Instant::now();
            table.queue(State::Pending, order, after, PAGE).await?;
            if number >= UNMEASURED {
                times.push(started.elapsed());
            }
        }
        times.sort();
        let at = |share: usize| milliseconds(times.get(PAGES * share / 100));
        writeln!(out, "| {size} | {name} | {:.2} | {:.2} |", at(50), at(99))?;
    }
    Ok(())
}

fn milliseconds(time: Option<&Duration>) -> f64 {
    time.copied().unwrap_or_default().as_secs_f64() * 1e3
}

/// Loads requests as the adapter queues them, one each second.
fn fill(engine: &Engine, size: usize) -> Result<Vec<RequestId>, Failure> {
    let mut ids = Vec::with_capacity(size);
    let mut at = FIRST;
    for start in (0..size).step_by(LOADED_AT_ONCE) {
        let mut items = Vec::new();
        for number in start..size.min(start + LOADED_AT_ONCE) {
            at += SignedDuration::from_secs(1);
            let request = request(number, at);
            items.push(Table::queue_item_of(&request)?);
            ids.push(request.id);
        }
        engine.load(TABLE, items)?;
    }
    Ok(ids)
}

fn request(number: usize, at: Timestamp) -> ApprovalRequest {
    let id = RequestId::new(at, std::array::from_fn(|_| fastrand::u8(..)));
    let person = PersonKey::of_address(&format!("person-{number}@partner.example"));
    pending(id, person, at)
}
