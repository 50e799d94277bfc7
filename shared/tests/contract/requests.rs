//! Approval requests: one open request for each applicant, and a history without a gap.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
};

use aws_sdk_dynamodb::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::BeforeDeserializationInterceptorContextMut,
    },
    error::BoxError,
    types::AttributeValue,
};
use jiff::{SignedDuration, Timestamp};
use shared::{
    adapters::dynamodb::Table,
    domain::{
        approval::{
            Action, Actor, AppRole, ApplicantKey, ApprovalRequest, Change, ContentKey, Grants,
            HistoryEntry, KeepDays, ObjectId, Reapply, RequestId, Sealed, Standing, State, Terms,
            WrappedKey, later,
        },
        list::Effect,
        policy::UserFlow,
        publication::{PolicyFlow, PolicyVersion},
        sign_up::Protocol,
    },
    ports::{
        StoreError,
        approval_requests::{ApprovalRequests, Filed},
        list_store::ListStore,
        request_store::{Order, RequestStore},
        sign_up_reader::{Facts, LookedUp, SignUpReader, Wanted},
    },
    testkit::pending,
};
use tokio::task::JoinSet;

use super::{
    Fixture,
    codes::{Crowd, person, unhurried},
    fixture, matcher, put, signed, soon,
};

pub(crate) fn now() -> Timestamp {
    "2026-12-01T10:00:00.123Z".parse().unwrap()
}

pub(crate) fn id(number: u8) -> RequestId {
    RequestId::new(
        now() + SignedDuration::from_millis(number.into()),
        [number; 10],
    )
}

/// A pending request of somebody, numbered in the order of time.
pub(crate) fn request(of: usize, number: u8) -> ApprovalRequest {
    ApprovalRequest {
        domain: None,
        ..pending(id(number), person(of), now())
    }
}

/// Another time for each state.
pub(crate) const BY_STATE: KeepDays = KeepDays {
    denied: 30,
    expired: 14,
    withdrawn: 7,
    provisioned: 400,
};

/// A request of which everything is known.
fn full(reapply: Reapply) -> ApprovalRequest {
    ApprovalRequest {
        user_flow: UserFlow::parse("partners"),
        protocol: Protocol::Extension,
        domain: Some("partner.example".to_owned()),
        provider: Some("google.com".to_owned()),
        terms: Terms {
            reapply,
            expire_after_days: 14,
            approvals: 2,
            reason_required: true,
            keep_days: BY_STATE,
        },
        grants: Grants {
            groups: vec![object_id(1), object_id(2)],
            app_roles: vec![AppRole {
                application: object_id(3),
                role: object_id(4),
            }],
        },
        policy: Some(PolicyVersion {
            flow: PolicyFlow::parse("partners").unwrap(),
            number: 7,
        }),
        asked_by: "rule \"new partners\"".to_owned(),
        approved_by: vec!["eve".to_owned()],
        failure: Some("the directory is full".to_owned()),
        account: Some("object-id".to_owned()),
        ..request(1, 1)
    }
}

fn object_id(number: u8) -> ObjectId {
    ObjectId::parse(&format!("0000000{number}-aaaa-2222-bbbb-3333cccc4444")).unwrap()
}

fn sealed(octet: u8) -> Sealed {
    Sealed {
        octets: vec![octet, 0, 255],
        key: WrappedKey(vec![255, octet]),
    }
}

pub(crate) fn by(name: &str, action: Action) -> Change {
    Change::new(action, Actor::Person(name.to_owned()))
}

async fn open(f: &Fixture, request: &ApprovalRequest, seen: Option<&Standing>) -> Filed {
    let applicant = sealed(1);
    let opened = f.table.open(request, &applicant, seen, soon());
    opened.await.unwrap()
}

pub(crate) async fn opened(f: &Fixture, request: &ApprovalRequest) {
    assert_eq!(open(f, request, None).await, Filed::Yes);
}

/// Makes a change, which the store takes, and returns the request after it.
pub(crate) async fn changed(
    f: &Fixture,
    before: &ApprovalRequest,
    action: Action,
) -> ApprovalRequest {
    let (next, entry) = before.after(&by("eve", action), now()).unwrap();
    assert!(f.table.change(before, &next, &entry).await.unwrap());
    next
}

pub(crate) async fn stored(f: &Fixture, id: &RequestId) -> ApprovalRequest {
    f.table.request(id).await.unwrap().unwrap()
}

async fn standing(f: &Fixture, of: &ApprovalRequest) -> Option<Standing> {
    f.table.standing(&of.applicant, soon()).await.unwrap()
}

/// The requests in each state's queue.
async fn queues(table: &Table) -> Vec<(State, ApprovalRequest)> {
    let mut all = Vec::new();
    for state in State::ALL {
        let page = table.queue(state, Order::OldestFirst, None, 1000).await;
        all.extend(page.unwrap().requests.into_iter().map(|r| (state, r)));
    }
    all
}

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) async fn partition(f: &Fixture, pk: &str) -> Vec<Item> {
    let found = f
        .client
        .query()
        .table_name(f.table.name())
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
        .send()
        .await;
    found.unwrap().items.unwrap_or_default()
}

/// The `ttl` of every item of a request.
pub(crate) async fn lifetimes(f: &Fixture, request: &ApprovalRequest) -> Vec<Option<i64>> {
    let mut partitions = vec![
        format!("REQUEST#{}", request.id),
        format!("APPLICANT#{}", request.applicant.as_str()),
        format!("QUEUE#{}", request.state.name()),
        format!("PERSON#{}", request.person.as_str()),
    ];
    let domain = request.domain.iter();
    partitions.extend(domain.map(|domain| format!("DOMAIN#{domain}")));
    let mut lifetimes = Vec::new();
    for pk in partitions {
        let items = partition(f, &pk).await;
        assert!(!items.is_empty(), "{pk}");
        lifetimes.extend(items.iter().map(|item| {
            let ttl = item.get("ttl")?;
            Some(ttl.as_n().unwrap().parse().unwrap())
        }));
    }
    lifetimes
}

#[tokio::test]
async fn a_request_is_read_back_as_it_was_made() {
    let terms = [Reapply::Never, Reapply::AtOnce, Reapply::AfterDays(7)];
    for (number, reapply) in terms.into_iter().enumerate() {
        let f = fixture(&format!("request-{number}")).await;
        let made = full(reapply);
        opened(&f, &made).await;
        assert_eq!(stored(&f, &made.id).await, made);
        let found = f.requests().find(&made.id, soon()).await.unwrap();
        assert_eq!(found.as_ref(), Some(&made));
        let history = f.table.history(&made.id).await.unwrap();
        assert_eq!(history, [made.opening()]);
        let applicant = f.table.applicant(&made.id, 1).await.unwrap();
        assert_eq!(applicant, Some(sealed(1)));
        assert_eq!(standing(&f, &made).await, Some(made.standing()));
        assert_eq!(queues(&f.table).await, [(State::Pending, made.clone())]);
        let of_person = f.table.of_person(&made.person, 10).await.unwrap();
        assert_eq!(of_person.as_slice(), std::slice::from_ref(&made.id));
        let of_domain = f.table.of_domain("partner.example", 10).await.unwrap();
        assert_eq!(of_domain, [made.id]);
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_an_error() {
    let f = fixture("request-none").await;
    let nobody = request(1, 1);
    assert_eq!(f.table.request(&nobody.id).await.unwrap(), None);
    assert_eq!(f.requests().find(&nobody.id, soon()).await.unwrap(), None);
    assert_eq!(f.table.history(&nobody.id).await.unwrap(), []);
    assert_eq!(f.table.applicant(&nobody.id, 1).await.unwrap(), None);
    assert_eq!(standing(&f, &nobody).await, None);
    assert_eq!(queues(&f.table).await, []);
    assert_eq!(f.table.count(State::Pending, 9).await.unwrap(), 0);
    assert_eq!(f.table.of_person(&nobody.person, 9).await.unwrap(), []);
    assert_eq!(f.table.of_domain("nowhere.example", 9).await.unwrap(), []);
    f.table.erase(&nobody.id, None).await.unwrap();
    let (next, entry) = nobody.after(&by("eve", Action::Deny), now()).unwrap();
    assert!(!f.table.change(&nobody, &next, &entry).await.unwrap());
    let (next, entry) = nobody.corrected(nobody.content.clone(), now()).unwrap();
    let corrected = f.table.correct(&next, &entry, &sealed(2), soon()).await;
    assert_eq!(corrected.unwrap(), Filed::Overtaken(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_sign_ups_at_once_one_makes_a_request() {
    let f = fixture("request-crowd").await;
    let crowd = Crowd::of(&f);
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let (crowd, request) = (crowd.clone(), request(1, number));
        tasks.spawn(async move {
            let _turn = crowd.turn().await;
            let filed = crowd
                .table
                .open(&request, &sealed(number), None, unhurried())
                .await;
            (request, filed.unwrap())
        });
    }
    let filed = tasks.join_all().await;
    let (made, overtaken): (Vec<_>, Vec<_>) = filed
        .into_iter()
        .partition(|(_, filed)| *filed == Filed::Yes);
    let [(made, _)] = &made[..] else {
        panic!("{} requests", made.len());
    };
    assert_eq!(overtaken.len(), 99);
    let expected = Filed::Overtaken(Some(made.standing()));
    assert!(overtaken.iter().all(|(_, filed)| *filed == expected));
    assert_eq!(queues(&f.table).await, [(State::Pending, made.clone())]);
    let of_person = f.table.of_person(&made.person, 100).await.unwrap();
    assert_eq!(of_person.as_slice(), std::slice::from_ref(&made.id));
    for (other, _) in overtaken {
        assert_eq!(f.table.request(&other.id).await.unwrap(), None);
        assert_eq!(f.table.applicant(&other.id, 1).await.unwrap(), None);
    }
}

#[tokio::test]
async fn another_request_takes_the_place_of_a_closed_one_which_stays() {
    for action in [Action::Deny, Action::Expire] {
        let f = fixture(&format!("request-after-{}", action.name())).await;
        let old = request(1, 1);
        opened(&f, &old).await;
        let pending = old.standing();
        let old = changed(&f, &old, action).await;
        let new = request(1, 2);
        for stale in [None, Some(&pending)] {
            let overtaken = Filed::Overtaken(Some(old.standing()));
            assert_eq!(open(&f, &new, stale).await, overtaken);
        }
        let seen = old.standing();
        assert_eq!(open(&f, &new, Some(&seen)).await, Filed::Yes);
        assert_eq!(standing(&f, &new).await, Some(new.standing()));
        assert_eq!(stored(&f, &old.id).await, old);
        let of_person = f.table.of_person(&new.person, 10).await.unwrap();
        assert_eq!(of_person, [new.id.clone(), old.id.clone()]);
        let newest = f.table.of_person(&new.person, 1).await.unwrap();
        assert_eq!(newest, [new.id]);
    }
}

#[tokio::test]
async fn a_closed_request_is_not_opened_beside_a_newer_one() {
    let f = fixture("request-newer").await;
    let old = request(1, 1);
    opened(&f, &old).await;
    let old = changed(&f, &old, Action::Deny).await;
    let new = request(1, 2);
    assert_eq!(open(&f, &new, Some(&old.standing())).await, Filed::Yes);
    let (next, entry) = old.after(&by("eve", Action::Reopen), now()).unwrap();
    assert!(!f.table.change(&old, &next, &entry).await.unwrap());
    assert_eq!(stored(&f, &old.id).await, old);
    assert_eq!(standing(&f, &new).await, Some(new.standing()));
    assert_eq!(f.table.history(&old.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn every_change_is_stored_with_its_history_its_standing_and_its_queue() {
    let f = fixture("request-changes").await;
    let mut now_is = request(1, 1);
    let mut history = vec![now_is.opening()];
    opened(&f, &now_is).await;
    for action in [
        Action::Approve,
        Action::Provision,
        Action::Fail,
        Action::Deny,
        Action::Reopen,
        Action::Withdraw,
    ] {
        let change = by("eve", action).because(Some("said so".to_owned()));
        let (next, entry) = now_is.after(&change, now()).unwrap();
        assert!(f.table.change(&now_is, &next, &entry).await.unwrap());
        history.push(entry);
        now_is = next;
        assert_eq!(stored(&f, &now_is.id).await, now_is);
        assert_eq!(standing(&f, &now_is).await, Some(now_is.standing()));
        assert_eq!(queues(&f.table).await, [(now_is.state, now_is.clone())]);
        assert_eq!(f.table.history(&now_is.id).await.unwrap(), history);
    }
}

#[tokio::test]
async fn a_change_of_an_older_version_is_refused_and_changes_nothing() {
    let f = fixture("request-stale").await;
    let first = request(1, 1);
    opened(&f, &first).await;
    let (denied, entry) = first.after(&by("bob", Action::Deny), now()).unwrap();
    let approved = changed(&f, &first, Action::Approve).await;
    assert!(!f.table.change(&first, &denied, &entry).await.unwrap());
    let (next, entry) = first.corrected(first.content.clone(), now()).unwrap();
    let corrected = f.table.correct(&next, &entry, &sealed(2), soon()).await;
    let overtaken = Filed::Overtaken(Some(approved.standing()));
    assert_eq!(corrected.unwrap(), overtaken);
    assert_eq!(stored(&f, &first.id).await, approved);
    assert_eq!(f.table.history(&first.id).await.unwrap().len(), 2);
    assert_eq!(f.table.applicant(&first.id, 2).await.unwrap(), None);
    assert_eq!(queues(&f.table).await, [(State::Approved, approved)]);
}

#[tokio::test]
async fn a_correction_keeps_both_editions() {
    let f = fixture("request-correct").await;
    let first = request(1, 1);
    opened(&f, &first).await;
    let content = ContentKey::of(&first.id, b"other content");
    let (second, entry) = first.corrected(content, now()).unwrap();
    // The second time its answer was lost.
    for _ in 0..2 {
        let corrected = f.table.correct(&second, &entry, &sealed(2), soon()).await;
        assert_eq!(corrected.unwrap(), Filed::Yes);
    }
    assert_eq!(stored(&f, &first.id).await, second);
    assert_eq!(standing(&f, &first).await, Some(second.standing()));
    assert_eq!(queues(&f.table).await, [(State::Pending, second)]);
    for edition in [1, 2_u8] {
        let applicant = f.table.applicant(&first.id, edition.into()).await.unwrap();
        assert_eq!(applicant, Some(sealed(edition)));
    }
    let history = f.table.history(&first.id).await.unwrap();
    assert_eq!(history, [first.opening(), entry]);
}

#[tokio::test]
async fn a_request_that_is_made_twice_is_made_once() {
    let f = fixture("request-twice").await;
    let made = request(1, 1);
    for _ in 0..2 {
        opened(&f, &made).await;
    }
    assert_eq!(f.table.history(&made.id).await.unwrap().len(), 1);
}

/// Loses the first answer to a transaction.
#[derive(Debug, Default)]
struct LosesAnAnswer(AtomicBool);

impl Intercept for LosesAnAnswer {
    fn name(&self) -> &'static str {
        "loses an answer"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.inner().request();
        let target = target.and_then(|sent| sent.headers().get("x-amz-target"));
        let is_transaction = target.is_some_and(|t| t.ends_with("TransactWriteItems"));
        if is_transaction && !self.0.swap(true, Ordering::Relaxed) {
            *context.response_mut().status_mut() = 500.try_into()?;
        }
        Ok(())
    }
}

pub(crate) fn losing_an_answer(f: &Fixture) -> Table {
    let config = f.client.config().to_builder();
    let config = config.interceptor(LosesAnAnswer::default()).build();
    Table::new(aws_sdk_dynamodb::Client::from_conf(config), f.table.name())
}

#[tokio::test]
async fn a_lost_answer_does_not_make_a_failure_of_what_is_written() {
    let f = fixture("request-lost").await;
    let first = request(1, 1);
    let table = losing_an_answer(&f);
    let filed = table.open(&first, &sealed(1), None, soon()).await;
    assert_eq!(filed.unwrap(), Filed::Yes);
    let (second, entry) = first.corrected(first.content.clone(), now()).unwrap();
    let table = losing_an_answer(&f);
    let filed = table.correct(&second, &entry, &sealed(2), soon()).await;
    assert_eq!(filed.unwrap(), Filed::Yes);
    // Another engine need not know a transaction again, and whose change it was only that can tell.
    if f.engine.is_none() {
        return;
    }
    let (third, entry) = second.after(&by("eve", Action::Deny), now()).unwrap();
    let changed = losing_an_answer(&f);
    assert!(changed.change(&second, &third, &entry).await.unwrap());
    assert_eq!(stored(&f, &first.id).await, third);
}

#[tokio::test]
async fn of_two_who_make_the_same_change_one_has_made_it() {
    let f = fixture("request-same").await;
    let first = request(1, 1);
    opened(&f, &first).await;
    let approved = changed(&f, &first, Action::Approve).await;
    let begin = Change::new(Action::Provision, Actor::System);
    let (next, entry) = approved.after(&begin, now()).unwrap();
    assert!(f.table.change(&approved, &next, &entry).await.unwrap());
    assert!(!f.table.change(&approved, &next, &entry).await.unwrap());
}

#[tokio::test]
async fn a_queue_is_paged_through_in_both_orders_without_loss() {
    let f = fixture("request-queue").await;
    let crowd = Crowd::of(&f);
    let mut ids = Vec::new();
    for number in 0..250 {
        let request = request(number.into(), number);
        let made = crowd
            .table
            .open(&request, &sealed(1), None, unhurried())
            .await;
        assert_eq!(made.unwrap(), Filed::Yes);
        ids.push(request.id);
    }
    let newest_first: Vec<RequestId> = ids.iter().rev().cloned().collect();
    for limit in [7, 50, 249, 250, 251, 65535] {
        let read = all_pages(&f, Order::OldestFirst, limit).await;
        assert_eq!(read, ids, "{limit}");
        let read = all_pages(&f, Order::NewestFirst, limit).await;
        assert_eq!(read, newest_first, "{limit}");
    }
    for (at_most, expected) in [(0, 0), (1, 1), (249, 249), (250, 250), (1000, 250)] {
        let count = f.table.count(State::Pending, at_most).await.unwrap();
        assert_eq!(count, expected);
    }
    assert_eq!(f.table.count(State::Denied, 1000).await.unwrap(), 0);
}

async fn all_pages(f: &Fixture, order: Order, limit: u16) -> Vec<RequestId> {
    let (mut ids, mut after): (Vec<RequestId>, Option<RequestId>) = (Vec::new(), None);
    loop {
        let page = f.table.queue(State::Pending, order, after.as_ref(), limit);
        let page = page.await.unwrap();
        assert!(!page.requests.is_empty() && page.requests.len() <= limit.into());
        ids.extend(page.requests.into_iter().map(|request| request.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
        assert_eq!(after.as_ref(), ids.last());
    }
}

#[tokio::test]
async fn erasing_takes_the_person_and_leaves_what_happened() {
    let f = fixture("request-erase").await;
    let first = request(1, 1);
    opened(&f, &first).await;
    let (second, entry) = first.corrected(first.content.clone(), now()).unwrap();
    let corrected = f.table.correct(&second, &entry, &sealed(2), soon()).await;
    assert_eq!(corrected.unwrap(), Filed::Yes);
    for _ in 0..2 {
        f.table.erase(&first.id, None).await.unwrap();
    }
    for edition in [1, 2] {
        let applicant = f.table.applicant(&first.id, edition).await.unwrap();
        assert_eq!(applicant, None);
    }
    let keys = partition(&f, &format!("REQUEST#{}", first.id)).await;
    let is_key = |item: &&Item| item["sk"].as_s().unwrap().starts_with("KEY#");
    assert_eq!(keys.iter().filter(is_key).count(), 0);
    let denied = changed(&f, &second, Action::Deny).await;
    assert_eq!(stored(&f, &first.id).await, denied);
    assert_eq!(f.table.history(&first.id).await.unwrap().len(), 3);
    changed(&f, &denied, Action::Reopen).await;
}

#[tokio::test]
async fn dynamodb_may_delete_all_of_a_closed_request_and_nothing_of_an_open_one() {
    let to_an_account = [
        (Action::Expire, Some(14)),
        (Action::Reopen, None),
        (Action::Deny, Some(30)),
        (Action::Reopen, None),
        (Action::Approve, None),
        (Action::Provision, None),
        (Action::Finish, Some(400)),
    ];
    let away = [(Action::Withdraw, Some(7))];
    for (number, way) in [&to_an_account[..], &away].into_iter().enumerate() {
        let f = fixture(&format!("request-ttl-{number}")).await;
        let mut now_is = ApprovalRequest {
            terms: Terms {
                keep_days: BY_STATE,
                ..Terms::USUAL
            },
            ..full(Reapply::AtOnce)
        };
        opened(&f, &now_is).await;
        let (next, entry) = now_is.corrected(now_is.content.clone(), now()).unwrap();
        let corrected = f.table.correct(&next, &entry, &sealed(2), soon()).await;
        assert_eq!(corrected.unwrap(), Filed::Yes);
        now_is = next;
        for (action, kept) in way {
            now_is = changed(&f, &now_is, *action).await;
            let expected = kept.map(|days| later(now(), days).as_second());
            let lifetimes = lifetimes(&f, &now_is).await;
            assert!(
                lifetimes.iter().all(|ttl| *ttl == expected),
                "{action:?}: {lifetimes:?}"
            );
        }
    }
}

/// An earlier version knew one number for all states.
#[tokio::test]
async fn terms_of_one_number_count_in_every_state() {
    let f = fixture("request-one-number").await;
    let made = full(Reapply::Never);
    opened(&f, &made).await;
    let pk = format!("REQUEST#{}", made.id);
    let items = partition(&f, &pk).await;
    let current = |item: &Item| item["sk"].as_s().unwrap() == "CURRENT";
    let mut item = items.into_iter().find(current).unwrap();
    let AttributeValue::M(terms) = item.get_mut("terms").unwrap() else {
        panic!("{item:?}");
    };
    terms.remove("keep_days_by_state").unwrap();
    put_item(&f, item).await;
    let found = stored(&f, &made.id).await.terms.keep_days;
    assert_eq!(found, KeepDays::alike(400));
}

#[tokio::test]
async fn a_request_that_is_past_its_time_is_not_opened_again() {
    let f = fixture("request-past").await;
    let first = request(1, 1);
    opened(&f, &first).await;
    let denied = changed(&f, &first, Action::Deny).await;
    let end = denied.kept_until().unwrap();
    let reopened = |at| denied.after(&by("eve", Action::Reopen), at).unwrap();
    let (next, entry) = reopened(end);
    assert!(!f.table.change(&denied, &next, &entry).await.unwrap());
    let (next, entry) = reopened(end - SignedDuration::from_secs(1));
    assert!(f.table.change(&denied, &next, &entry).await.unwrap());
}

#[tokio::test]
async fn a_request_of_many_editions_can_be_closed_with_all_its_items_and_not_be_opened_again() {
    let f = fixture("request-large").await;
    let mut now_is = request(1, 1);
    opened(&f, &now_is).await;
    for _ in 0..40 {
        let (next, entry) = now_is.corrected(now_is.content.clone(), now()).unwrap();
        let corrected = f.table.correct(&next, &entry, &sealed(2), soon()).await;
        assert_eq!(corrected.unwrap(), Filed::Yes);
        now_is = next;
    }
    let denied = changed(&f, &now_is, Action::Deny).await;
    let expected = denied.kept_until().map(Timestamp::as_second);
    let lifetimes = lifetimes(&f, &denied).await;
    assert_eq!(lifetimes.len(), 1 + 42 + 2 * 41 + 3);
    assert!(lifetimes.iter().all(|ttl| *ttl == expected));
    let (next, entry) = denied.after(&by("eve", Action::Reopen), now()).unwrap();
    let refused = f.table.change(&denied, &next, &entry).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
    f.table.erase(&denied.id, None).await.unwrap();
    let refused = f.table.change(&denied, &next, &entry).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));
}

async fn decide(f: &Fixture, applicant: &ApplicantKey) -> Result<Facts, StoreError> {
    let wanted = Wanted {
        matchers: &[matcher("partner.example")],
        applicant: Some(applicant),
        caller_records: true,
        looked_up: &LookedUp::default(),
    };
    f.table.read(wanted, soon()).await
}

#[tokio::test]
async fn a_decision_reads_the_standing_in_its_one_call() {
    let f = fixture("request-decision").await;
    f.table
        .apply(
            &[put("partner.example", Effect::Review, "partners")],
            &signed(),
        )
        .await
        .unwrap();
    let made = request(1, 1);
    let none = decide(&f, &made.applicant).await.unwrap();
    assert_eq!((none.standing, none.calls), (None, 1));
    opened(&f, &made).await;
    let denied = changed(&f, &made, Action::Deny).await;
    let facts = decide(&f, &made.applicant).await.unwrap();
    assert_eq!((facts.entries.len(), facts.calls), (1, 1));
    assert_eq!(facts.standing, Some(denied.standing()));
}

#[tokio::test]
async fn an_item_that_cannot_be_read_is_an_error_which_names_nobody() {
    let f = fixture("request-corrupt").await;
    let made = ApprovalRequest {
        domain: Some("partner.example".to_owned()),
        ..request(1, 1)
    };
    opened(&f, &made).await;
    for pk in [
        format!("REQUEST#{}", made.id),
        format!("APPLICANT#{}", made.applicant.as_str()),
        "QUEUE#pending".to_owned(),
        format!("PERSON#{}", made.person.as_str()),
        "DOMAIN#partner.example".to_owned(),
    ] {
        for item in partition(&f, &pk).await {
            make_newer(&f, item).await;
        }
    }
    let queue = f.table.queue(State::Pending, Order::OldestFirst, None, 9);
    for (what, error) in [
        ("request", f.table.request(&made.id).await.unwrap_err()),
        ("history", f.table.history(&made.id).await.unwrap_err()),
        (
            "applicant",
            f.table.applicant(&made.id, 1).await.unwrap_err(),
        ),
        ("queue", queue.await.unwrap_err()),
        (
            "person",
            f.table.of_person(&made.person, 9).await.unwrap_err(),
        ),
        (
            "domain",
            f.table.of_domain("partner.example", 9).await.unwrap_err(),
        ),
        ("decision", decide(&f, &made.applicant).await.unwrap_err()),
        (
            "standing",
            f.table.standing(&made.applicant, soon()).await.unwrap_err(),
        ),
    ] {
        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "{what}: {error}"
        );
        let told = error.to_string();
        for secret in [made.person.as_str(), "partner.example"] {
            assert!(!told.contains(secret), "{what}: {told}");
        }
    }
}

async fn make_newer(f: &Fixture, mut item: Item) {
    item.insert("schema".to_owned(), AttributeValue::N("2".to_owned()));
    put_item(f, item).await;
}

async fn put_item(f: &Fixture, item: Item) {
    f.client
        .put_item()
        .table_name(f.table.name())
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
}

/// Tries changes by chance on what stands there, and returns how many were made.
async fn write_by_chance(crowd: Crowd, id: RequestId, seed: u64) -> u64 {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut made = 0;
    for _ in 0..30 {
        let before = {
            let _turn = crowd.turn().await;
            crowd.table.request(&id).await.unwrap().unwrap()
        };
        let action = Action::ALL[chance.usize(..Action::ALL.len())];
        let tried = match action {
            Action::Correct => {
                let content = ContentKey::of(&before.id, &chance.u64(..).to_be_bytes());
                before.corrected(content, now())
            }
            _ => before.after(&by(&seed.to_string(), action), now()),
        };
        let Ok((next, entry)) = tried else {
            continue;
        };
        let _turn = crowd.turn().await;
        made += u64::from(try_write(&crowd.table, &before, &next, &entry).await);
    }
    made
}

async fn try_write(
    table: &Table,
    before: &ApprovalRequest,
    next: &ApprovalRequest,
    entry: &HistoryEntry,
) -> bool {
    if entry.action == Action::Correct {
        let corrected = table.correct(next, entry, &sealed(2), unhurried()).await;
        return corrected.unwrap() == Filed::Yes;
    }
    match table.change(before, next, entry).await {
        // What has grown large cannot be opened again.
        Err(StoreError::Unavailable(_)) if entry.action == Action::Reopen => false,
        changed => changed.unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_two_writers_do_the_history_tells_it_without_a_gap() {
    for seed in 0..8 {
        let f = fixture(&format!("request-chance-{seed}")).await;
        let crowd = Crowd::of(&f);
        let made = full(Reapply::Never);
        opened(&f, &made).await;
        let mut writers = JoinSet::new();
        for writer in [2 * seed, 2 * seed + 1] {
            writers.spawn(write_by_chance(crowd.clone(), made.id.clone(), writer));
        }
        let changes: u64 = writers.join_all().await.into_iter().sum();

        let now_is = stored(&f, &made.id).await;
        let history = f.table.history(&made.id).await.unwrap();
        let versions: Vec<u64> = history.iter().map(|entry| entry.version).collect();
        assert_eq!(versions, (1..=now_is.version).collect::<Vec<_>>());
        assert_eq!(changes + 1, now_is.version);
        for (earlier, later) in history.iter().zip(&history[1..]) {
            assert_eq!(Some(earlier.to), later.from);
        }
        assert_eq!(history.last().unwrap().to, now_is.state);
        assert_eq!(standing(&f, &made).await, Some(now_is.standing()));
        assert_eq!(queues(&f.table).await, [(now_is.state, now_is.clone())]);
        let expected = now_is.kept_until().map(Timestamp::as_second);
        let lifetimes = lifetimes(&f, &now_is).await;
        assert!(
            lifetimes.iter().all(|ttl| *ttl == expected),
            "{lifetimes:?}"
        );
    }
}
