//! Many approved requests while Graph and the function itself fail at random: each gets one account, and none gets two.
//! Attempts are cut off within the process, thousands in a second; `tests/tests/it/campaign.rs` kills real processes.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use fastrand::Rng;
use futures_util::{StreamExt, stream};
use local_entra::faults::GraphFaults;
use shared::{
    app::provisioning::{Outcome, Provisioning},
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
const REQUESTS: usize = 60;
const AT_ONCE_OPEN: usize = 8;
/// More deliveries than any request needs.
const ENOUGH: usize = 500;

const FAULTS: GraphFaults = GraphFaults {
    throttled_percent: 10,
    failing_percent: 10,
    lost_after_commit_percent: 5,
    late_percent: 0,
    late_by: Duration::ZERO,
    latency: Duration::ZERO,
    hidden_after_creation: Duration::from_millis(20),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_approved_request_gets_one_account() {
    let (entra, requests) = (Entra::start().await, Requests::new().await);
    let outgoing = Late(outgoing());
    let provisioning = requests.provisioning(entra.graph(Arc::new(outgoing)), AT_ONCE);
    let approved = approved(&requests, REQUESTS).await;
    entra.fails(FAULTS);

    let work = stream::iter(approved.iter().enumerate());
    work.for_each_concurrent(AT_ONCE_OPEN, |(seed, (id, _))| {
        settle(&provisioning, id, Rng::with_seed(seed as u64))
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
    assert_eq!(all, REQUESTS, "accounts that nobody asked for");
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
async fn settle(provisioning: &Provisioning, id: &RequestId, mut rng: Rng) {
    for _ in 0..ENOUGH {
        let first = deliver(provisioning, id, rng.fork());
        if rng.u8(..100) < DOUBLE_PERCENT {
            tokio::join!(first, deliver(provisioning, id, rng.fork()));
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

async fn deliver(provisioning: &Provisioning, id: &RequestId, mut rng: Rng) {
    let attempt = provisioning.provision(id);
    let life = if rng.u8(..100) < ABORTED_PERCENT {
        Duration::from_micros(rng.u64(..30_000))
    } else {
        Duration::from_mins(10)
    };
    // Whatever else became of it is put right by a later delivery.
    if let Ok(Ok(Outcome::Failed(reason))) = timeout(life, attempt).await {
        panic!("{reason}");
    }
}

/// Some of the answers come too late.
struct Late(Arc<dyn Outgoing>);

#[async_trait]
impl Outgoing for Late {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let reply = self.0.call(call, deadline).await;
        if fastrand::u8(..100) < LATE_PERCENT {
            return Err(OutgoingError::TimedOut);
        }
        reply
    }
}
