//! What an endpoint is told of people: what it asks for, and only while somebody can read it.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::{
    adapters::{data_keys::KmsDataKeys, dynamodb::Connection},
    app::sealing,
    domain::{
        approval::{Applicant, Applied, RequestId},
        event::{AccountFact, Event, Fact, KeptEvent, Personal, RequestFact},
        person::PersonKey,
    },
    ports::{
        approval_requests::{ApprovalRequests, Filed},
        request_store::RequestStore,
    },
    testkit::pending,
};

use crate::{
    servers::Answer,
    world::{NOW, PATH, World, entry_added, far, task},
};

fn applicant() -> Applicant {
    let city = Applied::Text("Malmö".to_owned());
    Applicant {
        addresses: vec!["zoe@partner.example".to_owned()],
        attributes: [("city".to_owned(), city)].into(),
        ..Applicant::default()
    }
}

/// A request of hers in the table.
async fn request(world: &World) -> RequestId {
    let id = RequestId::new(NOW, std::array::from_fn(|_| fastrand::u8(..)));
    let kms = Connection {
        endpoint: Some(format!("{}/keys", world.entra.origin)),
        ..world.engine.connection()
    };
    let key = local_entra::partners::KEY_ID.to_owned();
    let keys = KmsDataKeys::new(&kms, key, Arc::clone(&world.clock) as _);
    let content = serde_json::to_vec(&applicant()).unwrap();
    let sealed = sealing::seal(&keys, &id, &content, far()).await.unwrap();
    let request = pending(id.clone(), PersonKey::of_address(id.as_str()), NOW);
    let filed = world.store.open(&request, &sealed, None, far()).await;
    assert_eq!(filed.unwrap(), Filed::Yes);
    id
}

fn created(id: &RequestId) -> Fact {
    Fact::RequestCreated(RequestFact {
        request: id.to_string(),
        revision: 1,
        action: "open",
        from: None,
        to: "pending",
        by: "applicant",
    })
}

fn provisioned(id: &RequestId) -> Fact {
    Fact::AccountProvisioned(AccountFact {
        request: id.to_string(),
        account: None,
        user_flow: None,
        problem: None,
    })
}

/// What the receiver reads of an event, where it asks for some fields.
async fn told(world: &World, event: &KeptEvent, fields: &[&str]) -> Value {
    world.receiver.on(PATH, [Answer::status(200)]);
    let endpoint = world.endpoint_at(&world.receiver.url(PATH), fields).await;
    assert_eq!(world.take(&[task(&endpoint, event)]).await, [true]);
    let received = world.receiver.received().pop().unwrap();
    serde_json::from_str(received.text()).unwrap()
}

/// The event itself is the same whoever is told of it.
fn without_personal(mut told: Value) -> Value {
    told.as_object_mut().unwrap().remove("personal");
    told
}

#[tokio::test]
async fn fields_of_an_applicant_are_told_to_whom_asks_for_them() {
    let world = World::new().await;
    let id = request(&world).await;
    for fact in [created(&id), provisioned(&id)] {
        let event = Event::new(NOW, fact, &[b"1"]);
        let event = world.kept(&event, Personal::default()).await;
        let nobody = told(&world, &event, &[]).await;
        assert_eq!(nobody.get("personal"), None);
        let fields = told(&world, &event, &["email", "city", "country"]).await;
        let expected = json!({ "email": "zoe@partner.example", "city": "Malmö" });
        assert_eq!(fields["personal"], expected);
        assert_eq!(without_personal(fields), nobody);
    }
}

#[tokio::test]
async fn an_applicant_who_is_erased_is_told_of_to_nobody() {
    let world = World::new().await;
    let id = request(&world).await;
    let event = Event::new(NOW, created(&id), &[b"1"]);
    let event = world.kept(&event, Personal::default()).await;
    world.store.erase(&id, None).await.unwrap();
    let fields = told(&world, &event, &["email"]).await;
    assert_eq!(fields.get("personal"), None);
    assert_eq!(fields["data"]["request"], id.as_str());
}

#[tokio::test]
async fn of_other_events_only_what_is_kept_beside_them_is_told() {
    let world = World::new().await;
    let event = Event::new(NOW, entry_added(), &[b"1"]);
    let personal = json!({ "matcher": "evil.example", "email": "a@evil.example" });
    let personal: Personal = serde_json::from_value(personal).unwrap();
    let event = world.kept(&event, personal).await;
    let fields = told(&world, &event, &["matcher"]).await;
    assert_eq!(fields["personal"], json!({ "matcher": "evil.example" }));
    let nobody = told(&world, &event, &[]).await;
    assert_eq!(nobody.get("personal"), None);
}
