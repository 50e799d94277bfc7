//! What is noted when time passes: marks beside requests, and where a round through a queue is.

use jiff::{SignedDuration, Timestamp};
use shared::{
    domain::approval::{Action, ApprovalRequest, Mark, RequestId, State, Terms},
    ports::{
        accounts::AccountId,
        guest_rounds::{GuestRounds, GuestWindow},
        redelivery::Redelivery,
        reminders::Reminders,
        rounds::{Place, Rounds},
    },
};
use tokio::task::JoinSet;

use super::{
    codes::Crowd,
    fixture,
    requests::{BY_STATE, changed, id, lifetimes, now, opened, partition, request, stored},
};

#[tokio::test]
async fn a_mark_is_made_once_and_found_again() {
    let f = fixture("marks").await;
    let request = request(1, 1);
    opened(&f, &request).await;
    let reminders: &dyn Reminders = &*f.table;
    let marks = [Mark::Reminder(1), Mark::Reminder(12), Mark::Escalation];
    for mark in marks {
        for expected in [true, false] {
            assert_eq!(
                reminders.mark(&request, mark, now()).await.unwrap(),
                expected
            );
        }
    }
    let all = [&marks[..], &[Mark::Reminder(2), Mark::AccountMissing]].concat();
    // More than one call takes.
    let others = (0..200).map(|number| (id(9), Mark::Reminder(number)));
    let wanted = all.iter().map(|mark| (request.id.clone(), *mark));
    let wanted: Vec<(RequestId, Mark)> = others.chain(wanted).collect();
    let found = reminders.marked(&wanted).await.unwrap();
    let expected = marks.map(|mark| (request.id.clone(), mark));
    assert_eq!(found, expected.into());
    assert!(reminders.marked(&[]).await.unwrap().is_empty());
    assert_eq!(stored(&f, &request.id).await, request);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_one_makes_a_mark() {
    let f = fixture("marks-crowd").await;
    let request = request(1, 1);
    opened(&f, &request).await;
    let crowd = Crowd::of(&f);
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let (crowd, request) = (crowd.clone(), request.clone());
        tasks.spawn(async move {
            let _turn = crowd.turn().await;
            crowd
                .table
                .mark(&request, Mark::Escalation, now())
                .await
                .unwrap()
        });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
}

#[tokio::test]
async fn however_many_marks_there_are_a_request_is_closed_and_opened_again() {
    let f = fixture("marks-many").await;
    let open = ApprovalRequest {
        terms: Terms {
            keep_days: BY_STATE,
            ..Terms::USUAL
        },
        ..request(1, 1)
    };
    opened(&f, &open).await;
    for number in 0..120 {
        assert!(
            f.table
                .mark(&open, Mark::Reminder(number), now())
                .await
                .unwrap()
        );
    }
    let is_mark = |item: &super::requests::Item| item["sk"].as_s().unwrap().starts_with("NOTICE#");
    let marks = async || {
        let mut items = partition(&f, &format!("REQUEST#{}", open.id)).await;
        items.retain(is_mark);
        items
    };
    let made = marks().await;
    // None of them outlives the request by more than the time that it had left.
    let end = (open.expires_at + SignedDuration::from_hours(400 * 24)).as_second();
    let ttl = |item: &super::requests::Item| item["ttl"].as_n().unwrap().parse::<i64>().unwrap();
    assert!(made.iter().all(|item| ttl(item) == end));
    let denied = changed(&f, &open, Action::Deny).await;
    let closed = denied.kept_until().map(Timestamp::as_second);
    let own = lifetimes(&f, &denied).await;
    assert_eq!(own.iter().filter(|ttl| **ttl != closed).count(), 120);
    let again = changed(&f, &denied, Action::Reopen).await;
    let own = lifetimes(&f, &again).await;
    assert_eq!(own.iter().filter(|ttl| ttl.is_some()).count(), 120);
    assert_eq!(marks().await, made);
}

#[tokio::test]
async fn a_round_goes_on_where_it_was() {
    let f = fixture("rounds").await;
    let rounds: &dyn Rounds = &*f.table;
    assert_eq!(rounds.place(State::Pending).await.unwrap(), None);
    for after in [Some(id(3)), None] {
        let place = Place {
            began_at: now(),
            after,
        };
        rounds.keep(State::Pending, &place).await.unwrap();
        assert_eq!(rounds.place(State::Pending).await.unwrap(), Some(place));
    }
    assert_eq!(rounds.place(State::Provisioned).await.unwrap(), None);
}

#[tokio::test]
async fn guests_go_on_where_they_were_and_are_found_once() {
    let f = fixture("guests").await;
    let rounds: &dyn GuestRounds = &*f.table;
    assert_eq!(rounds.window().await.unwrap(), None);
    let link = "https://graph.microsoft.com/v1.0/users?$skiptoken=a".to_owned();
    for next in [Some(link), None] {
        let window = GuestWindow {
            since: now(),
            until: now() + SignedDuration::from_mins(15),
            next,
        };
        rounds.keep_window(&window).await.unwrap();
        assert_eq!(rounds.window().await.unwrap(), Some(window));
    }
    let [one, other] = ["one", "other"].map(|id| AccountId(id.to_owned()));
    for (account, expected) in [(&one, true), (&one, false), (&other, true)] {
        assert_eq!(rounds.found(account, now()).await.unwrap(), expected);
    }
    let items = partition(&f, "MAINTENANCE").await;
    let end = (now() + SignedDuration::from_hours(48)).as_second();
    let ttls = items.iter().filter_map(|item| item.get("ttl"));
    assert!(
        ttls.clone()
            .all(|ttl| *ttl.as_n().unwrap() == end.to_string())
    );
    assert_eq!((items.len(), ttls.count()), (3, 2));
}

#[tokio::test]
async fn a_request_is_brought_again_once_in_a_while_and_stays_as_it_is() {
    let f = fixture("brought-again").await;
    let request = request(1, 1);
    opened(&f, &request).await;
    let approved = changed(&f, &request, Action::Approve).await;
    let later = |minutes| now() + SignedDuration::from_mins(minutes);
    for (at, not_since, expected) in [(30, 0, true), (31, 1, false), (60, 30, true)] {
        let again = f
            .table
            .bring_again(&approved, later(at), later(not_since))
            .await;
        assert_eq!(again.unwrap(), expected, "{at}");
    }
    assert_eq!(stored(&f, &request.id).await, approved);
    assert!(
        !f.table
            .bring_again(&request, later(99), later(98))
            .await
            .unwrap()
    );
    let begun = changed(&f, &approved, Action::Provision).await;
    let items = partition(&f, &format!("REQUEST#{}", request.id)).await;
    assert!(
        items
            .iter()
            .all(|item| !item.contains_key("brought_again_at"))
    );
    assert!(
        f.table
            .bring_again(&begun, later(99), later(98))
            .await
            .unwrap()
    );
}
