//! Invitation codes at the last step.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::{
    app::last_steps::LastSteps,
    domain::{
        attribute::{AttributeValue, ClaimValue},
        code::{CodeDigest, InvitationCode},
        email::EmailAddress,
        language::LanguageWishes,
        list::Matcher,
        look_up::FoundInTable,
        person::PersonKey,
        sign_up::{SignUp, Step},
    },
    ports::{
        clock::Clock,
        code_redeemer::{CodeRedeemer, Redeemed},
        code_store::CodeStore,
    },
    testkit::{others, recorded},
};

use crate::world::{World, person, soon};

const CODE: &str = "7K3M-Q2ZT-AB12-CD34";

const POLICY: &str = r#"
default = "allow"
[attribute.extension_InvitationCode]
required = true
invitation = true
blank = true
[attribute.city]
required = true
"#;

const LONG: Duration = Duration::from_secs(20);

fn code(uses: u32) -> InvitationCode {
    let company = ClaimValue::One(AttributeValue::Text("Contoso".to_owned()));
    InvitationCode {
        digest: CodeDigest::of(CODE).unwrap(),
        uses,
        used: 0,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        bound_to: None,
        claims: BTreeMap::from([("companyName".to_owned(), company)]),
        note: String::new(),
        revoked: false,
    }
}

fn invited(address: &str, code: &str) -> Value {
    let mut person = person(address);
    person["extension_InvitationCode"] = json!(code);
    person["city"] = json!("Lund");
    person
}

async fn used(world: &World) -> u32 {
    let digest = CodeDigest::of(CODE).unwrap();
    world.table.find_code(&digest).await.unwrap().unwrap().used
}

#[tokio::test]
async fn a_code_lets_in_sets_attributes_and_is_not_kept() {
    let world = World::new().await;
    world.table.create(&[code(2)], &recorded()).await.unwrap();
    world.publish(POLICY).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let page = function
        .ask(&invited("ann@contoso.com", "7k3m q2zt ab12 cd34"))
        .await;
    let expected = json!({
        "version": "1.0.0", "action": "Continue", "companyName": "Contoso", "extension_InvitationCode": "",
    });
    assert_eq!(page.body, expected);
    assert_eq!(function.told().invitation, Some("redeemed"));
    assert_eq!(function.told().read.unwrap().calls, 1);
    assert_eq!(used(&world).await, 1);
}

#[tokio::test]
async fn a_retry_and_a_corrected_form_use_it_once() {
    let world = World::new().await;
    world.table.create(&[code(1)], &recorded()).await.unwrap();
    world.publish(POLICY).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let mut without_city = invited("ann@contoso.com", CODE);
    without_city["city"] = json!("");
    let page = function.ask(&without_city).await;
    assert_eq!(page.action(), "ValidationError");
    assert_eq!(
        used(&world).await,
        0,
        "who has to correct something uses nothing"
    );
    for _ in 0..3 {
        let page = function.ask(&invited("ann@contoso.com", CODE)).await;
        assert_eq!(page.action(), "Continue", "{page:?}");
    }
    assert_eq!(used(&world).await, 1);
    let page = function.ask(&invited("bob@contoso.com", CODE)).await;
    assert_eq!(page.action(), "ValidationError");
    let sentence = page.body["userMessage"].as_str().unwrap();
    assert!(sentence.contains("used up"), "{sentence}");
}

/// What was read may be older than what the same person did a moment ago.
#[tokio::test]
async fn a_copy_that_is_behind_keeps_nobody_out_who_has_used_it() {
    let world = World::new().await;
    world.table.create(&[code(1)], &recorded()).await.unwrap();
    world.publish(POLICY).await;
    let digest = CodeDigest::of(CODE).unwrap();
    let ann = PersonKey::of_address("ann@contoso.com");
    let now = world.clock.now();
    let redeemed = world.table.redeem(&digest, &ann, now, soon()).await;
    assert_eq!(redeemed.unwrap(), Redeemed::Yes);
    let last_steps = LastSteps {
        codes: Arc::clone(&world.table) as _,
        ..others(Arc::clone(&world.table) as _, Arc::clone(&world.clock) as _).last_steps
    };
    let behind = FoundInTable {
        codes: vec![InvitationCode { used: 1, ..code(1) }],
        ..FoundInTable::default()
    };
    for (address, expected) in [("ann@contoso.com", 1), ("bob@contoso.com", 0)] {
        let mut found = behind.clone();
        let sign_up = sign_up(address);
        last_steps.recall(&sign_up, &mut found, soon()).await;
        assert_eq!(found.redeemed.len(), expected, "{address}");
    }
    assert_eq!(used(&world).await, 1);
}

fn sign_up(address: &str) -> SignUp {
    SignUp {
        step: Step::BeforeCreatingUser,
        addresses: vec![EmailAddress::parse(address).unwrap()],
        identities: Vec::new(),
        attributes: Vec::new(),
        languages: LanguageWishes::default(),
        application: None,
        client: None,
        object_id: None,
    }
}

#[tokio::test]
async fn whoever_is_not_invited_stays_out() {
    let world = World::new().await;
    let bound = InvitationCode {
        bound_to: Some(Matcher::parse("contoso.com").unwrap()),
        ..code(5)
    };
    world.table.create(&[bound], &recorded()).await.unwrap();
    world.publish(POLICY).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    for (address, code) in [
        ("ann@contoso.com", "7K3M-Q2ZT-AB12-CD35"),
        ("ann@fabrikam.com", CODE),
        ("ann@contoso.com", ""),
    ] {
        let page = function.ask(&invited(address, code)).await;
        assert_eq!(page.action(), "ValidationError", "{address} {code}");
    }
    world
        .table
        .revoke(&CodeDigest::of(CODE).unwrap(), &recorded())
        .await
        .unwrap();
    let page = function.ask(&invited("ann@contoso.com", CODE)).await;
    assert_eq!(page.action(), "ValidationError");
    assert_eq!(used(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_for_fifty_uses_end_with_fifty() {
    let world = World::new().await;
    world.table.create(&[code(50)], &recorded()).await.unwrap();
    world.publish(POLICY).await;
    let mut functions = Vec::new();
    for _ in 0..4 {
        functions.push(world.function(Step::BeforeCreatingUser, LONG).await);
    }
    let people: Vec<Value> = (0..200)
        .map(|n| invited(&format!("guest{n}@contoso.com"), CODE))
        .collect();
    let (mut let_in, mut kept_out) = (0, 0);
    let mut undecided: Vec<&Value> = people.iter().collect();
    // Whom an overloaded table could not answer in time tries again, as people do.
    while !undecided.is_empty() {
        let asked = undecided
            .iter()
            .enumerate()
            .map(|(n, person)| functions[n % functions.len()].ask(person));
        let pages = futures_util::future::join_all(asked).await;
        let mut again = Vec::new();
        for (person, page) in undecided.into_iter().zip(pages) {
            match page.action() {
                "Continue" => let_in += 1,
                "ValidationError" => kept_out += 1,
                _ => again.push(person),
            }
        }
        undecided = again;
    }
    assert_eq!((let_in, kept_out), (50, 150));
    assert_eq!(used(&world).await, 50);
}
