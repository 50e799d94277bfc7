//! What operators change beside requests and lists: recorded with the change, once, and only then.

use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use shared::{
    adapters::dynamodb::Table,
    app::{
        audit::{of_setting, of_settings},
        codes::{Codes, NewCode},
        credentials::Credentials,
        disposable_publications::{DisposablePublications, NewList},
        endpoints::{DeadLetters, Endpoints, NewEndpoint},
        kept_events::{KeptEvents, Wanted},
        publications::{Draft, Publications},
        replay::Replay,
        requests::Requests,
        webhooks::sender::Sender,
    },
    domain::{
        attribute::ClaimValue,
        audit::{Changed, SettingAction, SettingChange, Signature},
        directory::DirectoryRecord,
        endpoint::EndpointId,
        event::{EventFilter, EventId, EventKind},
        person::PersonKey,
        publication::PolicyFlow,
        webhook::{DeadWebhook, Outcome},
    },
    policy::predicate::disposable::DisposableDomains,
    ports::{
        Deadline, StoreError,
        audit_store::AuditKeeper,
        clock::Clock,
        dead_letters,
        dead_webhooks::DeadWebhooks,
        directory_store::{self, DirectoryStore},
        endpoint_store::{EndpointReader, EndpointStore},
        event_bus::{SinkError, Task, TaskQueue},
        key_store::KeyStore,
        secret_store::SecretStore,
        secrets::{Secret, SecretError, Secrets},
        value_store::ValueStore,
    },
    testkit::{FixedClock, Nobody},
};

use super::{
    Fixture,
    audit::{records, today},
    codes::{code, digest},
    dead_letters::letter,
    fixture, keys,
    records::{member, record, set, subject, text, value},
    requests::{losing_an_answer, now, opened, partition, request},
    webhooks::endpoint,
};

type Failure = Box<dyn Error>;

/// Secrets in memory.
#[derive(Default)]
struct Vault(Mutex<BTreeMap<String, String>>);

#[async_trait]
impl Secrets for Vault {
    async fn secret(&self, name: &str, _: Deadline) -> Result<Secret, SecretError> {
        let kept = self.0.lock().unwrap().get(name).cloned();
        let absent = || SecretError::Absent(name.to_owned());
        kept.map(Secret::new).ok_or_else(absent)
    }

    fn forget(&self, _: &str) {}
}

#[async_trait]
impl SecretStore for Vault {
    async fn keep(&self, name: &str, secret: &Secret) -> Result<(), SecretError> {
        let mut kept = self.0.lock().unwrap();
        kept.insert(name.to_owned(), secret.reveal().to_owned());
        Ok(())
    }

    async fn discard(&self, name: &str) -> Result<(), SecretError> {
        self.0.lock().unwrap().remove(name);
        Ok(())
    }
}

/// A queue that takes everything.
#[derive(Default)]
struct Queue(Mutex<Vec<Task>>);

#[async_trait]
impl TaskQueue for Queue {
    async fn send(&self, tasks: &[Task], _: Duration) -> Vec<Result<(), SinkError>> {
        self.0.lock().unwrap().extend_from_slice(tasks);
        tasks.iter().map(|_| Ok(())).collect()
    }
}

/// An operator at a table.
#[derive(Clone)]
struct Operator {
    table: Arc<Table>,
    signature: Signature,
    vault: Arc<Vault>,
    queue: Arc<Queue>,
}

/// One that is there whenever one is asked for.
const CODE: &str = "HUSH-7K3M-Q2ZT";

const PERSON: &str = "john@example.com";

impl Operator {
    /// Who prepares what another one changes, on a day before.
    fn of(f: &Fixture) -> Self {
        let yesterday = now() - SignedDuration::from_hours(24);
        Self {
            table: Arc::clone(&f.table),
            signature: Signature::new("prepares", yesterday),
            vault: Arc::default(),
            queue: Arc::default(),
        }
    }

    fn as_(&self, by: &str) -> Self {
        Self {
            signature: Signature::new(by, now()),
            ..self.clone()
        }
    }

    fn by(&self) -> &str {
        &self.signature.by
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(FixedClock::at(self.signature.at))
    }

    fn credentials(&self) -> Credentials {
        Credentials::new(Arc::clone(&self.table) as _, self.clock())
    }

    fn publications(&self) -> Publications {
        Publications::new(Arc::clone(&self.table) as _, self.clock())
    }

    fn endpoints(&self) -> Endpoints {
        Endpoints {
            store: Arc::clone(&self.table) as _,
            secrets: Arc::clone(&self.vault) as _,
            sender: Sender {
                outgoing: Arc::new(Nobody),
                secrets: Arc::clone(&self.vault) as _,
                clock: self.clock(),
            },
            clock: self.clock(),
        }
    }

    async fn publish(&self, source: &str, decides: bool) -> Result<(), Failure> {
        let document = toml::from_str(source)?;
        let draft = Draft {
            flow: &partners(),
            source,
            document: &document,
            author: self.by(),
            note: "said so",
        };
        let publications = self.publications();
        if decides {
            publications.publish(draft).await?;
        } else {
            publications.shadow(draft).await?;
        }
        Ok(())
    }

    async fn refresh(&self, domains: &str) -> Result<(), Failure> {
        let new = NewList {
            domains: &DisposableDomains::read(domains).map_err(|_| "a bad line")?,
            source: "https://lists.example/domains",
            force: true,
            author: self.by(),
        };
        self.disposable().refresh(new).await?;
        Ok(())
    }

    fn disposable(&self) -> DisposablePublications {
        DisposablePublications::new(Arc::clone(&self.table) as _, self.clock())
    }

    async fn create_code(&self) -> Result<(), Failure> {
        let new = NewCode {
            text: CODE.to_owned(),
            code: code(CODE, 1),
        };
        let codes = Codes::new(Arc::clone(&self.table) as _);
        Ok(codes.create(&[new], &self.signature).await?)
    }

    async fn put_claims(&self) -> Result<(), Failure> {
        let put = DirectoryStore::put(&*self.table, &[record(PERSON)], &self.signature).await;
        Ok(put?)
    }

    async fn put_values(&self) -> Result<(), Failure> {
        let members = ["SE-1042", "SE-7"].map(|one| member("suppliers", one));
        let put = ValueStore::put(&*self.table, &set("suppliers"), &members, &self.signature).await;
        Ok(put?)
    }

    /// The only endpoint.
    async fn endpoint(&self) -> Result<EndpointId, Failure> {
        let all = EndpointReader::endpoints(&*self.table).await?;
        let one = all.into_iter().next();
        one.map(|one| one.id).ok_or_else(|| "no endpoint".into())
    }

    async fn add_endpoint(&self) -> Result<(), Failure> {
        let new = NewEndpoint {
            url: "https://hooks.partner.example/events?key=hush".to_owned(),
            kinds: vec![EventFilter::parse("*").ok_or("no filter")?],
            fields: Vec::new(),
            note: "of the CRM".to_owned(),
        };
        self.endpoints().add(new, self.by()).await?;
        Ok(())
    }

    /// Has everything there that a change needs.
    async fn prepare(&self, action: SettingAction, f: &Fixture) -> Result<(), Failure> {
        match action {
            SettingAction::CredentialRetire => {
                self.credentials().create("entra", self.by()).await?;
            }
            SettingAction::PolicyEndShadow | SettingAction::PolicyPromote => {
                self.publish("default = \"deny\"", false).await?;
            }
            SettingAction::PolicyRollback => {
                self.publish("default = \"deny\"", true).await?;
                self.publish("default = \"allow\"", true).await?;
            }
            SettingAction::DisposableReset => self.refresh("a.example").await?,
            SettingAction::ClaimsRemove => self.put_claims().await?,
            SettingAction::ValuesRemove => self.put_values().await?,
            SettingAction::CodeRevoke => self.create_code().await?,
            SettingAction::RequestErase => opened(f, &request(1, 1)).await,
            SettingAction::EndpointDropSecret => {
                self.add_endpoint().await?;
                let id = self.endpoint().await?;
                self.endpoints().rotate(&id, self.by()).await?;
            }
            SettingAction::EndpointRotateSecret
            | SettingAction::EndpointDisable
            | SettingAction::EndpointEnable
            | SettingAction::EndpointRemove
            | SettingAction::EventReplay => self.add_endpoint().await?,
            SettingAction::EndpointReplay => {
                self.add_endpoint().await?;
                let dead = dead(&self.endpoint().await?);
                DeadWebhooks::bury(&*self.table, &dead).await?;
            }
            SettingAction::DeadRecordRemove => {
                dead_letters::DeadLetters::bury(&*self.table, &letter("e1")).await?;
            }
            SettingAction::CredentialCreate
            | SettingAction::KeysRefresh
            | SettingAction::PolicyPublish
            | SettingAction::PolicyShadow
            | SettingAction::DisposableRefresh
            | SettingAction::ClaimsPut
            | SettingAction::ValuesPut
            | SettingAction::CodeCreate
            | SettingAction::EndpointAdd
            | SettingAction::EventRestore => {}
        }
        Ok(())
    }

    /// Makes a change, and gives what is to be recorded of it.
    async fn change(&self, action: SettingAction) -> Result<SettingChange, Failure> {
        let by = self.by();
        let about = match action {
            SettingAction::CredentialCreate => {
                let made = self.credentials().create("entra", by).await?;
                made.credential.id
            }
            SettingAction::CredentialRetire => {
                let live = self.credentials().list().await?;
                let id = live.into_iter().next().ok_or("no credential")?.id;
                self.credentials().retire(&id, by).await?;
                id
            }
            SettingAction::KeysRefresh => {
                let change = SettingChange::of(action, "https://contoso.ciamlogin.com");
                let record = of_settings(&self.signature, vec![change]);
                self.table.save(&keys(), now(), &record).await?;
                "https://contoso.ciamlogin.com".to_owned()
            }
            SettingAction::PolicyPublish
            | SettingAction::PolicyShadow
            | SettingAction::PolicyEndShadow
            | SettingAction::PolicyPromote
            | SettingAction::PolicyRollback => {
                self.change_policy(action).await?;
                return Ok(SettingChange::of(action, "partners").with_version(1));
            }
            SettingAction::DisposableRefresh => {
                self.refresh("b.example").await?;
                return Ok(SettingChange::new(action).with_version(1));
            }
            SettingAction::DisposableReset => {
                self.disposable().reset(by).await?;
                return Ok(SettingChange::new(action));
            }
            SettingAction::ClaimsPut => {
                self.put_claims().await?;
                person()
            }
            SettingAction::ClaimsRemove => {
                let gone = [subject(PERSON)];
                DirectoryStore::remove(&*self.table, &gone, &self.signature).await?;
                person()
            }
            SettingAction::ValuesPut => {
                self.put_values().await?;
                return Ok(SettingChange::of(action, "suppliers").with_count(2));
            }
            SettingAction::ValuesRemove => {
                let gone = [value("SE-7")];
                let suppliers = set("suppliers");
                ValueStore::remove(&*self.table, &suppliers, &gone, &self.signature).await?;
                return Ok(SettingChange::of(action, "suppliers").with_count(1));
            }
            SettingAction::CodeCreate => {
                self.create_code().await?;
                digest(CODE).to_string()
            }
            SettingAction::CodeRevoke => {
                let codes = Codes::new(Arc::clone(&self.table) as _);
                codes.revoke(&digest(CODE), &self.signature).await?;
                digest(CODE).to_string()
            }
            SettingAction::RequestErase => {
                let table = Arc::clone(&self.table);
                let requests = Requests::new(Arc::clone(&table) as _, table, self.clock());
                requests.erase(&request(1, 1).id, by).await?.id.to_string()
            }
            SettingAction::EndpointAdd
            | SettingAction::EndpointRotateSecret
            | SettingAction::EndpointDropSecret
            | SettingAction::EndpointDisable
            | SettingAction::EndpointEnable
            | SettingAction::EndpointRemove => self.change_endpoint(action).await?,
            SettingAction::EndpointReplay => {
                let letters = DeadLetters {
                    dead: Arc::clone(&self.table) as _,
                    audit: Arc::clone(&self.table) as _,
                    clock: self.clock(),
                };
                let one = self.endpoints().list().await?.remove(0);
                letters.replay(&one, &*self.queue, by).await?;
                return Ok(SettingChange::of(action, one.id.as_str()).with_count(1));
            }
            SettingAction::EventReplay => {
                self.replay().await?;
                self.endpoint().await?.to_string()
            }
            SettingAction::EventRestore => {
                let change = SettingChange::new(action);
                let record = of_setting(&self.signature, change.clone());
                self.table.keep_record(&record).await?;
                return Ok(change);
            }
            SettingAction::DeadRecordRemove => self.remove_letter().await?,
        };
        Ok(SettingChange::of(action, about))
    }

    async fn remove_letter(&self) -> Result<String, Failure> {
        let change = SettingChange::of(SettingAction::DeadRecordRemove, "e1");
        let record = of_setting(&self.signature, change);
        dead_letters::DeadLetters::remove(&*self.table, "e1", &record).await?;
        Ok("e1".to_owned())
    }

    async fn change_policy(&self, action: SettingAction) -> Result<(), Failure> {
        let publications = self.publications();
        match action {
            SettingAction::PolicyPublish => self.publish("default = \"deny\"", true).await?,
            SettingAction::PolicyShadow => self.publish("default = \"deny\"", false).await?,
            SettingAction::PolicyEndShadow => {
                publications.end_shadow(&partners(), self.by()).await?;
            }
            SettingAction::PolicyPromote => {
                publications.promote(&partners(), self.by()).await?;
            }
            _ => {
                let first = super::version("partners", 1);
                publications.roll_back(first, self.by()).await?;
            }
        }
        Ok(())
    }

    async fn change_endpoint(&self, action: SettingAction) -> Result<String, Failure> {
        if action == SettingAction::EndpointAdd {
            self.add_endpoint().await?;
            return Ok(self.endpoint().await?.to_string());
        }
        let (endpoints, id, by) = (self.endpoints(), self.endpoint().await?, self.by());
        match action {
            SettingAction::EndpointRotateSecret => drop(endpoints.rotate(&id, by).await?),
            SettingAction::EndpointDropSecret => endpoints.drop_old(&id, by).await?,
            SettingAction::EndpointDisable => endpoints.disable(&id, by).await?,
            SettingAction::EndpointEnable => endpoints.enable(&id, by).await?,
            _ => endpoints.remove(&id, by).await?,
        }
        Ok(id.to_string())
    }

    async fn replay(&self) -> Result<(), Failure> {
        let replay = Replay {
            events: KeptEvents(Arc::clone(&self.table) as _),
            endpoints: Arc::clone(&self.table) as _,
            queue: Arc::clone(&self.queue) as _,
            audit: Arc::clone(&self.table) as _,
        };
        let wanted = Wanted {
            since: now(),
            until: now(),
            kinds: Vec::new(),
        };
        replay.run(&wanted, &[], &self.signature).await?;
        Ok(())
    }
}

fn partners() -> PolicyFlow {
    PolicyFlow::parse("partners").unwrap()
}

fn person() -> String {
    format!("person:{}", PersonKey::of_address(PERSON).as_str())
}

fn dead(endpoint: &EndpointId) -> DeadWebhook {
    DeadWebhook {
        endpoint: endpoint.clone(),
        event: EventId::derive(now(), &[b"1"]),
        kind: EventKind::SignUpBlocked,
        attempts: 8,
        outcome: Outcome::Answered(500),
        at: now(),
    }
}

type Item = HashMap<String, AttributeValue>;

/// Every item of the table by its key.
async fn everything(f: &Fixture) -> BTreeMap<[String; 2], Item> {
    let scan = f.client.scan().table_name(f.table.name());
    let mut found = scan.into_paginator().items().send();
    let mut items = BTreeMap::new();
    while let Some(item) = found.next().await {
        let item = item.unwrap();
        let key = ["pk", "sk"].map(|name| item[name].as_s().unwrap().clone());
        items.insert(key, item);
    }
    items
}

#[tokio::test]
async fn each_change_is_recorded_with_its_author_and_with_nothing_that_it_says() {
    for action in SettingAction::ALL {
        let f = fixture(&format!("setting-{}", action.name())).await;
        let operator = Operator::of(&f);
        operator.prepare(action, &f).await.unwrap();
        let expected = operator.as_("robin").change(action).await.unwrap();
        let found = records(&f).await;
        let [record] = &found[..] else {
            panic!("{action:?}: {found:?}");
        };
        assert_eq!(record.signature, Signature::new("robin", now()));
        assert_eq!(record.changed, Changed::Settings(vec![expected]));
        let stored = partition(&f, &format!("AUDIT#{}", today())).await;
        let stored = format!("{stored:?}").to_lowercase();
        for secret in [
            "john", "hush", "se-7", "se-1042", "sales", "whsec", "entra\"",
        ] {
            assert!(!stored.contains(secret), "{action:?}: {secret}");
        }
    }
}

#[tokio::test]
async fn a_lost_answer_records_a_change_once() {
    for action in SettingAction::ALL {
        let f = fixture(&format!("setting-lost-{}", action.name())).await;
        // Another engine need not know a transaction again.
        if f.engine.is_none() {
            return;
        }
        let operator = Operator::of(&f);
        operator.prepare(action, &f).await.unwrap();
        let forgetful = Operator {
            table: Arc::new(losing_an_answer(&f)),
            ..operator.as_("robin")
        };
        let expected = forgetful.change(action).await;
        let expected = expected.unwrap_or_else(|error| panic!("{action:?}: {error}"));
        let found = records(&f).await;
        assert_eq!(found.len(), 1, "{action:?}");
        assert_eq!(found[0].changed, Changed::Settings(vec![expected]));
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_changed() {
    // No item has room for such a name.
    let nobody = "x".repeat(500 * 1024);
    for action in SettingAction::ALL {
        let f = fixture(&format!("setting-unrecorded-{}", action.name())).await;
        let operator = Operator::of(&f);
        operator.prepare(action, &f).await.unwrap();
        let before = everything(&f).await;
        let kept = operator.vault.0.lock().unwrap().clone();
        let failed = operator.as_(&nobody).change(action).await;
        assert!(failed.is_err(), "{action:?}");
        assert_eq!(everything(&f).await, before, "{action:?}");
        assert!(operator.queue.0.lock().unwrap().is_empty(), "{action:?}");
        // The key of an endpoint that is not added is nobody's.
        if action != SettingAction::EndpointAdd {
            assert_eq!(*operator.vault.0.lock().unwrap(), kept, "{action:?}");
        }
    }
}

#[tokio::test]
async fn the_same_again_changes_and_records_nothing() {
    let f = fixture("setting-again").await;
    let operator = Operator::of(&f);
    let (robin, revoke) = (operator.as_("robin"), SettingAction::CodeRevoke);
    operator.prepare(revoke, &f).await.unwrap();
    operator
        .prepare(SettingAction::RequestErase, &f)
        .await
        .unwrap();
    operator.publish("default = \"deny\"", true).await.unwrap();
    for action in [
        revoke,
        SettingAction::RequestErase,
        SettingAction::PolicyRollback,
    ] {
        for _ in 0..2 {
            robin.change(action).await.unwrap();
        }
    }
    // Going back to the current version was never a change.
    let told: Vec<_> = records(&f)
        .await
        .into_iter()
        .map(|one| one.changed)
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(robin.change(SettingAction::ClaimsRemove).await.is_err());
    assert!(robin.change(SettingAction::ValuesRemove).await.is_err());
    assert_eq!(records(&f).await.len(), 2);
}

#[tokio::test]
async fn claims_that_are_written_together_are_one_record_unless_they_are_too_large() {
    let f = fixture("setting-claims").await;
    let robin = Operator::of(&f).as_("robin");
    let small: Vec<DirectoryRecord> = (0..directory_store::MAX_BATCH)
        .map(|number| record(&format!("user{number}@example.com")))
        .collect();
    let put = DirectoryStore::put(&*f.table, &small, &robin.signature).await;
    put.unwrap();
    let lengths = async || {
        let found = records(&f).await.into_iter();
        let mut lengths: Vec<usize> = found.map(|record| record.changes()).collect();
        lengths.sort_unstable();
        lengths
    };
    assert_eq!(lengths().await, [small.len()]);
    let long: BTreeMap<String, ClaimValue> = (0..DirectoryRecord::MAX_CLAIMS)
        .map(|number| (format!("claim{number}"), text(&"x".repeat(2_900))))
        .collect();
    assert!(DirectoryRecord::octets(&long) < DirectoryRecord::MAX_OCTETS);
    let large: Vec<DirectoryRecord> = (0..8)
        .map(|number| DirectoryRecord {
            subject: subject(&format!("user{number}@example.com")),
            claims: long.clone(),
        })
        .collect();
    let put = DirectoryStore::put(&*f.table, &large, &robin.signature).await;
    put.unwrap();
    assert_eq!(lengths().await, [2, 3, 3, small.len()]);
}

#[tokio::test]
async fn a_day_that_was_recorded_before_there_were_settings_is_still_read() {
    let f = fixture("setting-old").await;
    let at = now().as_millisecond();
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let change = AttributeValue::M(
        [
            ("matcher", "evil.example"),
            ("list", "default"),
            ("to", "deny"),
        ]
        .map(|(name, value)| (name.to_owned(), text(value)))
        .into(),
    );
    let changed =
        AttributeValue::M([("entries".to_owned(), AttributeValue::L(vec![change]))].into());
    f.client
        .put_item()
        .table_name(f.table.name())
        .item("pk", text(&format!("AUDIT#{}", today())))
        .item("sk", text(&format!("{at:013}#{:032x}", 7)))
        .item("schema", AttributeValue::N("1".to_owned()))
        .item("at", AttributeValue::N(at.to_string()))
        .item("by", text("robin"))
        .item("changed", changed)
        .item("ttl", AttributeValue::N("4000000000".to_owned()))
        .send()
        .await
        .unwrap();
    let found = records(&f).await;
    assert_eq!(found.len(), 1);
    assert!(matches!(&found[0].changed, Changed::Entries(all) if all.len() == 1));
}

#[tokio::test]
async fn an_endpoint_that_the_program_changes_has_no_record() {
    let f = fixture("setting-program").await;
    let store: &dyn EndpointStore = &*f.table;
    store.put(&endpoint(1), None).await.unwrap();
    assert!(records(&f).await.is_empty());
    let refused = store.put(&endpoint(1), None).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
}

/// Secrets of which somebody else is faster to change the one that is read.
struct Overtaken(Operator);

#[async_trait]
impl Secrets for Overtaken {
    async fn secret(&self, name: &str, deadline: Deadline) -> Result<Secret, SecretError> {
        let before = self.0.vault.secret(name, deadline).await;
        let id = self.0.endpoint().await.unwrap();
        let endpoints = self.0.endpoints();
        endpoints.rotate(&id, self.0.by()).await.unwrap();
        before
    }

    fn forget(&self, _: &str) {}
}

#[tokio::test]
async fn of_two_who_rotate_a_secret_at_once_one_hears_of_it() {
    let f = fixture("setting-rotate").await;
    let operator = Operator::of(&f);
    operator.add_endpoint().await.unwrap();
    let id = operator.endpoint().await.unwrap();
    let mut slower = operator.as_("robin").endpoints();
    slower.sender.secrets = Arc::new(Overtaken(operator.as_("alex")));
    let rotated = slower.rotate(&id, "robin").await;
    assert!(rotated.is_err(), "{rotated:?}");
    let found = records(&f).await;
    let by: Vec<&str> = found.iter().map(|one| one.signature.by.as_str()).collect();
    assert_eq!(by, ["alex"]);
}
