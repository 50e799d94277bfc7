//! Sources that hang, drip, reset, answer garbage or lead elsewhere: every sign-up is answered in protocol and in time.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;
use shared::domain::sign_up::Step;

use crate::{
    servers::{Answer, Server},
    world::{Page, World, person},
};

/// Of a request: long enough for a loaded machine, and shorter than what the servers here let others wait.
const BUDGET: Duration = Duration::from_secs(5);

/// What an answer may take beyond its budget on a loaded machine.
const SLACK: Duration = Duration::from_secs(2);

/// Of a source that hangs, in milliseconds, and of one that fails by itself.
const SHORT: u32 = 300;
const LONG: u32 = 4000;

fn policy(url: &str, budget: u32, more: &str) -> String {
    format!(
        "default = \"allow\"\n[source.crm]\nkind = \"http\"\nsteps = [\"after-federation\", \"before-creating-user\", \
         \"before-token\"]\nurl = \"{url}\"\nbudget-ms = {budget}\n{more}\n[source.crm.claims]\ncity = \"/city\"\nstate = \"/state\"\n"
    )
}

async fn answered(
    answer: Answer,
    budget: u32,
    more: &str,
    step: Step,
) -> (Page, (&'static str, Option<String>)) {
    let server = Server::start().await;
    server.on("/x", [answer]);
    let world = World::new().await;
    world
        .publish(&policy(&server.url("/x?e={email}"), budget, more))
        .await;
    let function = world.function(step, BUDGET).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert!(page.took < BUDGET + SLACK, "it took {:?}", page.took);
    (page, function.outcome())
}

#[rstest]
#[case::hangs(Answer::Hang, "slow", "timed-out")]
#[case::drips(Answer::Drip(Duration::from_millis(20)), "slow", "timed-out")]
#[case::late(Answer::reply(200, "{}").after(Duration::from_secs(30)), "slow", "timed-out")]
#[case::resets(Answer::ResetMidBody, "failed", "connection")]
#[case::closes(Answer::Close, "failed", "connection")]
#[case::no_http(Answer::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), "failed", "connection")]
#[case::no_json(Answer::reply(200, "<html>sorry</html>"), "failed", "not-json")]
#[case::half_json(Answer::reply(200, "{\"city\": \"Lu"), "failed", "not-json")]
#[case::error(Answer::status(500), "failed", "status-500")]
#[case::refused(Answer::status(401), "failed", "status-401")]
#[case::elsewhere(
    Answer::Reply { status: 302, headers: vec![("location", "http://169.254.169.254/latest/meta-data".to_owned())], body: Vec::new() },
    "failed",
    "status-302"
)]
#[tokio::test]
async fn a_fault_blocks_or_goes_on_as_the_policy_says(
    #[case] answer: Answer,
    #[case] outcome: &str,
    #[case] problem: &str,
) {
    let budget = if outcome == "slow" { SHORT } else { LONG };
    for (choice, action) in [
        ("block", "ShowBlockPage"),
        ("continue", "Continue"),
        ("review", "ShowBlockPage"),
    ] {
        let more = format!("on-slow = \"{choice}\"\non-failed = \"{choice}\"");
        let (page, told) = answered(answer.clone(), budget, &more, Step::BeforeCreatingUser).await;
        assert_eq!(page.status.as_u16(), 200);
        assert_eq!(page.action(), action, "{choice}: {page:?}");
        assert_eq!((told.0, told.1.as_deref()), (outcome, Some(problem)));
    }
    let (page, _) = answered(answer, budget, "", Step::BeforeToken).await;
    assert_eq!(
        page.body,
        json!({ "version": "1.0.0", "action": "Continue" })
    );
}

/// The request's own deadline comes before the budget of the source.
#[tokio::test]
async fn a_source_with_a_long_budget_does_not_make_an_answer_late() {
    let server = Server::start().await;
    server.on("/x", [Answer::Hang]);
    let world = World::new().await;
    let url = server.url("/x?e={email}");
    world
        .publish(&policy(&url, LONG, "on-slow = \"review\""))
        .await;
    let budget = Duration::from_millis(1500);
    let function = world.function(Step::BeforeCreatingUser, budget).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert!(page.took < budget + SLACK, "it took {:?}", page.took);
    assert_eq!(page.action(), "ShowBlockPage");
    assert_eq!(function.outcome().0, "slow");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let (page, (outcome, problem)) =
        answered(Answer::Endless, LONG, "", Step::BeforeCreatingUser).await;
    assert_eq!(page.action(), "ShowBlockPage");
    let ended = [
        ("failed", Some("too-long".to_owned())),
        ("slow", Some("timed-out".to_owned())),
    ];
    assert!(ended.contains(&(outcome, problem)));
}

#[tokio::test]
async fn one_bad_claim_does_not_cost_the_others() {
    let mut body = b"{\"city\": \"Lund\", \"state\": \"Sk\xe5ne\"}".to_vec();
    let (page, _) = answered(
        Answer::reply(200, body.clone()),
        LONG,
        "",
        Step::AfterFederation,
    )
    .await;
    assert_eq!(page.body["city"], "Lund");
    assert!(page.body.get("state").is_none());
    body = br#"{"city": {"name": "Lund"}, "state": "Skane"}"#.to_vec();
    let (page, _) = answered(Answer::reply(200, body), LONG, "", Step::AfterFederation).await;
    assert!(page.body.get("city").is_none());
    assert_eq!(page.body["state"], "Skane");
}

#[tokio::test]
async fn a_source_that_nobody_may_call_is_told_by_kind() {
    let world = World::new().await;
    world
        .publish(&policy("https://10.0.0.1/x?e={email}", LONG, ""))
        .await;
    let function = world.function(Step::AfterFederation, BUDGET).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.action(), "ShowBlockPage");
    assert_eq!(
        function.outcome(),
        ("failed", Some("not-permitted".to_owned()))
    );
}

#[tokio::test]
async fn it_recovers_with_the_source() {
    let server = Server::start().await;
    server.on("/x", [Answer::reply(200, "{\"city\": \"Lund\"}")]);
    let world = World::new().await;
    world
        .publish(&policy(&server.url("/x?e={email}"), LONG, ""))
        .await;
    let function = world.function(Step::AfterFederation, BUDGET).await;
    server.switch_off();
    assert_eq!(
        function.ask(&person("ann@contoso.com")).await.action(),
        "ShowBlockPage"
    );
    server.switch_on();
    assert_eq!(
        function.ask(&person("ann@contoso.com")).await.body["city"],
        "Lund"
    );
}

/// A thousand sign-ups, of which three in ten meet a fault of one of two sources.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_one_of_a_thousand_is_answered_in_protocol_and_in_time() {
    let server = Server::start().await;
    let good = || Answer::reply(200, "{\"city\": \"Lund\"}");
    let bad = [
        Answer::Hang,
        Answer::ResetMidBody,
        Answer::reply(200, "garbage"),
    ];
    let answers = (0..2000).map(|n| match n % 10 {
        0 => bad[0].clone(),
        4 => bad[1].clone(),
        7 => bad[2].clone(),
        _ => good(),
    });
    server.on("/x", answers);
    let world = World::new().await;
    let url = server.url("/x?e={email}");
    let two = policy(
        &url,
        SHORT,
        "on-failed = \"continue\"\non-slow = \"review\"",
    ) + &format!(
        "[source.erp]\nkind = \"http\"\nsteps = [\"before-creating-user\"]\nurl = \"{url}&p=2\"\nbudget-ms = 150\n"
    );
    world.publish(&two).await;
    let budget = Duration::from_millis(1500);
    let function = world.function(Step::BeforeCreatingUser, budget).await;
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..100 {
        // The breaker would spare the source; here it is to be asked every time.
        world
            .clock
            .advance(shared::domain::source::Breaker::LONGEST_PAUSE);
        let people: Vec<_> = (0..10)
            .map(|n| person(&format!("ann{round}-{n}@contoso.com")))
            .collect();
        let pages = people.iter().map(|person| function.ask(person));
        for page in futures_util::future::join_all(pages).await {
            assert!(page.took < budget + SLACK, "it took {:?}", page.took);
            assert_eq!(page.status.as_u16(), 200);
            let action = page.action().to_owned();
            assert!(
                ["Continue", "ShowBlockPage"].contains(&action.as_str()),
                "{page:?}"
            );
            *seen.entry(action).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.values().sum::<i32>(), 1000);
    assert!(seen.len() == 2, "{seen:?}: nobody met a fault");
}
