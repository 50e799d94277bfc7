//! What every store must do, run over HTTP against the embedded engine, or against the DynamoDB that
//! `CONTRACT_ENDPOINT_URL` names (the rehearsal gives another author's engine as a second opinion).

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod attempts;
mod audit;
mod chain;
mod codes;
mod dead_letters;
mod look_ups;
mod maintenance;
mod notices;
mod ports;
mod records;
mod requests;
mod settings;
mod webhooks;

use std::{sync::Arc, time::Duration};

use aws_sdk_dynamodb::{Client, config::timeout::TimeoutConfig, types::AttributeValue};
use jiff::{SignedDuration, Timestamp};
use local::engine::{Engine, create_table};
use shared::{
    adapters::dynamodb::{Connection, Table},
    app::{
        credentials::{CredentialError, Credentials},
        disposable_publications::{DisposableError, DisposablePublications, NewList, Refreshed},
        lists::{Difference, Lists, Place},
        publications::{Changed, Draft, PublicationError, Publications},
    },
    config::{Environment, ProcessEnvironment},
    domain::{
        audit::Signature,
        caller::Slot,
        key_set::{SigningKey, SigningKeys},
        list::{Effect, ListEntry, ListName, Matcher},
        one_time_code::DeliveryId,
        publication::{CurrentPolicies, PolicyFlow, PolicyVersion},
    },
    policy::{
        document::{Document, MAX_DOCUMENT_OCTETS},
        predicate::disposable::{BUILT_IN, DisposableDomains},
        prepared,
    },
    ports::{
        Deadline, StoreError,
        credential_store::CredentialStore,
        credential_use::CredentialUse,
        disposable_reader::DisposableReader,
        disposable_store::{DisposableList, DisposableStore},
        key_store::KeyStore,
        list_store::{Change, ListStore, MAX_BATCH},
        listed_domains::ListedDomains,
        otp_deliveries::{Delivery, Lease, OtpDeliveries},
        policy_reader::PolicyReader,
        policy_store::{MAX_TEXT_OCTETS, NewVersion, PolicyStore},
        sign_up_reader::{LookedUp, SignUpReader, Wanted},
    },
    testkit::{FixedClock, recorded},
};
use tokio::time::Instant;

/// A table of its own for each test.
struct Fixture {
    table: Arc<Table>,
    client: Client,
    engine: Option<Engine>,
}

async fn fixture(test: &str) -> Fixture {
    let endpoint = ProcessEnvironment.get("CONTRACT_ENDPOINT_URL");
    let engine = match endpoint {
        None => Some(Engine::in_memory().await.unwrap()),
        Some(_) => None,
    };
    let connection = Connection {
        region: "us-east-1".to_owned(),
        endpoint: endpoint.or_else(|| engine.as_ref().map(Engine::endpoint)),
        access_key_id: "test".to_owned(),
        secret_access_key: "test".to_owned(),
        session_token: None,
    };
    // A function's short time-outs are for DynamoDB itself, not for whatever stands in for it.
    let client = match engine {
        Some(_) => connection.client(),
        None => patient(&connection.client()),
    };
    let name = format!("contract-{test}-{}", std::process::id());
    create_table(&client, &name).await.unwrap();
    let table = Arc::new(Table::new(client.clone(), &name));
    Fixture {
        table,
        client,
        engine,
    }
}

/// A client that waits for a busy machine.
fn patient(client: &Client) -> Client {
    let minute = Duration::from_mins(1);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(minute)
        .operation_attempt_timeout(minute);
    let config = client.config().to_builder();
    let config = config.timeout_config(timeouts.build());
    Client::from_conf(config.build())
}

fn soon() -> Deadline {
    Deadline(Instant::now() + Duration::from_secs(10))
}

fn matcher(text: &str) -> Matcher {
    Matcher::parse(text).unwrap()
}

fn entry(text: &str, effect: Effect, list: &str) -> ListEntry {
    ListEntry {
        matcher: matcher(text),
        list: ListName::parse(list).unwrap(),
        effect,
        reason: "said so".to_owned(),
        owner: "ops".to_owned(),
        expires_at: None,
    }
}

fn signed() -> Signature {
    Signature {
        by: "robin".to_owned(),
        at: "2026-12-01T10:00:00.123Z".parse().unwrap(),
    }
}

fn put(text: &str, effect: Effect, list: &str) -> Change {
    Change::Put(entry(text, effect, list))
}

async fn everything(table: &Arc<Table>) -> Vec<ListEntry> {
    let lists = Lists::new(Arc::clone(table) as _);
    let (mut all, mut place) = (Vec::new(), Some(Place::default()));
    while let Some(here) = place {
        let (entries, next) = lists.page(here).await.unwrap();
        all.extend(entries);
        place = next;
    }
    all
}

#[tokio::test]
async fn an_entry_is_exchanged_only_as_it_was_seen() {
    let f = fixture("lists-exchange").await;
    let [allow, deny, review] = [Effect::Allow, Effect::Deny, Effect::Review]
        .map(|effect| entry("example.com", effect, "default"));
    let exchange = async |seen: Option<&ListEntry>, to: &ListEntry| {
        let change = Change::Put(to.clone());
        f.table.exchange(seen, &change, &signed()).await.unwrap()
    };
    f.table
        .apply(&[put("example.com", Effect::Deny, "other")], &signed())
        .await
        .unwrap();
    assert!(!exchange(Some(&allow), &deny).await, "nothing stood there");
    assert!(exchange(None, &allow).await);
    assert!(!exchange(None, &deny).await, "something stands there");
    assert!(!exchange(Some(&deny), &review).await, "another one");
    let (first, second) = tokio::join!(
        exchange(Some(&allow), &deny),
        exchange(Some(&allow), &review)
    );
    assert_ne!(first, second, "one of two is slower");
    let left = if first { deny } else { review };
    let other = entry("example.com", Effect::Deny, "other");
    assert_eq!(everything(&f.table).await, [left.clone(), other.clone()]);
    let removal = Change::Remove {
        matcher: matcher("example.com"),
        list: left.list.clone(),
    };
    let by = signed();
    assert!(!f.table.exchange(None, &removal, &by).await.unwrap());
    let removed = f.table.exchange(Some(&left), &removal, &by);
    assert!(removed.await.unwrap());
    assert_eq!(everything(&f.table).await, [other]);
}

#[tokio::test]
async fn an_entry_is_read_back_as_it_was_written() {
    let f = fixture("roundtrip").await;
    let mut deny = entry("John+x@Example.com", Effect::Deny, "people");
    deny.expires_at = Some("2030-01-31T12:00:00Z".parse().unwrap());
    f.table
        .apply(&[Change::Put(deny.clone())], &signed())
        .await
        .unwrap();
    assert_eq!(f.table.find(&[deny.matcher.clone()]).await.unwrap(), [deny]);
}

#[tokio::test]
async fn what_is_not_there_is_not_an_error() {
    let f = fixture("absent").await;
    assert_eq!(
        f.table
            .find(&[matcher("nobody@example.com")])
            .await
            .unwrap(),
        []
    );
    assert_eq!(f.table.find(&[]).await.unwrap(), []);
    let change = Change::Remove {
        matcher: matcher("nobody@example.com"),
        list: ListName::parse("a").unwrap(),
    };
    f.table.apply(&[change], &signed()).await.unwrap();
    assert_eq!(f.table.list().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_matcher_stands_in_several_lists_and_leaves_them_one_by_one() {
    let f = fixture("several").await;
    let changes = [
        put("example.com", Effect::Allow, "a"),
        put("example.com", Effect::Deny, "b"),
    ];
    f.table.apply(&changes, &signed()).await.unwrap();
    assert_eq!(
        f.table.find(&[matcher("example.com")]).await.unwrap().len(),
        2
    );
    for (list, left) in [("a", 1), ("b", 0)] {
        let list = ListName::parse(list).unwrap();
        f.table
            .apply(
                &[Change::Remove {
                    matcher: matcher("example.com"),
                    list,
                }],
                &signed(),
            )
            .await
            .unwrap();
        assert_eq!(
            f.table.find(&[matcher("example.com")]).await.unwrap().len(),
            left
        );
    }
    assert_eq!(everything(&f.table).await, []);
}

#[tokio::test]
async fn changes_by_others_at_the_same_time_are_kept() {
    let f = fixture("concurrent").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..6 {
        let table = Arc::clone(&f.table);
        tasks.spawn(async move {
            table
                .apply(
                    &[put("example.com", Effect::Deny, &format!("list-{number}"))],
                    &signed(),
                )
                .await
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(
        f.table.find(&[matcher("example.com")]).await.unwrap().len(),
        6
    );
}

#[tokio::test]
async fn applying_again_changes_nothing_and_says_so() {
    let f = fixture("again").await;
    let lists = Lists::new(Arc::clone(&f.table) as _);
    let changes = [
        put("a@example.com", Effect::Deny, "x"),
        put("example.com", Effect::Allow, "x"),
    ];
    let first = lists.apply(&changes, &signed()).await.unwrap();
    assert!(
        first.iter().all(|d| matches!(d, Difference::Added(_))),
        "{first:?}"
    );
    let again = lists.apply(&changes, &signed()).await.unwrap();
    assert!(
        again.iter().all(|d| matches!(d, Difference::Unchanged(_))),
        "{again:?}"
    );
    let third = lists
        .apply(&[put("example.com", Effect::Review, "x")], &signed())
        .await
        .unwrap();
    assert!(matches!(third[0], Difference::Changed { .. }));
}

#[tokio::test]
async fn a_preview_writes_nothing() {
    let f = fixture("preview").await;
    let lists = Lists::new(Arc::clone(&f.table) as _);
    let twice = [
        put("example.com", Effect::Deny, "x"),
        put("example.com", Effect::Deny, "x"),
    ];
    let differences = lists.preview(&twice).await.unwrap();
    assert!(matches!(
        differences[..],
        [Difference::Added(_), Difference::Unchanged(_)]
    ));
    assert_eq!(everything(&f.table).await, []);
}

#[tokio::test]
async fn a_full_batch_is_written_and_every_entry_is_found_part_by_part() {
    let f = fixture("batch").await;
    let changes: Vec<Change> = (0..MAX_BATCH)
        .map(|n| put(&format!("user{n}@example.com"), Effect::Deny, "x"))
        .collect();
    f.table.apply(&changes, &signed()).await.unwrap();
    let mut found: Vec<String> = everything(&f.table)
        .await
        .iter()
        .map(|e| e.matcher.to_string())
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), MAX_BATCH);
    let matchers: Vec<Matcher> = changes.iter().map(|c| c.matcher().clone()).collect();
    assert_eq!(f.table.find(&matchers).await.unwrap().len(), MAX_BATCH);
}

#[tokio::test]
async fn of_the_lists_the_domains_are_read_however_many_people_stand_there() {
    let f = fixture("domains").await;
    let patient = Table::new(patient(&f.client), f.table.name());
    let named = ["partner.example", "*.woodgrove.example"];
    let mut changes: Vec<_> = named
        .map(|text| put(text, Effect::Allow, "partners"))
        .into();
    changes.push(put("partner.example", Effect::Deny, "people"));
    changes.push(put("provider:facebook.com", Effect::Allow, "people"));
    let people = (0..90).map(|n| put(&format!("p{n}@x.example"), Effect::Allow, "people"));
    changes.extend(people);
    f.table.apply(&changes, &signed()).await.unwrap();
    let mut found = patient.listed_domains().await.unwrap();
    found.sort_by_key(|entry| (entry.matcher.to_string(), entry.effect));
    let expected = [
        entry("*.woodgrove.example", Effect::Allow, "partners"),
        entry("partner.example", Effect::Allow, "partners"),
        entry("partner.example", Effect::Deny, "people"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_item_may_be_deleted_after_its_last_entry_has_expired() {
    let f = fixture("ttl").await;
    let ends = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let mut early = entry("example.com", Effect::Deny, "a");
    early.expires_at = ends("2030-01-01T00:00:00Z");
    let mut late = entry("example.com", Effect::Deny, "b");
    late.expires_at = ends("2031-01-01T00:00:00Z");
    let never = entry("example.com", Effect::Deny, "c");
    let latest = late.expires_at.unwrap().as_second();
    f.table
        .apply(&[Change::Put(early), Change::Put(late)], &signed())
        .await
        .unwrap();
    assert_eq!(ttl(&f).await, Some(latest));
    f.table
        .apply(&[Change::Put(never)], &signed())
        .await
        .unwrap();
    assert_eq!(ttl(&f).await, None);
}

async fn ttl(f: &Fixture) -> Option<i64> {
    let items = raw_entries(f).await;
    match items[0].get("ttl")? {
        AttributeValue::N(seconds) => Some(seconds.parse().unwrap()),
        other => panic!("{other:?}"),
    }
}

async fn raw_entries(f: &Fixture) -> Vec<std::collections::HashMap<String, AttributeValue>> {
    let mut items = Vec::new();
    for part in 0..64 {
        let found = f
            .client
            .query()
            .table_name(f.table.name())
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(format!("ENTRY#{part:02}")))
            .send()
            .await
            .unwrap();
        items.extend(found.items.unwrap_or_default());
    }
    items
}

#[tokio::test]
async fn a_decision_reads_entries_and_the_callers_records_in_one_call() {
    let f = fixture("read").await;
    let credentials = credentials(&f);
    credentials
        .create_with("a", "secret".to_owned(), "robin")
        .await
        .unwrap();
    f.table
        .save(&keys(), Timestamp::UNIX_EPOCH, &recorded())
        .await
        .unwrap();
    f.table
        .apply(&[put("example.com", Effect::Deny, "x")], &signed())
        .await
        .unwrap();
    let matchers = [
        matcher("a@example.com"),
        matcher("example.com"),
        matcher("*.com"),
    ];
    let wanted = Wanted {
        matchers: &matchers,
        applicant: None,
        caller_records: true,
        looked_up: &LookedUp::default(),
    };
    let facts = f.table.read(wanted, soon()).await.unwrap();
    assert_eq!((facts.entries.len(), facts.calls), (1, 1));
    // Another engine need not tell what it consumed; where ours does, it is counted.
    if f.engine.is_some() {
        assert!(facts.read_units > 0.0);
    }
    let records = facts.caller_records.unwrap();
    assert_eq!(records.credentials.len(), 1);
    assert_eq!(records.signing_keys, keys());
    assert_eq!(records.keys_fetched_at, Some(Timestamp::UNIX_EPOCH));

    let wanted = Wanted {
        matchers: &matchers,
        applicant: None,
        caller_records: false,
        looked_up: &LookedUp::default(),
    };
    assert!(
        f.table
            .read(wanted, soon())
            .await
            .unwrap()
            .caller_records
            .is_none()
    );
}

#[tokio::test]
async fn a_read_that_cannot_end_in_time_says_so() {
    let f = fixture("deadline").await;
    let matchers = [matcher("example.com")];
    let wanted = Wanted {
        matchers: &matchers,
        applicant: None,
        caller_records: false,
        looked_up: &LookedUp::default(),
    };
    let past = Deadline(Instant::now());
    let failure = f.table.read(wanted, past).await.unwrap_err();
    assert!(matches!(failure, StoreError::TimedOut), "{failure}");
}

#[tokio::test]
async fn a_missing_table_is_unavailable() {
    let f = fixture("missing").await;
    let elsewhere = Table::new(f.client.clone(), "no-such-table");
    let matchers = [matcher("example.com")];
    let wanted = Wanted {
        matchers: &matchers,
        applicant: None,
        caller_records: false,
        looked_up: &LookedUp::default(),
    };
    let failure = elsewhere.read(wanted, soon()).await.unwrap_err();
    assert!(matches!(failure, StoreError::Unavailable(_)), "{failure}");
}

#[tokio::test]
async fn an_item_of_a_newer_schema_is_corrupt_and_named_without_personal_data() {
    let f = fixture("schema").await;
    f.table
        .apply(&[put("john@example.com", Effect::Deny, "x")], &signed())
        .await
        .unwrap();
    let mut item = raw_entries(&f).await.remove(0);
    item.insert("schema".to_owned(), AttributeValue::N("2".to_owned()));
    f.client
        .put_item()
        .table_name(f.table.name())
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    let failure = f
        .table
        .find(&[matcher("john@example.com")])
        .await
        .unwrap_err();
    assert!(matches!(failure, StoreError::Corrupt { .. }), "{failure}");
    assert!(!failure.to_string().contains("john"), "{failure}");
}

fn credentials(f: &Fixture) -> Credentials {
    Credentials::new(
        Arc::clone(&f.table) as _,
        Arc::new(FixedClock::at(Timestamp::UNIX_EPOCH)),
    )
}

#[tokio::test]
async fn two_credentials_live_and_a_third_is_refused() {
    let f = fixture("credentials").await;
    let credentials = credentials(&f);
    let first = credentials.create("entra", "robin").await.unwrap();
    let second = credentials.create("entra", "robin").await.unwrap();
    assert_ne!(first.password, second.password);
    assert_eq!(first.password.len(), 43, "256 bits in base64url");
    let refused = credentials.create("entra", "robin").await.unwrap_err();
    assert!(
        matches!(refused, CredentialError::BothLive(..)),
        "{refused}"
    );
    credentials
        .retire(&first.credential.id, "robin")
        .await
        .unwrap();
    let third = credentials.create("entra", "robin").await.unwrap();
    assert_eq!(third.credential.slot, Slot::First);
    let unknown = credentials.retire("nonsense", "robin").await.unwrap_err();
    assert!(matches!(unknown, CredentialError::Unknown(_)));
}

#[tokio::test]
async fn a_slot_is_taken_once_and_retired_by_id() {
    let f = fixture("slot").await;
    let credential = credentials(&f)
        .create("entra", "robin")
        .await
        .unwrap()
        .credential;
    let taken = CredentialStore::create(f.table.as_ref(), &credential, &recorded())
        .await
        .unwrap_err();
    assert!(matches!(taken, StoreError::Conflict), "{taken}");
    let another = f
        .table
        .retire(Slot::First, "another", &recorded())
        .await
        .unwrap_err();
    assert!(matches!(another, StoreError::Conflict), "{another}");
    assert_eq!(f.table.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_secret_is_stored_nowhere() {
    let f = fixture("secret").await;
    let made = credentials(&f).create("entra", "robin").await.unwrap();
    let item = f
        .client
        .get_item()
        .table_name(f.table.name())
        .key("pk", AttributeValue::S("CREDENTIALS".to_owned()))
        .key("sk", AttributeValue::S("SLOT#1".to_owned()))
        .send()
        .await
        .unwrap();
    let shown = format!("{:?}", item.item.unwrap());
    assert!(
        shown.contains("entra") && !shown.contains(&made.password),
        "{shown}"
    );
}

#[tokio::test]
async fn the_last_use_moves_forward_only_and_starts_afresh_with_a_new_credential() {
    let f = fixture("use").await;
    let credentials = credentials(&f);
    let first = credentials
        .create("entra", "robin")
        .await
        .unwrap()
        .credential;
    let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
    for (seconds, expected) in [(100, 100), (50, 100), (200, 200)] {
        f.table
            .record(Slot::First, &first.id, at(seconds), soon())
            .await
            .unwrap();
        assert_eq!(
            credentials.list().await.unwrap()[0].last_used_at,
            Some(at(expected))
        );
    }
    credentials.retire(&first.id, "robin").await.unwrap();
    let second = credentials
        .create("entra", "robin")
        .await
        .unwrap()
        .credential;
    assert_eq!(credentials.list().await.unwrap()[0].last_used_at, None);
    f.table
        .record(Slot::First, &second.id, at(10), soon())
        .await
        .unwrap();
    assert_eq!(
        credentials.list().await.unwrap()[0].last_used_at,
        Some(at(10))
    );
}

fn keys() -> SigningKeys {
    let mut keys = SigningKeys::default();
    let key = SigningKey {
        kid: "a".to_owned(),
        modulus: vec![1, 2, 3],
        exponent: vec![1, 0, 1],
    };
    keys.replace("https://login.example/v2.0", vec![key]);
    keys
}

fn policy_flow(name: &str) -> PolicyFlow {
    PolicyFlow::parse(name).unwrap()
}

fn version(flow: &str, number: u32) -> PolicyVersion {
    PolicyVersion {
        flow: policy_flow(flow),
        number,
    }
}

fn publications(f: &Fixture) -> Publications {
    let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
    Publications::new(Arc::clone(&f.table) as _, Arc::new(clock))
}

async fn publish(f: &Fixture, flow: &str, source: &str) -> Result<Changed, PublicationError> {
    let (flow, document) = (policy_flow(flow), toml::from_str(source).unwrap());
    let draft = draft(&flow, source, &document);
    publications(f).publish(draft).await
}

async fn shadow(f: &Fixture, flow: &str, source: &str) -> Result<Changed, PublicationError> {
    let (flow, document) = (policy_flow(flow), toml::from_str(source).unwrap());
    let draft = draft(&flow, source, &document);
    publications(f).shadow(draft).await
}

fn draft<'d>(flow: &'d PolicyFlow, source: &'d str, document: &'d Document) -> Draft<'d> {
    Draft {
        flow,
        source,
        document,
        author: "ada",
        note: "why",
    }
}

/// The current versions as a function reads them.
async fn current(f: &Fixture) -> CurrentPolicies {
    let wanted = Wanted {
        matchers: &[],
        applicant: None,
        caller_records: true,
        looked_up: &LookedUp::default(),
    };
    let facts = f.table.read(wanted, soon()).await.unwrap();
    facts.caller_records.unwrap().policies
}

#[tokio::test]
async fn a_published_policy_is_what_functions_read() {
    let f = fixture("publish").await;
    assert_eq!(current(&f).await, CurrentPolicies::default());
    let changed = publish(&f, "partners", "default = \"deny\"").await.unwrap();
    assert_eq!((changed.from, changed.to.number), (None, 1));
    let changed = publish(&f, "partners", "# new\ndefault = \"review\"")
        .await
        .unwrap();
    assert_eq!((changed.from, changed.to.number), (Some(1), 2));
    publish(&f, "*", "default = \"allow\"").await.unwrap();

    let current = current(&f).await;
    let all: Vec<_> = current.all().collect();
    assert_eq!(all, [version("*", 1), version("partners", 2)]);
    let json = f.table.document(&version("partners", 2), soon()).await;
    let json = json.unwrap().unwrap();
    let document: Document = serde_json::from_str(&json).unwrap();
    assert_eq!(document.default, Effect::Review);
    let octets = f.table.prepared(&version("partners", 2), soon()).await;
    let policy = prepared::decode(&octets.unwrap().unwrap()).unwrap();
    assert_eq!(policy.default, Effect::Review);
    let absent = f.table.document(&version("partners", 3), soon()).await;
    assert_eq!(absent.unwrap(), None);
    let absent = f.table.prepared(&version("partners", 3), soon()).await;
    assert_eq!(absent.unwrap(), None);
    let past = Deadline(Instant::now());
    let late = f.table.document(&version("partners", 2), past).await;
    assert!(matches!(late, Err(StoreError::TimedOut)));
}

#[tokio::test]
async fn a_published_version_never_changes() {
    let f = fixture("immutable").await;
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    let seen = f.table.current().await.unwrap();
    let new = NewVersion {
        publication: publications(&f)
            .history(&PolicyFlow::Others)
            .await
            .unwrap()
            .publications
            .remove(0),
        source: "default = \"allow\"".to_owned(),
        document: "{\"default\":\"allow\"}".to_owned(),
        prepared: None,
    };
    let again = PolicyStore::publish(&*f.table, &new, &seen, &recorded()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let source = f.table.source(&version("*", 1)).await.unwrap();
    assert_eq!(source.unwrap(), "default = \"deny\"");
    assert_eq!(f.table.current().await.unwrap(), seen);
}

#[tokio::test]
async fn of_two_who_publish_at_once_one_wins_and_the_other_is_told() {
    let f = fixture("publish-race").await;
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    let (one, other) = tokio::join!(
        publish(&f, "*", "default = \"allow\""),
        publish(&f, "*", "default = \"review\"")
    );
    let won = [&one, &other].iter().filter(|ended| ended.is_ok()).count();
    // The slower one may also start after the faster one ended.
    if won == 1 {
        let lost = one.err().or(other.err()).unwrap();
        let overtaken = matches!(&lost, PublicationError::Overtaken { .. });
        assert!(overtaken, "{lost}");
    }
    let history = publications(&f).history(&PolicyFlow::Others).await.unwrap();
    assert_eq!(history.publications.len(), 1 + won);
    assert_eq!(history.current, Some(1 + u32::try_from(won).unwrap()));
}

#[tokio::test]
async fn whoever_has_seen_other_versions_than_the_current_ones_changes_nothing() {
    let f = fixture("publish-stale").await;
    let seen = f.table.current().await.unwrap();
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    let mut new = NewVersion {
        publication: publications(&f)
            .history(&PolicyFlow::Others)
            .await
            .unwrap()
            .publications
            .remove(0),
        source: String::new(),
        document: String::new(),
        prepared: None,
    };
    new.publication.version.number = 2;
    let late = PolicyStore::publish(&*f.table, &new, &seen, &recorded()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(f.table.source(&version("*", 2)).await.unwrap(), None);
    let late = f.table.point(&seen, &recorded()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
}

#[tokio::test]
async fn another_flows_policy_is_no_conflict() {
    let f = fixture("publish-flows").await;
    let (one, other) = tokio::join!(
        publish(&f, "partners", "default = \"deny\""),
        publish(&f, "customers", "default = \"allow\"")
    );
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let all: Vec<_> = current(&f).await.all().collect();
    assert_eq!(all, [version("customers", 1), version("partners", 1)]);
}

#[tokio::test]
async fn a_rollback_points_to_an_earlier_version_and_the_history_stays() {
    let f = fixture("rollback").await;
    for effect in ["deny", "review", "allow"] {
        let source = format!("default = \"{effect}\"");
        publish(&f, "*", &source).await.unwrap();
    }
    let publications = publications(&f);
    let changed = publications
        .roll_back(version("*", 1), "ada")
        .await
        .unwrap();
    assert_eq!((changed.from, changed.to.number), (Some(3), 1));
    assert_eq!(
        current(&f).await.of(None).map(|version| version.number),
        Some(1)
    );
    let (shown, source) = publications
        .source(&PolicyFlow::Others, None)
        .await
        .unwrap();
    assert_eq!((shown.number, source.as_str()), (1, "default = \"deny\""));

    let history = publications.history(&PolicyFlow::Others).await.unwrap();
    let numbers: Vec<_> = history
        .publications
        .iter()
        .map(|one| one.version.number)
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(history.current, Some(1));
    assert_eq!(history.publications[0].sha256.len(), 64);
    assert_eq!(history.publications[0].author, "ada");
    let page = PolicyStore::history(&*f.table, &PolicyFlow::Others, Some(3), 1).await;
    assert_eq!(page.unwrap()[0].version.number, 2);

    let unknown = publications
        .roll_back(version("*", 4), "ada")
        .await
        .unwrap_err();
    let unknown = matches!(unknown, PublicationError::Unknown { number: 4, .. });
    assert!(unknown);
    // The next one counts on from the newest, not from the current one.
    let next = publish(&f, "*", "default = \"review\"").await.unwrap();
    assert_eq!((next.from, next.to.number), (Some(1), 4));
}

/// The current version and the candidate.
async fn pointed_at(f: &Fixture, flow: &str) -> (Option<u32>, Option<u32>) {
    let (current, flow) = (current(f).await, policy_flow(flow));
    let number = |of: &std::collections::BTreeMap<PolicyFlow, u32>| of.get(&flow).copied();
    (number(&current.versions), number(&current.candidates))
}

#[tokio::test]
async fn a_candidate_is_a_version_that_functions_find_beside_the_current_one() {
    let f = fixture("shadow").await;
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    let changed = shadow(&f, "*", "default = \"review\"").await.unwrap();
    assert_eq!((changed.from, changed.to.number), (None, 2));
    assert_eq!(pointed_at(&f, "*").await, (Some(1), Some(2)));
    let json = f.table.document(&version("*", 2), soon()).await;
    assert!(json.unwrap().unwrap().contains("review"));
    let changed = shadow(&f, "*", "default = \"allow\"").await.unwrap();
    assert_eq!((changed.from, changed.to.number), (Some(2), 3));
    // Of a flow without a current version as well.
    shadow(&f, "partners", "default = \"allow\"").await.unwrap();
    assert_eq!(pointed_at(&f, "partners").await, (None, Some(1)));

    publish(&f, "*", "default = \"review\"").await.unwrap();
    assert_eq!(pointed_at(&f, "*").await, (Some(4), Some(3)));
    publications(&f)
        .roll_back(version("*", 2), "ada")
        .await
        .unwrap();
    assert_eq!(pointed_at(&f, "*").await, (Some(2), Some(3)));
    let history = publications(&f).history(&PolicyFlow::Others).await.unwrap();
    assert_eq!((history.current, history.candidate), (Some(2), Some(3)));
    assert_eq!(history.publications.len(), 4);
}

#[tokio::test]
async fn a_candidate_ends_when_it_becomes_current_and_when_it_is_told_to() {
    let f = fixture("promote").await;
    let publications = publications(&f);
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    shadow(&f, "*", "default = \"review\"").await.unwrap();
    let before = current(&f).await.revision;
    let changed = publications
        .promote(&PolicyFlow::Others, "ada")
        .await
        .unwrap();
    assert_eq!((changed.from, changed.to), (Some(1), version("*", 2)));
    assert_eq!(pointed_at(&f, "*").await, (Some(2), None));
    // In one write.
    assert_eq!(current(&f).await.revision, before + 1);

    shadow(&f, "*", "default = \"allow\"").await.unwrap();
    publications
        .roll_back(version("*", 3), "ada")
        .await
        .unwrap();
    assert_eq!(pointed_at(&f, "*").await, (Some(3), None));

    shadow(&f, "*", "default = \"allow\"").await.unwrap();
    let ended = publications
        .end_shadow(&PolicyFlow::Others, "ada")
        .await
        .unwrap();
    assert_eq!(ended, version("*", 4));
    assert_eq!(pointed_at(&f, "*").await, (Some(3), None));
    let promoted = publications.promote(&PolicyFlow::Others, "ada").await;
    let ended = publications.end_shadow(&PolicyFlow::Others, "ada").await;
    for none in [promoted.map(|_| ()), ended.map(|_| ())] {
        let none = none.unwrap_err();
        assert!(
            matches!(none, PublicationError::NoCandidate { .. }),
            "{none}"
        );
    }
}

#[tokio::test]
async fn a_candidate_with_a_fault_is_refused_and_nothing_is_written() {
    let f = fixture("shadow-fault").await;
    let rule = "default = \"deny\"\n[[rule]]\nid = \"a\"\nwhen = \"emial ==\"\neffect = \"deny\"";
    let refused = shadow(&f, "*", rule).await.unwrap_err();
    assert!(matches!(refused, PublicationError::Faulty(_)), "{refused}");
    assert_eq!(current(&f).await, CurrentPolicies::default());
    assert_eq!(f.table.source(&version("*", 1)).await.unwrap(), None);
}

#[tokio::test]
async fn of_a_candidate_and_a_version_at_once_one_wins_and_the_other_is_told() {
    let f = fixture("shadow-race").await;
    let (one, other) = tokio::join!(
        publish(&f, "*", "default = \"allow\""),
        shadow(&f, "*", "default = \"review\"")
    );
    let won = [&one, &other].iter().filter(|ended| ended.is_ok()).count();
    if won == 1 {
        let lost = one.err().or(other.err()).unwrap();
        assert!(matches!(lost, PublicationError::Overtaken { .. }), "{lost}");
    }
    let history = publications(&f).history(&PolicyFlow::Others).await.unwrap();
    assert_eq!(history.publications.len(), won);
}

#[tokio::test]
async fn an_item_from_before_there_were_candidates_has_none() {
    let f = fixture("shadow-none").await;
    publish(&f, "*", "default = \"deny\"").await.unwrap();
    let found = f
        .client
        .get_item()
        .table_name(format!("contract-shadow-none-{}", std::process::id()))
        .key("pk", AttributeValue::S("POLICIES".to_owned()))
        .key("sk", AttributeValue::S("CURRENT".to_owned()))
        .send()
        .await;
    let item = found.unwrap().item.unwrap();
    assert!(!item.contains_key("candidates"), "{item:?}");
    assert_eq!(pointed_at(&f, "*").await, (Some(1), None));
}

#[tokio::test]
async fn the_largest_policy_fits_and_a_larger_one_is_refused() {
    let f = fixture("publish-size").await;
    let line = "default = \"deny\"\n";
    let comment = "#".repeat(MAX_DOCUMENT_OCTETS - line.len());
    let largest = format!("{line}{comment}");
    publish(&f, "*", &largest).await.unwrap();
    let source = f.table.source(&version("*", 1)).await.unwrap();
    assert_eq!(source.unwrap(), largest);
    let refused = publish(&f, "*", &format!("{largest}#")).await.unwrap_err();
    assert!(
        matches!(refused, PublicationError::TooLarge { .. }),
        "{refused}"
    );
    let text = "x".repeat(MAX_TEXT_OCTETS);
    let mut new = NewVersion {
        publication: publications(&f)
            .history(&PolicyFlow::Others)
            .await
            .unwrap()
            .publications
            .remove(0),
        source: text.clone(),
        document: text,
        prepared: None,
    };
    new.publication.version.number = 2;
    let seen = f.table.current().await.unwrap();
    PolicyStore::publish(&*f.table, &new, &seen, &recorded())
        .await
        .unwrap();
}

fn disposable(f: &Fixture) -> DisposablePublications {
    let clock = FixedClock::at(Timestamp::UNIX_EPOCH);
    DisposablePublications::new(Arc::clone(&f.table) as _, Arc::new(clock))
}

/// Publishes a list, however many domains it lacks.
async fn refresh(f: &Fixture, list: &str) -> Result<Refreshed, DisposableError> {
    let new = NewList {
        domains: &DisposableDomains::read(list).unwrap(),
        source: "https://lists.example/domains",
        force: true,
        author: "ada",
    };
    disposable(f).refresh(new).await
}

#[tokio::test]
async fn a_list_of_disposable_domains_is_what_functions_read() {
    let f = fixture("disposable").await;
    assert_eq!(current(&f).await.disposable, None);
    let built_in = BUILT_IN.iter().count();
    let refreshed = refresh(&f, "b.example\na.example\nmailinator.com\n").await;
    let expected = Refreshed {
        version: Some(1),
        domains: 3,
        added: 2,
        removed: built_in - 1,
    };
    assert_eq!(refreshed.unwrap(), expected);
    assert_eq!(current(&f).await.disposable, Some(1));
    let text = f.table.domains(1, soon()).await.unwrap();
    assert_eq!(text.unwrap(), "a.example\nb.example\nmailinator.com\n");
    assert_eq!(f.table.domains(2, soon()).await.unwrap(), None);
    let late = f.table.domains(1, Deadline(Instant::now())).await;
    assert!(matches!(late, Err(StoreError::TimedOut)));

    let in_use = disposable(&f).in_use().await.unwrap();
    let version = in_use.version.unwrap();
    assert_eq!((version.number, version.at), (1, Timestamp::UNIX_EPOCH));
    assert_eq!(version.source, "https://lists.example/domains");
    // The same domains in another order are no new list.
    let same = refresh(&f, "# again\nmailinator.com\na.example\nb.example\n").await;
    assert_eq!(same.unwrap().version, None);
    assert_eq!(f.table.numbers().await.unwrap(), [1]);
}

#[tokio::test]
async fn a_list_that_lost_most_domains_is_refused_unless_it_is_meant() {
    let f = fixture("disposable-shrunk").await;
    refresh(&f, "a.example\nb.example\nc.example\nd.example")
        .await
        .unwrap();
    let refresh = async |list: &str, force| {
        let domains = DisposableDomains::read(list).unwrap();
        let new = NewList {
            domains: &domains,
            source: "lists.txt",
            force,
            author: "ada",
        };
        disposable(&f).refresh(new).await
    };
    let refused = refresh("a.example\ne.example\nf.example", false).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, DisposableError::Shrunk { lost: 3, had: 4 }),
        "{refused}"
    );
    assert_eq!(f.table.numbers().await.unwrap(), [1]);
    let half = refresh("a.example\nb.example", false).await.unwrap();
    assert_eq!(half.version, Some(2));
    let none = refresh("", true).await.unwrap();
    assert_eq!((none.version, none.domains), (Some(3), 0));
}

#[tokio::test]
async fn the_list_before_the_current_one_stays_and_older_ones_go() {
    let f = fixture("disposable-old").await;
    for (number, list) in (1..).zip(["a.example", "b.example", "c.example"]) {
        let refreshed = refresh(&f, list).await.unwrap();
        assert_eq!(refreshed.version, Some(number));
    }
    assert_eq!(f.table.numbers().await.unwrap(), [2, 3]);
    assert_eq!(disposable(&f).reset("ada").await.unwrap(), Some(3));
    assert_eq!(disposable(&f).reset("ada").await.unwrap(), None);
    assert_eq!(current(&f).await.disposable, None);
    assert!(disposable(&f).in_use().await.unwrap().version.is_none());
    // A number never comes back with other domains: functions know a list by it.
    let refreshed = refresh(&f, "d.example").await.unwrap();
    assert_eq!(refreshed.version, Some(4));
    assert_eq!(f.table.numbers().await.unwrap(), [3, 4]);
}

#[tokio::test]
async fn lists_and_policies_do_not_disturb_each_other() {
    let f = fixture("disposable-policies").await;
    let (list, policy) = tokio::join!(
        refresh(&f, "a.example"),
        publish(&f, "*", "default = \"deny\"")
    );
    assert!(list.is_ok() && policy.is_ok(), "{list:?} {policy:?}");
    publish(&f, "partners", "default = \"allow\"")
        .await
        .unwrap();
    publications(&f)
        .roll_back(version("*", 1), "ada")
        .await
        .unwrap();
    let current = current(&f).await;
    assert_eq!(current.disposable, Some(1));
    let all: Vec<_> = current.all().collect();
    assert_eq!(all, [version("*", 1), version("partners", 1)]);
}

#[tokio::test]
async fn whoever_has_seen_another_list_changes_nothing() {
    let f = fixture("disposable-stale").await;
    let seen = f.table.current().await.unwrap();
    refresh(&f, "a.example").await.unwrap();
    let mut list = DisposableList {
        number: 2,
        text: "b.example\n".to_owned(),
        source: String::new(),
        at: Timestamp::UNIX_EPOCH,
    };
    let late = f.table.publish_list(&list, &seen, &recorded()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    let late = f.table.reset_list(&seen, &recorded()).await;
    assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
    assert_eq!(f.table.disposable_list(2).await.unwrap(), None);
    // A version never changes, whatever was seen.
    list.number = 1;
    let seen = f.table.current().await.unwrap();
    let again = f.table.publish_list(&list, &seen, &recorded()).await;
    assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
    let kept = f.table.disposable_list(1).await.unwrap().unwrap();
    assert_eq!(kept.text, "a.example\n");
}

#[tokio::test]
async fn of_two_who_refresh_at_once_one_wins() {
    let f = fixture("disposable-race").await;
    refresh(&f, "a.example").await.unwrap();
    let (one, other) = tokio::join!(refresh(&f, "b.example"), refresh(&f, "c.example"));
    let won = [&one, &other].iter().filter(|ended| ended.is_ok()).count();
    // The slower one may also start after the faster one ended.
    if won == 1 {
        let lost = one.err().or(other.err()).unwrap();
        assert!(matches!(lost, DisposableError::Overtaken), "{lost}");
    }
    assert_eq!(
        current(&f).await.disposable,
        Some(1 + u32::try_from(won).unwrap())
    );
}

/// Of one second, from that second of the epoch on.
fn lease(holder: u64, from: i64) -> Lease {
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    Lease {
        holder,
        from: at(from),
        until: at(from + 1),
    }
}

#[tokio::test]
async fn a_delivery_has_one_sender_until_its_lease_ends() {
    let f = fixture("deliveries").await;
    let id = DeliveryId::derive(&["a", "delivery"]);
    let (first, second, later) = (lease(1, 1000), lease(2, 1000), lease(3, 1001));
    assert_eq!(f.table.delivery(&id, soon()).await.unwrap(), None);
    assert!(f.table.begin(&id, &first, soon()).await.unwrap());
    assert!(!f.table.begin(&id, &second, soon()).await.unwrap());
    // Its own write, whose answer was lost.
    assert!(f.table.begin(&id, &first, soon()).await.unwrap());
    let sending = Delivery::Sending { until: first.until };
    assert_eq!(f.table.delivery(&id, soon()).await.unwrap(), Some(sending));
    assert!(f.table.begin(&id, &later, soon()).await.unwrap());
    // Not its own any more.
    f.table.release(&id, &first, soon()).await.unwrap();
    let sending = Delivery::Sending { until: later.until };
    assert_eq!(f.table.delivery(&id, soon()).await.unwrap(), Some(sending));
    f.table.release(&id, &later, soon()).await.unwrap();
    assert!(f.table.begin(&id, &second, soon()).await.unwrap());
}

#[tokio::test]
async fn what_is_sent_stays_sent_for_an_hour() {
    let f = fixture("sent").await;
    let id = DeliveryId::derive(&["a", "delivery"]);
    let first = lease(1, 1000);
    // Nothing to note, for nobody began.
    f.table.sent(&id, soon()).await.unwrap();
    assert_eq!(f.table.delivery(&id, soon()).await.unwrap(), None);
    assert!(f.table.begin(&id, &first, soon()).await.unwrap());
    f.table.sent(&id, soon()).await.unwrap();
    f.table.release(&id, &first, soon()).await.unwrap();
    assert!(!f.table.begin(&id, &first, soon()).await.unwrap());
    assert!(!f.table.begin(&id, &lease(2, 2000), soon()).await.unwrap());
    assert_eq!(
        f.table.delivery(&id, soon()).await.unwrap(),
        Some(Delivery::Sent)
    );
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let item = f
        .client
        .get_item()
        .table_name(f.table.name())
        .key("pk", key(&format!("OTP#{}", id.as_str())))
        .key("sk", key("DELIVERY"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        item.item.unwrap()["ttl"],
        AttributeValue::N("4600".to_owned())
    );
}
