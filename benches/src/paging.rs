//! What a page of the console's queue costs with a hundred waiting requests, ten thousand and a million.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use local::engine::{Engine, create_table};
use serde::{Deserialize, Serialize};
use shared::{
    adapters::dynamodb::Table as StoreTable,
    domain::{
        approval::{ApprovalRequest, RequestId, State},
        person::PersonKey,
    },
    ports::request_store::{Order, RequestStore},
    testkit::pending,
};

use crate::{
    Failure,
    measure::{Progress, UNMEASURED, microseconds},
    report::{Section, Table, counted, grouped, in_milliseconds},
    results::Machine,
    statistics::per_mille,
};

const PAGE: u16 = 25;
const LOADED_AT_ONCE: usize = 50_000;
const TABLE: &str = "paging";
const FIRST: Timestamp = Timestamp::constant(1_768_478_400, 0);

/// From where a page is read: its name, its order, and whether it begins after a request picked at random.
const WAYS: [(&str, Order, bool); 4] = [
    ("the oldest", Order::OldestFirst, false),
    ("the newest", Order::NewestFirst, false),
    ("anywhere, forwards", Order::OldestFirst, true),
    ("anywhere, backwards", Order::NewestFirst, true),
];

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Paging {
    machine: Machine,
    measured: Vec<Measured>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    requests: usize,
    page: String,
    times_us: Vec<u64>,
}

pub(crate) async fn measure(sizes: &[usize], pages: usize) -> Result<Paging, Failure> {
    let (machine, progress) = (Machine::of_this()?, Progress::start());
    let mut measured = Vec::new();
    for size in sizes {
        progress.say(&format!("a queue of {size}"))?;
        measured.extend(of_size(*size, pages).await?);
    }
    Ok(Paging {
        machine: machine.done()?,
        measured,
    })
}

async fn of_size(size: usize, pages: usize) -> Result<Vec<Measured>, Failure> {
    let engine = Engine::in_memory().await?;
    let client = engine.connection().client();
    create_table(&client, TABLE).await?;
    let ids = fill(&engine, size)?;
    let table = StoreTable::new(client, TABLE);
    let mut measured = Vec::new();
    for (page, order, is_anywhere) in WAYS {
        let mut times = Vec::with_capacity(pages);
        for number in 0..pages + UNMEASURED {
            let after = is_anywhere.then(|| fastrand::choice(&ids)).flatten();
            let started = Instant::now();
            table.queue(State::Pending, order, after, PAGE).await?;
            if number >= UNMEASURED {
                times.push(microseconds(started.elapsed()));
            }
        }
        measured.push(Measured {
            requests: size,
            page: page.to_owned(),
            times_us: times,
        });
    }
    Ok(measured)
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
            items.push(StoreTable::queue_item_of(&request)?);
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

impl Section for Paging {
    const NAME: &'static str = "paging";

    fn parts(&self) -> Vec<(&'static str, String)> {
        let columns = ["requests", "p50 ms", "p99 ms"];
        let mut table = Table::new("Page", columns.map(str::to_owned));
        for measured in &self.measured {
            let times = || measured.times_us.iter().copied();
            let ranks = [500, 990].map(|share| in_milliseconds(per_mille(times(), share)));
            let requests = grouped(counted(measured.requests));
            table.row(&measured.page, [requests].into_iter().chain(ranks));
        }
        vec![(Self::NAME, format!("{}\n\n{}", self.machine, table.text))]
    }
}
