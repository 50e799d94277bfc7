//! Telling endpoints of a while once more.

use std::{sync::Arc, time::Duration};

use super::{
    audit::of_settings,
    kept_events::{KeptEvents, Wanted},
};
use crate::{
    domain::{
        audit::{Record, SettingAction, SettingChange, Signature},
        endpoint::{Endpoint, EndpointId, EndpointState},
    },
    ports::{
        StoreError,
        audit_store::AuditKeeper,
        endpoint_store::EndpointReader,
        event_bus::{MAX_BATCH, SinkError, Task, TaskQueue},
    },
};

/// How often the queue is asked to take what it did not take.
const TRIES: usize = 3;

/// Why not everything was put into the queue.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("expected an endpoint that is enabled, found `{0}`")]
    NotEnabled(EndpointId),
    #[error("the queue before the webhooks: {failure}; taken until then: {taken}")]
    Queue { taken: u64, failure: SinkError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Puts events into the queue before the webhooks.
pub struct Replay {
    pub events: KeptEvents,
    pub endpoints: Arc<dyn EndpointReader>,
    pub queue: Arc<dyn TaskQueue>,
    pub audit: Arc<dyn AuditKeeper>,
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Replay")
    }
}

impl Replay {
    /// Tells these endpoints, or without any all, of what they want of a while. Gives how many messages that will be. No
    /// transaction reaches the queue, so it is recorded before.
    pub async fn run(
        &self,
        wanted: &Wanted,
        only: &[EndpointId],
        signature: &Signature,
    ) -> Result<u64, ReplayError> {
        let endpoints = self.chosen(only).await?;
        if endpoints.is_empty() {
            return Ok(0);
        }
        self.audit
            .keep_record(&record(&endpoints, signature))
            .await?;
        let mut taken = 0;
        for hour in wanted.hours() {
            let events = self.events.of_hour(wanted, hour).await?;
            let tasks = events.iter().flat_map(|event| {
                let its = endpoints.iter().filter(|one| one.wants(event.kind));
                its.map(|endpoint| Task {
                    endpoint: endpoint.id.clone(),
                    event: event.id.clone(),
                    attempts: 0,
                    due: 0,
                })
            });
            let tasks: Vec<Task> = tasks.collect();
            for batch in tasks.chunks(MAX_BATCH) {
                self.put(batch.to_vec(), &mut taken).await?;
            }
        }
        Ok(taken)
    }

    async fn chosen(&self, only: &[EndpointId]) -> Result<Vec<Endpoint>, ReplayError> {
        let mut endpoints = self.endpoints.endpoints().await?;
        endpoints.retain(|one| one.state == EndpointState::Enabled);
        let is_there = |id: &&EndpointId| endpoints.iter().any(|one| one.id == **id);
        if let Some(unknown) = only.iter().find(|id| !is_there(id)) {
            return Err(ReplayError::NotEnabled(unknown.clone()));
        }
        endpoints.retain(|one| only.is_empty() || only.contains(&one.id));
        Ok(endpoints)
    }

    async fn put(&self, mut tasks: Vec<Task>, taken: &mut u64) -> Result<(), ReplayError> {
        for left in (0..TRIES).rev() {
            let ended = self.queue.send(&tasks, Duration::ZERO).await;
            let mut failure = None;
            let mut refused = Vec::new();
            for (task, ended) in tasks.into_iter().zip(ended) {
                match ended {
                    Ok(()) => *taken += 1,
                    Err(error) => {
                        failure = Some(error);
                        refused.push(task);
                    }
                }
            }
            match failure {
                None => return Ok(()),
                Some(failure) if left == 0 => {
                    let taken = *taken;
                    return Err(ReplayError::Queue { taken, failure });
                }
                Some(_) => tasks = refused,
            }
        }
        Ok(())
    }
}

fn record(endpoints: &[Endpoint], signature: &Signature) -> Record {
    let ids = endpoints.iter().map(|endpoint| endpoint.id.as_str());
    let changes = ids.map(|id| SettingChange::of(SettingAction::EventReplay, id));
    of_settings(signature, changes.collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;
    use jiff::{SignedDuration, Timestamp};

    use super::*;
    use crate::{
        domain::{
            audit::Changed,
            event::{EventFilter, EventId, EventKind, Hour, KeptEvent, Personal},
        },
        ports::event_log::{EventLog, EventPage},
        testkit::signed,
    };

    const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

    struct World {
        events: Vec<KeptEvent>,
        endpoints: Vec<Endpoint>,
        queue: Mutex<Vec<Task>>,
        /// Sendings of which every second task is refused.
        throttled: Mutex<usize>,
        /// What was recorded, and whether nothing can be.
        records: Mutex<Vec<Record>>,
        unrecorded: bool,
    }

    #[async_trait]
    impl AuditKeeper for World {
        async fn keep_record(&self, record: &Record) -> Result<(), StoreError> {
            if self.unrecorded {
                return Err(StoreError::TimedOut);
            }
            assert!(self.queue.lock().unwrap().is_empty());
            self.records.lock().unwrap().push(record.clone());
            Ok(())
        }
    }

    #[async_trait]
    impl EventLog for World {
        async fn hour(&self, hour: Hour, _: Option<&EventId>) -> Result<EventPage, StoreError> {
            let events = self.events.iter().filter(|event| event.id.hour() == hour);
            Ok(EventPage {
                events: events.cloned().collect(),
                next: None,
            })
        }

        async fn event(&self, _: &EventId) -> Result<Option<KeptEvent>, StoreError> {
            Ok(None)
        }
    }

    #[async_trait]
    impl EndpointReader for World {
        async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
            Ok(self.endpoints.clone())
        }
    }

    #[async_trait]
    impl TaskQueue for World {
        async fn send(&self, tasks: &[Task], _: Duration) -> Vec<Result<(), SinkError>> {
            assert!(tasks.len() <= MAX_BATCH);
            let mut left = self.throttled.lock().unwrap();
            let is_throttled = *left > 0;
            *left = left.saturating_sub(1);
            let mut queue = self.queue.lock().unwrap();
            let send = |(place, task): (usize, &Task)| {
                if is_throttled && place % 2 == 0 {
                    return Err(SinkError::Throttled);
                }
                queue.push(task.clone());
                Ok(())
            };
            tasks.iter().enumerate().map(send).collect()
        }
    }

    fn endpoint(number: u64, kinds: &str, state: EndpointState) -> Endpoint {
        Endpoint {
            id: EndpointId::new(number),
            url: "https://partners.contoso.com/webhooks".to_owned(),
            kinds: vec![EventFilter::parse(kinds).unwrap()],
            fields: Vec::new(),
            state,
            note: String::new(),
            created_at: NOW,
            revision: 1,
        }
    }

    /// An event each ten minutes, of two kinds in turn.
    fn event(number: i64) -> KeptEvent {
        let at = NOW + SignedDuration::from_mins(10 * number);
        KeptEvent {
            id: EventId::derive(at, &[&number.to_be_bytes()]),
            kind: [EventKind::SignUpBlocked, EventKind::PolicyPublished]
                [usize::from(number % 2 == 0)],
            at,
            text: "{}".to_owned(),
            personal: Personal::default(),
        }
    }

    fn world(throttled: usize) -> Arc<World> {
        Arc::new(World {
            events: (0..30).map(event).collect(),
            endpoints: vec![
                endpoint(1, "*", EndpointState::Enabled),
                endpoint(2, "policy.*", EndpointState::Enabled),
                endpoint(3, "*", EndpointState::Disabled(NOW)),
            ],
            queue: Mutex::default(),
            throttled: Mutex::new(throttled),
            records: Mutex::default(),
            unrecorded: false,
        })
    }

    async fn run(world: &Arc<World>, only: &[u64]) -> Result<u64, ReplayError> {
        let replay = Replay {
            events: KeptEvents(Arc::clone(world) as _),
            endpoints: Arc::clone(world) as _,
            queue: Arc::clone(world) as _,
            audit: Arc::clone(world) as _,
        };
        let wanted = Wanted {
            since: NOW + SignedDuration::from_mins(30),
            until: NOW + SignedDuration::from_mins(230),
            kinds: Vec::new(),
        };
        let only: Vec<EndpointId> = only.iter().map(|number| EndpointId::new(*number)).collect();
        replay.run(&wanted, &only, &signed()).await
    }

    #[tokio::test]
    async fn each_endpoint_is_told_of_what_it_wants_in_the_order_of_time() {
        for throttled in [0, 2] {
            let world = world(throttled);
            assert_eq!(run(&world, &[]).await.unwrap(), 30);
            let queue = world.queue.lock().unwrap();
            let of = |number| {
                queue
                    .iter()
                    .filter(move |task| task.endpoint == EndpointId::new(number))
                    .count()
            };
            assert_eq!((of(1), of(2), of(3)), (20, 10, 0));
        }
    }

    #[tokio::test]
    async fn it_is_recorded_before_and_without_a_record_nobody_is_told() {
        let world = world(0);
        run(&world, &[2]).await.unwrap();
        let records = world.records.lock().unwrap().clone();
        let expected = SettingChange::of(SettingAction::EventReplay, "ep_0000000000000002");
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].changed, Changed::Settings(vec![expected]));
        let mut unrecorded = Arc::into_inner(self::world(0)).unwrap();
        unrecorded.unrecorded = true;
        let unrecorded = Arc::new(unrecorded);
        assert!(run(&unrecorded, &[]).await.is_err());
        assert!(unrecorded.queue.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn some_endpoints_are_chosen() {
        let world = world(0);
        assert_eq!(run(&world, &[2]).await.unwrap(), 10);
        for other in [3, 4] {
            let refused = run(&world, &[2, other]).await;
            assert!(
                matches!(refused, Err(ReplayError::NotEnabled(_))),
                "{refused:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_queue_that_takes_nothing_is_told_with_what_it_took() {
        let world = world(usize::MAX);
        let refused = run(&world, &[2]).await;
        let Err(ReplayError::Queue { taken, failure }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(failure, SinkError::Throttled);
        let queued = world.queue.lock().unwrap().len();
        assert_eq!(u64::try_from(queued).unwrap(), taken);
    }
}
