//! What a decision looks up in its one round trip, and the answers and breakers that are kept for it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use shared::{
    domain::{
        approval::ApplicantKey,
        list::{Effect, Matcher},
        source::{AnswerKey, Breaker, Extract, KeptAnswer, SourceName},
    },
    ports::{
        StoreError,
        answer_store::AnswerStore,
        code_redeemer::CodeRedeemer,
        list_store::ListStore,
        sign_up_reader::{Facts, LookedUp, MAX_LOOKED_UP, MAX_MATCHERS, SignUpReader, Wanted},
    },
};

use super::{
    Fixture,
    codes::{code, digest, person},
    fixture, matcher, put, recorded,
    records::{every_type, member, record, set, subject, value},
    signed, soon,
};

fn now() -> Timestamp {
    "2026-12-01T10:00:00.25Z".parse().unwrap()
}

fn source(name: &str) -> SourceName {
    SourceName::parse(name).unwrap()
}

fn kept() -> KeptAnswer {
    KeptAnswer {
        found: true,
        extract: Extract {
            claims: every_type(),
            facts: every_type(),
        },
        expires_at: now() + SignedDuration::from_mins(5),
    }
}

async fn read(f: &Fixture, looked_up: &LookedUp) -> Result<Facts, StoreError> {
    let wanted = Wanted {
        matchers: &[matcher("example.com")],
        applicant: None,
        caller_records: true,
        looked_up,
    };
    f.table.read(wanted, soon()).await
}

#[tokio::test]
async fn everything_is_looked_up_in_the_same_call_as_the_lists() {
    let f = fixture("look-up").await;
    let (used, fresh) = (code("USED", 2), code("UNUSED", 2));
    let breaker = Breaker::closed(now()).failed(now());
    let answer = AnswerKey::of(&[b"crm", b"john"]);
    f.table
        .apply(&[put("example.com", Effect::Deny, "x")], &signed())
        .await
        .unwrap();
    f.directory()
        .put(&[record("john@example.com")], &signed())
        .await
        .unwrap();
    f.values()
        .put(&set("suppliers"), &[member("suppliers", "7")], &signed())
        .await
        .unwrap();
    f.codes()
        .create(&[used.clone(), fresh.clone()], &recorded())
        .await
        .unwrap();
    f.table
        .redeem(&used.digest, &person(1), now(), soon())
        .await
        .unwrap();
    f.table.keep(&answer, &kept(), soon()).await.unwrap();
    f.table
        .set_breaker(&source("crm"), &breaker, soon())
        .await
        .unwrap();
    let looked_up = LookedUp {
        subjects: vec![subject("john@example.com"), subject("example.com")],
        values: vec![
            (set("suppliers"), value("7")),
            (set("suppliers"), value("8")),
        ],
        codes: vec![used.digest.clone(), fresh.digest.clone(), digest("NONE")],
        person: Some(person(1)),
        answers: vec![answer.clone(), AnswerKey::of(&[b"other"])],
        breakers: vec![source("crm"), source("erp")],
    };
    let facts = read(&f, &looked_up).await.unwrap();
    assert_eq!((facts.entries.len(), facts.calls), (1, 1));
    let found = facts.found;
    assert_eq!(found.records, [record("john@example.com")]);
    assert_eq!(found.members, [member("suppliers", "7")]);
    let counts: Vec<_> = found.codes.iter().map(|c| (&c.digest, c.used)).collect();
    assert_eq!(counts, [(&used.digest, 1), (&fresh.digest, 0)]);
    assert_eq!(found.redeemed, [used.digest]);
    assert_eq!(found.answers, BTreeMap::from([(answer, kept())]));
    assert_eq!(found.breakers, BTreeMap::from([(source("crm"), breaker)]));
}

#[tokio::test]
async fn a_key_that_is_named_twice_is_read_once() {
    let f = fixture("look-up-twice").await;
    f.values()
        .put(&set("suppliers"), &[member("suppliers", "7")], &signed())
        .await
        .unwrap();
    let looked_up = LookedUp {
        values: vec![(set("suppliers"), value("7")); 2],
        ..LookedUp::default()
    };
    let found = read(&f, &looked_up).await.unwrap().found;
    assert_eq!(found.members, [member("suppliers", "7")]);
}

#[tokio::test]
async fn nothing_to_read_needs_no_call() {
    let f = fixture("look-up-nothing").await;
    let wanted = Wanted {
        matchers: &[],
        applicant: None,
        caller_records: false,
        looked_up: &LookedUp::default(),
    };
    assert_eq!(f.table.read(wanted, soon()).await.unwrap().calls, 0);
}

#[tokio::test]
async fn more_than_a_hundred_keys_are_two_calls_and_too_many_are_refused() {
    let f = fixture("look-up-many").await;
    let values = |count: usize| LookedUp {
        values: (0..count)
            .map(|n| (set("suppliers"), value(&n.to_string())))
            .collect(),
        ..LookedUp::default()
    };
    let members = [member("suppliers", "0"), member("suppliers", "99")];
    f.values()
        .put(&set("suppliers"), &members, &signed())
        .await
        .unwrap();
    let matchers: Vec<Matcher> = (0..MAX_MATCHERS)
        .map(|n| matcher(&format!("a{n}.example")))
        .collect();
    f.table
        .apply(&[put("a92.example", Effect::Deny, "x")], &signed())
        .await
        .unwrap();
    let looked_up = values(MAX_LOOKED_UP);
    let applicant = ApplicantKey::parse(person(1).as_str()).unwrap();
    let wanted = Wanted {
        matchers: &matchers,
        applicant: Some(&applicant),
        caller_records: true,
        looked_up: &looked_up,
    };
    let facts = f.table.read(wanted, soon()).await.unwrap();
    assert_eq!(
        (facts.calls, facts.entries.len(), facts.found.members.len()),
        (2, 1, 2)
    );
    let refused = read(&f, &values(MAX_LOOKED_UP + 1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
}

/// Puts an item that this version cannot read.
async fn spoil(f: &Fixture, pk: &str, sk: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = HashMap::from([
        ("pk".to_owned(), text(pk)),
        ("sk".to_owned(), text(sk)),
        ("schema".to_owned(), AttributeValue::N("2".to_owned())),
    ]);
    let put = f.client.put_item().table_name(f.table.name());
    put.set_item(Some(item)).send().await.unwrap();
}

/// The key of the one item whose sort key begins so.
async fn key(f: &Fixture, start: &str) -> (String, String) {
    let scanned = f
        .client
        .scan()
        .table_name(f.table.name())
        .send()
        .await
        .unwrap();
    let text = |item: &HashMap<String, AttributeValue>, name| item[name].as_s().unwrap().clone();
    let keys = scanned
        .items()
        .iter()
        .map(|item| (text(item, "pk"), text(item, "sk")));
    let mut keys: Vec<_> = keys.filter(|(_, sk)| sk.starts_with(start)).collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

#[tokio::test]
async fn an_answer_or_breaker_that_cannot_be_read_is_as_if_it_were_not_there() {
    let f = fixture("look-up-spoilt").await;
    let answer = AnswerKey::of(&[b"crm"]);
    spoil(&f, &format!("ANSWER#{}", answer.as_str()), "ANSWER").await;
    spoil(&f, "BREAKER#crm", "CURRENT").await;
    let looked_up = LookedUp {
        answers: vec![answer],
        breakers: vec![source("crm")],
        ..LookedUp::default()
    };
    let found = read(&f, &looked_up).await.unwrap().found;
    assert_eq!(found.answers.len() + found.breakers.len(), 0);
}

#[tokio::test]
async fn a_record_member_or_code_that_cannot_be_read_is_corrupt_and_named_without_its_content() {
    let f = fixture("look-up-corrupt").await;
    f.directory()
        .put(&[record("john@example.com")], &signed())
        .await
        .unwrap();
    f.values()
        .put(
            &set("suppliers"),
            &[member("suppliers", "john7")],
            &signed(),
        )
        .await
        .unwrap();
    f.codes()
        .create(&[code("JOHN", 1)], &recorded())
        .await
        .unwrap();
    let cases = [
        (
            "SUBJECT#",
            LookedUp {
                subjects: vec![subject("john@example.com")],
                ..LookedUp::default()
            },
        ),
        (
            "VALUE#",
            LookedUp {
                values: vec![(set("suppliers"), value("john7"))],
                ..LookedUp::default()
            },
        ),
        (
            "CODE#",
            LookedUp {
                codes: vec![digest("JOHN")],
                ..LookedUp::default()
            },
        ),
    ];
    for (start, looked_up) in cases {
        let (pk, sk) = key(&f, start).await;
        spoil(&f, &pk, &sk).await;
        let failure = read(&f, &looked_up).await.unwrap_err();
        assert!(matches!(failure, StoreError::Corrupt { .. }), "{failure}");
        assert!(!failure.to_string().contains("john"), "{failure}");
    }
}

#[tokio::test]
async fn a_later_answer_takes_the_place_of_an_earlier_one() {
    let f = fixture("answer").await;
    let key = AnswerKey::of(&[b"crm"]);
    let later = KeptAnswer {
        found: false,
        extract: Extract::default(),
        expires_at: now(),
    };
    let looked_up = LookedUp {
        answers: vec![key.clone()],
        ..LookedUp::default()
    };
    for answer in [kept(), later] {
        f.table.keep(&key, &answer, soon()).await.unwrap();
        let found = read(&f, &looked_up).await.unwrap().found;
        assert_eq!(found.answers.get(&key), Some(&answer));
    }
}

#[tokio::test]
async fn of_two_who_change_a_breaker_at_once_one_is_told() {
    let f = fixture("breaker").await;
    let crm = source("crm");
    let first = Breaker::closed(now()).failed(now());
    f.table.set_breaker(&crm, &first, soon()).await.unwrap();
    let again = f.table.set_breaker(&crm, &first, soon()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let second = first.failed(now());
    f.table.set_breaker(&crm, &second, soon()).await.unwrap();
    let late = f.table.set_breaker(&crm, &first.tried(now()), soon()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    let looked_up = LookedUp {
        breakers: vec![crm.clone()],
        ..LookedUp::default()
    };
    let found = read(&f, &looked_up).await.unwrap().found;
    assert_eq!(found.breakers.get(&crm), Some(&second));
    // Nothing came before a version above one that is not there.
    let orphan = f.table.set_breaker(&source("erp"), &second, soon()).await;
    assert!(matches!(orphan, Err(StoreError::Conflict)), "{orphan:?}");
}
