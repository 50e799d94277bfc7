use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    domain::{
        approval::{Actor, Applied, Sealed},
        list::Matcher,
        person::PersonKey,
        source::SourceName,
        verification::VerificationOutcome,
    },
    testkit::{FixedClock, Keyring, pending},
};

const NOW: Timestamp = Timestamp::constant(1_768_478_400, 0);

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_mins(1))
}

/// The requests of two people, in memory.
#[derive(Default)]
struct Drawer {
    requests: Mutex<BTreeMap<RequestId, ApprovalRequest>>,
    history: Mutex<Vec<(RequestId, HistoryEntry)>>,
    sealed: Mutex<BTreeMap<(RequestId, u32), Sealed>>,
    /// What somebody else does right before the next changes.
    meanwhile: Mutex<Vec<Change>>,
    /// Whether somebody else is always faster.
    contended: bool,
}

fn of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

impl Drawer {
    fn put(&self, request: ApprovalRequest) {
        of(&self.history).push((request.id.clone(), request.opening()));
        of(&self.requests).insert(request.id.clone(), request);
    }

    fn write(&self, id: &RequestId, change: &Change) {
        let before = of(&self.requests)[id].clone();
        let (next, entry) = before.after(change, NOW).unwrap();
        of(&self.history).push((id.clone(), entry));
        of(&self.requests).insert(id.clone(), next);
    }
}

#[async_trait]
impl RequestStore for Drawer {
    async fn request(&self, id: &RequestId) -> Result<Option<ApprovalRequest>, StoreError> {
        Ok(of(&self.requests).get(id).cloned())
    }

    async fn history(&self, id: &RequestId) -> Result<Vec<HistoryEntry>, StoreError> {
        let history = of(&self.history);
        let own = history.iter().filter(|(of, _)| of == id);
        Ok(own.map(|(_, entry)| entry.clone()).collect())
    }

    async fn applicant(&self, id: &RequestId, edition: u32) -> Result<Option<Sealed>, StoreError> {
        Ok(of(&self.sealed).get(&(id.clone(), edition)).cloned())
    }

    async fn queue(
        &self,
        state: State,
        _order: Order,
        after: Option<&RequestId>,
        limit: u16,
    ) -> Result<Page, StoreError> {
        let requests = of(&self.requests);
        let left = requests.values().filter(|request| request.state == state);
        let left = left.filter(|request| after.is_none_or(|after| request.id > *after));
        let mut left = left.cloned().peekable();
        let requests: Vec<ApprovalRequest> = left.by_ref().take(limit.into()).collect();
        let last = requests.last().map(|last| last.id.clone());
        Ok(Page {
            next: last.filter(|_| left.peek().is_some()),
            requests,
        })
    }

    async fn count(&self, state: State, at_most: u32) -> Result<u32, StoreError> {
        let requests = of(&self.requests);
        let found = requests.values().filter(|request| request.state == state);
        Ok(u32::try_from(found.count()).unwrap().min(at_most))
    }

    async fn of_person(
        &self,
        person: &PersonKey,
        limit: u16,
    ) -> Result<Vec<RequestId>, StoreError> {
        let requests = of(&self.requests);
        let found = requests.values().rev();
        let found = found.filter(|request| request.person == *person);
        let found = found.take(limit.into());
        Ok(found.map(|request| request.id.clone()).collect())
    }

    async fn of_domain(&self, domain: &str, limit: u16) -> Result<Vec<RequestId>, StoreError> {
        let requests = of(&self.requests);
        let found = requests.values().rev();
        let found = found.filter(|request| request.domain.as_deref() == Some(domain));
        let found = found.take(limit.into());
        Ok(found.map(|request| request.id.clone()).collect())
    }

    async fn change(
        &self,
        before: &ApprovalRequest,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
    ) -> Result<bool, StoreError> {
        let faster = of(&self.meanwhile).pop();
        if let Some(change) = faster {
            self.write(&before.id, &change);
        }
        let mut requests = of(&self.requests);
        let newer = requests.values().any(|other| {
            other.applicant == before.applicant && other.id > before.id && next.state.is_open()
        });
        if self.contended || newer || requests[&before.id] != *before {
            return Ok(false);
        }
        requests.insert(next.id.clone(), next.clone());
        of(&self.history).push((next.id.clone(), entry.clone()));
        Ok(true)
    }

    async fn erase(&self, id: &RequestId, _: Option<&Record>) -> Result<(), StoreError> {
        of(&self.sealed).retain(|(of, _), _| of != id);
        Ok(())
    }
}

#[async_trait]
impl EvidenceReader for Drawer {
    async fn evidence(&self, _person: &PersonKey) -> Result<Vec<Evidence>, StoreError> {
        Ok(vec![Evidence {
            verification: SourceName::parse("id_check").unwrap(),
            provider: "idology".to_owned(),
            outcome: VerificationOutcome::Refer,
            reference: None,
            at: NOW,
        }])
    }
}

/// The request of a day, of a person of partner.example.
fn request(day: i64, person: &str) -> ApprovalRequest {
    let at = NOW + SignedDuration::from_hours(24 * day);
    let id = RequestId::new(at, [7; 10]);
    pending(id, PersonKey::of_address(person), at)
}

fn ann(action: Action) -> Change {
    by("ann", action)
}

fn by(name: &str, action: Action) -> Change {
    Change::new(action, Actor::Person(name.to_owned()))
}

/// The requests in the drawer, and Ann's first one.
fn desk(drawer: Drawer) -> (Arc<Drawer>, Requests, RequestId) {
    let first = request(0, "ann@partner.example");
    let id = first.id.clone();
    drawer.put(first);
    let drawer = Arc::new(drawer);
    let clock = Arc::new(FixedClock::at(NOW));
    let requests = Requests::new(Arc::clone(&drawer) as _, Arc::clone(&drawer) as _, clock);
    (drawer, requests, id)
}

async fn sealed(drawer: &Drawer, id: &RequestId, keys: &Keyring) {
    let applicant = Applicant {
        addresses: vec!["ann@partner.example".to_owned()],
        attributes: [("city".to_owned(), Applied::Text("Lund".to_owned()))].into(),
        ..Applicant::default()
    };
    let content = serde_json::to_vec(&applicant).unwrap();
    let sealed = sealing::seal(keys, id, &content, soon()).await.unwrap();
    of(&drawer.sealed).insert((id.clone(), 1), sealed);
}

#[tokio::test]
async fn everything_about_a_request_stands_together() {
    let (drawer, requests, id) = desk(Drawer::default());
    let keys = Keyring::default();
    sealed(&drawer, &id, &keys).await;
    let again = request(1, "ann@partner.example");
    let colleague = request(2, "bo@partner.example");
    drawer.put(again.clone());
    drawer.put(colleague.clone());
    requests
        .decide(&id, None, &ann(Action::Deny))
        .await
        .unwrap();

    let shown = requests.show(&id, &keys).await.unwrap();
    assert_eq!(shown.request.state, State::Denied);
    assert_eq!(shown.applicant.unwrap().text("city"), Some("Lund"));
    let actions: Vec<Action> = shown.history.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::Open, Action::Deny]);
    assert_eq!(shown.of_person, [again]);
    assert_eq!(shown.of_domain, [colleague]);
    assert_eq!(shown.evidence.len(), 1);
}

#[tokio::test]
async fn somebody_else_s_keys_read_nobody() {
    let (drawer, requests, id) = desk(Drawer::default());
    sealed(&drawer, &id, &Keyring::default()).await;
    let shown = requests.show(&id, &Keyring::with_root([8; 32])).await;
    assert_eq!(
        shown.unwrap_err().to_string(),
        "the key service cannot unwrap this key"
    );
}

#[tokio::test]
async fn whoever_is_erased_is_read_by_nobody_and_what_happened_stays() {
    let (drawer, requests, id) = desk(Drawer::default());
    let keys = Keyring::default();
    sealed(&drawer, &id, &keys).await;
    let erased = requests.erase(&id, "robin").await.unwrap();
    assert_eq!(erased.id, id);
    let shown = requests.show(&id, &keys).await.unwrap();
    assert_eq!(shown.applicant, None);
    assert_eq!(shown.history.len(), 1);
}

#[tokio::test]
async fn requests_are_counted_by_their_state() {
    let (drawer, requests, id) = desk(Drawer::default());
    drawer.put(request(1, "bo@partner.example"));
    drawer.put(request(2, "cy@partner.example"));
    requests
        .decide(&id, None, &ann(Action::Deny))
        .await
        .unwrap();
    let counts = requests.counts(10).await.unwrap();
    let some: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(some, [(State::Pending, 2), (State::Denied, 1)]);
    let page = requests.list(State::Pending, Order::OldestFirst, None, 1);
    assert_eq!(page.await.unwrap().requests.len(), 1);
}

#[tokio::test]
async fn a_change_that_lost_is_tried_again_when_no_version_was_named() {
    let (drawer, requests, id) = desk(Drawer::default());
    let correction = Change::new(Action::Correct, Actor::Applicant);
    of(&drawer.meanwhile).extend([correction.clone(), correction]);
    let decided = requests.decide(&id, None, &ann(Action::Approve)).await;
    let decided = decided.unwrap();
    assert_eq!((decided.version, decided.edition), (4, 3));
    assert_eq!(decided.state, State::Approved);
}

#[tokio::test]
async fn a_change_of_a_named_version_tells_what_happened_meanwhile() {
    for already in [true, false] {
        let (drawer, requests, id) = desk(Drawer::default());
        let denial = by("bo", Action::Deny).because(Some("not a partner".to_owned()));
        if already {
            drawer.write(&id, &denial);
        } else {
            of(&drawer.meanwhile).push(denial);
        }
        let decided = requests.decide(&id, Some(1), &ann(Action::Approve)).await;
        assert_eq!(
            decided.unwrap_err().to_string(),
            "found version 2, expected 1: version 2, 2026-01-15T12:00:00Z: bo denied it: not a partner"
        );
        assert_eq!(of(&drawer.requests)[&id].state, State::Denied);
    }
}

#[tokio::test]
async fn a_version_that_never_was_is_told_apart() {
    let (_, requests, id) = desk(Drawer::default());
    let decided = requests.decide(&id, Some(5), &ann(Action::Approve)).await;
    assert_eq!(
        decided.unwrap_err().to_string(),
        "found version 1, expected 5, which never was"
    );
}

#[tokio::test]
async fn what_the_domain_refuses_is_told_with_what_was_expected() {
    let (_, requests, id) = desk(Drawer::default());
    let retry = requests.decide(&id, None, &ann(Action::Retry)).await;
    assert_eq!(
        retry.unwrap_err().to_string(),
        "a request that is pending cannot be changed by `retry`; expected one that is provisioning-failed"
    );
}

#[tokio::test]
async fn a_request_that_is_not_there_is_unknown() {
    let (_, requests, _) = desk(Drawer::default());
    let other = RequestId::new(NOW, [8; 10]);
    let decided = requests.decide(&other, None, &ann(Action::Deny)).await;
    assert!(matches!(decided, Err(RequestError::Unknown)));
    let erased = requests.erase(&other, "robin").await;
    assert!(matches!(erased, Err(RequestError::Unknown)));
}

#[tokio::test]
async fn nobody_s_closed_request_is_opened_beside_a_newer_one() {
    let (drawer, requests, id) = desk(Drawer::default());
    requests
        .decide(&id, None, &ann(Action::Deny))
        .await
        .unwrap();
    let newer = request(1, "ann@partner.example");
    drawer.put(newer.clone());
    let reopened = requests.decide(&id, None, &ann(Action::Reopen)).await;
    assert_eq!(
        reopened.unwrap_err().to_string(),
        format!(
            "it cannot be opened again: its applicant has made another one, {}",
            newer.id
        )
    );
}

#[tokio::test]
async fn a_change_gives_up_when_others_are_always_faster() {
    let (_, requests, id) = desk(Drawer {
        contended: true,
        ..Drawer::default()
    });
    let decided = requests.decide(&id, None, &ann(Action::Deny)).await;
    let Err(RequestError::Store(StoreError::Conflict)) = decided else {
        panic!("{decided:?}");
    };
}

#[test]
fn every_change_is_told_with_who_and_what() {
    let (mut request, mut lines) = (request(0, "ann@partner.example"), Vec::new());
    request.terms.approvals = 2;
    lines.push(told(&request.opening()));
    let changes = [
        by("ann", Action::Approve),
        by("bo", Action::Approve),
        Change::new(Action::Provision, Actor::System),
        Change::new(Action::Fail, Actor::System).because(Some("no such group".to_owned())),
    ];
    for change in &changes {
        let (next, entry) = request.after(change, NOW).unwrap();
        lines.push(told(&entry));
        request = next;
    }
    assert_eq!(
        lines,
        [
            "version 1, 2026-01-15T12:00:00Z: the applicant made it",
            "version 2, 2026-01-15T12:00:00Z: ann approved it, and another person must",
            "version 3, 2026-01-15T12:00:00Z: bo approved it",
            "version 4, 2026-01-15T12:00:00Z: the program began to create the account",
            "version 5, 2026-01-15T12:00:00Z: the program could not create the account: no such group",
        ]
    );
}

async fn matched(requests: &Requests, matcher: &str) -> (Vec<RequestId>, bool) {
    let matcher = Matcher::parse(matcher).unwrap();
    let Matched { requests, is_part } = requests.matched_by(&matcher).await.unwrap();
    let ids = requests.into_iter().map(|request| request.id);
    (ids.collect(), is_part)
}

#[tokio::test]
async fn an_entry_is_about_those_who_wait() {
    let (drawer, requests, ann_s) = desk(Drawer::default());
    let bo_s = request(1, "bo@partner.example");
    drawer.put(bo_s.clone());
    let elsewhere = Some("elsewhere.example".to_owned());
    drawer.put(ApprovalRequest {
        domain: elsewhere,
        ..request(2, "cy@elsewhere.example")
    });
    let both = [ann_s.clone(), bo_s.id.clone()];
    for of_both in ["partner.example", "*.example"] {
        let (ids, is_part) = matched(&requests, of_both).await;
        assert!(ids.starts_with(&both) && !is_part, "{of_both}");
    }
    let of_ann = matched(&requests, "ann@partner.example").await;
    assert_eq!(of_ann, (vec![ann_s.clone()], false));
    requests
        .decide(&ann_s, None, &ann(Action::Deny))
        .await
        .unwrap();
    let of_ann = matched(&requests, "ann@partner.example").await;
    assert_eq!(of_ann, (Vec::new(), false));
}

/// Of 600 requests 500 are read; the latest 20 of a domain are known besides.
#[tokio::test]
async fn a_long_queue_is_read_in_part_and_said_so() {
    let (drawer, requests, _) = desk(Drawer::default());
    for day in 1..600 {
        drawer.put(request(day, "bo@partner.example"));
    }
    let (ids, is_part) = matched(&requests, "*.example").await;
    assert_eq!((ids.len(), is_part), (500, true));
    let (ids, is_part) = matched(&requests, "partner.example").await;
    assert_eq!((ids.len(), is_part), (520, true));
    assert!(ids.is_sorted());
    let (ids, is_part) = matched(&requests, "ann@partner.example").await;
    assert_eq!((ids.len(), is_part), (1, false));
}
