//! Many approved requests while Graph fails at random and the function's processes are killed: each gets one account, and none
//! gets two.
//!
//! `CAMPAIGN_REQUESTS` says how many (`make campaign`), and then everything fails until the last of them has its account.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use fastrand::Rng;
use futures_util::{StreamExt, future::join_all, stream};
use local::engine::Engine;
use local_entra::{
    Simulator,
    directory::Account,
    faults::{GraphFaults, Switches},
};
use serde_json::{Value, json};
use shared::{
    adapters::{dynamodb::Table, system_clock::SystemClock},
    app::sealing,
    config::{Environment, ProcessEnvironment},
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, AppliedIdentity, ApprovalRequest, Change,
            ContentKey, RequestId, State,
        },
        person::PersonKey,
    },
    ports::{
        Deadline, StoreError, approval_requests::ApprovalRequests, clock::Clock,
        request_store::RequestStore,
    },
    testkit::{Keyring, pending},
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{Function, Settings, TABLE, World};

/// Most of them wait for late answers.
const INSTANCES: u64 = 16;
const BATCH: usize = 5;
/// Sooner than the queue of a deployment, so that attempts meet more often.
const VISIBLE_AGAIN: Duration = Duration::from_secs(5);
/// Longer than an attempt takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// Of 100 messages, so many come twice.
const DOUBLE_PERCENT: u8 = 20;
/// Of 100 batches, so many end with the death of the process, and after how many milliseconds.
const KILLED_PERCENT: u8 = 25;
const LIFE: Range<u64> = 0..300;
/// Requests of `make test`, and after how long nothing fails any more so that it ends soon.
const FEW: usize = 20;
const SHORT_STORM: Duration = Duration::from_secs(12);

const FAULTS: GraphFaults = GraphFaults {
    throttled_percent: 10,
    failing_percent: 10,
    lost_after_commit_percent: 5,
    late_percent: 5,
    // Longer than an attempt waits.
    late_by: Duration::from_secs(25),
    latency: Duration::ZERO,
    hidden_after_creation: Duration::from_millis(200),
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_approved_request_gets_one_account() {
    let wanted = ProcessEnvironment.get("CAMPAIGN_REQUESTS");
    let storm = wanted.is_none().then_some(SHORT_STORM);
    let wanted = wanted.map_or(FEW, |number| number.parse().unwrap());
    let campaign = Campaign::new(wanted).await;

    let started = Instant::now();
    campaign.fail(FAULTS);
    tokio::join!(campaign.run(), campaign.calm_after(storm));

    let mut accounts = BTreeSet::new();
    let addresses = campaign.accounts_by_address();
    for (id, applicant) in &campaign.approved {
        let request = insist(async || campaign.table.request(id).await)
            .await
            .unwrap();
        assert_eq!(request.state, State::Provisioned);
        let its = &addresses[&applicant.addresses[0]];
        assert_eq!(its.len(), 1, "{id} has several accounts");
        assert_eq!(request.account.as_ref(), Some(&its[0].id));
        assert_eq!(
            its[0].text("city"),
            Some("Redmond"),
            "{id} lost an attribute"
        );
        assert!(
            accounts.insert(its[0].id.clone()),
            "an account of two requests"
        );
    }
    assert_eq!(addresses.len(), wanted, "accounts that nobody asked for");
    campaign.tell(started.elapsed());
}

struct Campaign {
    world: World,
    simulator: Arc<Simulator>,
    table: Table,
    approved: Vec<(RequestId, Applicant)>,
    queue: Queue,
    is_calm: AtomicBool,
    tally: Tally,
    _folder: TempDir,
}

#[derive(Default)]
struct Tally {
    processes: AtomicUsize,
    /// All with messages in hand.
    killed: AtomicUsize,
    delivered: AtomicUsize,
    /// What the function told of each delivery.
    outcomes: Mutex<BTreeMap<String, usize>>,
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Campaign {
    async fn new(wanted: usize) -> Self {
        // In a file, for one in memory looks through its whole stream at each write.
        let folder = TempDir::new().unwrap();
        let engine = Engine::in_file(&folder.path().join("table"), "127.0.0.1:0").await;
        let world = World::over(engine.unwrap()).await;
        let table = Table::new(world.client.clone(), TABLE);
        let approved = stream::iter(0..wanted).map(|number| approved(&table, applicant(number)));
        let approved: Vec<_> = approved.buffered(4).collect().await;
        Self {
            queue: Queue::of(approved.iter().map(|(id, _)| id.clone())),
            simulator: Simulator::of_example(|_| {}).await.unwrap(),
            is_calm: AtomicBool::new(false),
            tally: Tally::default(),
            world,
            table,
            approved,
            _folder: folder,
        }
    }

    fn fail(&self, graph: GraphFaults) {
        self.simulator.faults.set(Switches {
            graph,
            ..Switches::default()
        });
    }

    async fn calm_after(&self, storm: Option<Duration>) {
        let Some(storm) = storm else { return };
        sleep(storm).await;
        self.is_calm.store(true, Ordering::Relaxed);
        self.fail(GraphFaults::default());
    }

    fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    async fn run(&self) {
        let settings = self.settings();
        join_all((0..INSTANCES).map(|seed| self.instances(&settings, Rng::with_seed(seed)))).await;
    }

    fn settings(&self) -> Settings {
        let (origin, tenant) = (&self.simulator.origin, &self.simulator.config.tenant);
        self.world
            .settings()
            .set("PRIVATE_HOSTS", "127.0.0.1")
            .set(
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                format!("{origin}/secrets"),
            )
            .set("GRAPH_TENANT_ID", &tenant.id)
            .set(
                "GRAPH_TENANT_DOMAIN",
                format!("{}.onmicrosoft.com", tenant.name),
            )
            .set("GRAPH_SECRET", "graph")
            .set("GRAPH_URL", format!("{origin}/graph/v1.0"))
            .set(
                "GRAPH_TOKEN_URL",
                format!("{origin}/{}/oauth2/v2.0/token", tenant.id),
            )
            .set("INVITE_REDIRECT_URL", "https://myapp.example")
    }

    /// One instance after the other, as they are killed.
    async fn instances(&self, settings: &Settings, mut rng: Rng) {
        while !self.queue.is_empty() {
            let function = Function::start_named("provisioning", settings).await;
            count(&self.tally.processes);
            while !self.queue.is_empty() && self.serves(&function, &mut rng).await {}
            self.tally.hear(&function);
            // Dropping it kills the process, without a word.
        }
    }

    /// Has an instance take messages; `false` when it is to be killed.
    async fn serves(&self, function: &Function, rng: &mut Rng) -> bool {
        let mut batch = self.queue.receive();
        if batch.messages.is_empty() {
            sleep(Duration::from_millis(20)).await;
            return true;
        }
        self.tally
            .delivered
            .fetch_add(batch.messages.len(), Ordering::Relaxed);
        self.double(&batch.messages, rng);
        let event = event(&batch.messages);
        let answer = function.take(&event, PATIENCE);
        let Ok(answer) = timeout(self.life(rng), answer).await else {
            count(&self.tally.killed);
            return false;
        };
        let put_back = answer["batchItemFailures"].as_array().unwrap();
        let ids = put_back
            .iter()
            .map(|failure| failure["itemIdentifier"].as_str().unwrap());
        let put_back: BTreeSet<&str> = ids.collect();
        batch.keep(|id| put_back.contains(id.as_str()));
        true
    }

    /// How long an instance may work on a batch.
    fn life(&self, rng: &mut Rng) -> Duration {
        if self.is_calm() || rng.u8(..100) >= KILLED_PERCENT {
            return PATIENCE;
        }
        Duration::from_millis(rng.u64(LIFE))
    }

    /// A queue may deliver a message more than once.
    fn double(&self, messages: &[RequestId], rng: &mut Rng) {
        if !self.is_calm() {
            let doubled = messages.iter().filter(|_| rng.u8(..100) < DOUBLE_PERCENT);
            self.queue.send(doubled.cloned(), Instant::now());
        }
    }

    fn accounts_by_address(&self) -> BTreeMap<String, Vec<Account>> {
        let mut found: BTreeMap<String, Vec<Account>> = BTreeMap::new();
        for account in self.simulator.directory.all() {
            let address = account.mail.clone().unwrap_or_default();
            found.entry(address).or_default().push(account);
        }
        found
    }

    #[expect(clippy::print_stdout, reason = "the figures are for whoever runs it")]
    fn tell(&self, took: Duration) {
        let requests = self.approved.len();
        let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let tally = &self.tally;
        println!("requests              {requests}");
        println!("accounts              {requests}, none twice, none without a request");
        println!("processes             {}", of(&tally.processes));
        println!("  killed at work      {}", of(&tally.killed));
        println!("deliveries            {}", of(&tally.delivered));
        for (outcome, number) in tally.outcomes.lock().unwrap().iter() {
            println!("  {outcome:<20}{number}");
        }
        println!("seconds               {:.0}", took.as_secs_f64());
    }
}

impl Tally {
    /// What a process told before its end.
    fn hear(&self, function: &Function) {
        let mut outcomes = self.outcomes.lock().unwrap();
        for line in function.lines() {
            let line: Value = serde_json::from_str(&line).unwrap_or_default();
            let outcome = line["outcome"]
                .as_str()
                .filter(|_| line["request"].is_string());
            if let Some(outcome) = outcome {
                *outcomes.entry(outcome.to_owned()).or_default() += 1;
            }
        }
    }
}

/// A queue as Amazon SQS: what was received and not done with becomes visible again.
struct Queue {
    /// When each message is visible, and how many are with somebody.
    messages: Mutex<(Vec<(Instant, RequestId)>, usize)>,
}

/// Messages that somebody has received. What is left of them when it is dropped is put back.
struct Batch<'q> {
    queue: &'q Queue,
    messages: Vec<RequestId>,
    received: usize,
}

impl Queue {
    fn of(messages: impl Iterator<Item = RequestId>) -> Self {
        let now = Instant::now();
        let messages = messages.map(|id| (now, id)).collect();
        Self {
            messages: Mutex::new((messages, 0)),
        }
    }

    fn send(&self, messages: impl Iterator<Item = RequestId>, visible: Instant) {
        let mut queue = self.messages.lock().unwrap();
        queue.0.extend(messages.map(|id| (visible, id)));
    }

    fn is_empty(&self) -> bool {
        let queue = self.messages.lock().unwrap();
        queue.0.is_empty() && queue.1 == 0
    }

    fn receive(&self) -> Batch<'_> {
        let now = Instant::now();
        let mut queue = self.messages.lock().unwrap();
        let (waiting, in_hand) = &mut *queue;
        let mut messages = Vec::new();
        waiting.retain(|(visible, id)| {
            // A message comes once in a batch.
            let taken = *visible <= now && messages.len() < BATCH && !messages.contains(id);
            if taken {
                messages.push(id.clone());
            }
            !taken
        });
        *in_hand += messages.len();
        Batch {
            queue: self,
            received: messages.len(),
            messages,
        }
    }
}

impl Batch<'_> {
    /// All others are done with.
    fn keep(&mut self, is_kept: impl Fn(&RequestId) -> bool) {
        self.messages.retain(is_kept);
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let visible = Instant::now() + VISIBLE_AGAIN;
        self.queue.send(self.messages.drain(..), visible);
        self.queue.messages.lock().unwrap().1 -= self.received;
    }
}

/// As the pipe makes it of the table's stream.
fn event(messages: &[RequestId]) -> Value {
    let records = messages.iter().map(|id| {
        let keys = json!({ "pk": { "S": format!("REQUEST#{id}") }, "sk": { "S": "CURRENT" } });
        json!({
            "messageId": id.as_str(),
            "body": json!({ "dynamodb": { "Keys": keys } }).to_string(),
            "eventSource": "aws:sqs",
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

/// Somebody who comes through one of the providers, or through Microsoft Entra.
fn applicant(number: usize) -> Applicant {
    const ISSUERS: [Option<&str>; 4] =
        [Some("google.com"), None, Some("facebook.com"), Some("mail")];
    let address = format!("person-{number}@partner.example");
    let issuer = ISSUERS[number % ISSUERS.len()];
    let identities = issuer.map(|issuer| AppliedIdentity {
        issuer: issuer.to_owned(),
        subject: Some(match issuer {
            "mail" => address.clone(),
            _ => format!("subject-{number}"),
        }),
    });
    let attributes = [
        ("displayName", format!("Person {number}")),
        ("city", "Redmond".to_owned()),
    ];
    Applicant {
        identities: identities.into_iter().collect(),
        addresses: vec![address],
        attributes: attributes
            .map(|(name, value)| (name.to_owned(), Applied::Text(value)))
            .into(),
        languages: Vec::new(),
    }
}

/// Stores a request of somebody, and approves it.
async fn approved(table: &Table, applicant: Applicant) -> (RequestId, Applicant) {
    let now = SystemClock.now();
    let id = RequestId::new(now, std::array::from_fn(|_| fastrand::u8(..)));
    let content = serde_json::to_vec(&applicant).unwrap();
    let soon = Deadline(Instant::now() + Duration::from_mins(10));
    let sealed = sealing::seal(&Keyring::default(), &id, &content, soon).await;
    let person = PersonKey::of_address(&applicant.addresses[0]);
    let pending = ApprovalRequest {
        content: ContentKey::of(&id, &content),
        ..pending(id.clone(), person, now)
    };
    let sealed = sealed.unwrap();
    insist(async || table.open(&pending, &sealed, None, soon).await).await;
    let change = Change::new(Action::Approve, Actor::Person("an approver".to_owned()));
    let (next, entry) = pending.after(&change, now).unwrap();
    insist(async || table.change(&pending, &next, &entry).await).await;
    let stored = insist(async || table.request(&id).await).await.unwrap();
    assert_eq!(stored.state, State::Approved);
    (id, applicant)
}

/// A busy machine's table may not answer in time.
async fn insist<T>(attempt: impl AsyncFn() -> Result<T, StoreError>) -> T {
    loop {
        match attempt().await {
            Err(StoreError::TimedOut) => {}
            answer => return answer.unwrap(),
        }
    }
}
