//! Who is told of events: the bus, the topic and the queue before the webhooks, each of them where there is one.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    domain::{endpoint::Endpoint, event::KeptEvent},
    ports::{
        Deadline,
        endpoint_store::EndpointReader,
        event_bus::{EventBus, MAX_BATCH, SinkError, Task, TaskQueue, Topic},
    },
};

/// How often something is handed over that is not taken.
const TRIES: u32 = 4;

const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Batches that are handed to a sink at the same time.
const AT_ONCE: usize = 4;

/// How long endpoints count as they were read.
const KNOWN_FOR: Duration = Duration::from_secs(30);

/// Whom a deployment tells.
#[derive(Default)]
pub struct Sinks {
    pub bus: Option<Arc<dyn EventBus>>,
    pub topic: Option<Arc<dyn Topic>>,
    pub webhooks: Option<Webhooks>,
}

impl std::fmt::Debug for Sinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sinks")
            .field("bus", &self.bus.is_some())
            .field("topic", &self.topic.is_some())
            .field("webhooks", &self.webhooks)
            .finish()
    }
}

/// What one sink has taken, and what it has not.
#[derive(Debug, Default)]
pub(super) struct Handed {
    pub(super) taken: usize,
    /// Places of events, some of them more than once.
    pub(super) refused: Vec<(usize, SinkError)>,
}

impl Sinks {
    pub(super) async fn to_bus(&self, events: &[KeptEvent], deadline: Deadline) -> Handed {
        let Some(bus) = &self.bus else {
            return Handed::default();
        };
        let publish = async |batch: &[KeptEvent]| bus.publish(batch).await;
        Handed::of(events, hand_over(events, deadline, publish).await)
    }

    pub(super) async fn to_topic(&self, events: &[KeptEvent], deadline: Deadline) -> Handed {
        let Some(topic) = &self.topic else {
            return Handed::default();
        };
        let publish = async |batch: &[KeptEvent]| topic.publish(batch).await;
        Handed::of(events, hand_over(events, deadline, publish).await)
    }

    pub(super) async fn to_webhooks(&self, events: &[KeptEvent], deadline: Deadline) -> Handed {
        match &self.webhooks {
            Some(webhooks) => webhooks.task(events, deadline).await,
            None => Handed::default(),
        }
    }
}

impl Handed {
    fn of<T>(all: &[T], refused: Vec<(usize, SinkError)>) -> Self {
        Self {
            taken: all.len().saturating_sub(refused.len()),
            refused,
        }
    }
}

/// The endpoints, and the queue in which what they are to be told waits.
pub struct Webhooks {
    queue: Arc<dyn TaskQueue>,
    endpoints: Arc<dyn EndpointReader>,
    known: Mutex<Option<(Instant, Arc<[Endpoint]>)>>,
}

impl std::fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhooks")
    }
}

impl Webhooks {
    pub fn new(queue: Arc<dyn TaskQueue>, endpoints: Arc<dyn EndpointReader>) -> Self {
        Self {
            queue,
            endpoints,
            known: Mutex::default(),
        }
    }

    /// One task for each endpoint that wants an event.
    async fn task(&self, events: &[KeptEvent], deadline: Deadline) -> Handed {
        if events.is_empty() {
            return Handed::default();
        }
        let endpoints = match self.endpoints(deadline).await {
            Ok(endpoints) => endpoints,
            Err(error) => {
                let refused = (0..events.len()).map(|place| (place, error.clone()));
                return Handed {
                    taken: 0,
                    refused: refused.collect(),
                };
            }
        };
        let (places, tasks) = tasks(events, &endpoints);
        let send = async |batch: &[Task]| self.queue.send(batch, Duration::ZERO).await;
        let refused = hand_over(&tasks, deadline, send).await;
        let refused = refused
            .into_iter()
            .filter_map(|(task, error)| Some((*places.get(task)?, error)));
        Handed::of(&tasks, refused.collect())
    }

    async fn endpoints(&self, deadline: Deadline) -> Result<Arc<[Endpoint]>, SinkError> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        let read = timeout_at(deadline.0, self.endpoints.endpoints()).await;
        let read = read.map_err(|_| SinkError::TimedOut)?.map_err(|error| {
            SinkError::Unavailable(format!("the endpoints cannot be read: {}", error.code()))
        })?;
        let read: Arc<[Endpoint]> = read.into();
        let until = Instant::now() + KNOWN_FOR;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((until, Arc::clone(&read)));
        Ok(read)
    }

    fn known(&self) -> Option<Arc<[Endpoint]>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, endpoints) = known.as_ref()?;
        (Instant::now() < *until).then(|| Arc::clone(endpoints))
    }
}

/// Each task, with the place of its event.
fn tasks(events: &[KeptEvent], endpoints: &[Endpoint]) -> (Vec<usize>, Vec<Task>) {
    let events = events.iter().enumerate();
    let tasks = events.flat_map(|(place, event)| {
        let wanting = endpoints.iter().filter(move |one| one.wants(event.kind));
        wanting.map(move |endpoint| {
            let task = Task {
                endpoint: endpoint.id.clone(),
                event: event.id.clone(),
                attempts: 0,
                due: event.at.as_millisecond(),
            };
            (place, task)
        })
    });
    tasks.unzip()
}

/// Hands everything over in batches, and what is not taken once more, as long as there is time. Places of what is left.
async fn hand_over<T: Clone>(
    all: &[T],
    deadline: Deadline,
    send: impl AsyncFn(&[T]) -> Vec<Result<(), SinkError>>,
) -> Vec<(usize, SinkError)> {
    let mut places: Vec<usize> = (0..all.len()).collect();
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        let refused = try_to_hand_over(all, &places, deadline, &send).await;
        if refused.is_empty() || deadline.left() <= pause {
            return refused;
        }
        places = refused.into_iter().map(|(place, _)| place).collect();
        sleep(pause).await;
        pause *= 2;
    }
    try_to_hand_over(all, &places, deadline, &send).await
}

async fn try_to_hand_over<T: Clone>(
    all: &[T],
    places: &[usize],
    deadline: Deadline,
    send: &impl AsyncFn(&[T]) -> Vec<Result<(), SinkError>>,
) -> Vec<(usize, SinkError)> {
    let refused: Vec<_> = stream::iter(places.chunks(MAX_BATCH))
        .map(|places| async move {
            let batch = places.iter().filter_map(|place| all.get(*place).cloned());
            let batch: Vec<T> = batch.collect();
            let told = timeout_at(deadline.0, send(&batch)).await;
            let told = told.unwrap_or_else(|_| vec![Err(SinkError::TimedOut); batch.len()]);
            refusals(places, told)
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    refused.concat()
}

/// What nothing is told of counts as not taken.
fn refusals(places: &[usize], told: Vec<Result<(), SinkError>>) -> Vec<(usize, SinkError)> {
    let mut told = told.into_iter();
    let untold = || Err(SinkError::Unavailable("nothing was told of it".to_owned()));
    let ended = places
        .iter()
        .map(|place| (*place, told.next().unwrap_or_else(untold)));
    ended
        .filter_map(|(place, ended)| Some((place, ended.err()?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn within(milliseconds: u64) -> Deadline {
        Deadline(Instant::now() + Duration::from_millis(milliseconds))
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_refused_is_handed_over_again() {
        let seen: RefCell<Vec<Vec<u32>>> = RefCell::default();
        let all: Vec<u32> = (0..25).collect();
        let send = async |batch: &[u32]| {
            seen.borrow_mut().push(batch.to_vec());
            let is_first = seen.borrow().len() <= 3;
            let told = batch.iter().map(|one| match one {
                7 | 21 if is_first => Err(SinkError::Throttled),
                _ => Ok(()),
            });
            told.collect()
        };
        let left = hand_over(&all, within(60_000), send).await;
        assert_eq!(left, []);
        let seen = seen.into_inner();
        let sizes: Vec<_> = seen.iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 10, 5, 2]);
        assert_eq!(seen.last(), Some(&vec![7, 21]));
    }

    /// What is left of two, and how often they were handed over.
    async fn left_of_two(
        deadline: Deadline,
        told: impl AsyncFn() -> Vec<Result<(), SinkError>>,
    ) -> (Vec<(usize, SinkError)>, u32) {
        let tries = RefCell::new(0);
        let send = async |_: &[u32]| {
            *tries.borrow_mut() += 1;
            told().await
        };
        let left = hand_over(&[1, 2], deadline, send).await;
        (left, tries.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_for_as_long_as_there_is_time() {
        let refuse = async || vec![Err(SinkError::Throttled); 2];
        let all = vec![(0, SinkError::Throttled), (1, SinkError::Throttled)];
        assert_eq!(
            left_of_two(within(60_000), refuse).await,
            (all.clone(), TRIES)
        );
        assert_eq!(left_of_two(within(300), refuse).await, (all, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_answer_is_given_up_at_the_deadline() {
        let hang = async || std::future::pending().await;
        let deadline = within(1_000);
        let (left, tries) = left_of_two(deadline, hang).await;
        assert_eq!(left, [(0, SinkError::TimedOut), (1, SinkError::TimedOut)]);
        assert_eq!(tries, 1);
        assert_eq!(Instant::now(), deadline.0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nothing_is_told_of_is_not_taken() {
        let say_less = async || vec![Ok(())];
        let (left, _) = left_of_two(within(100), say_less).await;
        assert!(
            matches!(left[..], [(1, SinkError::Unavailable(_))]),
            "{left:?}"
        );
    }
}
