//! The table: what a decision reads, and what happens when it is slow, throttled, in part or down.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    app::callers::FRESH_FOR,
    domain::{
        list::Effect,
        sign_up::{Protocol, Step},
    },
};

use crate::harness::{
    Answer, Event, Fault, Function, PlatformDeadline, Surface, TABLE, Verdict, World,
};

const JOHN: &str = "johnsmith@fabrikam.onmicrosoft.com";
const READ: &str = "BatchGetItem";

const CONNECTOR: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Connector);
const EXTENSION: Surface = Surface::new(Step::BeforeCreatingUser, Protocol::Extension);

/// The defaults of `CONNECTOR_DEADLINE_MS` and `EXTENSION_DEADLINE_MS`.
const fn budget(surface: Surface) -> Duration {
    match surface.protocol {
        Protocol::Connector => Duration::from_secs(2),
        Protocol::Extension => Duration::from_millis(800),
    }
}

/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(500);

fn assert_in_time(answer: &Answer, limit: Duration) {
    assert!(answer.elapsed < limit + SLACK, "too late: {answer:?}");
}

/// Every read fails so from now on.
fn break_table(world: &World, fault: &Fault) {
    world.proxy.always(READ, fault.clone());
}

#[tokio::test]
async fn a_decision_is_one_read_and_one_record() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    for step in [Step::AfterFederation, Step::BeforeCreatingUser] {
        let before = world.proxy.calls().len();
        let function = world.start(step).await;
        for number in 0..25 {
            for protocol in [Protocol::Connector, Protocol::Extension] {
                let address = format!("person{number}@a.b.c.evil.example");
                let event = world.event(Surface::new(step, protocol), &address);
                let answer = function.send(&event).await;
                assert_eq!(answer.line["read_calls"], 1);
            }
        }
        let calls = world.proxy.calls();
        let calls = calls.get(before..).unwrap();
        let reads: Vec<_> = calls.iter().filter(|call| call.operation == READ).collect();
        assert_eq!(
            reads.len(),
            1 + 50,
            "one for the start, one for each decision"
        );
        assert_eq!(
            reads[0].keys().len(),
            6,
            "two credentials, their uses, Entra's keys, the current policies"
        );
        for read in reads.get(1..).unwrap() {
            let mut keys: Vec<String> = read.keys().iter().map(Value::to_string).collect();
            // The lists' own, and the applicant's standing.
            assert!((7..=9).contains(&keys.len()), "{keys:?}");
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), read.keys().len(), "each key once");
        }
        // The use of the connector's credential, recorded by the first instance and seen by the next.
        let count = |operation| {
            let made = calls.iter().filter(|call| call.operation == operation);
            made.count()
        };
        let uses = usize::from(step == Step::AfterFederation);
        assert_eq!(count("UpdateItem"), uses);
        assert_eq!(count("PutItem"), 50, "the record of each decision");
        assert_eq!(
            calls.len(),
            51 + 50 + uses,
            "{:?}",
            world.proxy.operations()
        );
    }
}

#[tokio::test]
async fn what_dynamodb_leaves_unprocessed_is_read_too() {
    let world = World::new().await;
    world
        .list(&[("evil.example", Effect::Deny), ("*.com", Effect::Review)])
        .await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for surface in [CONNECTOR, EXTENSION] {
        // One key at a time, so that the entry that decides is in any of the parts.
        for (address, reason) in [
            ("a@evil.example", json!("denied")),
            ("a@x.y.com", json!("pending")),
            ("a@good.example", Value::Null),
        ] {
            let parts = std::iter::repeat_n(Fault::Unprocessed { keep: 1 }, 10);
            world.proxy.next(READ, parts);
            let before = world.proxy.count(READ);
            let answer = function.send(&world.event(surface, address)).await;
            world.proxy.heal();
            assert_eq!(answer.line["reason"], reason, "{address} {surface:?}");
            let calls = world.proxy.count(READ) - before;
            assert!(calls > 1, "{calls}");
            assert_eq!(answer.line["read_calls"], calls);
            assert_in_time(&answer, budget(surface));
        }
        // In halves, as it really happens.
        world.proxy.next(READ, [Fault::Unprocessed { keep: 2 }]);
        let answer = function.send(&world.event(surface, "a@evil.example")).await;
        assert_eq!(answer.line["reason"], "denied");
    }
}

#[tokio::test]
async fn a_function_that_lambda_froze_goes_on_where_it_was() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    let function = world.start(Step::BeforeCreatingUser).await;
    // The use of the credential is still on its way when the answer is out.
    world.proxy.next("UpdateItem", [Fault::Hang]);
    for _ in 0..3 {
        let answer = function.send(&world.event(CONNECTOR, JOHN)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
        // Meanwhile DynamoDB gives up the connection.
        let frozen = function.freeze(Duration::from_millis(800));
        let severed = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            world.proxy.sever();
        };
        tokio::join!(frozen, severed);
        for surface in [CONNECTOR, EXTENSION] {
            let answer = function.send(&world.event(surface, "a@evil.example")).await;
            assert_eq!(answer.line["reason"], "denied", "{answer:?}");
            assert_in_time(&answer, budget(surface));
        }
    }
    let used = async || world.credentials().list().await.unwrap()[0].last_used_at;
    for _ in 0..100 {
        if used().await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(used().await.is_some(), "the use was recorded in the end");
}

#[tokio::test]
async fn keys_that_stay_unprocessed_end_at_the_deadline() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    break_table(&world, &Fault::Unprocessed { keep: 0 });
    for surface in [CONNECTOR, EXTENSION] {
        let answer = function.send(&world.event(surface, JOHN)).await;
        assert_unavailable(&answer, "timed-out");
        assert_in_time(&answer, budget(surface));
    }
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_within_the_deadline() {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    let function = world.start(Step::BeforeCreatingUser).await;
    for faults in [
        vec![Fault::THROTTLED],
        vec![Fault::THROTTLED_ACCOUNT],
        vec![Fault::THROTTLED, Fault::THROTTLED_ACCOUNT],
        vec![Fault::InternalServerError],
        vec![Fault::InternalServerError, Fault::InternalServerError],
        vec![Fault::Drop],
        vec![Fault::Hang],
        vec![Fault::Delay(Duration::from_millis(200))],
    ] {
        for surface in [CONNECTOR, EXTENSION] {
            world.proxy.next(READ, faults.clone());
            let answer = function.send(&world.event(surface, "a@evil.example")).await;
            assert_eq!(
                answer.line["reason"], "denied",
                "{faults:?} {surface:?}: {answer:?}"
            );
            assert_eq!(answer.line["dependency_failures"], Value::Null);
            assert_in_time(&answer, budget(surface));
        }
    }
}

fn assert_unavailable(answer: &Answer, failure: &str) {
    let page = answer.block_page();
    assert!(
        page.starts_with("We can’t process your sign-up right now."),
        "{page}"
    );
    let reference = answer.line["reference"].as_str().unwrap();
    assert!(page.contains(reference), "{page}");
    assert_eq!(answer.line["reason"], "unavailable", "{answer:?}");
    assert_failure(answer, failure);
}

fn assert_failure(answer: &Answer, failure: &str) {
    let line = &answer.line;
    assert_eq!(line["dependency_failure"], failure, "{line}");
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["dependency_failures"], 1);
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], "SignUpConnectors");
    assert_eq!(directive["Dimensions"], json!([["step"]]));
    let metrics = directive["Metrics"].to_string();
    assert!(metrics.contains("dependency_failures"), "{metrics}");
    let missed = failure == "timed-out";
    assert_eq!(
        line["deadline_misses"].as_i64(),
        missed.then_some(1),
        "{line}"
    );
    assert_eq!(metrics.contains("deadline_misses"), missed, "{metrics}");
}

/// How a table can fail for good, and what that is called in the log.
fn lasting_faults() -> [(Fault, &'static str); 9] {
    [
        (Fault::Hang, "timed-out"),
        (Fault::Drop, "unavailable"),
        (Fault::InternalServerError, "unavailable"),
        (Fault::THROTTLED, "throttled"),
        (Fault::THROTTLED_ACCOUNT, "throttled"),
        (
            Fault::Error("com.amazonaws.dynamodb.v20120810#RequestLimitExceeded"),
            "throttled",
        ),
        (
            Fault::Error("com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"),
            "unavailable",
        ),
        (
            Fault::Error("com.amazon.coral.service#AccessDeniedException"),
            "unavailable",
        ),
        (Fault::Garbage, "unavailable"),
    ]
}

/// Outcomes with their reasons.
type Endings = &'static [(&'static str, Option<&'static str>)];

/// The settings of each choice, and what it leads to at a step.
async fn a_broken_table_leads_to(choice: Option<&str>, expected: impl Fn(Step) -> Endings) {
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Deny)]).await;
    let settings = match choice {
        Some(choice) => world.settings().set("ON_UNAVAILABLE", choice),
        None => world.settings(),
    };
    for step in [Step::AfterFederation, Step::BeforeCreatingUser] {
        let function = Function::start(step, &settings).await;
        for (fault, failure) in lasting_faults() {
            break_table(&world, &fault);
            for protocol in [Protocol::Connector, Protocol::Extension] {
                let surface = Surface::new(step, protocol);
                let answer = function.send(&world.event(surface, "a@evil.example")).await;
                let outcome = answer.line["outcome"].as_str().unwrap();
                let ending = (outcome, answer.line["reason"].as_str());
                assert!(expected(step).contains(&ending), "{fault:?} {answer:?}");
                assert_eq!(
                    answer.verdict() == Verdict::Continue,
                    outcome == "continue",
                    "{answer:?}"
                );
                assert_failure(&answer, failure);
                assert_in_time(&answer, budget(surface));
            }
            world.proxy.heal();
        }
        let surface = Surface::new(step, Protocol::Connector);
        let answer = function.send(&world.event(surface, "a@evil.example")).await;
        assert_eq!(answer.line["reason"], "denied", "it is whole again");
    }
}

#[tokio::test]
async fn a_broken_table_blocks_when_nothing_is_configured() {
    a_broken_table_leads_to(None, |_| &[("block", Some("unavailable"))]).await;
}

#[tokio::test]
async fn a_broken_table_lets_everybody_in_when_the_operator_chose_so() {
    a_broken_table_leads_to(Some("continue"), |_| &[("continue", None)]).await;
}

#[tokio::test]
async fn a_table_that_cannot_be_read_means_a_review_when_the_operator_chose_so() {
    // A request is written all the same, where the read has left the time for it.
    let expected = |step| -> Endings {
        match step {
            Step::AfterFederation => &[("continue", None)],
            _ => &[("review", Some("pending")), ("block", Some("unavailable"))],
        }
    };
    a_broken_table_leads_to(Some("review"), expected).await;
}

#[tokio::test]
async fn an_operator_reads_what_aws_itself_said() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    let denied = Fault::Error("com.amazon.coral.service#AccessDeniedException");
    break_table(&world, &denied);
    let answer = function.send(&world.event(CONNECTOR, JOHN)).await;
    assert_failure(&answer, "unavailable");
    assert_eq!(answer.line["dependency_detail"], "AccessDeniedException");
}

#[tokio::test]
async fn each_user_flow_has_its_own_choice_for_a_broken_table() {
    let world = World::new().await;
    let settings = world.settings().set("ON_UNAVAILABLE", "review").set(
        "USER_FLOWS",
        r#"{"open":{"on_unavailable":"continue"},"shut":{"on_unavailable":"block"},"same":{}}"#,
    );
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    break_table(&world, &Fault::Drop);
    for (flow, outcome) in [("open", "continue"), ("shut", "block"), ("same", "review")] {
        let event = Event::post(&CONNECTOR.path_of(flow)).json(&CONNECTOR.body(JOHN));
        let answer = function.send(&event.basic(&world.connector)).await;
        assert_eq!(answer.line["outcome"], outcome);
        assert_failure(&answer, "unavailable");
    }
}

#[tokio::test]
async fn a_shorter_deadline_of_the_settings_or_the_platform_is_kept() {
    let world = World::new().await;
    let settings = world
        .settings()
        .set("CONNECTOR_DEADLINE_MS", "300")
        .set("EXTENSION_DEADLINE_MS", "150");
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    break_table(&world, &Fault::Hang);
    for (surface, limit) in [(CONNECTOR, 300), (EXTENSION, 150)] {
        let answer = function.send(&world.event(surface, JOHN)).await;
        assert_unavailable(&answer, "timed-out");
        assert_in_time(&answer, Duration::from_millis(limit));
    }

    world.proxy.heal();
    let function = world.start(Step::BeforeCreatingUser).await;
    break_table(&world, &Fault::Hang);
    let left = Duration::from_millis(400);
    for surface in [CONNECTOR, EXTENSION] {
        let event = world
            .event(surface, JOHN)
            .deadline(PlatformDeadline::In(left));
        let answer = function.send(&event).await;
        assert_unavailable(&answer, "timed-out");
        let took = answer.line["duration_ms"].as_f64().unwrap();
        assert!(
            took < left.as_secs_f64() * 1000.0 - 20.0,
            "Lambda would end it before it is sent: {took}"
        );
    }
}

#[tokio::test]
async fn a_deadline_of_the_platform_that_is_nonsense_does_not_shorten_the_budget() {
    let world = World::new().await;
    let function = world.start(Step::BeforeCreatingUser).await;
    // Local runtimes say 600000 milliseconds since 1970.
    for deadline in [
        "600000",
        "0",
        "1",
        "18446744073709551615",
        "9223372036854775808",
    ] {
        for surface in [CONNECTOR, EXTENSION] {
            world
                .proxy
                .next(READ, [Fault::Delay(Duration::from_millis(250))]);
            let event = world
                .event(surface, JOHN)
                .deadline(PlatformDeadline::Literally(deadline));
            let answer = function.send(&event).await;
            assert_eq!(answer.verdict(), Verdict::Continue, "{deadline}");
            assert_eq!(answer.line["deadline_misses"], Value::Null);
        }
    }
}

#[tokio::test]
async fn a_table_that_is_down_at_the_start_is_used_as_soon_as_it_is_back() {
    for fault in [Fault::Drop, Fault::InternalServerError, Fault::Hang] {
        let world = World::new().await;
        world.list(&[("evil.example", Effect::Deny)]).await;
        break_table(&world, &fault);
        let at_sign_up = world.start(Step::BeforeCreatingUser).await;
        let at_token = world.start(Step::BeforeToken).await;
        let token_step = Surface::new(Step::BeforeToken, Protocol::Connector);
        let notice = at_sign_up
            .notice(|line| line["dependency"] == "table")
            .await;
        assert_eq!(notice["dependency_failures"], 1);

        let denied = world.event(CONNECTOR, "a@evil.example");
        let answer = at_sign_up.send(&denied).await;
        let page = answer.block_page();
        assert!(page.starts_with("We can’t process your sign-up right now."));
        assert_eq!(answer.line["reason"], "unavailable");
        assert_in_time(&answer, budget(CONNECTOR));
        assert_eq!(answer.line["dependency_failures"], 1, "{}", answer.line);
        let answer = at_token.send(&world.event(token_step, JOHN)).await;
        // A connector knows no other status for it (PROTOCOL 1.4).
        answer.assert_refused(400, "unavailable");
        assert_eq!(answer.line["dependency_failures"], 1, "{}", answer.line);

        world.proxy.heal();
        let answer = once_it_is_back(&at_sign_up, &denied).await;
        assert_eq!(answer.line["reason"], "denied", "{answer:?}");
        let answer = once_it_is_back(&at_token, &world.event(token_step, JOHN)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
    }
}

/// The first answer that is not about the table; it must come within a few seconds.
async fn once_it_is_back(function: &Function, event: &Event) -> Answer {
    for _ in 0..60 {
        let answer = function.send(event).await;
        if answer.line["reason"] != "unavailable" {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the function does not notice that the table is back");
}

#[tokio::test]
async fn without_the_table_only_those_are_let_in_who_can_prove_themselves_without_it() {
    let world = World::new().await;
    break_table(&world, &Fault::Drop);
    let settings = world.settings().set("ON_UNAVAILABLE", "continue");
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    // The choice of the operator is for people, never for callers.
    let answer = function.send(&world.event(CONNECTOR, JOHN)).await;
    assert_ne!(answer.verdict(), Verdict::Continue);
    let answer = function.send(&world.event(EXTENSION, JOHN)).await;
    assert_eq!(answer.verdict(), Verdict::Continue);
    assert_failure(&answer, "unavailable");
}

#[tokio::test]
async fn nobody_listening_at_the_tables_address_is_a_table_that_is_down() {
    let world = World::new().await;
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let settings = world
        .settings()
        .set("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{address}"));
    let function = Function::start(Step::BeforeCreatingUser, &settings).await;
    let answer = function.send(&world.event(CONNECTOR, JOHN)).await;
    assert_eq!(answer.line["reason"], "unavailable");
    assert!(answer.block_page().starts_with("We can’t process"));
}

#[tokio::test]
async fn an_entry_of_a_newer_version_is_never_guessed_at() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let world = World::new().await;
    world.list(&[("evil.example", Effect::Allow)]).await;
    let found = world.client.scan().table_name(TABLE).send().await.unwrap();
    let entry = found
        .items()
        .iter()
        .find(|item| item.contains_key("matcher"))
        .unwrap();
    world
        .client
        .update_item()
        .table_name(TABLE)
        .key("pk", entry["pk"].clone())
        .key("sk", entry["sk"].clone())
        .update_expression("SET #schema = :schema")
        .expression_attribute_names("#schema", "schema")
        .expression_attribute_values(":schema", AttributeValue::N("2".to_owned()))
        .send()
        .await
        .unwrap();
    let function = world.start(Step::BeforeCreatingUser).await;
    for surface in [CONNECTOR, EXTENSION] {
        let answer = function.send(&world.event(surface, "a@evil.example")).await;
        assert_unavailable(&answer, "corrupt");
        let answer = function.send(&world.event(surface, JOHN)).await;
        assert_eq!(
            answer.verdict(),
            Verdict::Continue,
            "others are not concerned"
        );
    }
}

#[tokio::test]
async fn known_callers_stay_known_while_the_table_is_down() {
    let world = World::new().await;
    let at_sign_up = world.start(Step::BeforeCreatingUser).await;
    let at_token = world.start(Step::BeforeToken).await;
    let token = |protocol| Surface::new(Step::BeforeToken, protocol);
    break_table(&world, &Fault::Drop);
    // Old enough to be read again.
    tokio::time::sleep(FRESH_FOR.unsigned_abs() + Duration::from_millis(500)).await;
    for surface in [CONNECTOR, EXTENSION] {
        let answer = at_sign_up.send(&world.event(surface, JOHN)).await;
        assert_unavailable(&answer, "unavailable");
    }
    for surface in [token(Protocol::Connector), token(Protocol::Extension)] {
        let answer = at_token.send(&world.event(surface, JOHN)).await;
        assert_eq!(answer.verdict(), Verdict::Continue, "nobody is locked out");
        assert_failure(&answer, "unavailable");
    }
    world.proxy.heal();
    for surface in [CONNECTOR, EXTENSION] {
        let answer = at_sign_up.send(&world.event(surface, JOHN)).await;
        assert_eq!(answer.verdict(), Verdict::Continue);
    }
}
