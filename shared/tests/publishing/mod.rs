//! Publishing a policy into a test's table.

use jiff::Timestamp;
use shared::{
    adapters::dynamodb::Table,
    domain::publication::{PolicyFlow, PolicyVersion, Publication},
    policy::document::Document,
    ports::policy_store::{NewVersion, PolicyStore},
    testkit,
};

/// Makes a policy the one that decides for every user flow.
pub(crate) async fn publish(table: &Table, toml: &str) {
    let document: Document = toml::from_str(toml).unwrap();
    let mut current = table.current().await.unwrap();
    let version = PolicyVersion {
        flow: PolicyFlow::Others,
        number: current.versions.get(&PolicyFlow::Others).unwrap_or(&0) + 1,
    };
    current.point_to(&version);
    let new = NewVersion {
        publication: Publication {
            version,
            sha256: String::new(),
            author: "test".to_owned(),
            note: String::new(),
            at: Timestamp::UNIX_EPOCH,
        },
        source: toml.to_owned(),
        document: serde_json::to_string(&document).unwrap(),
        prepared: None,
    };
    table
        .publish(&new, &current, &testkit::recorded())
        .await
        .unwrap();
}
