//! Ten thousand events to five endpoints while the queue brings messages twice and out of order, and endpoints and the table
//! fail: nothing is lost, nobody hears anything after 410 (Gone), and who comes back hears everything soon.
//!
//! Days pass here in seconds. `CAMPAIGN_EVENTS` says how many events there are (`make campaign-events`).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shared::{
    config::{Environment, ProcessEnvironment},
    domain::endpoint::{Endpoint, EndpointState},
    ports::{
        Deadline,
        clock::Clock,
        event_bus::Task,
        journal::{Answered, Journal, Notice},
        outgoing::{Call, Outgoing, OutgoingError, Reply},
    },
    testkit::FixedClock,
};

use crate::{
    memory::Memory,
    queue::{Faults, Queue},
    world::{NOW, task},
};

const EVENTS: u32 = 10_000;
/// In which all of them happen.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Messages of an event from the queue.
const BATCH: usize = 10;
/// Of so many events the endpoint that never works is told one.
const RARELY: u32 = 500;

const STEADY: &str = "https://steady.example/";
const FLAKY: &str = "https://flaky.example/";
const OUT: &str = "https://out.example/";
const GONE: &str = "https://gone.example/";
const NEVER: &str = "https://never.example/";

/// Of 100 messages the steady endpoint fails so many, and the flaky one takes so many and does not answer.
const FAILS_PERCENT: u8 = 2;
const LOSES_PERCENT: u8 = 20;
/// When nobody answers at one endpoint.
const OUT_FROM: SignedDuration = SignedDuration::from_mins(5);
const OUT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// After how long 99 of 100 have heard everything. The breaker lets somebody try after five minutes at the most, and what was
/// put off comes within seven and a half more.
const SOON: SignedDuration = SignedDuration::from_mins(15);
/// The longest pause that can begin in an outage of an hour, with its jitter.
const LONGEST: SignedDuration = SignedDuration::from_mins(150);

const FAULTS: Faults = Faults {
    come_twice: 5,
    are_not_taken: 1,
};
const LATE_PERCENT: u8 = 1;

/// The endpoints' side.
struct Receivers {
    clock: Arc<FixedClock>,
    /// After so many messages one of them says that it is gone.
    gone_after: u64,
    gone: AtomicU64,
    after_gone: AtomicU64,
    heard: Mutex<HashMap<String, BTreeMap<String, Heard>>>,
}

/// How often a message was heard, and when first.
#[derive(Debug, Clone, Copy)]
struct Heard {
    times: u32,
    first: Timestamp,
}

impl Receivers {
    fn hear(&self, call: &Call) {
        let id = call.headers.iter().find(|(name, _)| name == "webhook-id");
        let id = id.unwrap().1.clone();
        let mut heard = self.heard.lock().unwrap();
        let of = heard.entry(call.url.clone()).or_default();
        let first = self.clock.now();
        let heard = of.entry(id).or_insert(Heard { times: 0, first });
        heard.times += 1;
    }

    fn is_out(&self) -> bool {
        let since = self.clock.now().duration_since(NOW);
        since >= OUT_FROM && since < OUT_FROM + OUT_FOR
    }

    fn of(&self, endpoint: &Endpoint) -> BTreeMap<String, Heard> {
        let heard = self.heard.lock().unwrap();
        heard.get(&endpoint.url).cloned().unwrap_or_default()
    }
}

const fn reply(status: u16) -> Reply {
    Reply {
        status,
        retry_after: None,
        body: Vec::new(),
    }
}

#[async_trait]
impl Outgoing for Receivers {
    async fn call(&self, call: &Call, _: Deadline) -> Result<Reply, OutgoingError> {
        match call.url.as_str() {
            NEVER => Ok(reply(503)),
            STEADY if fastrand::u8(..100) < FAILS_PERCENT => Ok(reply(500)),
            OUT if self.is_out() => Err(OutgoingError::Connection("refused".to_owned())),
            FLAKY if fastrand::u8(..100) < LOSES_PERCENT => {
                self.hear(call);
                Err(OutgoingError::TimedOut)
            }
            GONE if self.gone.fetch_add(1, Ordering::SeqCst) >= self.gone_after => {
                self.after_gone.fetch_add(1, Ordering::SeqCst);
                Ok(reply(410))
            }
            _ => {
                self.hear(call);
                Ok(reply(204))
            }
        }
    }
}

/// How many tasks ended in which way.
#[derive(Default)]
struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Journal for Counts {
    fn answered(&self, _: &Answered) {}

    fn notice(&self, notice: &Notice) {
        if let Notice::WebhookSent(sent) = notice {
            *self.0.lock().unwrap().entry(sent.outcome).or_default() += 1;
        }
    }
}

struct Campaign {
    memory: Arc<Memory>,
    queue: Arc<Queue>,
    clock: Arc<FixedClock>,
    receivers: Arc<Receivers>,
    counts: Arc<Counts>,
    taken: u64,
}

impl Campaign {
    fn new(events: u32) -> Self {
        let clock = Arc::new(FixedClock::at(NOW));
        let receivers = Receivers {
            clock: Arc::clone(&clock),
            gone_after: u64::from(events / 10),
            gone: AtomicU64::new(0),
            after_gone: AtomicU64::new(0),
            heard: Mutex::default(),
        };
        let memory = Memory::default();
        memory.late_percent.store(LATE_PERCENT, Ordering::Relaxed);
        Self {
            memory: Arc::new(memory),
            queue: Arc::new(Queue::with(Arc::clone(&clock), FAULTS)),
            clock,
            receivers: Arc::new(receivers),
            counts: Arc::default(),
            taken: 0,
        }
    }

    /// Has events happen over an hour, and each endpoint told of them. The ids of all.
    fn happen(&self, events: u32, endpoints: &[Endpoint; 5]) -> BTreeSet<String> {
        let step = HOUR / i32::try_from(events).unwrap();
        let ids = (0..events).map(|number| {
            let at = NOW + step * i32::try_from(number).unwrap();
            let event = self.memory.event(number, at);
            let [.., never] = endpoints;
            for endpoint in endpoints {
                if endpoint.id != never.id || number % RARELY == 0 {
                    self.queue.put(task(endpoint, &event), at);
                }
            }
            event.id.to_string()
        });
        ids.collect()
    }

    /// Takes what is there, and lets time pass when nothing is, until nothing comes any more.
    async fn run(&mut self) {
        let receivers: Arc<dyn Outgoing> = self.receivers.clone();
        let journal: Arc<dyn Journal> = self.counts.clone();
        let webhooks = self
            .memory
            .webhooks(&self.queue, receivers, &self.clock, journal);
        while let Some(next) = self.queue.next() {
            self.clock.set(next.max(self.clock.now()));
            let received = self.queue.receive(BATCH);
            let tasks: Vec<Option<Task>> =
                received.iter().map(|one| Some(one.task.clone())).collect();
            let done = webhooks.take(&tasks).await;
            self.queue.settle(&received, &done);
            self.taken += u64::try_from(done.len()).unwrap();
        }
    }

    fn told(&self, outcome: &str) -> u64 {
        let counts = self.counts.0.lock().unwrap();
        counts.get(outcome).copied().unwrap_or_default()
    }
}

#[tokio::test]
async fn every_event_is_told_at_least_once_whatever_fails() {
    let wanted = ProcessEnvironment.get("CAMPAIGN_EVENTS");
    let events = wanted.map_or(EVENTS, |events| events.parse().unwrap());
    let mut campaign = Campaign::new(events);
    let memory = Arc::clone(&campaign.memory);
    let urls = [(STEADY, 1), (FLAKY, 2), (OUT, 3), (GONE, 4), (NEVER, 5)];
    let endpoints = urls.map(|(url, number)| memory.endpoint(url, number, "*", NOW));
    let ids = campaign.happen(events, &endpoints);
    campaign.run().await;

    let [steady, flaky, out, gone, never] = &endpoints;
    for endpoint in [steady, flaky, out] {
        let heard = campaign.receivers.of(endpoint);
        assert!(heard.keys().eq(&ids), "{}: {}", endpoint.url, heard.len());
    }
    // Nobody who is gone is told anything again.
    assert_eq!(campaign.receivers.after_gone.load(Ordering::SeqCst), 1);
    let state = memory.endpoints.lock().unwrap()[&gone.id].state;
    assert!(matches!(state, EndpointState::Gone(_)), "{state:?}");
    // What was told in vain is kept, each once.
    let dead = memory.dead.lock().unwrap().clone();
    assert!(dead.iter().all(|one| one.endpoint == never.id));
    let buried: BTreeSet<_> = dead.iter().map(|one| one.event.to_string()).collect();
    assert_eq!(
        buried.len(),
        usize::try_from(events.div_ceil(RARELY)).unwrap()
    );

    let came_back = NOW + OUT_FROM + OUT_FOR;
    let mut late: Vec<SignedDuration> = campaign
        .receivers
        .of(out)
        .values()
        .map(|heard| heard.first.duration_since(came_back))
        .filter(SignedDuration::is_positive)
        .collect();
    late.sort();
    let soon = late[late.len() * 99 / 100];
    let last = *late.last().unwrap();
    assert!(soon <= SOON && last <= LONGEST, "{soon:#} {last:#}");
    tell(
        &campaign,
        &endpoints,
        &[("99 of 100 heard", soon), ("the last heard", last)],
    );
}

/// For docs/reliability.md.
#[expect(clippy::print_stdout, reason = "`make campaign-events` shows it")]
fn tell(campaign: &Campaign, endpoints: &[Endpoint; 5], late: &[(&str, SignedDuration)]) {
    let mut figures = String::new();
    let mut line = |name: &str, figure: String| {
        let _ = writeln!(figures, "{name:<22} {figure}");
    };
    line("tasks taken", campaign.taken.to_string());
    for endpoint in endpoints {
        let heard = campaign.receivers.of(endpoint);
        let twice = heard.values().filter(|heard| heard.times > 1).count();
        let name = endpoint.url.trim_start_matches("https://");
        let name = name.trim_end_matches(".example/");
        line(
            name,
            format!("{} events, {twice} more than once", heard.len()),
        );
    }
    for outcome in ["delivered", "retry", "dead", "gone", "dropped", "later"] {
        line(&format!("  {outcome}"), campaign.told(outcome).to_string());
    }
    for (name, by) in late {
        line(name, format!("{by:#} after the outage"));
    }
    let days = campaign.clock.now().duration_since(NOW);
    line(
        "time that passed",
        format!("{:.1} days", days.as_secs_f64() / 86_400.0),
    );
    println!("{figures}");
}
