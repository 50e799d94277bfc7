//! The directory and sets of values, as operators load them.

use std::collections::BTreeMap;

use shared::{
    domain::{
        attribute::{AttributeValue as Value, ClaimValue},
        directory::{ClaimsSubject, DirectoryRecord},
        value_set::{Member, SetName, SetValue},
    },
    ports::{
        StoreError,
        directory_store::{self, DirectoryStore},
        value_store::{self, ValueStore},
    },
};

use super::{fixture, signed};

pub(crate) fn subject(text: &str) -> ClaimsSubject {
    ClaimsSubject::parse(text).unwrap()
}

pub(crate) fn text(text: &str) -> ClaimValue {
    ClaimValue::One(Value::Text(text.to_owned()))
}

/// Claims of every type.
pub(crate) fn every_type() -> BTreeMap<String, ClaimValue> {
    [
        ("department", text("Sales")),
        ("digits", text("0042")),
        ("level", ClaimValue::One(Value::Number(-7))),
        ("huge", ClaimValue::One(Value::Number(i64::MAX))),
        ("internal", ClaimValue::One(Value::Flag(false))),
        (
            "roles",
            ClaimValue::Many(vec!["buyer".to_owned(), "1".to_owned()]),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

pub(crate) fn record(about: &str) -> DirectoryRecord {
    DirectoryRecord {
        subject: subject(about),
        claims: every_type(),
    }
}

pub(crate) fn set(name: &str) -> SetName {
    SetName::parse(name).unwrap()
}

pub(crate) fn value(text: &str) -> SetValue {
    SetValue::parse(text).unwrap()
}

pub(crate) fn member(of: &str, text: &str) -> Member {
    Member {
        set: set(of),
        value: value(text),
        note: String::new(),
        expires_at: None,
    }
}

#[tokio::test]
async fn a_record_is_read_back_with_the_types_of_its_claims() {
    let f = fixture("directory-types").await;
    let records = [
        record("john@example.com"),
        record("example.com"),
        record("identity:facebook.com#0123"),
        record("object:ab3ec3b2-a435-45e4-b93a-56a005e88bb7"),
    ];
    f.directory().put(&records, &signed()).await.unwrap();
    for wanted in &records {
        let found = f
            .directory()
            .find(std::slice::from_ref(&wanted.subject))
            .await;
        assert_eq!(found.unwrap(), std::slice::from_ref(wanted));
    }
    assert_eq!(
        f.directory()
            .find(&[subject("b@example.com")])
            .await
            .unwrap(),
        []
    );
    let nobody: [ClaimsSubject; 0] = [];
    assert_eq!(f.directory().find(&nobody).await.unwrap(), []);
}

#[tokio::test]
async fn a_record_takes_the_place_of_the_one_before() {
    let f = fixture("directory-again").await;
    let mut later = record("john@example.com");
    later.claims = [("city".to_owned(), text("Malmö"))].into();
    // The later of two in one call stands as well.
    let both = [record("john@example.com"), later.clone()];
    for _ in 0..2 {
        f.directory().put(&both, &signed()).await.unwrap();
        let twice = [later.subject.clone(), later.subject.clone()];
        assert_eq!(f.directory().find(&twice).await.unwrap(), [later.clone()]);
    }
}

#[tokio::test]
async fn a_full_batch_of_records_is_found_part_by_part_and_removed() {
    let f = fixture("directory-batch").await;
    let records: Vec<DirectoryRecord> = (0..directory_store::MAX_BATCH)
        .map(|n| record(&format!("user{n}@example.com")))
        .collect();
    let subjects: Vec<ClaimsSubject> = records.iter().map(|r| r.subject.clone()).collect();
    f.directory().put(&records, &signed()).await.unwrap();
    assert_eq!(in_all_parts(f.directory()).await, records.len());
    assert_eq!(
        f.directory().find(&subjects).await.unwrap().len(),
        records.len()
    );
    f.directory().remove(&subjects, &signed()).await.unwrap();
    assert_eq!(in_all_parts(f.directory()).await, 0);
    let again = f.directory().remove(&subjects, &signed()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
}

async fn in_all_parts(store: &dyn DirectoryStore) -> usize {
    let mut count = 0;
    for part in 0..directory_store::PARTS {
        let (mut records, mut next) = store.part(part, None).await.unwrap();
        while next.is_some() {
            let (more, after) = store.part(part, next).await.unwrap();
            records.extend(more);
            next = after;
        }
        count += records.len();
    }
    count
}

#[tokio::test]
async fn a_member_is_read_back_as_it_was_written_and_only_in_its_set() {
    let f = fixture("values").await;
    let mut supplier = member("suppliers", " SE-1042 ");
    supplier.note = "asked for by sales".to_owned();
    supplier.expires_at = Some("2030-01-31T12:00:00Z".parse().unwrap());
    let (suppliers, others) = (set("suppliers"), set("cost-centres"));
    for _ in 0..2 {
        f.values()
            .put(&suppliers, std::slice::from_ref(&supplier), &signed())
            .await
            .unwrap();
    }
    f.values()
        .put(&others, &[member("cost-centres", "7")], &signed())
        .await
        .unwrap();
    let wanted = [value("se-1042"), value("7")];
    assert_eq!(
        f.values().find(&suppliers, &wanted).await.unwrap(),
        [supplier]
    );
    assert_eq!(f.values().sets().await.unwrap(), [others, suppliers]);
}

#[tokio::test]
async fn a_full_batch_of_members_is_found_part_by_part_and_removed() {
    let f = fixture("values-batch").await;
    let suppliers = set("suppliers");
    let members: Vec<Member> = (0..value_store::MAX_BATCH)
        .map(|n| member("suppliers", &format!("SE-{n}")))
        .collect();
    let values: Vec<SetValue> = members.iter().map(|m| m.value.clone()).collect();
    f.values()
        .put(&suppliers, &members, &signed())
        .await
        .unwrap();
    f.values()
        .put(&set("other"), &[member("other", "x")], &signed())
        .await
        .unwrap();
    assert_eq!(
        f.values().find(&suppliers, &values).await.unwrap().len(),
        members.len()
    );
    assert_eq!(members_of(f.values(), &suppliers).await, members.len());
    let remove = async || f.values().remove(&suppliers, &values, &signed()).await;
    remove().await.unwrap();
    assert_eq!(members_of(f.values(), &suppliers).await, 0);
    let again = remove().await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    assert_eq!(members_of(f.values(), &set("other")).await, 1);
}

async fn members_of(store: &dyn ValueStore, set: &SetName) -> usize {
    let mut count = 0;
    for part in 0..value_store::PARTS {
        let (members, next) = store.part(set, part, None).await.unwrap();
        assert_eq!(next, None);
        count += members.len();
    }
    count
}

#[tokio::test]
async fn a_table_without_sets_names_none() {
    let f = fixture("values-none").await;
    assert_eq!(f.values().sets().await.unwrap(), []);
    f.values().put(&set("empty"), &[], &signed()).await.unwrap();
    assert_eq!(f.values().sets().await.unwrap(), []);
}
