//! Provisioning against the local Entra's Graph, over HTTP.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use local_entra::{
    directory::{NewAccount, Source},
    faults::GraphFaults,
    model::{Attributes, TenantKind},
};
use rstest::rstest;
use shared::{
    app::provisioning::{Outcome, Provisioning, Timing},
    domain::approval::{
        Action, Actor, AppRole, Applicant, Applied, Grants, ObjectId, RequestId, State,
    },
    ports::request_store::RequestStore,
};

use crate::world::{AT_ONCE, Entra, NOW, Requests, SUPPLIER_NUMBER, applicant, outgoing};

/// The tenant, the requests, and what makes accounts.
struct World {
    entra: Entra,
    requests: Requests,
    provisioning: Provisioning,
}

impl World {
    async fn new(timing: Timing) -> Self {
        let (entra, requests) = (Entra::start().await, Requests::new().await);
        let graph = entra.graph(outgoing());
        let provisioning = requests.provisioning(graph, timing);
        Self {
            entra,
            requests,
            provisioning,
        }
    }

    async fn deliver(&self, id: &RequestId) -> Outcome {
        let outcome = self.provisioning.provision(id).await;
        outcome.unwrap()
    }

    async fn state(&self, id: &RequestId) -> State {
        self.requests.request(id).await.state
    }

    /// Somebody else's account.
    fn other(&self, address: &str, name: &str, user_type: &str) -> String {
        let account = self.entra.simulator.directory.create(NewAccount {
            tenant: TenantKind::Workforce,
            user_principal_name: format!("{name}@contoso.onmicrosoft.com"),
            mail: Some(address.to_owned()),
            user_type: user_type.to_owned(),
            enabled: true,
            identities: Vec::new(),
            attributes: Attributes::new(),
            source: Source::Administrator,
        });
        account.unwrap().id
    }

    fn throttle(&self, percent: u8) {
        self.entra.fails(GraphFaults {
            throttled_percent: percent,
            ..GraphFaults::default()
        });
    }

    /// A request whose first attempt came to nothing.
    async fn tried(&self, applicant: &Applicant) -> RequestId {
        let id = self.requests.approved(applicant).await;
        self.throttle(100);
        assert!(matches!(self.deliver(&id).await, Outcome::Later { .. }));
        self.throttle(0);
        id
    }
}

fn provisioned(outcome: Outcome) -> String {
    match outcome {
        Outcome::Provisioned(account) => account.0,
        other => panic!("{other:?}"),
    }
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case::google(
    Some("google.com"),
    "Display ann",
    "ann_partner.example#EXT#@contoso.onmicrosoft.com"
)]
#[case::mail(
    Some("mail"),
    "Display ann",
    "ann_partner.example#EXT#@contoso.onmicrosoft.com"
)]
#[case::invited(
    None,
    "Display ann",
    "ann_partner.example#EXT#@contoso.onmicrosoft.com"
)]
#[tokio::test]
async fn an_account_has_everything_that_was_applied_with(
    #[case] issuer: Option<&str>,
    #[case] display_name: &str,
    #[case] name: &str,
) {
    let world = World::new(AT_ONCE).await;
    let id = world.requests.approved(&applicant("ann", issuer)).await;
    let account = provisioned(world.deliver(&id).await);

    let found = world.entra.simulator.directory.get(&account).unwrap();
    assert_eq!(found.user_principal_name, name);
    assert_eq!(found.mail.as_deref(), Some("ann@partner.example"));
    assert!(found.is_guest() && found.enabled);
    assert_eq!(found.text("displayName"), Some(display_name));
    assert_eq!(found.text(SUPPLIER_NUMBER), Some("4711"));
    let issuers: Vec<_> = found.identities.iter().map(|one| &*one.issuer).collect();
    assert_eq!(issuers, Vec::from_iter(issuer));

    let request = world.requests.request(&id).await;
    assert_eq!(request.state, State::Provisioned);
    assert_eq!(request.account, Some(account));
    let history = world.requests.history(&id).await;
    let actions: Vec<_> = history.iter().map(|entry| entry.action).collect();
    let expected = [
        Action::Open,
        Action::Approve,
        Action::Provision,
        Action::Finish,
    ];
    assert_eq!(actions, expected);
    let again = world.deliver(&id).await;
    assert_eq!(again, Outcome::NotDue(Some(State::Provisioned)));
}

#[tokio::test]
async fn a_guest_that_graph_does_not_show_yet_is_waited_for() {
    let world = World::new(Timing {
        pause: Duration::from_millis(100),
        ..AT_ONCE
    })
    .await;
    world.entra.fails(GraphFaults {
        hidden_after_creation: Duration::from_millis(50),
        ..GraphFaults::default()
    });
    let id = world.requests.approved(&applicant("ann", None)).await;
    let account = provisioned(world.deliver(&id).await);
    let found = world.entra.simulator.directory.get(&account).unwrap();
    assert_eq!(found.text("city"), Some("Redmond"));
}

#[tokio::test]
async fn groups_and_app_roles_are_given_once() {
    let world = World::new(AT_ONCE).await;
    let guid = |digit: char| {
        let text = format!("{digit}0000000-0000-4000-8000-000000000000");
        ObjectId::parse(&text).unwrap()
    };
    let role = |digit| AppRole {
        application: guid('a'),
        role: guid(digit),
    };
    let grants = Grants {
        groups: vec![guid('1'), guid('2'), guid('1')],
        app_roles: vec![role('3'), role('4'), role('3')],
    };
    let ann = applicant("ann", None);
    let id = world.requests.approved_with(&ann, grants.clone()).await;
    let outcome = world.deliver(&id).await;
    let entry = world
        .entra
        .simulator
        .directory
        .entry(&provisioned(outcome))
        .unwrap();
    let groups = grants.groups[..2].iter().map(ObjectId::to_string);
    assert!(entry.groups.into_iter().eq(groups));
    assert_eq!(entry.roles.len(), 2);
}

#[rstest]
#[case::created(Some("google.com"))]
#[case::invited(None)]
#[tokio::test]
async fn every_address_is_found_again(#[case] issuer: Option<&str>) {
    let world = World::new(AT_ONCE).await;
    for name in ["o'brien", "ann+tag", "per_cent%41"] {
        let applicant = applicant(name, issuer);
        // The account is there, but the answer is not.
        let id = world.requests.approved(&applicant).await;
        world.entra.fails(GraphFaults {
            lost_after_commit_percent: 100,
            ..GraphFaults::default()
        });
        let outcome = world.deliver(&id).await;
        world.entra.fails(GraphFaults::default());
        assert!(!matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
        world.deliver(&id).await;
        let account = world.requests.request(&id).await.account.unwrap();
        assert_eq!(world.entra.with_address(&applicant.addresses[0]), [account]);
    }
}

#[tokio::test]
async fn an_account_of_somebody_else_is_nobodys() {
    let world = World::new(AT_ONCE).await;
    let applicant = applicant("ann", Some("google.com"));
    let other = world.other("ann@partner.example", "other", "Guest");
    let id = world.requests.approved(&applicant).await;
    let reason = failed(world.deliver(&id).await);
    assert!(reason.contains(&other), "{reason}");
    assert!(reason.contains("proxyAddresses"), "{reason}");
    assert!(!reason.contains("ann"), "{reason}");
    let request = world.requests.request(&id).await;
    assert_eq!(request.failure, Some(reason));

    // Once the other account is gone, another try makes one.
    assert!(world.entra.simulator.directory.remove(&other));
    let by = Actor::Person("eve".to_owned());
    world.requests.change(&id, Action::Retry, by).await;
    provisioned(world.deliver(&id).await);
}

#[rstest]
#[case::at_first(false)]
#[case::after_an_attempt(true)]
#[tokio::test]
async fn none_of_the_tenants_own_people_is_taken_for_an_applicant(#[case] was_tried: bool) {
    let world = World::new(AT_ONCE).await;
    let applicant = applicant("ann", None);
    let member = world.other("ann@partner.example", "ann", "Member");
    let id = if was_tried {
        world.tried(&applicant).await
    } else {
        world.requests.approved(&applicant).await
    };
    let reason = failed(world.deliver(&id).await);
    assert!(
        reason.contains("already exists in the directory"),
        "{reason}"
    );
    assert!(reason.contains(&member), "{reason}");
    let untouched = world.entra.simulator.directory.get(&member).unwrap();
    assert_eq!(untouched.text("city"), None);
}

#[tokio::test]
async fn what_graph_refuses_is_told_without_the_value() {
    let world = World::new(AT_ONCE).await;
    let mut applicant = applicant("ann", Some("google.com"));
    let long = "Long".repeat(100);
    let city = Applied::Text(long.clone());
    applicant.attributes.insert("city".to_owned(), city);
    let id = world.requests.approved(&applicant).await;
    let reason = failed(world.deliver(&id).await);
    assert!(
        reason.contains("'city'") && !reason.contains(&long),
        "{reason}"
    );
    assert_eq!(world.state(&id).await, State::ProvisioningFailed);
    assert_eq!(
        world.deliver(&id).await,
        Outcome::NotDue(Some(State::ProvisioningFailed))
    );
}

#[tokio::test]
async fn a_throttled_request_is_put_back_until_nobody_can_be_at_it() {
    let world = World::new(Timing::USUAL).await;
    let id = world
        .requests
        .approved(&applicant("ann", Some("google.com")))
        .await;
    world.throttle(100);
    let Outcome::Later { problem, after, .. } = world.deliver(&id).await else {
        panic!()
    };
    assert!(problem.contains("TooManyRequests"), "{problem}");
    assert_eq!(after, Timing::USUAL.lease);
    assert_eq!(world.state(&id).await, State::Provisioning);

    world.throttle(0);
    let early = SignedDuration::from_secs(44);
    world.requests.clock.set(NOW + early);
    let Outcome::Later { after, .. } = world.deliver(&id).await else {
        panic!()
    };
    assert_eq!(after, Duration::from_secs(1));
    assert_eq!(world.requests.history(&id).await.len(), 3);

    world.requests.clock.advance(SignedDuration::from_secs(1));
    provisioned(world.deliver(&id).await);
}

#[tokio::test]
async fn graph_is_waited_for_as_long_as_it_asks() {
    let world = World::new(AT_ONCE).await;
    world.throttle(100);
    let id = world
        .requests
        .approved(&applicant("ann", Some("google.com")))
        .await;
    let Outcome::Later { after, .. } = world.deliver(&id).await else {
        panic!()
    };
    assert!((1..=3).contains(&after.as_secs()), "{after:?}");
}

#[tokio::test]
async fn an_account_that_is_never_shown_is_given_up() {
    let world = World::new(AT_ONCE).await;
    let applicant = applicant("ann", Some("google.com"));
    world.other("ann@partner.example", "other", "Guest");
    world.entra.fails(GraphFaults {
        hidden_after_creation: Duration::from_mins(1),
        ..GraphFaults::default()
    });
    let id = world.requests.approved(&applicant).await;
    assert!(matches!(world.deliver(&id).await, Outcome::Later { .. }));
    world.requests.clock.advance(SignedDuration::from_mins(29));
    assert!(matches!(world.deliver(&id).await, Outcome::Later { .. }));
    world.requests.clock.advance(SignedDuration::from_mins(1));
    let reason = failed(world.deliver(&id).await);
    assert!(reason.contains("shows no such account"), "{reason}");
}

#[tokio::test]
async fn nobody_becomes_an_account_once_erased() {
    let world = World::new(AT_ONCE).await;
    let id = world.requests.approved(&applicant("ann", None)).await;
    world.requests.store.erase(&id, None).await.unwrap();
    let reason = failed(world.deliver(&id).await);
    assert_eq!(reason, "what the applicant entered was erased");
    assert!(world.entra.simulator.directory.all().is_empty());
}

#[tokio::test]
async fn only_an_approved_request_is_due() {
    let world = World::new(AT_ONCE).await;
    let unknown = RequestId::new(NOW, [9; 10]);
    assert_eq!(world.deliver(&unknown).await, Outcome::NotDue(None));
    let id = world.requests.pending(&applicant("ann", None)).await;
    let pending = Outcome::NotDue(Some(State::Pending));
    assert_eq!(world.deliver(&id).await, pending);
    let by = Actor::Person("eve".to_owned());
    world.requests.change(&id, Action::Deny, by).await;
    let denied = Outcome::NotDue(Some(State::Denied));
    assert_eq!(world.deliver(&id).await, denied);
    assert!(world.entra.simulator.directory.all().is_empty());
}

#[tokio::test]
async fn a_wrong_secret_fails_nobody() {
    let world = World::new(AT_ONCE).await;
    let nobody = Arc::new(shared::testkit::Nobody);
    let provisioning = world
        .requests
        .provisioning(world.entra.graph(nobody), AT_ONCE);
    let id = world.requests.approved(&applicant("ann", None)).await;
    let outcome = provisioning.provision(&id).await;
    assert!(matches!(outcome, Ok(Outcome::Later { .. })));
    assert_eq!(world.state(&id).await, State::Provisioning);
}
