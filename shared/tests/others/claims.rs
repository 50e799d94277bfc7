//! Claims from the directory and from HTTP sources, and values that others know.

use std::{collections::BTreeMap, time::Duration};

use jiff::SignedDuration;
use serde_json::json;
use shared::{
    domain::{
        attribute::{AttributeValue, ClaimValue},
        directory::{ClaimsSubject, DirectoryRecord},
        sign_up::Step,
        value_set::{Member, SetName, SetValue},
    },
    ports::{directory_store::DirectoryStore, journal::Notice, value_store::ValueStore},
    testkit::signed,
};

use crate::{
    servers::{Answer, Server},
    world::{World, person},
};

const LONG: Duration = Duration::from_secs(10);

fn text(value: &str) -> ClaimValue {
    ClaimValue::One(AttributeValue::Text(value.to_owned()))
}

fn record(subject: &str, claims: &[(&str, ClaimValue)]) -> DirectoryRecord {
    DirectoryRecord {
        subject: ClaimsSubject::parse(subject).unwrap(),
        claims: claims
            .iter()
            .map(|(name, claim)| ((*name).to_owned(), claim.clone()))
            .collect::<BTreeMap<_, _>>(),
    }
}

const DIRECTORY: &str = r#"
default = "allow"
[source.people]
kind = "directory"
steps = ["after-federation", "before-creating-user", "before-token"]
[source.people.claims]
jobTitle = "jobTitle"
companyName = "companyName"
extension_Roles = "roles"
[attribute.jobTitle]
max-length = 10
"#;

#[tokio::test]
async fn a_known_partner_is_prefilled_overwritten_and_enriched() {
    let world = World::new().await;
    let roles = ClaimValue::Many(vec!["buyer".to_owned(), "approver".to_owned()]);
    let records = [
        record(
            "fabrikam.com",
            &[
                ("companyName", text("Fabrikam")),
                ("jobTitle", text("Guest")),
            ],
        ),
        record(
            "ann@fabrikam.com",
            &[("jobTitle", text("Buyer")), ("roles", roles)],
        ),
    ];
    DirectoryStore::put(&*world.table, &records, &signed())
        .await
        .unwrap();
    world.publish(DIRECTORY).await;
    for (step, expected) in [
        (Step::AfterFederation, json!("buyer approver")),
        (Step::BeforeCreatingUser, json!("buyer approver")),
        (Step::BeforeToken, json!("buyer approver")),
    ] {
        let function = world.function(step, LONG).await;
        let page = function.ask(&person("Ann+x@Fabrikam.com")).await;
        assert_eq!(page.action(), "Continue", "{page:?}");
        assert_eq!(page.body["companyName"], "Fabrikam");
        assert_eq!(page.body["jobTitle"], "Buyer", "the nearest record wins");
        assert_eq!(page.body["extension_Roles"], expected);
        assert_eq!(function.outcome(), ("found", None));
        let told = function.told();
        assert_eq!(told.read.unwrap().calls, 1, "one round trip");
    }
}

#[tokio::test]
async fn whom_the_directory_does_not_know_goes_on_without_claims() {
    let world = World::new().await;
    world.publish(DIRECTORY).await;
    let function = world.function(Step::AfterFederation, LONG).await;
    let page = function.ask(&person("ann@fabrikam.com")).await;
    assert_eq!(
        page.body,
        json!({ "version": "1.0.0", "action": "Continue" })
    );
    assert_eq!(function.outcome(), ("absent", None));
}

#[tokio::test]
async fn bad_claims_are_dropped_by_name_and_without_their_value() {
    let world = World::new().await;
    let claims = [
        ("companyName", ClaimValue::One(AttributeValue::Flag(true))),
        (
            "jobTitle",
            text("A title that is too long for its attribute"),
        ),
        ("shoeSize", text("43")),
    ];
    DirectoryStore::put(
        &*world.table,
        &[record("ann@fabrikam.com", &claims)],
        &signed(),
    )
    .await
    .unwrap();
    world
        .publish(&format!("{DIRECTORY}\n[attribute.companyName]\n"))
        .await;
    let function = world.function(Step::AfterFederation, LONG).await;
    let page = function.ask(&person("ann@fabrikam.com")).await;
    assert_eq!(
        page.body,
        json!({ "version": "1.0.0", "action": "Continue" })
    );
    let dropped = &function.told().sources[0].dropped;
    let mut names: Vec<_> = dropped
        .iter()
        .map(|(name, why)| format!("{name} {why}"))
        .collect();
    names.sort();
    assert_eq!(
        names,
        ["companyName type", "jobTitle too-long", "shoeSize unknown"]
    );
}

fn crm(server: &Server, more: &str) -> String {
    let url = server.url("/people/{email}?l={language}");
    format!(
        r#"
default = "allow"
[source.crm]
kind = "http"
steps = ["after-federation", "before-creating-user", "before-token"]
url = "{url}"
headers = {{ x-flow = "sign-up" }}
auth = {{ kind = "api-key", secret = "crm" }}
budget-ms = 4000
{more}
[source.crm.claims]
companyName = "/company/name"
extension_Level = "/level"
[source.crm.facts]
tier = "/tier"
"#
    )
}

const KNOWN: &str =
    r#"{"company": {"name": "Contoso"}, "level": 3, "tier": "gold", "unasked": [1]}"#;

#[tokio::test]
async fn an_http_source_is_asked_for_the_person() {
    let server = Server::start().await;
    server.on("/people/ann%40contoso.com", [Answer::reply(200, KNOWN)]);
    let world = World::new().await;
    world.publish(&crm(&server, "")).await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.body["companyName"], "Contoso");
    assert_eq!(page.body["extension_Level"], 3);
    assert!(page.body.get("tier").is_none(), "a fact is for rules alone");
    let received = server.received();
    assert_eq!(received[0].path, "/people/ann%40contoso.com?l=en");
    assert_eq!(received[0].header("x-api-key"), Some("s3cret"));
    assert_eq!(received[0].header("x-flow"), Some("sign-up"));
    assert_eq!(received[0].header("accept"), Some("application/json"));
}

#[tokio::test]
async fn a_kept_answer_stands_for_its_time() {
    let server = Server::start().await;
    let path = "/people/ann%40contoso.com";
    server.on(path, [Answer::reply(200, KNOWN)]);
    let world = World::new().await;
    world.publish(&crm(&server, "cache-seconds = 60")).await;
    let first = world.function(Step::BeforeToken, LONG).await;
    let second = world.function(Step::BeforeToken, LONG).await;
    for function in [&first, &second, &first] {
        let page = function.ask(&person("ann@contoso.com")).await;
        assert_eq!(page.body["companyName"], "Contoso");
    }
    assert_eq!(
        server.count(path),
        1,
        "the second function has it from the table"
    );
    assert!(second.told().sources[0].kept);
    first.ask(&person("bob@contoso.com")).await;
    assert_eq!(
        first.outcome(),
        ("absent", None),
        "another person is another question"
    );
    world.clock.advance(SignedDuration::from_secs(60));
    first.ask(&person("ann@contoso.com")).await;
    assert_eq!(server.count(path), 2);
}

#[tokio::test]
async fn a_changed_mapping_does_not_use_old_answers() {
    let server = Server::start().await;
    let path = "/people/ann%40contoso.com";
    server.on(path, [Answer::reply(200, KNOWN)]);
    let world = World::new().await;
    let policy = crm(&server, "cache-seconds = 60");
    world.publish(&policy).await;
    let function = world.function(Step::BeforeToken, LONG).await;
    function.ask(&person("ann@contoso.com")).await;
    world
        .publish(&policy.replace("/company/name", "/tier"))
        .await;
    let function = world.function(Step::BeforeToken, LONG).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.body["companyName"], "gold");
    assert_eq!(server.count(path), 2);
}

#[tokio::test]
async fn a_source_that_needs_another_one_is_asked_after_it() {
    let server = Server::start().await;
    server.on(
        "/people/ann%40contoso.com",
        [Answer::reply(200, r#"{"company": {"id": "C 7"}}"#)],
    );
    server.on(
        "/companies/C%207",
        [Answer::reply(200, r#"{"name": "Contoso"}"#)],
    );
    let (people, companies) = (
        server.url("/people/{email}"),
        server.url("/companies/{facts.company}"),
    );
    let world = World::new().await;
    world
        .publish(&format!(
            r#"
default = "allow"
[source.people]
kind = "http"
steps = ["after-federation"]
budget-ms = 4000
url = "{people}"
facts = {{ company = "/company/id" }}
[source.companies]
kind = "http"
steps = ["after-federation"]
url = "{companies}"
budget-ms = 4000
cache-seconds = 60
claims = {{ companyName = "/name" }}
"#
        ))
        .await;
    let function = world.function(Step::AfterFederation, LONG).await;
    for _ in 0..2 {
        let page = function.ask(&person("ann@contoso.com")).await;
        assert_eq!(page.body["companyName"], "Contoso");
    }
    let told = function.told();
    let asked: Vec<_> = told
        .sources
        .iter()
        .map(|one| (one.source.as_str(), one.kept))
        .collect();
    assert_eq!(asked, [("people", false), ("companies", true)]);
    function.ask(&person("bob@contoso.com")).await;
    assert_eq!(
        function.outcome(),
        ("absent", None),
        "without a company nobody asks for it"
    );
}

#[tokio::test]
async fn sources_are_asked_side_by_side() {
    let server = Server::start().await;
    let slow = |body| Answer::reply(200, body).after(Duration::from_millis(300));
    server.on("/a", [slow(r#"{"v": "a"}"#)]);
    server.on("/b", [slow(r#"{"v": "b"}"#)]);
    let (a, b) = (server.url("/a?x={email}"), server.url("/b?x={email}"));
    let world = World::new().await;
    let source = |name: &str, url: &str, precedence: i32| {
        format!(
            "[source.{name}]\nkind = \"http\"\nsteps = [\"after-federation\"]\nurl = \"{url}\"\nbudget-ms = 4000\n\
             precedence = {precedence}\nclaims = {{ city = \"/v\" }}\n"
        )
    };
    world
        .publish(&format!(
            "default = \"allow\"\n{}{}",
            source("a", &a, 2),
            source("b", &b, 1)
        ))
        .await;
    let function = world.function(Step::AfterFederation, LONG).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.body["city"], "a", "the higher precedence wins");
    let told = function.told();
    let each: Duration = told.sources.iter().map(|one| one.duration).sum();
    assert!(
        told.duration < each,
        "{:?} is not less than {each:?}",
        told.duration
    );
}

#[tokio::test]
async fn nobody_asks_about_whom_a_list_keeps_out() {
    use shared::{
        domain::{
            audit::Signature,
            list::{Effect, ListEntry, ListName, Matcher},
        },
        ports::list_store::{Change, ListStore},
    };
    let server = Server::start().await;
    let world = World::new().await;
    world.publish(&crm(&server, "")).await;
    let entry = ListEntry {
        matcher: Matcher::parse("contoso.com").unwrap(),
        list: ListName::parse("denied").unwrap(),
        effect: Effect::Deny,
        reason: String::new(),
        owner: String::new(),
        expires_at: None,
    };
    let signature = Signature {
        by: "robin".to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    let applied = world.table.apply(&[Change::Put(entry)], &signature).await;
    applied.unwrap();
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.action(), "ShowBlockPage");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_value_must_be_known_to_the_set_or_the_source() {
    let server = Server::start().await;
    server.on("/suppliers/S-1", [Answer::reply(200, "{}")]);
    let url = server.url("/suppliers/{extension_Supplier}");
    let world = World::new().await;
    let set = SetName::parse("centres").unwrap();
    let member = Member {
        set: set.clone(),
        value: SetValue::parse("AB-12").unwrap(),
        note: String::new(),
        expires_at: Some("2026-01-15T13:00:00Z".parse().unwrap()),
    };
    ValueStore::put(&*world.table, &set, &[member], &signed())
        .await
        .unwrap();
    world
        .publish(&format!(
            r#"
default = "allow"
[source.erp]
kind = "http"
steps = ["before-creating-user"]
url = "{url}"
budget-ms = 4000
[attribute.extension_Supplier]
known-to = "erp"
[attribute.extension_Centre]
in-set = "centres"
"#
        ))
        .await;
    let function = world.function(Step::BeforeCreatingUser, LONG).await;
    let with = |supplier: &str, centre: &str| {
        let mut person = person("ann@contoso.com");
        person["extension_Supplier"] = json!(supplier);
        person["extension_Centre"] = json!(centre);
        person
    };
    let page = function.ask(&with("S-1", " ab-12 ")).await;
    assert_eq!(page.action(), "Continue", "{page:?}");
    let page = function.ask(&with("S-2", "ab-12")).await;
    assert_eq!(
        (page.status.as_u16(), page.action()),
        (400, "ValidationError")
    );
    let sentence = page.body["userMessage"].as_str().unwrap();
    assert_eq!(
        sentence,
        "Supplier: Please check this value, as we don’t know it."
    );
    let page = function.ask(&with("S-1", "ab-13")).await;
    assert_eq!(page.action(), "ValidationError");
    world.clock.advance(SignedDuration::from_hours(1));
    let page = function.ask(&with("S-1", "ab-12")).await;
    assert_eq!(page.action(), "ValidationError", "it has expired");
}

#[tokio::test]
async fn a_token_holds_no_more_than_it_can() {
    let server = Server::start().await;
    let claims: Vec<String> = (0..8).map(|n| format!("c{n} = \"/v\"")).collect();
    let claims = claims.join("\n");
    let body = json!({ "v": "x".repeat(900) }).to_string();
    server.on("/claims", [Answer::reply(200, body)]);
    let url = server.url("/claims?x={email}");
    let world = World::new().await;
    world
        .publish(&format!(
            "default = \"allow\"\n[source.crm]\nkind = \"http\"\nsteps = [\"before-token\"]\nurl = \"{url}\"\nbudget-ms = 4000\n[source.crm.claims]\n{claims}"
        ))
        .await;
    let function = world.function(Step::BeforeToken, LONG).await;
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.action(), "Continue");
    assert_eq!(page.body.as_object().unwrap().len(), 2 + 3, "{page:?}");
    assert_eq!(function.told().claims_left_out.len(), 5);
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_told_at_the_start_by_the_name_of_its_source() {
    let server = Server::start().await;
    let world = World::new().await;
    let policy = crm(&server, "").replace("secret = \"crm\"", "secret = \"missing\"");
    world.publish(&policy).await;
    let function = world.function(Step::AfterFederation, LONG).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let told = function.journal.notices();
    let expected = Notice::SourceMisconfigured {
        source: "crm".to_owned(),
        problem: "there is no secret `missing`".to_owned(),
    };
    assert!(told.contains(&expected), "{told:?}");
    let page = function.ask(&person("ann@contoso.com")).await;
    assert_eq!(page.action(), "ShowBlockPage");
    assert_eq!(function.outcome(), ("failed", Some("secret".to_owned())));
    assert!(server.received().is_empty());
}
