//! Those who wait for a decision.

use shared::{
    app::maintenance::Bounds,
    domain::{
        approval::{Action, Actor, ApprovalRequest, State, Terms},
        policy::UserFlow,
    },
    ports::request_store::RequestStore,
};

use crate::{
    publishing::publish,
    upkeep::{MILLISECOND, Upkeep, day},
    world::{applicant, far},
};

const REMINDING: &str = r#"
default = "review"
[approval]
expire-after-days = 100
notify = ["approvers@contoso.example"]
remind-after-days = 3
escalate-after-days = 10
"#;

fn eve() -> Actor {
    Actor::Person("eve".to_owned())
}

/// With another time to decide.
fn lasting(days: u32) -> impl FnOnce(ApprovalRequest) -> ApprovalRequest {
    move |request| ApprovalRequest {
        expires_at: day(days),
        terms: Terms {
            expire_after_days: days,
            ..request.terms
        },
        ..request
    }
}

#[tokio::test]
async fn a_request_expires_exactly_at_its_time() {
    let upkeep = Upkeep::new(None).await;
    let (ann, bob) = (applicant("ann", None), applicant("bob", None));
    let short = upkeep.requests.filed(&ann, lasting(2)).await;
    let long = upkeep.requests.filed(&bob, lasting(14)).await;
    let told = upkeep.run_at(day(2) - MILLISECOND).await;
    assert_eq!((told.looked_at, told.expired), (2, 0));
    let told = upkeep.run_at(day(2)).await;
    assert_eq!((told.looked_at, told.expired), (2, 1));
    assert_eq!(upkeep.requests.request(&short).await.state, State::Expired);
    assert_eq!(upkeep.requests.request(&long).await.state, State::Pending);
    let history = upkeep.requests.history(&short).await;
    let last = history.last().unwrap();
    assert_eq!((last.action, &last.by), (Action::Expire, &Actor::System));
    assert_eq!(last.at, day(2));
    assert_eq!(upkeep.run_at(day(3)).await.expired, 0);
}

#[tokio::test]
async fn what_was_decided_meanwhile_stays() {
    let upkeep = Upkeep::new(None).await;
    let id = upkeep.filed(1).await.remove(0);
    let seen = upkeep.all(State::Pending).await.remove(0);
    upkeep.requests.change(&id, Action::Deny, eve()).await;
    assert_eq!(upkeep.run_at(day(40)).await.expired, 0);
    // A run that has read the queue before somebody decided.
    let expire = shared::domain::approval::Change::new(Action::Expire, Actor::System);
    let (next, entry) = seen.after(&expire, day(40)).unwrap();
    let stored = upkeep.requests.store.change(&seen, &next, &entry).await;
    assert!(!stored.unwrap());
    assert_eq!(upkeep.requests.request(&id).await.state, State::Denied);
}

#[tokio::test]
async fn two_runs_at_once_do_nothing_twice() {
    let upkeep = Upkeep::new(None).await;
    publish(&upkeep.requests.store, REMINDING).await;
    let waiting = upkeep
        .requests
        .filed(&applicant("ann", None), lasting(90))
        .await;
    let overdue = upkeep.filed(12).await;
    upkeep.requests.clock.set(day(31));
    let [one, other] = [Bounds::USUAL; 2].map(|bounds| upkeep.maintenance(bounds));
    let (one, other) = tokio::join!(one.run(far()), other.run(far()));
    assert!(one && other);
    let runs = upkeep.runs();
    let sum = |of: fn(&shared::ports::journal::Maintained) -> u32| runs.iter().map(of).sum::<u32>();
    assert_eq!(sum(|run| run.expired), 12);
    assert_eq!((sum(|run| run.reminded), sum(|run| run.escalated)), (1, 1));
    for id in overdue {
        assert_eq!(upkeep.requests.history(&id).await.len(), 2);
    }
    let marks = upkeep.items(&waiting, "NOTICE#").await;
    assert_eq!(marks, ["NOTICE#escalation", "NOTICE#reminder#00010"]);
}

#[tokio::test]
async fn a_run_goes_on_where_the_one_before_had_no_more_time() {
    let upkeep = Upkeep::new(None).await;
    upkeep.filed(7).await;
    upkeep.requests.clock.set(day(30));
    let mut runs = Vec::new();
    for _ in 0..3 {
        let told = upkeep.run_briefly(3).await;
        runs.push((told.looked_at, told.expired));
    }
    assert_eq!(runs, [(3, 3), (3, 3), (1, 1)]);
    assert_eq!(upkeep.all(State::Expired).await.len(), 7);
    // The next round begins at the beginning.
    upkeep
        .requests
        .filed(&applicant("zoe", None), |request| request)
        .await;
    assert_eq!(upkeep.run_briefly(3).await.expired, 1);
}

#[tokio::test]
async fn approvers_are_reminded_each_time_and_somebody_else_once() {
    let upkeep = Upkeep::new(None).await;
    publish(&upkeep.requests.store, REMINDING).await;
    let id = upkeep
        .requests
        .filed(&applicant("ann", None), lasting(100))
        .await;
    let told = upkeep.run_at(day(3) - MILLISECOND).await;
    assert_eq!((told.reminded, told.escalated), (0, 0));
    for (now, expected) in [
        (day(3), (1, 0)),
        (day(3), (0, 0)),
        (day(6), (1, 0)),
        (day(10), (1, 1)),
        (day(11), (0, 0)),
        // Of those that were missed the latest one counts.
        (day(31), (1, 0)),
        (day(33), (1, 0)),
    ] {
        let told = upkeep.run_at(now).await;
        assert_eq!((told.reminded, told.escalated), expected, "{now}");
    }
    let marks = upkeep.items(&id, "NOTICE#").await;
    let numbers = [1, 2, 3, 10, 11].map(|number| format!("NOTICE#reminder#{number:05}"));
    let expected = [vec!["NOTICE#escalation".to_owned()], numbers.to_vec()].concat();
    assert_eq!(marks, expected);
}

#[tokio::test]
async fn it_is_the_current_policy_that_says_when() {
    let upkeep = Upkeep::new(None).await;
    let id = upkeep
        .requests
        .filed(&applicant("ann", None), lasting(100))
        .await;
    assert_eq!(upkeep.run_at(day(20)).await.reminded, 0);
    publish(&upkeep.requests.store, REMINDING).await;
    assert_eq!(upkeep.run_at(day(20)).await.reminded, 1);
    let other = REMINDING.replace("remind-after-days = 3", "remind-after-days = 30");
    publish(&upkeep.requests.store, &other).await;
    assert_eq!(upkeep.run_at(day(25)).await.reminded, 0);
    let marks = upkeep.items(&id, "NOTICE#").await;
    assert_eq!(marks, ["NOTICE#escalation", "NOTICE#reminder#00006"]);
}

#[tokio::test]
async fn a_user_flow_without_a_policy_of_its_own_has_that_of_the_others() {
    let upkeep = Upkeep::new(None).await;
    publish(&upkeep.requests.store, REMINDING).await;
    let partners = |request| ApprovalRequest {
        user_flow: UserFlow::parse("partners"),
        ..request
    };
    upkeep
        .requests
        .filed(&applicant("ann", None), partners)
        .await;
    assert_eq!(upkeep.run_at(day(3)).await.reminded, 1);
}

#[tokio::test]
async fn a_request_that_is_opened_again_waits_as_long_as_a_new_one() {
    let upkeep = Upkeep::new(None).await;
    publish(&upkeep.requests.store, REMINDING).await;
    let id = upkeep
        .requests
        .filed(&applicant("ann", None), lasting(20))
        .await;
    upkeep.requests.change(&id, Action::Deny, eve()).await;
    upkeep
        .requests
        .change_at(&id, Action::Reopen, eve(), day(7))
        .await;
    for (now, expected) in [
        (day(9), (0, 0)),
        // Days 9 and 10 are too soon after the seventh; the fourth reminder comes on the twelfth day.
        (day(11), (0, 0)),
        (day(12), (1, 0)),
        (day(17) - MILLISECOND, (1, 0)),
        (day(17), (0, 1)),
    ] {
        let told = upkeep.run_at(now).await;
        assert_eq!((told.reminded, told.escalated), expected, "{now}");
    }
    assert_eq!(upkeep.run_at(day(27) - MILLISECOND).await.expired, 0);
    assert_eq!(upkeep.run_at(day(27)).await.expired, 1);
}

#[tokio::test]
async fn a_policy_that_cannot_be_read_reminds_nobody_and_keeps_nothing_from_expiring() {
    let upkeep = Upkeep::new(None).await;
    publish(
        &upkeep.requests.store,
        "default = \"review\"\n[approval]\nnotify = [\"x\"]\n",
    )
    .await;
    upkeep.filed(1).await;
    let told = upkeep.run_at(day(30)).await;
    assert_eq!((told.expired, told.reminded), (1, 0));
}
