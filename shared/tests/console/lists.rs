//! The lists: whoever may, looks entries up, and changes them after a preview.

use axum::http::StatusCode;
use futures_util::future::join_all;
use rstest::rstest;
use shared::{
    domain::{
        approval::Action,
        list::{Effect, ListEntry, ListName, Matcher},
    },
    ports::{clock::Clock, list_store::ListStore},
};

use crate::world::{ADMINISTRATOR, APPROVER, Answer, Browser, Case, ORIGIN, World};

const LISTS: &str = "/console/lists";
const ENTRY: &str = "/console/lists/entry";
const PREVIEW: &str = "/console/lists/preview";
const CONFIRMED: &str = "/console/lists/confirmed";

const OVERTAKEN: &str = "Somebody has changed this entry since you looked";
const PART: &str = "There may be others";

type Fields = Vec<(String, String)>;

fn entry(matcher: &str, effect: Effect) -> ListEntry {
    ListEntry {
        matcher: Matcher::parse(matcher).unwrap(),
        list: ListName::parse("default").unwrap(),
        effect,
        reason: "fraud".to_owned(),
        owner: "Security".to_owned(),
        expires_at: None,
    }
}

impl World {
    async fn entries(&self, matcher: &str) -> Vec<ListEntry> {
        let matcher = Matcher::parse(matcher).unwrap();
        self.store.find(&[matcher]).await.unwrap()
    }
}

impl Browser<'_> {
    /// Sends a form of this session.
    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token().await;
        let mut all = vec![("token", token.as_str())];
        all.extend(fields);
        self.post(path, &all).await
    }

    async fn preview(&self, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("action", action)];
        all.extend(fields);
        self.form(PREVIEW, &all).await
    }

    /// Confirms what a page shows.
    async fn confirm(&self, preview: &Answer) -> Answer {
        let fields = hidden(&preview.body);
        let fields = fields.iter();
        let fields: Vec<_> = fields.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(CONFIRMED, &fields).await
    }
}

/// The fields of the form that confirms.
fn hidden(page: &str) -> Fields {
    let form = page.split_once(&format!("action=\"{CONFIRMED}\""));
    let (_, form) = form.unwrap();
    let form = form.split("</form>").next().unwrap();
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    let fields = fields.map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        let (value, _) = rest.split_once("\">").unwrap();
        (name.to_owned(), unescaped(value))
    });
    fields.collect()
}

fn unescaped(text: &str) -> String {
    let marks = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    marks
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

const ANN: [(&str, &str); 4] = [
    ("matcher", "Ann+fair@Partner.example"),
    ("effect", "allow"),
    ("reason", "known since May"),
    ("expires", "2999-01-31"),
];

const OF_SPAM: [(&str, &str); 2] = [("matcher", "spam.example"), ("list", "default")];

#[tokio::test]
async fn without_a_session_nobody_sees_a_list() {
    let world = World::new().await;
    let browser = world.browser();
    let answer = browser.get(LISTS).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    for path in [LISTS, ENTRY, PREVIEW, CONFIRMED] {
        let fields = [
            ("token", "a"),
            ("matcher", "spam.example"),
            ("after", "0:0:"),
        ];
        let answer = browser.post(path, &fields).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn lists_are_for_administrators() {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(APPROVER).await;
    assert!(!browser.get("/console").await.body.contains(LISTS));
    let mut answers = vec![browser.get(LISTS).await];
    for action in ["expire", "remove"] {
        for path in [LISTS, ENTRY, PREVIEW, CONFIRMED] {
            let fields = [("action", action), ("after", "0:0:"), ("seen", "")];
            let fields = [fields.as_slice(), &OF_SPAM].concat();
            answers.push(browser.form(path, &fields).await);
        }
    }
    // What is not understood is no way in either.
    let unknown = [("matcher", "?"), ("action", "put")];
    answers.push(browser.form(ENTRY, &unknown).await);
    answers.push(browser.form(PREVIEW, &unknown).await);
    for answer in answers {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("This page is for administrators"));
        assert!(!answer.body.contains("fraud"));
    }
    let stays = [entry("spam.example", Effect::Deny)];
    assert_eq!(world.entries("spam.example").await, stays);
    let administrator = world.signed_in(ADMINISTRATOR).await;
    let queue = administrator.get("/console").await;
    assert!(queue.body.contains("<a href=\"/console/lists\">Lists</a>"));
}

#[tokio::test]
async fn a_form_of_somebody_else_changes_nothing() {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let other = world.signed_in(ADMINISTRATOR).await;
    let page = browser.preview("remove", &OF_SPAM).await;
    let mut fields = hidden(&page.body);
    let own = fields[0].1.clone();
    let foreign = other.form_token().await;
    for (token, origin) in [
        (foreign.as_str(), ORIGIN),
        ("", ORIGIN),
        (own.as_str(), "https://evil.example"),
    ] {
        token.clone_into(&mut fields[0].1);
        let fields = fields.iter();
        let fields: Vec<_> = fields.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for path in [PREVIEW, CONFIRMED] {
            let answer = browser.post_from((origin, "same-origin"), path, &fields);
            assert_eq!(answer.await.status, StatusCode::FORBIDDEN);
        }
    }
    for path in [ENTRY, PREVIEW, CONFIRMED] {
        let path = format!("{path}?matcher=ann@partner.example");
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(world.entries("spam.example").await.len(), 1);
}

#[tokio::test]
async fn an_entry_is_added_after_a_preview() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.preview("put", &ANN).await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "This entry would be added",
        "<dd>ann@partner.example</dd>",
        "<dd>2999-02-01 00:00 UTC</dd>",
        &format!("<a href=\"/console/requests/{id}\">{id}</a> partner.example, "),
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("name=\"chosen\""));
    assert_eq!(world.entries("ann@partner.example").await, []);

    let page = browser.confirm(&page).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.body.contains("Added"));
    let found = world.entries("ann@partner.example").await;
    assert_eq!((found.len(), found[0].effect), (1, Effect::Allow));
    assert_eq!(found[0].reason, "known since May");
    assert!(found[0].owner.ends_with(&format!("({ADMINISTRATOR})")));
    let end = found[0].expires_at.unwrap().to_string();
    assert_eq!(end, "2999-02-01T00:00:00Z");
    // Nothing is decided about who waits, but can be from here.
    assert_eq!(world.request(&id).await.version, 1);
    let chosen = format!("{id}:1");
    assert!(
        page.body
            .contains(&format!("name=\"chosen\" value=\"{chosen}\""))
    );
    let fields = [("action", "approve"), ("chosen", chosen.as_str())];
    let bulk = browser.form("/console/bulk", &fields).await;
    assert!(bulk.body.contains("ann</a>: Approved"));
}

#[tokio::test]
async fn a_confirmation_counts_once() {
    let world = World::new().await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let preview = browser.preview("put", &ANN).await;
    browser.confirm(&preview).await;
    let added = world.entries("ann@partner.example").await;
    let again = browser.confirm(&preview).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.body.contains(OVERTAKEN));
    assert!(again.body.contains("The entry is like that already"));

    let preview = browser.preview("remove", &[ANN[0]]).await;
    browser.confirm(&preview).await;
    assert_eq!(world.entries("ann@partner.example").await, []);
    world.put(&added[0]).await;
    world.clock.advance(jiff::SignedDuration::from_secs(1));
    let preview = browser.preview("expire", &[ANN[0]]).await;
    browser.confirm(&preview).await;
    let expired = world.entries("ann@partner.example").await;
    let again = browser.confirm(&preview).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert_eq!(world.entries("ann@partner.example").await, expired);
}

#[rstest]
#[case::put("put", &[("matcher", "spam.example"), ("effect", "allow")])]
#[case::expire("expire", &OF_SPAM)]
#[case::remove("remove", &OF_SPAM)]
#[tokio::test]
async fn what_somebody_changed_meanwhile_stays(
    #[case] action: &str,
    #[case] fields: &[(&str, &str)],
) {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let preview = browser.preview(action, fields).await;
    let theirs = entry("spam.example", Effect::Review);
    world.put(&theirs).await;
    let page = browser.confirm(&preview).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.body.contains(OVERTAKEN));
    assert!(page.body.contains("Review"), "{}", page.body);
    assert_eq!(
        world.entries("spam.example").await,
        std::slice::from_ref(&theirs)
    );
    // What is shown now can be confirmed.
    let page = browser.confirm(&page).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_ne!(world.entries("spam.example").await, [theirs]);
}

#[tokio::test]
async fn of_all_who_confirm_at_once_one_is_not_overtaken() {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let mut previews = Vec::new();
    for effect in ["allow", "review"] {
        let fields = [OF_SPAM[0], OF_SPAM[1], ("effect", effect)];
        previews.push(browser.preview("put", &fields).await);
    }
    previews.push(browser.preview("remove", &OF_SPAM).await);
    let confirmed = previews.iter().map(|preview| browser.confirm(preview));
    let pages = join_all(confirmed).await;
    let done = pages.iter().filter(|page| page.status == StatusCode::OK);
    assert_eq!(done.count(), 1);
    for page in pages.iter().filter(|page| page.status != StatusCode::OK) {
        assert_eq!(page.status, StatusCode::CONFLICT);
        assert!(page.body.contains(OVERTAKEN));
    }
}

#[tokio::test]
async fn a_change_tells_what_was_there() {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let other = ListName::parse("partners").unwrap();
    let of_partners = ListEntry {
        list: other,
        ..entry("spam.example", Effect::Deny)
    };
    world.put(&of_partners).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let fields = [OF_SPAM[0], OF_SPAM[1], ("effect", "review")];
    let page = browser.preview("put", &fields).await;
    for said in [
        "This entry would be changed",
        "<dd><del>Deny</del> → Review</dd>",
        "<dd><del>fraud</del> → –</dd>",
        "<dd><del>Security</del> → ",
        "<dd>Without an end</dd>",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    browser.confirm(&page).await;
    let found = world.entries("spam.example").await;
    assert_eq!(
        (found[0].effect, found[0].reason.as_str()),
        (Effect::Review, "")
    );
    assert_eq!(found[1], of_partners);
}

#[tokio::test]
async fn an_entry_expires_now_and_is_removed() {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.preview("expire", &OF_SPAM).await;
    assert!(page.body.contains("<dd><del>Without an end</del> → "));
    browser.confirm(&page).await;
    let found = world.entries("spam.example").await;
    assert!(!found[0].is_active(world.clock.now()));
    assert_eq!(
        (found[0].owner.as_str(), found[0].effect),
        ("Security", Effect::Deny)
    );

    let lists = browser.get(LISTS).await;
    assert!(lists.body.contains("(has expired)"));
    assert!(!lists.body.contains("value=\"expire\""));
    let page = browser.preview("expire", &OF_SPAM).await;
    assert!(page.body.contains("The entry is like that already"));
    assert!(!page.body.contains(CONFIRMED));

    let page = browser.preview("remove", &OF_SPAM).await;
    assert!(page.body.contains("This entry would be removed"));
    browser.confirm(&page).await;
    assert_eq!(world.entries("spam.example").await, []);
    for action in ["expire", "remove"] {
        let page = browser.preview(action, &OF_SPAM).await;
        assert!(page.body.contains("There is no such entry"));
        assert!(!page.body.contains(CONFIRMED));
    }
}

#[rstest]
#[case::address("ann@partner.example", true)]
#[case::another_address("bob@partner.example", false)]
#[case::domain("partner.example", true)]
#[case::suffix("*.example", true)]
#[case::another_suffix("*.partner.example", false)]
#[case::provider("provider:facebook.com", false)]
#[case::identity("identity:facebook.com#1", false)]
#[tokio::test]
async fn a_preview_names_those_who_wait_and_match(#[case] matcher: &str, #[case] expected: bool) {
    let world = World::new().await;
    let waits = world.pending(Case::of("ann", "partner.example")).await;
    let denied = world.pending(Case::of("ann", "partner.example")).await;
    world.change(&denied, Action::Deny, "eve").await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let fields = [("matcher", matcher), ("effect", "deny")];
    let page = browser.preview("put", &fields).await;
    assert_eq!(page.body.contains(&waits.to_string()), expected);
    assert_eq!(page.body.contains("None of the requests"), !expected);
    assert!(!page.body.contains(&denied.to_string()));
    assert!(!page.body.contains(PART));
}

#[tokio::test]
async fn as_many_are_named_as_can_be_decided_about_at_once() {
    let world = World::new().await;
    for _ in 0..26 {
        world.pending(Case::of("ann", "partner.example")).await;
    }
    let browser = world.signed_in(ADMINISTRATOR).await;
    let fields = [("matcher", "*.example"), ("effect", "deny")];
    let page = browser.preview("put", &fields).await;
    assert_eq!(
        page.body.matches("<a href=\"/console/requests/").count(),
        25
    );
    assert!(page.body.contains(PART));
}

#[tokio::test]
async fn entries_are_looked_up_in_any_spelling_and_never_in_an_address() {
    let world = World::new().await;
    world
        .put(&entry("ann@partner.example", Effect::Review))
        .await;
    world.put(&entry("bob@partner.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let sought = [("matcher", " Ann+1@PARTNER.example ")];
    let page = browser.form(ENTRY, &sought).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(">ann@partner.example</h2>"));
    assert!(!page.body.contains("bob@"));
    assert!(
        page.body
            .contains("id=\"matcher\" name=\"matcher\" value=\"ann@partner.example\"")
    );
    let page = browser
        .form(ENTRY, &[("matcher", "cy@partner.example")])
        .await;
    assert!(page.body.contains("There are no such entries."));
    let page = browser.form(ENTRY, &[("matcher", "partner")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    assert!(page.body.contains("The matcher is not understood."));
    assert!(page.body.contains("value=\"partner\""));
}

#[tokio::test]
async fn entries_come_page_by_page() {
    let world = World::new().await;
    for number in 0..30 {
        let matcher = format!("ann{number}@partner.example");
        world.put(&entry(&matcher, Effect::Deny)).await;
    }
    world.put(&entry("provider:google", Effect::Allow)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let first = browser.get("/console/lists?effect=deny&list=default").await;
    let after = first.body.split("name=\"after\" value=\"").nth(1).unwrap();
    let after = unescaped(after.split('"').next().unwrap());
    let fields = [("list", "default"), ("effect", "deny"), ("after", &after)];
    let second = browser.form(LISTS, &fields).await;
    assert!(!second.body.contains("name=\"after\""));
    for number in 0..30 {
        let heading = format!(">ann{number}@partner.example</h2>");
        let pages = [&first, &second].map(|page| page.body.contains(&heading));
        assert_ne!(pages[0], pages[1], "{heading}");
    }
    for page in [&first, &second] {
        assert!(!page.body.contains("google.com</h2>"));
        let mut links = page.body.split("href=\"").skip(1);
        assert!(links.all(|link| !link.split('"').next().unwrap().contains('@')));
    }
    let others = browser.get("/console/lists?list=partners").await;
    assert!(others.body.contains("There are no such entries."));
    let allowed = browser.get("/console/lists?effect=allow").await;
    assert_eq!(allowed.body.matches("<h2 id=\"entry-").count(), 1);
}

#[tokio::test]
async fn what_is_not_understood_is_told_and_stays_typed() {
    let world = World::new().await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let fields = [
        ("matcher", "partner"),
        ("list", "a b"),
        ("reason", "known"),
        ("effect", "review"),
        ("expires", "soon"),
    ];
    let page = browser.preview("put", &fields).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    for said in [
        "The matcher is not understood.",
        "The name of a list has at most",
        "The date is not understood.",
        "value=\"known\"",
        "value=\"review\" selected",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
}

#[rstest]
#[case::no_action(&[("action", "delete"), ("seen", "")])]
#[case::nothing_seen(&[("action", "remove")])]
#[case::nothing_to_confirm(&[("action", "put"), ("seen", "")])]
#[tokio::test]
async fn what_no_form_says_changes_nothing(#[case] said: &[(&str, &str)]) {
    let world = World::new().await;
    world.put(&entry("spam.example", Effect::Deny)).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let fields = [said, &OF_SPAM].concat();
    let answer = browser.form(CONFIRMED, &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    for after in ["", "64:0:", "1:1"] {
        let answer = browser.form(LISTS, &[("after", after)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(world.entries("spam.example").await.len(), 1);
}

#[rstest]
#[case::script("<script>alert(1)</script>")]
#[case::attribute("\" autofocus onfocus=\"alert(1)")]
#[case::single("' onmouseover='alert(1)")]
#[case::end_of_a_text("</dd></h2><img src=x onerror=alert(1)>")]
#[case::template("{{ 7 * 7 }} { $at }")]
#[tokio::test]
async fn what_anybody_typed_stays_text(#[case] text: &str) {
    let world = World::new().await;
    let matcher = format!("identity:{text}#{text}");
    let stored = ListEntry {
        matcher: Matcher::parse(&matcher).unwrap(),
        reason: text.to_owned(),
        owner: text.to_owned(),
        ..entry("spam.example", Effect::Deny)
    };
    world.put(&stored).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let query = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let put = [
        ("matcher", matcher.as_str()),
        ("effect", "allow"),
        ("reason", text),
    ];
    let preview = browser.preview("put", &put).await;
    let all = ["matcher", "list", "effect", "reason", "expires"].map(|name| (name, text));
    let pages = [
        browser.get(LISTS).await,
        browser
            .get(&format!("{LISTS}?list={query}&effect={query}"))
            .await,
        browser.form(ENTRY, &[("matcher", matcher.as_str())]).await,
        browser.form(ENTRY, &[("matcher", text)]).await,
        browser.preview("put", &all).await,
        browser.confirm(&preview).await,
        // It was confirmed before.
        browser.confirm(&preview).await,
        preview,
    ];
    for page in &pages {
        for mark in ["<script>", "<img", "\" autofocus", "' onmouseover"] {
            assert!(!page.body.contains(mark), "{}", page.body);
        }
    }
    let found = world.entries(&matcher).await;
    assert_eq!(found[0].reason, text);
}

#[tokio::test]
async fn the_lists_speak_the_reader_s_language() {
    let world = World::new().await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let page = browser.get_in("de", LISTS).await;
    assert!(page.body.contains("<h1>Listen</h1>"));
    assert!(page.body.contains("Eintrag hinzufügen oder ändern"));
}
