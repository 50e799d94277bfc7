//! Requests, as the steps of a sign-up make and meet them.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::{
    app::sealing,
    domain::{
        approval::{
            Action, Actor, Applicant, Applied, ApprovalRequest, Change, MOST_EDITIONS, State,
        },
        sign_up::Step,
    },
    ports::request_store::{Order, RequestStore},
};

use crate::world::{Function, Page, World, person, soon};

const LONG: Duration = Duration::from_secs(20);

const REVIEW: &str = r#"
default = "review"
[attribute.city]
set = "Lund"
only-if-empty = true
[attribute.displayName]
normalise = ["collapse-spaces"]
"#;

async fn world(policy: &str) -> (World, Function, Function) {
    let world = World::new().await;
    world.publish(policy).await;
    let first = world.function(Step::AfterFederation, LONG).await;
    let second = world.function(Step::BeforeCreatingUser, LONG).await;
    (world, first, second)
}

async fn all(world: &World, state: State) -> Vec<ApprovalRequest> {
    let page = world.table.queue(state, Order::OldestFirst, None, 1000);
    page.await.unwrap().requests
}

async fn only(world: &World, state: State) -> ApprovalRequest {
    let mut requests = all(world, state).await;
    assert_eq!(requests.len(), 1, "{state:?}");
    requests.remove(0)
}

async fn applicant(world: &World, request: &ApprovalRequest, edition: u32) -> Applicant {
    let sealed = world.table.applicant(&request.id, edition).await.unwrap();
    let keys = world.keys.as_ref();
    sealing::open(keys, &request.id, &sealed.unwrap(), soon())
        .await
        .unwrap()
}

async fn change(world: &World, request: &ApprovalRequest, action: Action) -> ApprovalRequest {
    let change = Change::new(action, Actor::Person("eve".to_owned()));
    let now = shared::ports::clock::Clock::now(world.clock.as_ref());
    let (next, entry) = request.after(&change, now).unwrap();
    assert!(world.table.change(request, &next, &entry).await.unwrap());
    next
}

fn reason(function: &Function) -> Option<&'static str> {
    function.told().reason
}

fn sentence(page: &Page) -> &str {
    page.body["userMessage"].as_str().unwrap()
}

fn from_facebook(address: &str) -> Value {
    let mut person = person(address);
    person["identities"] = json!([{ "signInType": "federated", "issuer": "Facebook", "issuerAssignedId": "known-to-facebook" }]);
    person
}

#[tokio::test]
async fn a_review_becomes_one_request_however_often_entra_asks() {
    let (world, first, second) = world(REVIEW).await;
    let ann = person("Ann+fair@Partner.example");
    assert_eq!(first.ask(&ann).await.action(), "Continue");
    let page = second.ask(&ann).await;
    assert_eq!(page.action(), "ShowBlockPage");
    assert!(sentence(&page).starts_with("Your sign-up needs to be reviewed"));
    assert_eq!(second.told().approval.unwrap().became, "opened");
    let again = second.ask(&ann).await;
    assert_eq!(sentence(&again), sentence(&page));
    assert_eq!(second.told().approval.unwrap().became, "stands");

    let request = only(&world, State::Pending).await;
    assert_eq!((request.version, request.edition), (1, 1));
    assert_eq!(request.domain.as_deref(), Some("partner.example"));
    assert_eq!(request.asked_by, "default");
    assert_eq!(request.policy.as_ref().unwrap().number, 1);
    let told = first.ask(&ann).await;
    assert!(sentence(&told).starts_with("Your sign-up is already being reviewed."));
    assert_eq!(reason(&first), Some("already-pending"));
}

/// A machine with few processors may not serve all of them in time; whoever is told to try again does so.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_make_one_request() {
    let (world, _, second) = world(REVIEW).await;
    let ann = person("ann@partner.example");
    let mut waiting = 0;
    while waiting < 100 {
        let pages = join_all((waiting..100).map(|_| second.ask(&ann))).await;
        for page in &pages {
            let is_waiting = sentence(page).starts_with("Your sign-up needs to be reviewed");
            let is_late = sentence(page).starts_with("We can’t process your sign-up right now.");
            assert!(is_waiting || is_late, "{page:?}");
            waiting += usize::from(is_waiting);
        }
    }
    let request = only(&world, State::Pending).await;
    let uses = second.journal.answers();
    let uses: Vec<_> = uses
        .iter()
        .filter_map(|told| told.approval.as_ref())
        .collect();
    assert!(uses.iter().all(|told| told.request == request.id));
    let opened = uses.iter().filter(|told| told.became == "opened");
    assert!(opened.count() <= 1);
    assert_eq!(world.table.history(&request.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_holds_what_the_account_will_be_made_of() {
    let (world, _, second) = world(REVIEW).await;
    let mut ann = from_facebook("Ann+fair@Partner.example");
    ann["displayName"] = json!("Ann  Berg");
    ann["extension_Level"] = json!(7);
    ann["extension_Terms"] = json!(true);
    second.ask(&ann).await;
    let request = only(&world, State::Pending).await;
    assert_eq!(request.provider.as_deref(), Some("facebook.com"));
    let found = applicant(&world, &request, 1).await;
    assert_eq!(found.addresses, ["Ann+fair@Partner.example"]);
    assert_eq!(found.identities[0].issuer, "Facebook");
    assert_eq!(
        found.identities[0].subject.as_deref(),
        Some("known-to-facebook")
    );
    assert_eq!(found.text("displayName"), Some("Ann Berg"));
    assert_eq!(found.text("city"), Some("Lund"));
    assert_eq!(found.attributes["extension_Level"], Applied::Number(7));
    assert_eq!(found.attributes["extension_Terms"], Applied::Flag(true));
    assert_eq!(found.languages, ["en-US"]);
}

#[tokio::test]
async fn whoever_applies_again_with_other_data_corrects_the_request() {
    let (world, _, second) = world(REVIEW).await;
    let mut ann = person("ann@partner.example");
    second.ask(&ann).await;
    ann["displayName"] = json!("Ann Lind");
    let page = second.ask(&ann).await;
    assert!(sentence(&page).starts_with("Your sign-up needs to be reviewed"));
    assert_eq!(second.told().approval.unwrap().became, "corrected");
    let request = only(&world, State::Pending).await;
    assert_eq!((request.version, request.edition), (2, 2));
    for (edition, name) in [(1, "Ann Berg"), (2, "Ann Lind")] {
        let found = applicant(&world, &request, edition).await;
        assert_eq!(found.text("displayName"), Some(name));
    }
    let history = world.table.history(&request.id).await.unwrap();
    let actions: Vec<_> = history.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::Open, Action::Correct]);
}

#[tokio::test]
async fn a_request_that_was_corrected_often_enough_only_waits() {
    let (world, _, second) = world(REVIEW).await;
    let mut ann = person("ann@partner.example");
    let mut apply_as = async |name: &str| {
        ann["displayName"] = json!(name);
        second.ask(&ann).await
    };
    for number in 1..=MOST_EDITIONS {
        apply_as(&format!("Ann {number}")).await;
    }
    let full = only(&world, State::Pending).await;
    assert_eq!(full.edition, MOST_EDITIONS);
    apply_as("Ann Last").await;
    let told = second.told();
    assert_eq!(told.reason, Some("already-pending"));
    assert_eq!(told.approval.unwrap().became, "stands");
    assert_eq!(only(&world, State::Pending).await, full);
    // Closing it still is one transaction.
    let denied = change(&world, &full, Action::Deny).await;
    assert_eq!(only(&world, State::Denied).await, denied);
}

#[tokio::test]
async fn both_steps_tell_how_the_request_stands() {
    let (world, first, second) = world(REVIEW).await;
    let ann = person("ann@partner.example");
    second.ask(&ann).await;
    let mut request = only(&world, State::Pending).await;
    for action in [Action::Approve, Action::Provision, Action::Fail] {
        request = change(&world, &request, action).await;
        for function in [&first, &second] {
            function.ask(&ann).await;
            assert_eq!(reason(function), Some("being-created"), "{action:?}");
        }
    }
    for action in [Action::Retry, Action::Provision, Action::Finish] {
        request = change(&world, &request, action).await;
    }
    assert_eq!(first.ask(&ann).await.action(), "Continue");
    // The account is gone, or there would be no second step: somebody looks again.
    second.ask(&ann).await;
    assert_eq!(second.told().approval.unwrap().became, "opened");
    assert_ne!(only(&world, State::Pending).await.id, request.id);
}

#[tokio::test]
async fn a_denial_stands_until_the_terms_let_somebody_ask_again() {
    let seven_days = format!("{REVIEW}\n[approval]\nreapply-after-days = 7\n");
    for (policy, comes_back) in [(REVIEW, false), (seven_days.as_str(), true)] {
        let (world, first, second) = world(policy).await;
        let ann = person("ann@partner.example");
        second.ask(&ann).await;
        let request = only(&world, State::Pending).await;
        change(&world, &request, Action::Deny).await;
        for function in [&first, &second] {
            let page = function.ask(&ann).await;
            assert!(sentence(&page).starts_with("Your sign-up has not been approved."));
            assert_eq!(reason(function), Some("request-denied"));
        }
        world.clock.advance(SignedDuration::from_hours(7 * 24));
        let page = first.ask(&ann).await;
        assert_eq!(page.action() == "Continue", comes_back);
        second.ask(&ann).await;
        assert_eq!(
            all(&world, State::Pending).await.len(),
            usize::from(comes_back)
        );
    }
}

#[tokio::test]
async fn typing_something_else_does_not_undo_a_denial() {
    let policy = r#"
default = "review"
[[rule]]
id = "known"
when = 'attributes.city == "Lund"'
effect = "allow"
"#;
    let (world, _, second) = world(policy).await;
    let mut ann = person("ann@partner.example");
    ann["city"] = json!("Malmö");
    second.ask(&ann).await;
    let request = only(&world, State::Pending).await;
    change(&world, &request, Action::Deny).await;
    ann["city"] = json!("Lund");
    assert_eq!(second.ask(&ann).await.action(), "ShowBlockPage");
    assert_eq!(reason(&second), Some("request-denied"));
}

#[tokio::test]
async fn whoever_needs_no_review_has_no_request() {
    let (world, first, second) = world("default = \"allow\"").await;
    for function in [&first, &second] {
        assert_eq!(
            function.ask(&person("ann@partner.example")).await.action(),
            "Continue"
        );
    }
    assert_eq!(all(&world, State::Pending).await, []);
}

#[tokio::test]
async fn nobody_is_told_to_wait_for_a_request_that_was_not_stored() {
    let (mut world, _, _) = world(REVIEW).await;
    world.no_keys = true;
    let second = world.function(Step::BeforeCreatingUser, LONG).await;
    let page = second.ask(&person("ann@partner.example")).await;
    assert!(sentence(&page).starts_with("We can’t process your sign-up right now."));
    assert_eq!(second.told().dependency_failure, Some("unavailable"));
    assert_eq!(all(&world, State::Pending).await, []);
}

#[tokio::test]
async fn what_reviewed_people_see_in_the_form_is_filled_as_for_others() {
    let (_world, first, _) = world(REVIEW).await;
    let page = first.ask(&person("ann@partner.example")).await;
    assert_eq!(page.body["city"], "Lund");
}

#[tokio::test]
async fn the_log_names_the_request_and_nobody() {
    let (_world, _, second) = world(REVIEW).await;
    second.ask(&from_facebook("ann@partner.example")).await;
    let told = format!("{:?}", second.told());
    assert!(told.contains("opened"));
    for personal in ["ann@", "Ann", "Berg", "known-to-facebook"] {
        assert!(!told.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn requests_of_other_functions_are_found_by_all() {
    let (world, first, second) = world(REVIEW).await;
    second.ask(&person("ann@partner.example")).await;
    let other = world.function(Step::AfterFederation, LONG).await;
    for function in [&first, &other] {
        function.ask(&person("ANN@partner.example")).await;
        assert_eq!(reason(function), Some("already-pending"));
    }
    assert!(Arc::strong_count(&world.table) > 1);
}
