//! What people have changed, for administrators.

use axum::http::{StatusCode, header};
use jiff::SignedDuration;
use rstest::rstest;
use serde_json::Value;
use shared::{
    app::audit::of_settings,
    domain::{
        approval::{Action, RequestId},
        audit::{SettingAction, SettingChange, Signature, day},
        list::{Effect, ListEntry, ListName, Matcher},
    },
    ports::{
        audit_store::AuditKeeper,
        clock::Clock,
        list_store::{Change, ListStore},
    },
};

use crate::{
    api::{body, code},
    world::{ADMINISTRATOR, APPROVER, Case, OF_DOMAIN, World},
};

const PAGE: &str = "/console/audit";
const FILE: &str = "/console/audit.csv";
const API: &str = "/api/audit";

fn entry(matcher: &str, reason: &str) -> Change {
    Change::Put(ListEntry {
        matcher: Matcher::parse(matcher).unwrap(),
        list: ListName::parse("partners").unwrap(),
        effect: Effect::Deny,
        reason: reason.to_owned(),
        owner: String::new(),
        expires_at: None,
    })
}

/// In which no day ends while somebody looks.
async fn world() -> World {
    let world = World::new().await;
    let now = world.clock.now();
    let soon = SignedDuration::from_secs(10);
    if day(now + soon) != day(now) {
        world.clock.advance(soon);
    }
    world
}

impl World {
    async fn listed(&self, by: &str, changes: &[Change]) {
        let signature = Signature {
            by: by.to_owned(),
            at: self.clock.now(),
        };
        self.store.apply(changes, &signature).await.unwrap();
        self.clock.advance(SignedDuration::from_millis(1));
    }

    /// What an operator did, with the record alone.
    async fn operated(&self, by: &str, changes: &[SettingChange]) {
        let signature = Signature::new(by, self.clock.now());
        let record = of_settings(&signature, changes.to_vec());
        self.store.keep_record(&record).await.unwrap();
        self.clock.advance(SignedDuration::from_millis(1));
    }

    async fn denied(&self, by: &str) -> RequestId {
        let id = self.pending(Case::of("ann", "partner.example")).await;
        self.change(&id, Action::Deny, by).await;
        self.clock.advance(SignedDuration::from_millis(1));
        id
    }

    fn today(&self) -> String {
        day(self.clock.now()).to_string()
    }
}

/// Where a page leads on.
fn next(page: &str) -> Option<String> {
    let (before, _) = page.split_once("rel=\"next\"")?;
    let address = before.rsplit("href=\"").next()?;
    Some(address.split('"').next()?.replace("&#38;", "&"))
}

#[tokio::test]
async fn an_administrator_sees_who_changed_what() {
    let world = world().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let approver = world.signed_in(APPROVER).await;
    let decided = approver.decide(&id, "deny", "1", "not a partner").await;
    assert_eq!(decided.status, StatusCode::SEE_OTHER);
    world.clock.advance(SignedDuration::from_millis(1));
    world
        .listed("morgan", &[entry("evil.example", "fraud")])
        .await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    let (newer, older) = page.body.split_once("evil.example").unwrap();
    assert!(newer.contains("morgan") && newer.contains("added an entry to the list partners"));
    for told in [
        &format!("alex@contoso.example ({APPROVER})"),
        "denied it",
        &format!("href=\"/console/requests/{id}\""),
        "Waiting → Denied",
        "not a partner",
        "fraud",
    ] {
        assert!(older.contains(told), "{told}");
    }
    assert!(!page.body.contains("ann@partner.example"));
    assert!(
        page.body
            .contains(&format!("What people changed on {}", world.today()))
    );
}

/// A published policy, values of a set, somebody who was erased, and two codes.
async fn looked_after(world: &World) -> RequestId {
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let policy = SettingChange::of(SettingAction::PolicyPublish, "partners").with_version(4);
    let values = SettingChange::of(SettingAction::ValuesPut, "suppliers").with_count(98);
    let erased = SettingChange::of(SettingAction::RequestErase, id.as_str());
    for change in [policy, values, erased] {
        world.operated("morgan", &[change]).await;
    }
    let codes = ["a1", "b2"].map(|digest| SettingChange::of(SettingAction::CodeCreate, digest));
    world.operated("sam", &codes).await;
    id
}

#[tokio::test]
async fn what_operators_look_after_is_told_as_well() {
    let world = world().await;
    let id = looked_after(&world).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(PAGE).await.body;
    for told in [
        "published a policy",
        "partners, version 4",
        "suppliers, number: 98",
        "erased who applied",
        &format!("href=\"/console/requests/{id}\""),
        "<summary>2 changes</summary>",
        "created an invitation code",
        "b2",
    ] {
        assert!(page.contains(told), "{told}\n{page}");
    }
    let file = browser.get(FILE).await;
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 6);
    assert!(lines[5].ends_with(",morgan,policy.publish,,4,,,,,,,partners,"));
    assert!(lines[4].ends_with(",morgan,values.put,,,,,,,,,suppliers,98"));
    let answer = body(&world.ask(&["Administrator"], API).await);
    let changes = &answer["records"][0]["changes"];
    assert_eq!(
        (
            &changes[0]["action"],
            &changes[0]["about"],
            &changes[1]["about"]
        ),
        (&"code.create".into(), &"a1".into(), &"b2".into())
    );
    assert_eq!(changes[0].get("count"), None);
}

#[rstest]
#[case::approver(APPROVER)]
#[case::of_a_scope(OF_DOMAIN)]
#[tokio::test]
async fn nobody_else_sees_it_or_a_way_to_it(#[case] person: &str) {
    let world = world().await;
    world
        .listed("morgan", &[entry("evil.example", "fraud")])
        .await;
    let browser = world.signed_in(person).await;
    assert!(!browser.get("/console").await.body.contains(PAGE));
    for path in [PAGE, FILE, "/console/audit?day=nonsense"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("This page is for administrators"));
        assert!(!page.body.contains("evil.example"));
    }
    let administrator = world.signed_in(ADMINISTRATOR).await;
    let link = format!("href=\"{PAGE}\"");
    assert!(administrator.get("/console").await.body.contains(&link));
}

#[tokio::test]
async fn without_a_session_it_leads_to_the_sign_in() {
    let world = world().await;
    let browser = world.browser();
    for path in [PAGE, FILE] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let to = path.replace('/', "%2F");
        assert_eq!(answer.location(), format!("/console/sign-in?to={to}"));
    }
}

#[tokio::test]
async fn a_long_day_has_pages() {
    let world = world().await;
    for number in 0..53 {
        let changes = [entry(&format!("d{number}.example"), "")];
        world.listed("morgan", &changes).await;
    }
    let browser = world.signed_in(ADMINISTRATOR).await;
    let first = browser.get(PAGE).await;
    let shown = |body: &str| body.matches("added an entry").count();
    assert_eq!(shown(&first.body), 50);
    assert!(first.body.contains("d52.example") && !first.body.contains("d2.example"));
    let second = browser.get(&next(&first.body).unwrap()).await;
    assert_eq!(shown(&second.body), 3);
    assert_eq!(next(&second.body), None);
}

#[tokio::test]
async fn what_was_imported_together_is_one_line_that_opens() {
    let world = world().await;
    let changes: Vec<Change> = (0..9)
        .map(|number| entry(&format!("d{number}.example"), ""))
        .collect();
    world.listed("morgan", &changes).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.body.matches("<h2>").count(), 1);
    assert!(page.body.contains("<summary>9 entries of lists</summary>"));
    assert!(page.body.contains("d8.example"));
}

#[tokio::test]
async fn only_what_one_person_did() {
    let world = world().await;
    let id = world.denied("sam (1)").await;
    world
        .listed("morgan", &[entry("evil.example", "fraud")])
        .await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(PAGE).await;
    let of_sam = format!("{PAGE}?day={}&#38;by=sam+%281%29", world.today());
    assert!(page.body.contains(&of_sam), "{}", page.body);
    let page = browser.get(&of_sam.replace("&#38;", "&")).await;
    assert!(page.body.contains(id.as_str()) && !page.body.contains("evil.example"));
    assert!(page.body.contains("value=\"sam (1)\""));
    let page = browser.get(&format!("{PAGE}?by=sam")).await;
    assert!(page.body.contains("Nobody changed anything."));
}

#[tokio::test]
async fn days_lead_to_their_neighbours_and_none_to_the_future() {
    let world = world().await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(&format!("{PAGE}?day=2026-03-01")).await;
    assert!(page.body.contains("The day before: 2026-02-28"));
    assert!(page.body.contains("The day after: 2026-03-02"));
    assert!(page.body.contains("Nobody changed anything."));
    let today = browser.get(PAGE).await;
    assert!(today.body.contains("The day before"));
    assert!(!today.body.contains("The day after"));
}

#[rstest]
#[case::a_word("tomorrow")]
#[case::no_such_day("2026-02-30")]
#[case::a_script("%3Cscript%3E")]
#[tokio::test]
async fn what_is_no_day_is_told(#[case] day: &str) {
    let world = world().await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get(&format!("{PAGE}?day={day}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(
        page.body
            .contains("is not a day. A day is written like 2026-11-22.")
    );
    assert!(!page.body.contains("<script>"));
    let file = browser.get(&format!("{FILE}?day={day}")).await;
    assert_eq!(file.status, StatusCode::BAD_REQUEST);
    let answer = world
        .ask(&["Administrator"], &format!("{API}?day={day}"))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(code(&answer), "bad-request");
    assert!(answer.body.contains("expected a day such as 2026-11-22"));
}

#[tokio::test]
async fn what_people_wrote_is_text() {
    const SCRIPT: &str = "<script>alert('1')</script>";
    let world = world().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let approver = world.signed_in(APPROVER).await;
    approver.decide(&id, "deny", "1", SCRIPT).await;
    world.clock.advance(SignedDuration::from_millis(1));
    let subject = format!("identity:facebook.com#{SCRIPT}");
    world.listed(SCRIPT, &[entry(&subject, SCRIPT)]).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let by = "%3Cscript%3Ealert%28%271%27%29%3C%2Fscript%3E";
    for path in [PAGE.to_owned(), format!("{PAGE}?by={by}")] {
        let page = browser.get(&path).await;
        assert!(page.body.contains("identity:facebook.com#&#60;script&#62;"));
        assert!(!page.body.contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn a_day_is_a_file_with_a_line_for_each_change() {
    let world = world().await;
    let id = world.denied("sam").await;
    let changes = [entry("evil.example", "=1+1"), entry("b@evil.example", "")];
    world.listed("morgan", &changes).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let file = browser.get(FILE).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(
        file.headers[header::CONTENT_TYPE],
        "text/csv; charset=utf-8"
    );
    let name = format!("attachment; filename=\"audit-{}.csv\"", world.today());
    assert_eq!(file.headers[header::CONTENT_DISPOSITION], name);
    let lines: Vec<&str> = file.body.lines().collect();
    assert_eq!(lines.len(), 4);
    let columns = "at,by,action,request,version,kind,matcher,list,from,to,reason,about,count";
    assert_eq!(lines[0], columns);
    assert!(lines[1].ends_with(",morgan,add,,,address,b@evil.example,partners,,deny,,,"));
    assert!(lines[2].ends_with(",morgan,add,,,domain,evil.example,partners,,deny,'=1+1,,"));
    assert!(lines[3].ends_with(&format!(",sam,deny,{id},2,,,,pending,denied,,,")));
    let file = browser.get(&format!("{FILE}?by=sam")).await;
    assert_eq!(file.body.lines().count(), 2);
}

#[tokio::test]
async fn programs_read_it_too() {
    let world = world().await;
    let id = world.denied("sam").await;
    world
        .listed("morgan", &[entry("evil.example", "fraud")])
        .await;
    let answer = world.ask(&["Administrator"], API).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let page = body(&answer);
    assert_eq!(page["day"], world.today().as_str());
    assert_eq!(page["next"], Value::Null);
    let [added, denied] = &page["records"].as_array().unwrap()[..] else {
        panic!("{page}");
    };
    assert_eq!(added["by"], "morgan");
    assert_eq!(added["changes"][0]["matcher"], "evil.example");
    assert_eq!(added["changes"][0]["from"], Value::Null);
    assert_eq!(added["changes"][0]["to"], "deny");
    assert_eq!(denied["changes"][0]["request"], id.as_str());
    assert_eq!(denied["changes"][0]["to"], "denied");
    for (roles, path, status) in [
        (&["Approver"][..], API.to_owned(), StatusCode::FORBIDDEN),
        (
            &["Administrator"],
            format!("{API}?after=1"),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let answer = world.ask(roles, &path).await;
        assert_eq!(answer.status, status);
        code(&answer);
    }
}
