//! Each kind of change as the events that it is.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::{
    adapters::system_clock::SystemClock,
    domain::{
        approval::{Action, Actor, ApprovalRequest, Change, ContentKey, Terms, later},
        endpoint::EndpointState,
        event::{DecisionFact, Event, EventKind, Fact, KeptEvent, Personal},
        list::{Effect, ListEntry},
        publication::{PolicyFlow, PolicyVersion},
        sign_up::Step,
    },
    ports::{
        approval_requests::{ApprovalRequests, Filed},
        clock::Clock,
        event_log::EventKeeper,
        list_store,
        policy_store::PolicyStore,
        request_store::RequestStore,
    },
    testkit::recorded,
};

use crate::{
    publishing::publish,
    world::{NOW, World, endpoint, entry, far, fresh, sealed},
};

/// What is told of an event of a kind, of which there is one.
fn data(events: &[KeptEvent], kind: EventKind) -> Value {
    let mut found = events.iter().filter(|event| event.kind == kind);
    let text = found.next().map(|event| event.text.as_str());
    assert!(found.next().is_none(), "two of {kind}");
    let event: Value = serde_json::from_str(text.unwrap()).unwrap();
    assert_eq!(event["type"], kind.name());
    event["data"].clone()
}

#[tokio::test]
async fn a_request_on_its_way_to_an_account() {
    let world = World::new().await;
    let request = world.opened("zoe@partner.example").await;
    let approved = world.change(&request, Action::Approve, "eve").await;
    let begun = world.change(&approved, Action::Provision, "system").await;
    let change = Change::new(Action::Finish, Actor::System);
    let (next, history) = begun.after(&change, NOW).unwrap();
    let account = Some("00000000-0000-0000-0000-00000000000a".to_owned());
    let next = ApprovalRequest { account, ..next };
    assert!(world.table.change(&begun, &next, &history).await.unwrap());
    assert_eq!(world.deliver().await, 0);
    let expected = [
        EventKind::RequestCreated,
        EventKind::RequestApproved,
        EventKind::AccountProvisioned,
    ];
    assert_eq!(world.others.bus.kinds(), expected);
    assert_eq!(world.others.topic.kinds(), expected);
    let events = world.others.bus.all();
    let id = request.id.as_str();
    assert_eq!(
        data(&events, EventKind::RequestApproved),
        json!({
            "request": id,
            "revision": 2,
            "action": "approve",
            "from": "pending",
            "to": "approved",
            "by": "person",
        })
    );
    assert_eq!(
        data(&events, EventKind::AccountProvisioned),
        json!({ "request": id, "account": next.account })
    );
}

#[tokio::test]
async fn requests_that_take_other_ways() {
    let world = World::new().await;
    let two = world.opened("two@partner.example").await;
    world.change(&two, Action::Expire, "system").await;
    let three = world.opened("three@partner.example").await;
    let three = world.change(&three, Action::Deny, "eve").await;
    let three = world.change(&three, Action::Reopen, "eve").await;
    world.change(&three, Action::Withdraw, "applicant").await;
    let four = world.opened("four@partner.example").await;
    let four = world.change(&four, Action::Approve, "eve").await;
    let four = world.change(&four, Action::Provision, "system").await;
    let four = world.change(&four, Action::Fail, "system").await;
    world.change(&four, Action::Retry, "eve").await;
    assert_eq!(world.deliver().await, 0);
    assert_eq!(
        world.others.bus.kinds(),
        [
            EventKind::RequestCreated,
            EventKind::RequestCreated,
            EventKind::RequestCreated,
            EventKind::RequestUpdated,
            EventKind::RequestApproved,
            EventKind::RequestDenied,
            EventKind::RequestExpired,
            EventKind::RequestWithdrawn,
            EventKind::RequestReopened,
            EventKind::AccountFailed,
        ]
    );
    let failed = data(&world.others.bus.all(), EventKind::AccountFailed);
    assert_eq!(failed["problem"], "not known here");
}

#[tokio::test]
async fn a_request_that_is_corrected_and_endorsed() {
    let world = World::new().await;
    let terms = Terms {
        approvals: 2,
        ..Terms::USUAL
    };
    let request = ApprovalRequest {
        terms,
        ..fresh("zoe@partner.example")
    };
    let request = world.open(request).await;
    let content = ContentKey::of(&request.id, b"other");
    let (next, history) = request.corrected(content, NOW).unwrap();
    let filed = world.table.correct(&next, &history, &sealed(), far()).await;
    assert_eq!(filed.unwrap(), Filed::Yes);
    world.change(&next, Action::Approve, "ann").await;
    assert_eq!(world.deliver().await, 0);
    let expected = [
        EventKind::RequestCreated,
        EventKind::RequestUpdated,
        EventKind::RequestUpdated,
    ];
    assert_eq!(world.others.bus.kinds(), expected);
}

#[tokio::test]
async fn an_entry_that_comes_changes_and_goes() {
    let world = World::new().await;
    let allowed = entry("john@example.com", Effect::Allow);
    world.put(allowed.clone()).await;
    assert_eq!(world.deliver().await, 0);
    let [added] = &world.others.bus.all()[..] else {
        panic!("one event")
    };
    assert_eq!(added.personal.0["matcher"], "john@example.com");
    assert!(!added.text.contains("john"));
    world.forget();

    world.put(entry("john@example.com", Effect::Deny)).await;
    world.deliver().await;
    let changed = data(&world.others.bus.all(), EventKind::EntryAdded);
    let expected = json!({
        "list": "people",
        "matcher": "address",
        "effect": "deny",
        "replaces": "allow",
    });
    assert_eq!(changed, expected);
    world.forget();

    let ListEntry { matcher, list, .. } = allowed;
    world
        .apply(list_store::Change::Remove { matcher, list })
        .await;
    world.deliver().await;
    let removed = data(&world.others.bus.all(), EventKind::EntryRemoved);
    assert_eq!(removed["effect"], "deny");
}

#[tokio::test]
async fn an_entry_that_the_table_deletes_after_its_end() {
    let world = World::new().await;
    let ended = SystemClock.now() - SignedDuration::from_hours(1);
    let ended = ListEntry {
        expires_at: Some(ended),
        ..entry("example.com", Effect::Deny)
    };
    world.put(ended).await;
    world.engine.expire().unwrap();
    assert_eq!(world.deliver().await, 0);
    let expected = [EventKind::EntryAdded, EventKind::EntryExpired];
    assert_eq!(world.others.bus.kinds(), expected);
}

#[tokio::test]
async fn a_policy_that_is_published_and_taken_back() {
    let world = World::new().await;
    publish(&world.table, r#"default = "allow""#).await;
    publish(&world.table, r#"default = "deny""#).await;
    let mut current = world.table.current().await.unwrap();
    current.point_to(&PolicyVersion {
        flow: PolicyFlow::Others,
        number: 1,
    });
    world.table.point(&current, &recorded()).await.unwrap();
    assert_eq!(world.deliver().await, 0);
    let expected = [
        EventKind::PolicyPublished,
        EventKind::PolicyPublished,
        EventKind::PolicyRolledBack,
    ];
    assert_eq!(world.others.bus.kinds(), expected);
    assert_eq!(
        data(&world.others.bus.all(), EventKind::PolicyRolledBack),
        json!({ "flow": "*", "version": 1, "before": 2 })
    );
}

#[tokio::test]
async fn a_decision_as_the_connector_kept_it() {
    let world = World::new().await;
    let about = DecisionFact {
        step: Step::BeforeCreatingUser,
        outcome: "block",
        protocol: "connector",
        user_flow: None,
        reference: "7K3M-Q2ZT".to_owned(),
        reason: Some("denied"),
        decided_by: "list people".to_owned(),
        policy: None,
        request: None,
        claims: Vec::new(),
        correlation_id: None,
        application: None,
    };
    let event = Event::new(NOW, Fact::SignUpBlocked(about), &[b"one request"]);
    let email = ("email".to_owned(), json!("mallory@example.com"));
    let kept = KeptEvent::new(&event, Personal([email].into())).unwrap();
    assert!(world.table.keep(&kept, later(NOW, 1)).await.unwrap());
    assert_eq!(world.deliver().await, 0);
    assert_eq!(world.others.bus.all(), [kept]);
    let line = world.others.lines.lock().unwrap().pop().unwrap();
    assert!(!line.text.contains("mallory"), "{}", line.text);
    assert_eq!(line.id, event.id.as_str());
}

#[tokio::test]
async fn an_endpoint_is_told_what_it_wants() {
    let world = World::new().await;
    *world.others.endpoints.lock().unwrap() = vec![
        endpoint(1, &["list_entry.*"], EndpointState::Enabled),
        endpoint(2, &["*"], EndpointState::Enabled),
        endpoint(3, &["sign_up.*"], EndpointState::Enabled),
        endpoint(4, &["*"], EndpointState::Disabled(NOW)),
        endpoint(5, &["*"], EndpointState::Gone(NOW)),
    ];
    world.put(entry("john@example.com", Effect::Deny)).await;
    world.opened("zoe@partner.example").await;
    assert_eq!(world.deliver().await, 0);
    let tasks = world.others.queue.all();
    let mut told: Vec<_> = tasks
        .iter()
        .map(|task| (task.endpoint.to_string(), task.attempts))
        .collect();
    told.sort_unstable();
    let [one, two] = [1, 2].map(|number| endpoint(number, &["*"], EndpointState::Enabled).id);
    let (one, two) = (one.to_string(), two.to_string());
    assert_eq!(told, [(one, 0), (two.clone(), 0), (two, 0)]);
    let reads = &world.others.endpoints_read;
    assert_eq!(reads.load(std::sync::atomic::Ordering::SeqCst), 1);
}
