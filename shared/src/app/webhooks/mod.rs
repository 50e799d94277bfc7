//! Webhooks: each task of the queue is one event that one endpoint is to be told.
//!
//! Nothing waits here. What is not due, what has no turn and what failed goes back into the queue as a new message, with a
//! delay, and the old message is done with. So an endpoint that is slow or down keeps nobody but itself waiting.

mod content;
mod ground;
pub mod sender;
mod trouble;

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, timeout_at};

pub use self::content::Content;
use self::{
    ground::{Ground, Target, breaker_of, wanted},
    sender::{Sender, Sent},
    trouble::Trouble,
};
use super::breakers::{Breakers, OPEN};
use crate::{
    domain::{
        endpoint::{Endpoint, EndpointId, EndpointState},
        event::{EventKind, KeptEvent},
        look_up::LookedUp,
        source::{Breaker, BreakerState, SourceName},
        webhook::{Attempt, DeadWebhook, Meaning, Outcome, PATIENCE, WHOLE_SCHEDULE, pause_after},
    },
    ports::{
        Deadline, StoreError,
        clock::Clock,
        dead_webhooks::DeadWebhooks,
        delivery_log::DeliveryLog,
        endpoint_store::EndpointStore,
        event_bus::{SinkError, Task, TaskQueue},
        event_log::EventLog,
        journal::{Journal, Notice, WebhookSent},
        secrets::SecretError,
        sign_up_reader::{SignUpReader, Wanted},
    },
};

/// How long a task waits while others of its endpoint have their turn. A batch takes this time and one attempt at the most.
const TURN: Duration = Duration::from_secs(5);

/// How soon a task comes again that had no turn.
const NO_TURN: Duration = Duration::from_secs(2);

/// For what is read of breakers, and written of them.
const BREAKER_TAKES: Duration = Duration::from_secs(2);

/// While somebody tries an endpoint that failed, nobody else does. It is longer than an attempt with all that belongs to it.
const TRIAL: SignedDuration = SignedDuration::from_secs(20);

/// The longest delay of a queue.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// Tells endpoints of events.
pub struct Webhooks {
    pub endpoints: Arc<dyn EndpointStore>,
    pub events: Arc<dyn EventLog>,
    pub content: Content,
    pub sender: Sender,
    pub queue: Arc<dyn TaskQueue>,
    pub log: Arc<dyn DeliveryLog>,
    pub dead: Arc<dyn DeadWebhooks>,
    /// Of breakers alone.
    pub reader: Arc<dyn SignUpReader>,
    pub breakers: Breakers,
    pub clock: Arc<dyn Clock>,
    pub journal: Arc<dyn Journal>,
    /// Most requests under way to one endpoint.
    pub in_flight: usize,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhooks")
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

/// A task whose time has come, with what is needed for it.
struct Due<'b> {
    task: &'b Task,
    target: &'b Target,
    event: KeptEvent,
}

impl Due<'_> {
    fn endpoint(&self) -> &Endpoint {
        &self.target.endpoint
    }

    /// The number of the attempt that is to be made.
    const fn number(&self) -> u32 {
        self.task.attempts.saturating_add(1)
    }

    fn told(&self, sent: Sent) -> Told {
        Told {
            kind: self.event.kind,
            number: self.number(),
            outcome: sent.outcome,
            latency: Some(sent.latency),
        }
    }
}

/// How a task ended that is done with.
enum Ended {
    /// Only sent on, which is no news.
    SentOn,
    /// There was nothing to tell, and why.
    Dropped(&'static str),
    Told(&'static str, Told),
}

/// What is told of an attempt.
struct Told {
    kind: EventKind,
    number: u32,
    outcome: Outcome,
    latency: Option<Duration>,
}

impl Webhooks {
    /// Does what a batch of tasks asks for; `None` is a message that cannot be read. Whether each is done with, in their order.
    pub async fn take(&self, tasks: &[Option<Task>]) -> Vec<bool> {
        let ground = self.ground(tasks).await.map_err(Trouble::from);
        let tasks = tasks.iter();
        let done = tasks.map(|task| self.one(task.as_ref(), ground.as_ref()));
        join_all(done).await
    }

    async fn ground(&self, tasks: &[Option<Task>]) -> Result<Ground, StoreError> {
        let turn_by = Instant::now() + TURN;
        let ids: BTreeSet<&EndpointId> =
            tasks.iter().flatten().map(|task| &task.endpoint).collect();
        let endpoints = wanted(self.endpoints.endpoints().await?, &ids);
        let names = endpoints.iter().filter_map(|one| breaker_of(&one.id));
        let looked_up = LookedUp {
            breakers: names.collect(),
            ..LookedUp::default()
        };
        let breakers = Wanted {
            matchers: &[],
            applicant: None,
            caller_records: false,
            looked_up: &looked_up,
        };
        let facts = self.reader.read(breakers, soon()).await?;
        let breaker = |name: &SourceName| self.breakers.of(name, &facts.found.breakers).0;
        Ok(Ground::new(endpoints, breaker, self.in_flight, turn_by))
    }

    async fn one(&self, task: Option<&Task>, ground: Result<&Ground, &Trouble>) -> bool {
        let Some(task) = task else {
            self.report(None, "unreadable", None, None);
            return false;
        };
        let ended = match ground {
            Ok(ground) => self.settle(task, ground).await,
            Err(trouble) => Err(trouble.clone()),
        };
        let endpoint = Some(&task.endpoint);
        match &ended {
            Ok(Ended::SentOn) => {}
            Ok(Ended::Dropped(why)) => {
                self.report(endpoint, "dropped", Some((*why).to_owned()), None);
            }
            Ok(Ended::Told(outcome, told)) => self.report(endpoint, outcome, None, Some(told)),
            Err(Trouble(problem)) => self.report(endpoint, "later", Some(problem.clone()), None),
        }
        ended.is_ok()
    }

    async fn settle(&self, task: &Task, ground: &Ground) -> Result<Ended, Trouble> {
        let Some(target) = ground.targets.get(&task.endpoint) else {
            return Ok(Ended::Dropped("removed"));
        };
        if let Some(why) = target.refusal() {
            return Ok(Ended::Dropped(why));
        }
        if let Some(early) = self.early(task) {
            return self.send_on(task, early).await;
        }
        if self.is_spared(target).await {
            return self.spare(task, target).await;
        }
        let Ok(turn) = timeout_at(ground.turn_by, target.turns.acquire()).await else {
            return self.send_on(task, spread(NO_TURN)).await;
        };
        // Others had their turn in between.
        if let Some(why) = target.refusal() {
            return Ok(Ended::Dropped(why));
        }
        let Some(event) = self.events.event(&task.event).await? else {
            return Ok(Ended::Dropped("forgotten"));
        };
        let due = Due {
            task,
            target,
            event,
        };
        let ended = self.attempt(&due).await;
        drop(turn);
        ended
    }

    /// How long it is until the task is due.
    fn early(&self, task: &Task) -> Option<Duration> {
        let left = task.due.saturating_sub(self.clock.now().as_millisecond());
        let left = u64::try_from(left).ok().filter(|left| *left > 0)?;
        Some(Duration::from_millis(left))
    }

    async fn attempt(&self, due: &Due<'_>) -> Result<Ended, Trouble> {
        let body = self.content.body(&due.event, &due.endpoint().fields);
        let body = body.await?;
        if !self.is_allowed(due.target).await {
            return self.spare(due.task, due.target).await;
        }
        let sent = self.send(due, body).await?;
        self.record(due.target, &sent.outcome).await;
        self.conclude(due, sent).await
    }

    /// Whether nobody is to ask the endpoint now, before anything is read for it.
    async fn is_spared(&self, target: &Target) -> bool {
        let breaker = target.breaker.lock().await;
        breaker.state(self.clock.now()) == BreakerState::Open
    }

    /// Whether the endpoint may be asked now. One that failed is tried by one task at a time.
    async fn is_allowed(&self, target: &Target) -> bool {
        let mut breaker = target.breaker.lock().await;
        let allowed = self
            .breakers
            .allow_for(TRIAL, &target.name, breaker.clone(), soon());
        match allowed.await {
            Some(tried) => {
                *breaker = tried;
                true
            }
            None => false,
        }
    }

    /// Without its secret an endpoint cannot be told anything: somebody has to mend that, and until then it counts as failed.
    async fn send(&self, due: &Due<'_>, body: String) -> Result<Sent, Trouble> {
        let sent = self
            .sender
            .send(due.endpoint(), due.event.id.as_str(), body);
        match sent.await {
            Err(SecretError::Absent(_) | SecretError::Form { .. }) => Ok(Sent {
                outcome: Outcome::Unanswered("secret".to_owned()),
                latency: Duration::ZERO,
                retry_after: None,
            }),
            sent => Ok(sent?),
        }
    }

    /// Many events may go to an endpoint in a minute: only failures in a row say that it is down.
    async fn record(&self, target: &Target, outcome: &Outcome) {
        let mut breaker = target.breaker.lock().await;
        let now = self.clock.now();
        let next = match outcome.meaning() {
            Meaning::Failed if is_open(&breaker) => None,
            Meaning::Failed => Some(breaker.failed(now)),
            Meaning::Delivered | Meaning::Gone => breaker.recovered(now),
        };
        if let Some(next) = next {
            self.breakers.replace(&target.name, &next, soon()).await;
            *breaker = next;
        }
    }

    /// Puts a task off while its endpoint is spared. After the time of a whole schedule that is in vain, too.
    async fn spare(&self, task: &Task, target: &Target) -> Result<Ended, Trouble> {
        let now = self.clock.now();
        if now.duration_since(since(task)) > WHOLE_SCHEDULE {
            return self.give_up(task).await;
        }
        let breaker = target.breaker.lock().await.clone();
        self.send_on(task, spread(spared_for(&breaker, now))).await
    }

    async fn give_up(&self, task: &Task) -> Result<Ended, Trouble> {
        let Some(event) = self.events.event(&task.event).await? else {
            return Ok(Ended::Dropped("forgotten"));
        };
        let outcome = Outcome::Unanswered(OPEN.to_owned());
        self.bury(task, event.kind, task.attempts, &outcome).await?;
        Ok(Ended::Told(
            "dead",
            Told {
                kind: event.kind,
                number: task.attempts,
                outcome,
                latency: None,
            },
        ))
    }

    async fn conclude(&self, due: &Due<'_>, sent: Sent) -> Result<Ended, Trouble> {
        let (outcome, next) = match sent.outcome.meaning() {
            Meaning::Delivered => ("delivered", None),
            Meaning::Gone => {
                self.disable(due.target).await?;
                ("gone", None)
            }
            Meaning::Failed => self.fail(due, &sent).await?,
        };
        self.note(due, &sent, next).await;
        Ok(Ended::Told(outcome, due.told(sent)))
    }

    /// Has it tried again, or gives it up.
    async fn fail(
        &self,
        due: &Due<'_>,
        sent: &Sent,
    ) -> Result<(&'static str, Option<Timestamp>), Trouble> {
        let number = due.number();
        if let Some(pause) = pause_after(number, fastrand::f64(), sent.retry_after) {
            return Ok(("retry", Some(self.retry(due, pause).await?)));
        }
        self.bury(due.task, due.event.kind, number, &sent.outcome)
            .await?;
        Ok(("dead", None))
    }

    /// Somebody else who changed it at the same moment has it stay; the message comes again then.
    async fn disable(&self, target: &Target) -> Result<(), StoreError> {
        target.is_gone.store(true, Ordering::Relaxed);
        let endpoint = &target.endpoint;
        let gone = Endpoint {
            state: EndpointState::Gone(self.clock.now()),
            revision: endpoint.revision + 1,
            ..endpoint.clone()
        };
        self.endpoints.put(&gone, None).await
    }

    /// When the next attempt is due.
    async fn retry(&self, due: &Due<'_>, pause: Duration) -> Result<Timestamp, Trouble> {
        let next = self
            .clock
            .now()
            .saturating_add(pause)
            .map_err(Trouble::of)?;
        let task = Task {
            attempts: due.number(),
            due: next.as_millisecond(),
            ..due.task.clone()
        };
        self.send_on(&task, pause).await?;
        Ok(next)
    }

    async fn bury(
        &self,
        task: &Task,
        kind: EventKind,
        attempts: u32,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        let dead = DeadWebhook {
            endpoint: task.endpoint.clone(),
            event: task.event.clone(),
            kind,
            attempts,
            outcome: outcome.clone(),
            at: self.clock.now(),
        };
        self.dead.bury(&dead).await
    }

    /// A message like this one, to come after a while.
    async fn send_on(&self, task: &Task, after: Duration) -> Result<Ended, Trouble> {
        let tasks = [task.clone()];
        let mut sent = self.queue.send(&tasks, after.min(LONGEST_DELAY)).await;
        let unanswered = || SinkError::Unavailable("it says nothing of the message".to_owned());
        sent.pop().ok_or_else(unanswered)??;
        Ok(Ended::SentOn)
    }

    /// The log is for operators: without it an event is told all the same.
    async fn note(&self, due: &Due<'_>, sent: &Sent, next: Option<Timestamp>) {
        let attempt = Attempt {
            endpoint: due.task.endpoint.clone(),
            event: due.task.event.clone(),
            kind: due.event.kind,
            number: due.number(),
            at: self.clock.now(),
            outcome: sent.outcome.clone(),
            latency: sent.latency,
            next,
        };
        if let Err(failure) = self.log.note(&attempt).await {
            self.journal.notice(&Notice::WebhookNotRecorded {
                failure: failure.code(),
                detail: failure.detail(),
            });
        }
    }

    fn report(
        &self,
        endpoint: Option<&EndpointId>,
        outcome: &'static str,
        problem: Option<String>,
        told: Option<&Told>,
    ) {
        self.journal.notice(&Notice::WebhookSent(WebhookSent {
            endpoint: endpoint.map(ToString::to_string),
            kind: told.map(|told| told.kind.name()),
            attempt: told.map(|told| told.number),
            outcome,
            answer: told.map(|told| told.outcome.to_string()),
            problem,
            latency: told.and_then(|told| told.latency),
        }));
    }
}

fn soon() -> Deadline {
    Deadline(Instant::now() + BREAKER_TAKES)
}

/// When a task should have been tried; a new one as soon as its event was there.
fn since(task: &Task) -> Timestamp {
    let due = Timestamp::from_millisecond(task.due).ok();
    let due = due.filter(|_| task.due > 0);
    due.unwrap_or_else(|| task.event.hour().start())
}

/// Whether others have failed so often meanwhile that what was under way says nothing new.
const fn is_open(breaker: &Breaker) -> bool {
    breaker.open_until.is_some() && breaker.trial_until.is_none()
}

/// Until the endpoint may be asked again, or until whoever tries it is done.
fn spared_for(breaker: &Breaker, now: Timestamp) -> Duration {
    let until = breaker.open_until.max(breaker.trial_until);
    let left = until.map(|until| until.duration_since(now));
    let left = left.and_then(|left| Duration::try_from(left).ok());
    left.unwrap_or_default().max(PATIENCE)
}

/// Up to half as long again, so that what was put off together does not come together.
fn spread(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_spared_until_its_breaker_lets_somebody_try() {
        let now = Timestamp::UNIX_EPOCH;
        let open = (0..Breaker::TRIP).fold(Breaker::closed(now), |breaker, _| breaker.failed(now));
        assert_eq!(spared_for(&open, now), Breaker::PAUSE.unsigned_abs());
        let later = now + Breaker::PAUSE;
        let tried = open.tried_for(TRIAL, later);
        assert_eq!(spared_for(&tried, later), TRIAL.unsigned_abs());
        assert_eq!(spared_for(&open, later), PATIENCE);
    }
}
