//! The breakers of sources and verifications, shared by all functions through the table.

use std::time::Duration;

use jiff::SignedDuration;
use shared::{
    domain::{
        look_up::LookedUp,
        sign_up::Step,
        source::{Breaker, SourceName},
    },
    ports::{
        journal::{SourceUse, VerificationUse},
        sign_up_reader::{SignUpReader, Wanted},
    },
};

use crate::{
    servers::{Answer, Server},
    world::{Function, World, person, soon},
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

// --- verifications

const CHECKS: &str = "/checks";

async fn verifying(more: &str) -> (Server, World) {
    let server = Server::start().await;
    let url = server.url(CHECKS);
    let world = World::new().await;
    world
        .publish(&format!(
            "default = \"allow\"\n[verification.identity]\nprovider = \"http\"\nurl = \"{url}\"\noutcome = \"/decision\"\n\
             verified = [\"PASS\"]\non-unavailable = \"continue\"\n{more}\n\
             [verification.identity.body]\nmail = \"{{email}}\"\n"
        ))
        .await;
    (server, world)
}

fn pass() -> Answer {
    Answer::reply(200, "{\"decision\": \"PASS\"}")
}

async fn verify(function: &Function, address: &str) -> VerificationUse {
    let page = function.ask(&person(address)).await;
    assert_eq!(page.action(), "Continue");
    function.told().verifications.remove(0)
}

#[tokio::test]
async fn a_provider_that_fails_is_spared_by_all_functions_until_it_succeeds() {
    let (server, world) = verifying("budget-ms = 4000").await;
    server.on(CHECKS, [Answer::status(503)]);
    let budget = Duration::from_secs(10);
    let one = world.function(Step::BeforeCreatingUser, budget).await;
    let other = world.function(Step::BeforeCreatingUser, budget).await;
    for round in 0..Breaker::TRIP {
        let function = if round % 2 == 0 { &one } else { &other };
        let told = verify(function, "ann@contoso.com").await;
        assert_eq!(
            (told.problem.as_deref(), told.breaker),
            (Some("status-503"), "closed")
        );
    }
    let asked = server.count(CHECKS);
    for function in [&one, &other] {
        let told = verify(function, "ann@contoso.com").await;
        assert_eq!(
            (told.outcome, told.problem.as_deref(), told.breaker),
            ("unavailable", Some("breaker-open"), "open")
        );
    }
    assert_eq!(server.count(CHECKS), asked, "it is spared");

    // A trial that fails opens it again, for longer.
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(verify(&one, "ann@contoso.com").await.breaker, "half-open");
    assert_eq!(server.count(CHECKS), asked + 1);
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(verify(&other, "ann@contoso.com").await.breaker, "open");

    // Nobody's attempt is taken: the same person is verified at once when it closes.
    server.on(CHECKS, [pass()]);
    world.clock.advance(Breaker::PAUSE);
    assert_eq!(verify(&other, "ann@contoso.com").await.outcome, "verified");
    let told = verify(&one, "bob@contoso.com").await;
    assert_eq!((told.outcome, told.breaker), ("verified", "closed"));
}

#[tokio::test]
async fn only_one_of_many_people_tries_a_provider() {
    let (server, world) = verifying("budget-ms = 4000").await;
    server.on(CHECKS, [Answer::status(503)]);
    let function = world
        .function(Step::BeforeCreatingUser, Duration::from_secs(10))
        .await;
    for _ in 0..Breaker::TRIP {
        verify(&function, "ann@contoso.com").await;
    }
    world.clock.advance(Breaker::PAUSE);
    let asked = server.count(CHECKS);
    server.on(CHECKS, [pass().after(Duration::from_millis(1500))]);
    let people: Vec<_> = (0..20)
        .map(|n| person(&format!("ann{n}@contoso.com")))
        .collect();
    let many = people.iter().map(|person| function.ask(person));
    futures_util::future::join_all(many).await;
    assert_eq!(server.count(CHECKS), asked + 1);
    // Whoever was not let through can try again at once.
    let again = people.iter().map(|person| function.ask(person));
    futures_util::future::join_all(again).await;
    assert_eq!(server.count(CHECKS), asked + 20);
}

#[tokio::test]
async fn whoever_a_provider_does_not_verify_is_no_failure() {
    let (server, world) = verifying("failed = [\"FAIL\"]\non-failed = \"continue\"").await;
    server.on(CHECKS, [Answer::reply(200, "{\"decision\": \"FAIL\"}")]);
    let function = world
        .function(Step::BeforeCreatingUser, Duration::from_secs(10))
        .await;
    for n in 0..2 * Breaker::TRIP {
        let told = verify(&function, &format!("ann{n}@contoso.com")).await;
        assert_eq!((told.outcome, told.breaker), ("failed", "closed"));
    }
}

/// The request is answered before the provider has failed.
#[tokio::test]
async fn a_failure_after_the_request_counts() {
    let (server, world) = verifying("budget-ms = 2000").await;
    server.on(CHECKS, [Answer::Hang]);
    let short = Duration::from_millis(500);
    let function = world.function(Step::BeforeCreatingUser, short).await;
    for n in 0..Breaker::TRIP {
        let told = verify(&function, &format!("ann{n}@contoso.com")).await;
        assert_eq!(told.problem.as_deref(), Some("no-time-left"));
        assert_eq!(told.breaker, "closed");
        failures(&world, n + 1).await;
    }
    let told = verify(&function, "bob@contoso.com").await;
    assert_eq!(told.problem.as_deref(), Some("breaker-open"));
}

/// Waits until so many failures are in the table.
async fn failures(world: &World, expected: u32) {
    let identity = SourceName::parse("identity").unwrap();
    let looked_up = LookedUp {
        breakers: vec![identity.clone()],
        ..LookedUp::default()
    };
    let counted = async {
        loop {
            let wanted = Wanted {
                matchers: &[],
                applicant: None,
                caller_records: false,
                looked_up: &looked_up,
            };
            let found = world.table.read(wanted, soon()).await.unwrap().found;
            let breaker = found.breakers.get(&identity);
            if breaker.is_some_and(|breaker| breaker.failures == expected) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let counted = tokio::time::timeout(Duration::from_secs(30), counted).await;
    assert!(counted.is_ok(), "expected {expected} failures");
}
