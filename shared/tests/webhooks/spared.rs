//! An endpoint that fails again and again is spared for a while, by all instances.

use jiff::SignedDuration;
use shared::{
    domain::{endpoint::Endpoint, source::Breaker, webhook::Outcome},
    ports::event_bus::Task,
};

use crate::{
    servers::Answer,
    world::{NOW, PATH, World, task},
};

/// An endpoint whose breaker has just opened.
async fn failing(world: &World) -> Endpoint {
    world.receiver.on(PATH, [Answer::status(503)]);
    let endpoint = world.endpoint().await;
    for number in 0..Breaker::TRIP {
        assert!(world.tell(&endpoint, number).await);
    }
    assert_eq!(world.sent(), 5);
    endpoint
}

#[tokio::test]
async fn while_it_is_spared_tasks_are_put_off_without_an_attempt() {
    let world = World::new().await;
    let endpoint = failing(&world).await;
    let event = world.event(9).await;
    let late = Task {
        attempts: 3,
        ..task(&endpoint, &event)
    };
    assert_eq!(world.take(std::slice::from_ref(&late)).await, [true]);
    assert_eq!((world.sent(), world.told().len()), (5, 5));
    let (visible_at, again) = world.queue.waiting().pop().unwrap();
    assert_eq!(again, late, "it is no attempt");
    let pause = visible_at.duration_since(NOW);
    // Half as long again, and a whole second.
    let longest = Breaker::PAUSE.as_secs() * 3 / 2 + 1;
    assert!((Breaker::PAUSE.as_secs()..=longest).contains(&pause.as_secs()));
    assert!(world.attempts(&endpoint, &event).await.is_empty());
    let others = world.endpoint().await;
    assert!(world.tell(&others, 10).await);
    assert_eq!(world.sent(), 6, "another endpoint is not spared");
}

#[tokio::test]
async fn one_task_at_a_time_tries_it_again_and_a_success_is_for_all() {
    let world = World::new().await;
    let endpoint = failing(&world).await;
    let mut tasks = Vec::new();
    for number in 10..14 {
        tasks.push(task(&endpoint, &world.event(number).await));
    }
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(world.take(&tasks).await, [true; 4]);
    assert_eq!(world.sent(), 6, "one tries");
    // The trial failed: it is spared for longer.
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(world.take(&tasks).await, [true; 4]);
    assert_eq!(world.sent(), 6);
    world.receiver.on(PATH, [Answer::status(200)]);
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(world.take(&tasks).await, [true; 4]);
    assert_eq!(world.take(&tasks).await, [true; 4]);
    let delivered = world.told().into_iter();
    let delivered = delivered.filter(|(outcome, _)| *outcome == "delivered");
    assert!(delivered.count() >= 5, "{:?}", world.told());
}

#[tokio::test]
async fn what_could_not_be_tried_for_days_is_a_dead_letter() {
    let world = World::new().await;
    let endpoint = world.endpoint().await;
    let event = world.event(99).await;
    world.clock.advance(SignedDuration::from_hours(97));
    for number in 0..Breaker::TRIP {
        world.receiver.on(PATH, [Answer::status(503)]);
        assert!(world.tell(&endpoint, number).await);
    }
    assert_eq!(world.take(&[task(&endpoint, &event)]).await, [true]);
    let spared = ("dead", "breaker-open".to_owned());
    assert_eq!(world.told().pop(), Some(spared));
    let dead = world.buried(&endpoint).await.remove(0);
    assert_eq!((dead.event, dead.attempts), (event.id, 0));
    assert_eq!(dead.outcome, Outcome::parse("breaker-open"));
}
