//! The breaker of a source, shared by all functions through the table.

use std::time::Duration;

use jiff::SignedDuration;
use shared::{
    domain::{sign_up::Step, source::Breaker},
    ports::journal::SourceUse,
};

use crate::{
    servers::{Answer, Server},
    world::{Function, World, person},
};

const PATH: &str = "/people/ann%40contoso.com";

async fn fixture() -> (Server, World) {
    let server = Server::start().await;
    let url = server.url("/people/{email}");
    let world = World::new().await;
    world
        .publish(&format!(
            "default = \"allow\"\n[source.crm]\nkind = \"http\"\nsteps = [\"after-federation\"]\nurl = \"{url}\"\n\
             on-failed = \"continue\"\nfound = \"/found\"\nbudget-ms = 4000\n"
        ))
        .await;
    (server, world)
}

async fn ask(function: &Function) -> SourceUse {
    function.ask(&person("ann@contoso.com")).await;
    function.told().sources.remove(0)
}

#[tokio::test]
async fn failures_of_all_functions_open_it_and_one_success_closes_it() {
    let (server, world) = fixture().await;
    server.on(PATH, [Answer::status(503)]);
    let budget = Duration::from_secs(10);
    let one = world.function(Step::AfterFederation, budget).await;
    let other = world.function(Step::AfterFederation, budget).await;
    for round in 0..Breaker::TRIP {
        let function = if round % 2 == 0 { &one } else { &other };
        let told = ask(function).await;
        assert_eq!(told.problem.as_deref(), Some("status-503"));
        assert_eq!(told.breaker, "closed");
    }
    let asked = server.count(PATH);
    for function in [&one, &other] {
        let told = ask(function).await;
        assert_eq!(
            (told.outcome, told.problem.as_deref(), told.breaker),
            ("failed", Some("breaker-open"), "open")
        );
    }
    assert_eq!(server.count(PATH), asked, "it is spared");

    // A trial that fails opens it again, for longer.
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(ask(&one).await.breaker, "half-open");
    assert_eq!(server.count(PATH), asked + 1);
    assert_eq!(ask(&other).await.breaker, "open");
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(ask(&other).await.breaker, "open");

    // One that succeeds closes it for all.
    server.on(PATH, [Answer::reply(200, "{\"found\": true}")]);
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(ask(&other).await.outcome, "found");
    let told = ask(&one).await;
    assert_eq!((told.outcome, told.breaker), ("found", "closed"));
}

#[tokio::test]
async fn only_one_of_many_tries_it() {
    let (server, world) = fixture().await;
    server.on(PATH, [Answer::status(500)]);
    let function = world
        .function(Step::AfterFederation, Duration::from_secs(10))
        .await;
    for _ in 0..Breaker::TRIP {
        ask(&function).await;
    }
    world.clock.advance(Breaker::PAUSE);
    let asked = server.count(PATH);
    server.on(
        PATH,
        [Answer::reply(200, "{}").after(Duration::from_millis(100))],
    );
    let person = person("ann@contoso.com");
    let many = (0..20).map(|_| function.ask(&person));
    futures_util::future::join_all(many).await;
    assert_eq!(server.count(PATH), asked + 1);
}

#[tokio::test]
async fn an_unknown_person_is_no_failure() {
    let (server, world) = fixture().await;
    server.on(PATH, [Answer::status(404)]);
    let function = world
        .function(Step::AfterFederation, Duration::from_secs(10))
        .await;
    for _ in 0..3 * Breaker::TRIP {
        let told = ask(&function).await;
        assert_eq!((told.outcome, told.breaker), ("absent", "closed"));
    }
}

#[tokio::test]
async fn failures_far_apart_do_not_open_it() {
    let (server, world) = fixture().await;
    server.on(PATH, [Answer::status(500)]);
    let function = world
        .function(Step::AfterFederation, Duration::from_secs(10))
        .await;
    for _ in 0..3 * Breaker::TRIP {
        assert_eq!(ask(&function).await.breaker, "closed");
        world.clock.advance(SignedDuration::from_secs(20));
    }
}
