//! Verifications at the last step.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use shared::{
    domain::{person::PersonKey, sign_up::Step, verification::VerificationOutcome},
    ports::attempts::EvidenceReader,
};

use crate::{
    servers::{Answer, Server},
    world::{Function, World, person},
};

const LONG: Duration = Duration::from_secs(10);

fn policy(server: &Server, more: &str) -> String {
    let url = server.url("/checks");
    format!(
        r#"
default = "allow"
[verification.identity]
provider = "http"
url = "{url}"
outcome = "/decision"
verified = ["PASS"]
failed = ["FAIL"]
refer = ["MANUAL"]
reference = "/id"
on-failed = "invalid"
field = "surname"
{more}
[verification.identity.body]
name = "{{surname}}"
mail = "{{email}}"
"#
    )
}

fn decision(decision: &str) -> Answer {
    Answer::reply(
        200,
        json!({ "decision": decision, "id": "chk-1" }).to_string(),
    )
}

async fn function(server: &Server, more: &str) -> (World, Function) {
    let world = World::new().await;
    world.publish(&policy(server, more)).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    (world, function)
}

async fn evidence(world: &World, address: &str) -> Vec<(VerificationOutcome, Option<String>)> {
    let found = world
        .table
        .evidence(&PersonKey::of_address(address))
        .await
        .unwrap();
    found
        .into_iter()
        .map(|one| (one.outcome, one.reference))
        .collect()
}

#[rstest]
#[case("PASS", 200, "Continue", "verified")]
#[case("FAIL", 400, "ValidationError", "failed")]
#[case("MANUAL", 200, "ShowBlockPage", "refer")]
#[case("WHATEVER", 200, "ShowBlockPage", "unavailable")]
#[tokio::test]
async fn an_outcome_does_what_the_policy_says(
    #[case] said: &str,
    #[case] status: u16,
    #[case] action: &str,
    #[case] outcome: &str,
) {
    let server = Server::start().await;
    server.on("/checks", [decision(said)]);
    let (world, function) = function(&server, "").await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(
        (page.status.as_u16(), page.action()),
        (status, action),
        "{page:?}"
    );
    assert_eq!(function.told().verifications[0].outcome, outcome);
    let sent: Value = serde_json::from_str(server.received()[0].text()).unwrap();
    assert_eq!(sent, json!({ "name": "Berg", "mail": "ann@contoso.com" }));
    let kept = evidence(&world, "ann@contoso.com").await;
    let expected = VerificationOutcome::parse(outcome).unwrap();
    if expected == VerificationOutcome::Unavailable {
        assert!(kept.is_empty(), "an outage is no evidence");
    } else {
        assert_eq!(kept, [(expected, Some("chk-1".to_owned()))]);
    }
}

#[tokio::test]
async fn a_retry_asks_nobody_again_and_a_correction_does() {
    let server = Server::start().await;
    server.on("/checks", [decision("FAIL"), decision("PASS")]);
    let (world, function) = function(&server, "").await;
    let ann = person("ann@contoso.com");
    for _ in 0..3 {
        assert_eq!(function.ask(&ann).await.action(), "ValidationError");
    }
    assert_eq!(server.count("/checks"), 1);
    assert!(function.told().verifications[0].before);
    let mut corrected = ann.clone();
    corrected["surname"] = json!("Bergh");
    assert_eq!(function.ask(&corrected).await.action(), "Continue");
    assert_eq!(server.count("/checks"), 2);
    assert_eq!(evidence(&world, "ann@contoso.com").await.len(), 2);
    world.clock.advance(SignedDuration::from_mins(16));
    function.ask(&ann).await;
    assert_eq!(
        server.count("/checks"),
        3,
        "what was long ago is asked again"
    );
}

#[tokio::test]
async fn two_at_the_same_time_ask_once() {
    let server = Server::start().await;
    server.on(
        "/checks",
        [decision("PASS").after(Duration::from_millis(300))],
    );
    let (world, one) = function(&server, "").await;
    let other = world.function(Step::BeforeCreatingUser, LONG).await;
    let ann = person("ann@contoso.com");
    let (first, second) = tokio::join!(one.ask(&ann), other.ask(&ann));
    assert_eq!((first.action(), second.action()), ("Continue", "Continue"));
    assert_eq!(server.count("/checks"), 1);
}

/// A provider that is slower than the request: the answer is the policy's choice for an outage, and the retry gets what the
/// provider said to the first question.
#[tokio::test]
async fn a_late_outcome_is_there_for_the_retry() {
    let server = Server::start().await;
    server.on(
        "/checks",
        [decision("PASS").after(Duration::from_millis(2500))],
    );
    let world = World::new().await;
    world
        .publish(&policy(
            &server,
            "budget-ms = 4000\non-unavailable = \"review\"",
        ))
        .await;
    let function = world
        .function(Step::BeforeCreatingUser, Duration::from_millis(1500))
        .await;
    let ann = person("ann@contoso.com");
    let page = function.ask(&ann).await;
    assert_eq!(page.action(), "ShowBlockPage");
    assert_eq!(
        function.told().verifications[0].problem.as_deref(),
        Some("no-time-left")
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(function.ask(&ann).await.action(), "Continue");
    assert_eq!(server.count("/checks"), 1);
}

#[tokio::test]
async fn an_outage_is_told_apart_and_asked_again() {
    let server = Server::start().await;
    server.on("/checks", [Answer::status(503), decision("PASS")]);
    let (_world, function) = function(&server, "on-unavailable = \"continue\"").await;
    let ann = person("ann@contoso.com");
    assert_eq!(function.ask(&ann).await.action(), "Continue");
    assert_eq!(function.told().verifications[0].outcome, "unavailable");
    assert_eq!(function.ask(&ann).await.action(), "Continue");
    assert_eq!(function.told().verifications[0].outcome, "verified");
}

/// A provider that is asked, does not answer usefully, and may have checked the person all the same.
#[rstest]
#[case::slow(Answer::Hang, 2000, "timed-out")]
#[case::breaks(Answer::Close, 4000, "connection")]
#[case::breaks_in_its_answer(Answer::ResetMidBody, 4000, "connection")]
#[case::fails(Answer::status(500), 4000, "status-500")]
#[case::unreadable(Answer::reply(200, "sorry"), 4000, "not-json")]
#[tokio::test]
async fn what_may_have_been_made_is_not_made_again_at_once(
    #[case] first: Answer,
    #[case] budget: u32,
    #[case] problem: &str,
    #[values("continue", "review")] choice: &str,
) {
    let server = Server::start().await;
    server.on("/checks", [first, decision("PASS")]);
    let more = format!("budget-ms = {budget}\non-unavailable = \"{choice}\"");
    let (world, one) = function(&server, &more).await;
    let other = world.function(Step::BeforeCreatingUser, LONG).await;
    let action = if choice == "continue" {
        "Continue"
    } else {
        "ShowBlockPage"
    };
    let ann = person("ann@contoso.com");
    for (function, problem, before) in [
        (&one, problem, false),
        (&one, "asked-before", true),
        (&other, "asked-before", true),
    ] {
        assert_eq!(function.ask(&ann).await.action(), action);
        let told = &function.told().verifications[0];
        assert_eq!(
            (told.outcome, told.problem.as_deref(), told.before),
            ("unavailable", Some(problem), before)
        );
    }
    assert_eq!(server.count("/checks"), 1);
    assert!(evidence(&world, "ann@contoso.com").await.is_empty());

    server.on("/checks", [decision("PASS")]);
    world.clock.advance(SignedDuration::from_secs(59));
    assert_eq!(one.ask(&ann).await.action(), action);
    assert_eq!(server.count("/checks"), 1);
    world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(one.ask(&ann).await.action(), "Continue");
    assert_eq!(one.told().verifications[0].outcome, "verified");
    assert_eq!(server.count("/checks"), 2);
}

#[tokio::test]
async fn nobody_listening_is_asked_again_at_once() {
    let server = Server::start().await;
    let policy = policy(&server, "on-unavailable = \"continue\"");
    drop(server);
    tokio::task::yield_now().await;
    let world = World::new().await;
    world.publish(&policy).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    for _ in 0..2 {
        let page = function.ask(&person("ann@contoso.com")).await;
        assert_eq!(page.action(), "Continue");
        let told = &function.told().verifications[0];
        assert_eq!(
            (told.problem.as_deref(), told.before),
            (Some("connection"), false)
        );
    }
}

/// An instance that is stopped while it waits notes nothing: its lease keeps others from asking.
#[tokio::test]
async fn who_was_stopped_before_the_answer_keeps_others_from_asking() {
    let server = Arc::new(Server::start().await);
    server.on("/checks", [Answer::Hang, decision("PASS")]);
    let more = "budget-ms = 4000\non-unavailable = \"review\"";
    let (world, stopped) = function(&server, more).await;
    let ann = person("ann@contoso.com");
    let instance = until_it_is_asked(Arc::clone(&server), stopped, ann.clone());
    tokio::task::spawn_blocking(instance).await.unwrap();

    let short = Duration::from_millis(500);
    let other = world.function(Step::BeforeCreatingUser, short).await;
    for seconds in [0, 30, 33] {
        world.clock.advance(SignedDuration::from_secs(seconds));
        assert_eq!(other.ask(&ann).await.action(), "ShowBlockPage");
    }
    assert_eq!(server.count("/checks"), 1);
    world.clock.advance(SignedDuration::from_secs(1));
    let patient = world.function(Step::BeforeCreatingUser, LONG).await;
    assert_eq!(patient.ask(&ann).await.action(), "Continue");
    assert_eq!(server.count("/checks"), 2);
}

/// Runs a function by itself, and ends it with everything that it has started once the provider has the question.
fn until_it_is_asked(server: Arc<Server>, function: Function, who: Value) -> impl FnOnce() {
    let asked = async move {
        while server.count("/checks") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            tokio::select! {
                page = function.ask(&who) => panic!("it was answered: {page:?}"),
                () = asked => {}
            }
        });
    }
}

#[tokio::test]
async fn a_bot_check_has_its_token_blanked() {
    let server = Server::start().await;
    server.on("/siteverify", [Answer::reply(200, "{\"success\": true}")]);
    let url = server.url("/siteverify");
    let world = World::new().await;
    world
        .publish(&format!(
            "default = \"allow\"\n[verification.captcha]\nprovider = \"recaptcha\"\nurl = \"{url}\"\nsecret = \"captcha\"\n\
             token = \"extension_CaptchaUserResponseToken\"\n"
        ))
        .await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let mut ann = person("ann@contoso.com");
    let page = function.ask(&ann).await;
    assert_eq!(
        (page.status.as_u16(), page.action()),
        (400, "ValidationError")
    );
    assert!(
        server.received().is_empty(),
        "there is nothing to ask about"
    );
    ann["extension_CaptchaUserResponseToken"] = json!("03AGdBq2");
    let page = function.ask(&ann).await;
    let expected = json!({ "version": "1.0.0", "action": "Continue", "extension_CaptchaUserResponseToken": "" });
    assert_eq!(page.body, expected);
    assert!(server.received()[0].text().contains("response=03AGdBq2"));
}

#[tokio::test]
async fn nothing_of_a_person_is_told() {
    let server = Server::start().await;
    server.on("/checks", [decision("PASS")]);
    let (_world, function) = function(&server, "").await;
    function.ask(&person("ann@contoso.com")).await;
    let told = format!("{:?}", function.journal.answers());
    for personal in ["ann@", "Berg", "s3cret", "chk-1"] {
        assert!(!told.contains(personal), "{personal} is in {told}");
    }
}
