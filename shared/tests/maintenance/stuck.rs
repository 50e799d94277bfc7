//! Approved requests that got stuck on the way to their accounts.

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use shared::{
    app::provisioning::{Outcome, Provisioning},
    domain::approval::{Action, Actor, RequestId, State},
    ports::request_store::RequestStore,
};

use crate::{
    upkeep::{MILLISECOND, Upkeep},
    world::{AT_ONCE, Entra, NOW, TABLE, applicant, outgoing},
};

async fn world() -> (Entra, Upkeep, Provisioning) {
    let entra = Entra::start().await;
    let graph = entra.graph(outgoing());
    let upkeep = Upkeep::new(Some(Arc::clone(&graph) as _)).await;
    let provisioning = upkeep.requests.provisioning(graph, AT_ONCE);
    (entra, upkeep, provisioning)
}

fn half_an_hour() -> Timestamp {
    NOW + SignedDuration::from_mins(30)
}

/// The item as the stream shows it: its state, and whether it was brought again.
async fn shown(upkeep: &Upkeep, id: &RequestId) -> (String, bool) {
    let client = upkeep.requests.engine.connection().client();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let found = client
        .get_item()
        .table_name(TABLE)
        .key("pk", text(&format!("REQUEST#{id}")))
        .key("sk", text("CURRENT"))
        .send()
        .await;
    let item = found.unwrap().item.unwrap();
    let state = item["state"].as_s().unwrap().clone();
    (state, item.contains_key("brought_again_at"))
}

#[tokio::test]
async fn a_stuck_approval_comes_to_its_account() {
    let (entra, upkeep, provisioning) = world().await;
    let id = upkeep
        .requests
        .approved(&applicant("ann", Some("google.com")))
        .await;
    let before = upkeep.requests.request(&id).await;
    assert_eq!(
        upkeep
            .run_at(half_an_hour() - MILLISECOND)
            .await
            .brought_again,
        0
    );
    assert_eq!(shown(&upkeep, &id).await, ("approved".to_owned(), false));
    assert_eq!(upkeep.run_at(half_an_hour()).await.brought_again, 1);
    assert_eq!(shown(&upkeep, &id).await, ("approved".to_owned(), true));
    // Nothing that anybody goes by has changed.
    assert_eq!(upkeep.requests.request(&id).await, before);
    assert_eq!(upkeep.run_at(half_an_hour()).await.brought_again, 0);

    let outcome = provisioning.provision(&id).await.unwrap();
    assert!(matches!(outcome, Outcome::Provisioned(_)), "{outcome:?}");
    assert_eq!(entra.with_address("ann@partner.example").len(), 1);
    assert_eq!(shown(&upkeep, &id).await, ("provisioned".to_owned(), false));
    let later = half_an_hour() + SignedDuration::from_mins(30);
    assert_eq!(upkeep.run_at(later).await.brought_again, 0);
}

#[tokio::test]
async fn an_attempt_of_which_nothing_was_heard_is_brought_again_and_makes_one_account() {
    let (entra, upkeep, provisioning) = world().await;
    let id = upkeep
        .requests
        .approved(&applicant("ann", Some("google.com")))
        .await;
    let before = upkeep.requests.request(&id).await;
    provisioning.provision(&id).await.unwrap();
    let made = upkeep.requests.request(&id).await;
    // As if the function had ended between making the account and saying so.
    let stuck = upkeep
        .requests
        .approved(&applicant("bob", Some("google.com")))
        .await;
    upkeep
        .requests
        .change(&stuck, Action::Provision, Actor::System)
        .await;
    assert_eq!(upkeep.run_at(half_an_hour()).await.brought_again, 1);
    assert_eq!(
        shown(&upkeep, &stuck).await,
        ("provisioning".to_owned(), true)
    );
    for _ in 0..2 {
        provisioning.provision(&stuck).await.unwrap();
    }
    assert_eq!(
        upkeep.requests.request(&stuck).await.state,
        State::Provisioned
    );
    assert_eq!(entra.with_address("bob@partner.example").len(), 1);
    assert_eq!(upkeep.requests.request(&id).await, made);
    assert_eq!(
        (before.state, made.state),
        (State::Approved, State::Provisioned)
    );
}

#[tokio::test]
async fn what_somebody_else_works_at_is_left_alone() {
    let (_entra, upkeep, _) = world().await;
    let id = upkeep.requests.approved(&applicant("ann", None)).await;
    let seen = upkeep.requests.request(&id).await;
    upkeep
        .requests
        .change(&id, Action::Provision, Actor::System)
        .await;
    let redelivery: &dyn shared::ports::redelivery::Redelivery = &*upkeep.requests.store;
    let again = redelivery.bring_again(&seen, half_an_hour(), NOW).await;
    assert!(!again.unwrap());
    let gone = shared::domain::approval::ApprovalRequest {
        id: RequestId::new(NOW, [9; 10]),
        ..seen
    };
    assert!(
        !redelivery
            .bring_again(&gone, half_an_hour(), NOW)
            .await
            .unwrap()
    );
    assert_eq!(upkeep.requests.store.request(&gone.id).await.unwrap(), None);
}

#[tokio::test]
async fn where_no_accounts_are_made_nothing_is_stuck() {
    let upkeep = Upkeep::new(None).await;
    let id = upkeep.requests.approved(&applicant("ann", None)).await;
    let told = upkeep
        .run_at(half_an_hour() + Duration::from_hours(5))
        .await;
    assert_eq!((told.looked_at, told.brought_again), (0, 0));
    assert_eq!(upkeep.requests.request(&id).await.state, State::Approved);
}
