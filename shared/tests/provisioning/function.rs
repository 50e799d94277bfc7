//! The function as it is deployed, but for Lambda: settings, secrets, keys, table, Graph and log.

use std::sync::Arc;

use local_entra::{faults::GraphFaults, partners::KEY_ID};
use serde_json::{Value, json};
use shared::{
    adapters::{
        data_keys::KmsDataKeys,
        dynamodb::{Connection, changed_request},
    },
    app::provisioning::deliveries::Deliveries,
    compose,
    domain::approval::{RequestId, State},
    ports::journal::{Journal, Notice},
    telemetry::JsonJournal,
    testkit::{FixedClock, Remembered},
};

use crate::world::{Entra, NOW, Requests, TABLE, applicant};

struct World {
    entra: Entra,
    requests: Requests,
    deliveries: Deliveries,
    journal: Arc<Remembered>,
}

impl World {
    async fn new() -> Self {
        let (entra, mut requests) = (Entra::start().await, Requests::new().await);
        let origin = entra.simulator.origin.clone();
        let keys = Connection {
            endpoint: Some(format!("{origin}/keys")),
            ..requests.engine.connection()
        };
        let clock = Arc::new(FixedClock::at(NOW));
        requests.makes_keys = Arc::new(KmsDataKeys::new(&keys, KEY_ID.to_owned(), clock));
        let journal = Arc::new(Remembered::default());
        let deliveries = deliveries(&origin, &requests, Arc::clone(&journal) as _);
        Self {
            entra,
            requests,
            deliveries,
            journal,
        }
    }

    /// Whether the delivery is done, and what the log says of it.
    async fn deliver(&self, message: &str) -> (bool, Value) {
        let request = changed_request(message);
        let is_done = self.deliveries.take(request.as_ref()).await;
        let notice = self.journal.notices().pop().unwrap();
        (is_done, line(&notice))
    }
}

fn deliveries(origin: &str, requests: &Requests, journal: Arc<dyn Journal>) -> Deliveries {
    let tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
    let settings = [
        ("TABLE_NAME", TABLE.to_owned()),
        ("AWS_REGION", "local".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", requests.engine.endpoint()),
        ("AWS_ENDPOINT_URL_KMS", format!("{origin}/keys")),
        (
            "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            format!("{origin}/secrets"),
        ),
        ("REQUESTS_KEY", KEY_ID.to_owned()),
        ("PRIVATE_HOSTS", "127.0.0.1".to_owned()),
        ("GRAPH_TENANT_ID", tenant.to_owned()),
        ("GRAPH_TENANT_DOMAIN", "contoso.onmicrosoft.com".to_owned()),
        ("GRAPH_SECRET", "graph".to_owned()),
        ("GRAPH_URL", format!("{origin}/graph/v1.0")),
        (
            "GRAPH_TOKEN_URL",
            format!("{origin}/{tenant}/oauth2/v2.0/token"),
        ),
        ("INVITE_REDIRECT_URL", "https://myapp.com".to_owned()),
    ];
    let settings = settings
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    compose::deliveries(&settings, Arc::clone(&requests.clock) as _, journal).unwrap()
}

/// As a pipe from the table's stream passes it on.
fn message(id: &RequestId) -> String {
    let keys = json!({ "pk": { "S": format!("REQUEST#{id}") }, "sk": { "S": "CURRENT" } });
    json!({ "eventName": "MODIFY", "dynamodb": { "Keys": keys } }).to_string()
}

/// The line of the log.
fn line(notice: &Notice) -> Value {
    let mut octets = Vec::new();
    let journal = JsonJournal::new(&mut octets, Arc::new(FixedClock::at(NOW)));
    journal.notice(notice);
    drop(journal);
    serde_json::from_slice(&octets).unwrap()
}

#[tokio::test]
async fn a_message_becomes_an_account() {
    let world = World::new().await;
    let applicant = applicant("ann", Some("google.com"));
    let id = world.requests.approved(&applicant).await;
    let (is_done, line) = world.deliver(&message(&id)).await;
    assert!(is_done, "{line}");
    assert_eq!(line["outcome"], "provisioned");
    assert_eq!(line["request"], id.as_str());
    assert_eq!(line["level"], "INFO");
    assert_eq!(
        line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["outcome"]])
    );
    let account = world.requests.request(&id).await.account.unwrap();
    assert_eq!(world.entra.with_address("ann@partner.example"), [account]);

    let (is_done, line) = world.deliver(&message(&id)).await;
    assert!(is_done);
    assert_eq!(
        (&line["outcome"], &line["problem"]),
        (&json!("not-due"), &json!("provisioned"))
    );
}

#[tokio::test]
async fn what_may_work_later_is_put_back() {
    let world = World::new().await;
    let id = world.requests.approved(&applicant("ann", None)).await;
    world.entra.fails(GraphFaults {
        failing_percent: 100,
        ..GraphFaults::default()
    });
    let (is_done, line) = world.deliver(&message(&id)).await;
    assert!(!is_done);
    assert_eq!(
        (&line["outcome"], &line["level"]),
        (&json!("later"), &json!("WARN"))
    );
    let (is_done, line) = world.deliver("{}").await;
    assert!(!is_done);
    assert_eq!(
        (&line["outcome"], &line["level"]),
        (&json!("unreadable"), &json!("ERROR"))
    );
    assert_eq!(line["provisionings"], 1);
}

#[tokio::test]
async fn graph_is_left_alone_for_as_long_as_it_asks() {
    let world = World::new().await;
    let first = world.requests.approved(&applicant("ann", None)).await;
    let second = world.requests.approved(&applicant("bob", None)).await;
    world.entra.fails(GraphFaults {
        throttled_percent: 100,
        ..GraphFaults::default()
    });
    let (_, line) = world.deliver(&message(&first)).await;
    assert_eq!(line["outcome"], "later");
    world.entra.fails(GraphFaults::default());
    let (is_done, line) = world.deliver(&message(&second)).await;
    assert!(!is_done);
    assert_eq!(line["outcome"], "throttled");
    // It has not even begun.
    assert_eq!(world.requests.request(&second).await.state, State::Approved);
}

#[tokio::test]
async fn a_failure_is_told_to_the_operator_and_done_with() {
    let world = World::new().await;
    let mut applicant = applicant("ann", None);
    applicant.addresses.clear();
    let id = world.requests.approved(&applicant).await;
    let (is_done, line) = world.deliver(&message(&id)).await;
    assert!(is_done);
    assert_eq!(
        (&line["outcome"], &line["level"]),
        (&json!("failed"), &json!("ERROR"))
    );
    let state = world.requests.request(&id).await.state;
    assert_eq!(state, State::ProvisioningFailed);
}

#[test]
fn it_does_not_start_without_knowing_where_accounts_are_made() {
    let clock = Arc::new(FixedClock::at(NOW));
    let journal = Arc::new(Remembered::default());
    let problems = compose::deliveries(&[("AWS_REGION", "local")], clock, journal).unwrap_err();
    for name in [
        "TABLE_NAME",
        "REQUESTS_KEY",
        "GRAPH_TENANT_ID",
        "INVITE_REDIRECT_URL",
    ] {
        assert!(problems.iter().any(|one| one.starts_with(name)), "{name}");
    }
}
