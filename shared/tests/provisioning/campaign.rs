//! Many approved requests while Graph and the function itself fail at random: each gets one account, and none gets two.
//!
//! `CAMPAIGN_REQUESTS` says how many (`make campaign`).

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use fastrand::Rng;
use futures_util::{StreamExt, stream};
use local_entra::faults::GraphFaults;
use shared::{
    app::provisioning::{Outcome, Provisioning},
    config::{Environment, ProcessEnvironment},
    domain::approval::{Applicant, RequestId, State},
    ports::{
        Deadline,
        outgoing::{Call, Outgoing, OutgoingError, Reply},
    },
};
use tokio::time::timeout;

use crate::world::{AT_ONCE, Entra, Requests, applicant, outgoing};

/// Of 100 calls, so many are answered when nobody waits any more.
const LATE_PERCENT: u8 = 5;
/// Of 100 deliveries, so many end in the middle of their work, and so many come twice at once.
const ABORTED_PERCENT: u8 = 25;
const DOUBLE_PERCENT: u8 = 20;
const AT_ONCE_OPEN: usize = 8;
/// More deliveries than any request needs.
const ENOUGH: usize = 500;

const FAULTS: GraphFaults = GraphFaults {
    throttled_percent: 10,
    failing_percent: 10,
    lost_after_commit_percent: 5,
    latency: Duration::ZERO,
    hidden_after_creation: Duration::from_millis(20),
};

#[derive(Default)]
struct Tally {
    deliveries: AtomicU64,
    aborted: AtomicU64,
    put_back: AtomicU64,
    table_failed: AtomicU64,
    too_late: AtomicU64,
}

impl Tally {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_approved_request_gets_one_account() {
    let wanted = ProcessEnvironment.get("CAMPAIGN_REQUESTS");
    let wanted = wanted.map_or(60, |number| number.parse().unwrap());
    let (entra, requests) = (Entra::start().await, Requests::new().await);
    let tally = Arc::new(Tally::default());
    let outgoing = Late {
        outgoing: outgoing(),
        tally: Arc::clone(&tally),
    };
    let provisioning = requests.provisioning(entra.graph(Arc::new(outgoing)), AT_ONCE);
    let approved = approved(&requests, wanted).await;
    entra.fails(FAULTS);

    let started = Instant::now();
    let work = stream::iter(approved.iter().enumerate());
    work.for_each_concurrent(AT_ONCE_OPEN, |(seed, (id, _))| {
        settle(&provisioning, id, Rng::with_seed(seed as u64), &tally)
    })
    .await;

    let mut accounts = BTreeSet::new();
    for (id, applicant) in &approved {
        let request = requests.request(id).await;
        let account = request.account.unwrap();
        let its = entra.with_address(&applicant.addresses[0]);
        assert_eq!(its, std::slice::from_ref(&account));
        assert!(accounts.insert(account), "an account of two requests");
    }
    let all = entra.simulator.directory.all().len();
    assert_eq!(all, wanted, "accounts that nobody asked for");
    tell(wanted, started.elapsed(), &tally);
}

async fn approved(requests: &Requests, wanted: usize) -> Vec<(RequestId, Applicant)> {
    let routes = [Some("google.com"), None, Some("facebook.com"), Some("mail")];
    let mut approved = Vec::new();
    for (number, route) in (0..wanted).zip(routes.into_iter().cycle()) {
        let applicant = applicant(&format!("person-{number}"), route);
        approved.push((requests.approved(&applicant).await, applicant));
    }
    approved
}

/// Delivers a request until it has its account.
async fn settle(provisioning: &Provisioning, id: &RequestId, mut rng: Rng, tally: &Tally) {
    for _ in 0..ENOUGH {
        let first = deliver(provisioning, id, rng.fork(), tally);
        if rng.u8(..100) < DOUBLE_PERCENT {
            tokio::join!(first, deliver(provisioning, id, rng.fork(), tally));
        } else {
            first.await;
        }
        let request = provisioning.store.request(id).await;
        if request.is_ok_and(|request| request.unwrap().state == State::Provisioned) {
            return;
        }
    }
    panic!("{id} has no account after {ENOUGH} deliveries");
}

async fn deliver(provisioning: &Provisioning, id: &RequestId, mut rng: Rng, tally: &Tally) {
    Tally::count(&tally.deliveries);
    let attempt = provisioning.provision(id);
    let life = if rng.u8(..100) < ABORTED_PERCENT {
        Duration::from_micros(rng.u64(..30_000))
    } else {
        Duration::from_mins(10)
    };
    match timeout(life, attempt).await {
        Err(_) => Tally::count(&tally.aborted),
        Ok(Ok(Outcome::Later { .. })) => Tally::count(&tally.put_back),
        // A busy machine's table may not answer in time, which is one fault more.
        Ok(Err(_)) => Tally::count(&tally.table_failed),
        Ok(Ok(Outcome::Failed(reason))) => panic!("{reason}"),
        Ok(Ok(Outcome::Provisioned(_) | Outcome::NotDue(_))) => {}
    }
}

/// Some of the answers come too late.
struct Late {
    outgoing: Arc<dyn Outgoing>,
    tally: Arc<Tally>,
}

#[async_trait]
impl Outgoing for Late {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let reply = self.outgoing.call(call, deadline).await;
        if fastrand::u8(..100) < LATE_PERCENT {
            Tally::count(&self.tally.too_late);
            return Err(OutgoingError::TimedOut);
        }
        reply
    }
}

#[expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]
fn tell(requests: usize, duration: Duration, tally: &Tally) {
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!("requests              {requests}");
    println!("accounts              {requests}, none twice, none without a request");
    println!("deliveries            {}", of(&tally.deliveries));
    println!("  aborted             {}", of(&tally.aborted));
    println!("  put back for later  {}", of(&tally.put_back));
    println!("  without the table   {}", of(&tally.table_failed));
    println!("answers too late      {}", of(&tally.too_late));
    println!("seconds               {:.1}", duration.as_secs_f64());
}
