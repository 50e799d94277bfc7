//! What is said with a decision, and what helps to make it.

use axum::http::StatusCode;
use shared::domain::{
    approval::{Action, State},
    list::{Effect, ListEntry, ListName, Matcher},
};

use crate::{
    publishing::publish,
    world::{APPROVER, Case, OF_DOMAIN, World},
};

const POLICY: &str = r#"
default = "review"

[[domain]]
name = "contoso.com"

[approval]
reasons = ["Not a partner.", "\"><script>alert(1)</script>"]
"#;

#[tokio::test]
async fn the_policys_reasons_are_offered_and_go_before_what_is_typed() {
    let world = World::new().await;
    publish(&world.store, POLICY).await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let path = format!("/console/requests/{id}");
    let page = browser.get(&path).await;
    assert!(page.body.contains("<option value=\"Not a partner.\">"));
    assert!(!page.body.contains("<script>"));
    let token = browser.form_token().await;
    let fields = [
        ("token", token.as_str()),
        ("action", "deny"),
        ("version", "1"),
        ("ready", "Not a partner."),
        ("reason", "Ask Jo."),
        ("message", "Apply with\r\nyour <b>work</b> address."),
    ];
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let history = world.history(&id).await;
    let last = history.last().unwrap();
    assert_eq!(last.reason.as_deref(), Some("Not a partner. Ask Jo."));
    let message = "Apply with your <b>work</b> address.";
    assert_eq!(last.message.as_deref(), Some(message));
    let told = browser.get(&path).await;
    let message = "To the applicant: Apply with your &#60;b&#62;work&#60;/b&#62; address.";
    assert!(told.body.contains(message), "{}", told.body);

    // Nothing of it is lost when somebody was faster.
    let again = browser.post(&path, &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let chosen = "<option value=\"Not a partner.\" selected>";
    for kept in [
        chosen,
        "Ask Jo.</textarea>",
        "work&#60;/b&#62; address.</textarea>",
    ] {
        // A denied request is not denied again, but opened again.
        assert!(again.body.contains(kept), "{kept}: {}", again.body);
    }
}

#[tokio::test]
async fn without_a_policy_nothing_is_offered() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.get(&format!("/console/requests/{id}")).await;
    assert!(!page.body.contains("id=\"ready\""));
    assert!(!page.body.contains("Look twice"));
    assert!(page.body.contains("id=\"message\""));
}

#[tokio::test]
async fn a_message_has_an_end() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let (token, long) = (browser.form_token().await, "é".repeat(1001));
    let fields = [
        ("token", token.as_str()),
        ("action", "approve"),
        ("version", "1"),
        ("message", &long),
    ];
    let path = format!("/console/requests/{id}");
    let answer = browser.post(&path, &fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.request(&id).await.state, State::Pending);
}

#[tokio::test]
async fn what_should_be_looked_at_twice_is_told() {
    let world = World::new().await;
    publish(&world.store, POLICY).await;
    let name = "Win at https://evil.example";
    let case = Case::of(name, "c0ntoso.com");
    let id = world.pending(case).await;
    world.pending(Case::of(name, "c0ntoso.com")).await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.get(&format!("/console/requests/{id}")).await;
    for hint in [
        "The domain looks the same as contoso.com, and is another one. contoso.com is a domain of the policy.",
        "The name holds an address or a link.",
        "Other requests of the same address that are open: 1.",
    ] {
        assert!(page.body.contains(hint), "{hint}");
    }
}

/// The pages of requests from these domains, as an approver sees them.
async fn pages<const N: usize>(
    world: &World,
    person: &str,
    domains: [&'static str; N],
) -> [String; N] {
    let mut ids = Vec::new();
    for domain in domains {
        ids.push(world.pending(Case::of("ann", domain)).await);
    }
    let browser = world.signed_in(person).await;
    let mut pages = Vec::new();
    for id in ids {
        let page = browser.get(&format!("/console/requests/{id}")).await;
        assert_eq!(page.status, StatusCode::OK);
        pages.push(page.body);
    }
    pages.try_into().unwrap()
}

fn entry(matcher: &str, effect: Effect) -> ListEntry {
    ListEntry {
        matcher: Matcher::parse(matcher).unwrap(),
        list: ListName::parse("partners").unwrap(),
        effect,
        reason: String::new(),
        owner: String::new(),
        expires_at: None,
    }
}

#[tokio::test]
async fn a_domain_like_one_that_a_list_allows_is_told() {
    let world = World::new().await;
    *world.listed.0.lock().unwrap() = Some(vec![
        entry("fabrikam.example", Effect::Allow),
        entry("*.woodgrove.example", Effect::Allow),
        entry("gmail.com", Effect::Allow),
        entry("adatum.example", Effect::Deny),
    ]);
    let domains = [
        "fabrikarn.example",
        "w00dgrove.example",
        "grnail.com",
        "adaturn.example",
        "fabrikam.example",
    ];
    let [fabrikam, woodgrove, nothing @ ..] = pages(&world, APPROVER, domains).await;
    assert!(fabrikam.contains("A list lets fabrikam.example in."));
    assert!(woodgrove.contains("A list lets woodgrove.example in."));
    for page in nothing {
        assert!(!page.contains("looks the same"), "{page}");
    }
}

#[tokio::test]
async fn a_domain_like_that_of_somebody_approved_is_told_to_who_may_see_that_one() {
    let world = World::new().await;
    let bob = world.pending(Case::of("bob", "partnar.example")).await;
    for action in [Action::Approve, Action::Provision, Action::Finish] {
        world.change(&bob, action, "eve").await;
    }
    let told = "Somebody of partnar.example was approved before.";
    let [page] = pages(&world, APPROVER, ["partner.example"]).await;
    assert!(page.contains(told));
    let [page] = pages(&world, OF_DOMAIN, ["partner.example"]).await;
    assert!(!page.contains("partnar.example"));
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_no_page_from_anybody() {
    let world = World::new().await;
    *world.listed.0.lock().unwrap() = None;
    let [page] = pages(&world, APPROVER, ["fabrikarn.example"]).await;
    assert!(!page.contains("looks the same"));
}
