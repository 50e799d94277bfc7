use jiff::SignedDuration;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        approval::{Actor, Change as Decision},
        event::EventKind,
        list::{Effect, Matcher},
        person::PersonKey,
        publication::PolicyFlow,
    },
    testkit::pending,
};

const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

fn request() -> ApprovalRequest {
    let id = RequestId::new(NOW, [7; 10]);
    pending(id, PersonKey::of_address("zoe@partner.example"), NOW)
}

fn kinds(derived: &[Derived]) -> Vec<EventKind> {
    derived.iter().map(|one| one.event.fact.kind()).collect()
}

fn entry(list: &str, effect: Effect) -> ListEntry {
    ListEntry {
        matcher: Matcher::parse("john@example.com").unwrap(),
        list: ListName::parse(list).unwrap(),
        effect,
        reason: String::new(),
        owner: String::new(),
        expires_at: None,
    }
}

fn entries(before: Vec<ListEntry>, after: Vec<ListEntry>) -> Change {
    Change::EntriesChanged(EntriesChange {
        at: NOW,
        before,
        after,
        by_expiry: false,
    })
}

#[rstest]
#[case(Action::Open, Some(EventKind::RequestCreated))]
#[case(Action::Correct, Some(EventKind::RequestUpdated))]
#[case(Action::Endorse, Some(EventKind::RequestUpdated))]
#[case(Action::Retry, Some(EventKind::RequestUpdated))]
#[case(Action::Approve, Some(EventKind::RequestApproved))]
#[case(Action::Deny, Some(EventKind::RequestDenied))]
#[case(Action::Expire, Some(EventKind::RequestExpired))]
#[case(Action::Withdraw, Some(EventKind::RequestWithdrawn))]
#[case(Action::Reopen, Some(EventKind::RequestReopened))]
#[case(Action::Provision, None)]
#[case(Action::Finish, None)]
#[case(Action::Fail, None)]
fn each_change_of_a_request_is_at_most_one_event(
    #[case] action: Action,
    #[case] expected: Option<EventKind>,
) {
    let entry = HistoryEntry {
        action,
        ..request().opening()
    };
    let change = Change::RequestChanged {
        request: request().id,
        entry,
    };
    let derived = derive("r1", &change);
    assert_eq!(kinds(&derived), expected.into_iter().collect::<Vec<_>>());
    assert_eq!(derived, derive("r2", &change));
}

#[test]
fn an_event_of_a_request_names_nobody() {
    let decision = Decision::new(Action::Deny, Actor::Person("eve".to_owned()))
        .because(Some("unknown".to_owned()));
    let (_, entry) = request().after(&decision, NOW).unwrap();
    let change = Change::RequestChanged {
        request: request().id,
        entry,
    };
    let [one] = &derive("r1", &change)[..] else {
        unreachable!("one event")
    };
    assert!(one.personal.is_empty());
    let told = serde_json::to_value(&one.event).unwrap();
    assert_eq!(
        told["data"],
        json!({
            "request": request().id.as_str(),
            "revision": 2,
            "action": "deny",
            "from": "pending",
            "to": "denied",
            "by": "person",
        })
    );
}

#[rstest]
#[case(
    Some(State::Provisioning),
    State::Provisioned,
    Some(EventKind::AccountProvisioned)
)]
#[case(
    Some(State::Provisioning),
    State::ProvisioningFailed,
    Some(EventKind::AccountFailed)
)]
#[case(Some(State::Provisioned), State::Provisioned, None)]
#[case(Some(State::Approved), State::Provisioning, None)]
#[case(None, State::Pending, None)]
fn an_account_is_told_when_its_request_gets_there(
    #[case] from: Option<State>,
    #[case] state: State,
    #[case] expected: Option<EventKind>,
) {
    let request = ApprovalRequest { state, ..request() };
    let change = Change::RequestStands {
        from,
        request: Box::new(request),
    };
    let expected: Vec<_> = expected.into_iter().collect();
    assert_eq!(kinds(&derive("r1", &change)), expected);
}

#[test]
fn entries_are_compared_list_by_list() {
    let before = vec![
        entry("a", Effect::Allow),
        entry("b", Effect::Deny),
        entry("c", Effect::Deny),
    ];
    let after = vec![
        entry("a", Effect::Allow),
        entry("b", Effect::Review),
        entry("d", Effect::Allow),
    ];
    let derived = derive("r1", &entries(before, after));
    let told: Vec<_> = derived
        .iter()
        .map(|one| {
            let told = serde_json::to_value(&one.event).unwrap();
            (
                told["type"].clone(),
                told["data"]["list"].clone(),
                told["data"]["replaces"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (json!("list_entry.added"), json!("b"), json!("deny")),
            (json!("list_entry.removed"), json!("c"), json!(null)),
            (json!("list_entry.added"), json!("d"), json!(null)),
        ]
    );
    let ids: std::collections::BTreeSet<_> = derived.iter().map(|one| &one.event.id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn only_whoever_may_know_it_is_told_the_matcher() {
    let change = entries(Vec::new(), vec![entry("a", Effect::Deny)]);
    let [one] = &derive("r1", &change)[..] else {
        unreachable!("one event")
    };
    assert_eq!(one.personal.0["matcher"], "john@example.com");
    let text = serde_json::to_string(&one.event).unwrap();
    assert!(!text.contains("john"), "{text}");
    let again = derive("r1", &change);
    assert_eq!(again[0].event.id, one.event.id);
    let other = derive("r2", &change);
    assert_ne!(other[0].event.id, one.event.id);
}

#[rstest]
#[case::after_its_end(true, -1, EventKind::EntryExpired)]
#[case::by_hand_after_its_end(false, -1, EventKind::EntryRemoved)]
#[case::before_its_end(true, 1, EventKind::EntryRemoved)]
fn an_entry_expires_when_the_table_deletes_it_after_its_end(
    #[case] by_expiry: bool,
    #[case] ends_in: i64,
    #[case] expected: EventKind,
) {
    let ended = ListEntry {
        expires_at: Some(NOW + SignedDuration::from_secs(ends_in)),
        ..entry("a", Effect::Deny)
    };
    let change = Change::EntriesChanged(EntriesChange {
        at: NOW,
        before: vec![ended],
        after: Vec::new(),
        by_expiry,
    });
    assert_eq!(kinds(&derive("r1", &change)), [expected]);
}

fn pointing(versions: &[(&str, u32)], revision: u64) -> CurrentPolicies {
    let versions = versions.iter();
    let versions = versions.map(|(flow, number)| (PolicyFlow::parse(flow).unwrap(), *number));
    CurrentPolicies {
        versions: versions.collect(),
        revision,
        ..CurrentPolicies::default()
    }
}

#[test]
fn a_greater_version_is_published_and_a_smaller_one_is_a_way_back() {
    let change = Change::PoliciesChanged {
        at: NOW,
        before: pointing(&[("*", 2), ("partners", 5), ("shop", 1)], 7),
        after: pointing(&[("*", 3), ("partners", 4), ("shop", 1), ("team", 1)], 8),
    };
    let derived = derive("r1", &change);
    let expected = [
        EventKind::PolicyPublished,
        EventKind::PolicyRolledBack,
        EventKind::PolicyPublished,
    ];
    assert_eq!(kinds(&derived), expected);
    let told = serde_json::to_value(&derived[1].event).unwrap();
    let data = json!({ "flow": "partners", "version": 4, "before": 5 });
    assert_eq!(told["data"], data);
    assert_eq!(derived, derive("r2", &change));
}
