//! A queue in memory that behaves as Amazon SQS does: messages come in no order, at least once, some of them twice, and again
//! after a while when they are not done with.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use shared::{
    domain::{endpoint::EndpointId, event::EventId},
    ports::{
        clock::Clock,
        event_bus::{SinkError, Task, TaskQueue},
    },
    testkit::FixedClock,
};

/// The visibility time-out.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// Of so many visible messages any may come next.
const OUT_OF_ORDER: usize = 200;

pub(crate) struct Queue {
    clock: Arc<FixedClock>,
    inner: Mutex<Inner>,
}

struct Inner {
    /// By when they become visible, and a number of their own.
    messages: BTreeMap<Place, Task>,
    number: u64,
    /// Those of which it is settled whether they come twice. Each message that is only sent on would be one more chance.
    drawn: HashSet<(EndpointId, EventId, u32)>,
    rng: Rng,
    faults: Faults,
}

type Place = (Timestamp, u64);

/// Of 100 messages so many.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) come_twice: u8,
    pub(crate) are_not_taken: u8,
}

/// A message that was received.
pub(crate) struct Received {
    place: Place,
    pub(crate) task: Task,
}

impl Queue {
    pub(crate) fn new(clock: Arc<FixedClock>) -> Self {
        Self::with(clock, Faults::default())
    }

    pub(crate) fn with(clock: Arc<FixedClock>, faults: Faults) -> Self {
        Self {
            clock,
            inner: Mutex::new(Inner {
                messages: BTreeMap::new(),
                number: 0,
                drawn: HashSet::new(),
                rng: Rng::with_seed(7),
                faults,
            }),
        }
    }

    /// Puts a task in, to come at this moment.
    pub(crate) fn put(&self, task: Task, visible_at: Timestamp) {
        self.inner.lock().unwrap().put(task, visible_at);
    }

    /// Up to so many that are visible, out of order.
    pub(crate) fn receive(&self, most: usize) -> Vec<Received> {
        let now = self.clock.now();
        self.inner.lock().unwrap().receive(most, now)
    }

    /// Forgets those that are done with.
    pub(crate) fn settle(&self, received: &[Received], done: &[bool]) {
        let mut inner = self.inner.lock().unwrap();
        for (received, _) in received.iter().zip(done).filter(|(_, done)| **done) {
            inner.messages.remove(&received.place);
        }
    }

    /// When the next message becomes visible.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let inner = self.inner.lock().unwrap();
        inner.messages.keys().next().map(|(at, _)| *at)
    }

    /// Everything in it, the earliest first, with when it comes.
    pub(crate) fn waiting(&self) -> Vec<(Timestamp, Task)> {
        let inner = self.inner.lock().unwrap();
        let messages = inner.messages.iter();
        messages
            .map(|((at, _), task)| (*at, task.clone()))
            .collect()
    }
}

impl Inner {
    fn put(&mut self, task: Task, visible_at: Timestamp) -> Place {
        self.number += 1;
        let place = (visible_at, self.number);
        self.messages.insert(place, task);
        place
    }

    fn receive(&mut self, most: usize, now: Timestamp) -> Vec<Received> {
        let visible = self.messages.range(..=(now, u64::MAX));
        let mut visible: Vec<Place> = visible
            .map(|(place, _)| *place)
            .take(OUT_OF_ORDER)
            .collect();
        self.rng.shuffle(&mut visible);
        visible.truncate(most);
        let received = visible.into_iter();
        received.map(|place| self.hand_over(place, now)).collect()
    }

    fn hand_over(&mut self, place: Place, now: Timestamp) -> Received {
        let task = self.messages.remove(&place).unwrap();
        let key = (task.endpoint.clone(), task.event.clone(), task.attempts);
        if self.drawn.insert(key) && self.rng.u8(..100) < self.faults.come_twice {
            self.put(task.clone(), now);
        }
        Received {
            place: self.put(task.clone(), now + AGAIN_AFTER),
            task,
        }
    }
}

#[async_trait]
impl TaskQueue for Queue {
    async fn send(&self, tasks: &[Task], after: Duration) -> Vec<Result<(), SinkError>> {
        assert!(
            after <= Duration::from_mins(15),
            "longer than a queue delays"
        );
        // Whole seconds, as SQS has them.
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        let visible_at = self.clock.now() + Duration::from_secs(seconds);
        let mut inner = self.inner.lock().unwrap();
        let sent = tasks.iter().map(|task| {
            if inner.rng.u8(..100) < inner.faults.are_not_taken {
                return Err(SinkError::Throttled);
            }
            inner.put(task.clone(), visible_at);
            Ok(())
        });
        sent.collect()
    }
}
