//! Guests that came of no approval.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use local_entra::{
    directory::{Account, Identity, NewAccount, Source},
    faults::GraphFaults,
    model::{Attributes, TenantKind},
};
use shared::{
    app::maintenance::Bounds,
    domain::approval::{Action, Actor, ApplicantKey, ApprovalRequest, RequestId},
    ports::{
        Deadline,
        guest_rounds::{GuestRounds, GuestWindow},
        journal::Maintained,
    },
};
use tokio::time::Instant;

use crate::{
    upkeep::{Upkeep, day},
    world::{AT_ONCE, Entra, NOW, applicant, far, outgoing},
};

async fn world() -> (Entra, Upkeep) {
    let entra = Entra::start().await;
    let graph = entra.graph(outgoing());
    (entra, Upkeep::new(None).await.explaining(graph))
}

fn after(minutes: i64) -> Timestamp {
    NOW + SignedDuration::from_mins(minutes)
}

/// Somebody's account that nobody was asked about, and its object id.
fn account(entra: &Entra, name: &str, user_type: &str, created: Timestamp) -> String {
    let directory = &entra.simulator.directory;
    let account = directory.create(NewAccount {
        tenant: TenantKind::Workforce,
        user_principal_name: format!("{name}@contoso.onmicrosoft.com"),
        mail: Some(format!("{name}@partner.example")),
        user_type: user_type.to_owned(),
        enabled: true,
        identities: Vec::new(),
        attributes: Attributes::default(),
        source: Source::Administrator,
    });
    let id = account.unwrap().id;
    shaped(entra, &id, |account| account.created = created);
    id
}

fn shaped(entra: &Entra, id: &str, change: impl FnOnce(&mut Account)) {
    entra.simulator.directory.update(id, change).unwrap();
}

fn guest(entra: &Entra, name: &str) -> String {
    account(entra, name, "Guest", NOW)
}

/// Somebody whose account was made now because of an approval, and its object id.
async fn provisioned(entra: &Entra, upkeep: &Upkeep, name: &str, issuer: Option<&str>) -> String {
    let id = upkeep.requests.approved(&applicant(name, issuer)).await;
    let graph = entra.graph(outgoing());
    let provisioning = upkeep.requests.provisioning(graph, AT_ONCE);
    provisioning.provision(&id).await.unwrap();
    let account = upkeep.requests.request(&id).await.account.unwrap();
    shaped(entra, &account, |account| account.created = NOW);
    account
}

/// Somebody about whose request this was decided.
async fn closed(upkeep: &Upkeep, name: &str, action: Action) {
    let id = upkeep.requests.pending(&applicant(name, None)).await;
    decided(upkeep, &id, action).await;
}

async fn decided(upkeep: &Upkeep, id: &RequestId, action: Action) {
    let eve = Actor::Person("eve".to_owned());
    upkeep.requests.change(id, action, eve).await;
}

/// How many guests a run looked at, and which it told.
fn told(run: &Maintained) -> (u32, &[String]) {
    (run.guests_looked_at, &run.accounts_unapproved)
}

#[tokio::test]
async fn a_guest_without_an_approval_is_told_once() {
    let (entra, upkeep) = world().await;
    provisioned(&entra, &upkeep, "ann", Some("google.com")).await;
    provisioned(&entra, &upkeep, "bob", None).await;
    let by_hand = guest(&entra, "mallory");
    account(&entra, "kim", "Member", NOW);
    // Right after it was made an account may not have its request yet.
    assert_eq!(told(&upkeep.run_at(after(59)).await), (0, &[][..]));
    let run = upkeep.run_at(after(61)).await;
    assert_eq!(told(&run), (3, &[by_hand][..]));
    assert_eq!(run.problem, None);
    assert_eq!(told(&upkeep.run_at(after(62)).await), (0, &[][..]));
    let late = account(&entra, "late", "guest", after(30));
    assert_eq!(told(&upkeep.run_at(after(91)).await), (1, &[late][..]));
}

#[tokio::test]
async fn a_window_that_is_walked_again_tells_nothing_twice() {
    let (entra, upkeep) = world().await;
    let by_hand = guest(&entra, "mallory");
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[by_hand][..]));
    let rounds: &dyn GuestRounds = &*upkeep.requests.store;
    let again = GuestWindow {
        since: NOW,
        until: NOW,
        next: None,
    };
    rounds.keep_window(&again).await.unwrap();
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[][..]));
}

#[tokio::test]
async fn only_an_approval_explains_a_guest() {
    let (entra, upkeep) = world().await;
    closed(&upkeep, "denied", Action::Deny).await;
    closed(&upkeep, "withdrawn", Action::Withdraw).await;
    closed(&upkeep, "approved", Action::Approve).await;
    upkeep.requests.pending(&applicant("pending", None)).await;
    closed(&upkeep, "again", Action::Deny).await;
    // With the same address and another identity.
    let again = applicant("again", None);
    let other = ApplicantKey::parse(&"0".repeat(64)).unwrap();
    let with_other = |request| ApprovalRequest {
        applicant: other,
        ..request
    };
    let id = upkeep.requests.filed(&again, with_other).await;
    decided(&upkeep, &id, Action::Approve).await;
    let found = ["denied", "withdrawn", "pending"].map(|name| guest(&entra, name));
    for name in ["approved", "again"] {
        guest(&entra, name);
    }
    assert_eq!(told(&upkeep.run_at(after(61)).await), (5, &found[..]));
}

#[tokio::test]
async fn an_approval_explains_one_account() {
    let (entra, upkeep) = world().await;
    let its = provisioned(&entra, &upkeep, "ann", Some("google.com")).await;
    assert!(entra.simulator.directory.remove(&its));
    let by_hand = guest(&entra, "ann");
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[by_hand][..]));
}

#[tokio::test]
async fn an_account_that_failed_half_way_is_explained_until_the_person_is_denied() {
    let (entra, upkeep) = world().await;
    let mut failed = Vec::new();
    for name in ["ann", "bob"] {
        let id = upkeep.requests.approved(&applicant(name, None)).await;
        for action in [Action::Provision, Action::Fail] {
            upkeep.requests.change(&id, action, Actor::System).await;
        }
        failed.push(id);
    }
    decided(&upkeep, &failed[1], Action::Deny).await;
    guest(&entra, "ann");
    let denied = guest(&entra, "bob");
    assert_eq!(told(&upkeep.run_at(after(61)).await), (2, &[denied][..]));
}

#[tokio::test]
async fn a_guest_is_known_by_the_address_it_signs_in_with_too() {
    let (entra, upkeep) = world().await;
    upkeep
        .requests
        .approved(&applicant("ann", Some("mail")))
        .await;
    let id = guest(&entra, "ann");
    shaped(&entra, &id, |account| {
        account.mail = Some("other@elsewhere.example".to_owned());
        account.identities = vec![Identity {
            sign_in_type: "federated".to_owned(),
            issuer: "mail".to_owned(),
            issuer_assigned_id: "Ann@Partner.example".to_owned(),
        }];
    });
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[][..]));
}

#[tokio::test]
async fn many_guests_are_looked_at_part_by_part_and_run_by_run() {
    let (entra, upkeep) = world().await;
    let mut all: Vec<String> = (0..250)
        .map(|number| guest(&entra, &format!("guest{number}")))
        .collect();
    let bounds = Bounds {
        guests: 150,
        ..Bounds::USUAL
    };
    upkeep.requests.clock.set(after(61));
    assert!(upkeep.maintenance(bounds).run(far()).await);
    let first = upkeep.told();
    assert_eq!(first.guests_looked_at, 200);
    // What is under way comes before what is new.
    let new = account(&entra, "new", "Guest", after(30));
    upkeep.requests.clock.set(after(120));
    assert!(upkeep.maintenance(bounds).run(far()).await);
    let second = upkeep.told();
    assert_eq!(second.guests_looked_at, 50);
    let mut found = [first.accounts_unapproved, second.accounts_unapproved].concat();
    found.sort_unstable();
    all.sort_unstable();
    assert_eq!(found, all);
    assert_eq!(told(&upkeep.run_at(after(121)).await), (1, &[new][..]));
}

#[tokio::test]
async fn nothing_is_said_of_a_guest_whose_request_may_be_gone() {
    let (entra, upkeep) = world().await;
    guest(&entra, "old");
    assert_eq!(told(&upkeep.run_at(day(2)).await), (0, &[][..]));
    let link = format!(
        "{}/graph/v1.0/users?%24filter=createdDateTime%20le%202026-02-01T00:00:00Z\
         &%24select=id,createdDateTime,identities,mail,userType",
        entra.simulator.origin
    );
    let long = GuestWindow {
        since: NOW,
        until: day(1),
        next: Some(link),
    };
    upkeep.requests.store.keep_window(&long).await.unwrap();
    assert_eq!(told(&upkeep.run_at(day(2)).await), (1, &[][..]));
}

#[tokio::test]
async fn a_graph_that_is_down_keeps_nothing_else_from_being_done() {
    let (entra, upkeep) = world().await;
    let by_hand = guest(&entra, "mallory");
    upkeep.filed(1).await;
    entra.fails(GraphFaults {
        failing_percent: 100,
        ..GraphFaults::default()
    });
    let run = upkeep.run_at(after(61)).await;
    assert!(run.problem.is_some());
    assert_eq!((run.failures, run.looked_at), (0, 1));
    assert_eq!(told(&run), (0, &[][..]));
    entra.fails(GraphFaults::default());
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[by_hand][..]));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_begins_the_window_again() {
    let (entra, upkeep) = world().await;
    let by_hand = guest(&entra, "mallory");
    let origin = &entra.simulator.origin;
    for link in [
        format!("{origin}/graph/v1.0/users?%24skiptoken=gone"),
        format!("{origin}/graph/v1.0/groups?%24top=1"),
        "https://graph.example/v1.0/users?%24top=1".to_owned(),
    ] {
        let window = GuestWindow {
            since: NOW,
            until: after(1),
            next: Some(link),
        };
        upkeep.requests.store.keep_window(&window).await.unwrap();
        let run = upkeep.run_at(after(61)).await;
        assert!(run.problem.is_some());
        assert_eq!(told(&run), (0, &[][..]));
    }
    assert_eq!(told(&upkeep.run_at(after(61)).await), (1, &[by_hand][..]));
}

#[tokio::test]
async fn without_time_graph_is_not_asked() {
    let (entra, upkeep) = world().await;
    guest(&entra, "mallory");
    upkeep.requests.clock.set(after(61));
    let no_time = Deadline(Instant::now());
    assert!(upkeep.maintenance(Bounds::USUAL).run(no_time).await);
    assert_eq!(told(&upkeep.told()), (0, &[][..]));
    assert_eq!(upkeep.told().problem, None);
}

#[tokio::test]
async fn where_no_approval_is_needed_nobody_is_looked_for() {
    let entra = Entra::start().await;
    let graph = entra.graph(outgoing());
    let upkeep = Upkeep::new(Some(Arc::clone(&graph) as _)).await;
    guest(&entra, "mallory");
    entra.fails(GraphFaults {
        failing_percent: 100,
        ..GraphFaults::default()
    });
    let run = upkeep.run_at(after(61)).await;
    assert_eq!(told(&run), (0, &[][..]));
    assert_eq!(run.problem, None);
}
