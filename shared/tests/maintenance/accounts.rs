//! Accounts that were made and are gone.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use local_entra::faults::GraphFaults;
use shared::domain::approval::RequestId;

use crate::{
    upkeep::{Upkeep, day},
    world::{AT_ONCE, Entra, NOW, applicant, outgoing},
};

async fn world() -> (Entra, Upkeep) {
    let entra = Entra::start().await;
    let graph = entra.graph(outgoing());
    (entra, Upkeep::new(Some(graph)).await)
}

/// Somebody with an account, and its object id.
async fn provisioned(entra: &Entra, upkeep: &Upkeep, name: &str) -> (RequestId, String) {
    let applicant = applicant(name, Some("google.com"));
    let id = upkeep.requests.approved(&applicant).await;
    let graph = entra.graph(outgoing());
    let provisioning = upkeep
        .requests
        .provisioning(Arc::clone(&graph) as _, AT_ONCE);
    provisioning.provision(&id).await.unwrap();
    let account = upkeep.requests.request(&id).await.account;
    (id, account.unwrap())
}

fn after(hours: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(hours)
}

#[tokio::test]
async fn an_account_that_is_gone_is_told_once() {
    let (entra, upkeep) = world().await;
    let (ann, gone) = provisioned(&entra, &upkeep, "ann").await;
    let (bob, _) = provisioned(&entra, &upkeep, "bob").await;
    assert!(entra.simulator.directory.remove(&gone));
    let before = upkeep.requests.request(&ann).await;
    // Right after it was made Graph may not show an account yet.
    assert_eq!(upkeep.run_at(NOW).await.accounts_looked_for, 0);
    assert_eq!(upkeep.run_at(after(2)).await.accounts_looked_for, 0);
    let told = upkeep.run_at(after(24)).await;
    assert_eq!(told.accounts_looked_for, 2);
    assert_eq!(told.accounts_missing, [gone]);
    assert_eq!(upkeep.run_at(after(25)).await.accounts_looked_for, 0);
    let told = upkeep.run_at(after(48)).await;
    assert_eq!(told.accounts_looked_for, 2);
    assert!(told.accounts_missing.is_empty());
    assert_eq!(upkeep.requests.request(&ann).await, before);
    assert_eq!(
        upkeep.items(&ann, "FINDING#").await,
        ["FINDING#account-missing"]
    );
    assert!(upkeep.items(&bob, "FINDING#").await.is_empty());
    assert_eq!(upkeep.run_at(day(8)).await.accounts_looked_for, 0);
}

#[tokio::test]
async fn a_graph_that_is_down_says_nothing_about_accounts() {
    let (entra, upkeep) = world().await;
    let (_, gone) = provisioned(&entra, &upkeep, "ann").await;
    assert!(entra.simulator.directory.remove(&gone));
    upkeep.filed(1).await;
    entra.fails(GraphFaults {
        failing_percent: 100,
        ..GraphFaults::default()
    });
    let told = upkeep.run_at(after(2)).await;
    assert_eq!(told.accounts_missing, Vec::<String>::new());
    assert!(told.problem.is_some());
    assert_eq!((told.failures, told.looked_at), (0, 2));
    entra.fails(GraphFaults::default());
    assert_eq!(upkeep.run_at(after(2)).await.accounts_missing, [gone]);
}
