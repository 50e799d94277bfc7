//! Endpoints side by side: one that is slow takes a few requests at a time, and keeps nobody else waiting.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use shared::{
    ports::{
        Deadline,
        event_bus::Task,
        outgoing::{Call, Outgoing, OutgoingError, Reply},
    },
    testkit::{FixedClock, Remembered},
};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    memory::Memory,
    queue::Queue,
    world::{NOW, task},
};

const SLOW: &str = "https://slow.example/";
const QUICK: &str = "https://quick.example/";

/// One never answers, the other in 100 ms.
#[derive(Default)]
struct Two {
    under_way: AtomicUsize,
    most: AtomicUsize,
    calls: AtomicUsize,
    /// When the last answer of each was there.
    ended: Mutex<HashMap<String, Instant>>,
}

#[async_trait]
impl Outgoing for Two {
    async fn call(&self, call: &Call, deadline: Deadline) -> Result<Reply, OutgoingError> {
        let reply = if call.url == SLOW {
            self.calls.fetch_add(1, Ordering::SeqCst);
            let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            sleep_until(deadline.0).await;
            self.under_way.fetch_sub(1, Ordering::SeqCst);
            Err(OutgoingError::TimedOut)
        } else {
            sleep(Duration::from_millis(100)).await;
            Ok(Reply {
                status: 200,
                retry_after: None,
                body: Vec::new(),
            })
        };
        let mut ended = self.ended.lock().unwrap();
        ended.insert(call.url.clone(), Instant::now());
        reply
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_keeps_nobody_else_waiting() {
    let (memory, two) = (Arc::new(Memory::default()), Arc::new(Two::default()));
    let clock = Arc::new(FixedClock::at(NOW));
    let (queue, journal) = (
        Arc::new(Queue::new(Arc::clone(&clock))),
        Arc::new(Remembered::default()),
    );
    let outgoing: Arc<dyn Outgoing> = two.clone();
    let webhooks = memory.webhooks(&queue, outgoing, &clock, journal);
    let slow = memory.endpoint(SLOW, 1, "*", NOW);
    let quick = memory.endpoint(QUICK, 2, "*", NOW);
    let mut tasks: Vec<Option<Task>> = Vec::new();
    for number in 0..20 {
        let event = memory.event(number, NOW);
        tasks.push(Some(task(&slow, &event)));
        tasks.push(Some(task(&quick, &event)));
    }
    let began = Instant::now();
    let done = webhooks.take(&tasks).await;
    assert!(done.iter().all(|done| *done));
    // One attempt, and no more than that.
    assert_eq!(began.elapsed().as_secs(), 10);
    let quick_ended = two.ended.lock().unwrap()[QUICK] - began;
    assert!(quick_ended < Duration::from_secs(1), "{quick_ended:?}");
    assert_eq!(two.most.load(Ordering::SeqCst), 5);
    assert_eq!(two.calls.load(Ordering::SeqCst), 5);

    // Five have failed. The others come again soon, and were not tried.
    let waiting = queue.waiting();
    let tried = waiting.iter().filter(|(_, task)| task.attempts == 1);
    assert_eq!((waiting.len(), tried.count()), (20, 5));
    let untried = waiting.iter().filter(|(_, task)| task.attempts == 0);
    assert!(untried.clone().count() == 15);
    assert!(
        untried
            .clone()
            .all(|(at, _)| at.duration_since(NOW).as_secs() <= 3)
    );
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_quick_gets_all_of_a_batch() {
    let (memory, two) = (Arc::new(Memory::default()), Arc::new(Two::default()));
    let clock = Arc::new(FixedClock::at(NOW));
    let queue = Arc::new(Queue::new(Arc::clone(&clock)));
    let outgoing: Arc<dyn Outgoing> = two.clone();
    let journal = Arc::new(Remembered::default());
    let webhooks = memory.webhooks(&queue, outgoing, &clock, journal);
    let quick = memory.endpoint(QUICK, 1, "*", NOW);
    let tasks = (0..100).map(|number| Some(task(&quick, &memory.event(number, NOW))));
    let tasks: Vec<_> = tasks.collect();
    let done = webhooks.take(&tasks).await;
    assert!(done.iter().all(|done| *done));
    assert!(queue.waiting().is_empty());
}
