//! Links in the mails of approvers: where they lead, and what they tell.

use axum::http::StatusCode;
use shared::{
    app::links::Purpose,
    domain::approval::{Action, RequestId, State},
    ports::clock::Clock,
};

use crate::world::{APPROVER, Browser, Case, OF_DOMAIN, World};

const NOT_GOOD: &str = "The link in the mail is for another request";
const CHANGED: &str = "has changed since the mail was written";

fn led(id: &RequestId, link: &str) -> String {
    format!("/console/requests/{id}?link={link}")
}

async fn through_sign_in(browser: &Browser<'_>, address: &str, person: &str) -> String {
    let answer = browser.get(address).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let start = browser.get(answer.location()).await;
    let back = browser.at_entra(start.location(), person).await;
    browser.get(&back).await.location().to_owned()
}

#[tokio::test]
async fn a_link_leads_through_the_sign_in_to_its_request() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let address = led(&id, &world.link(Purpose::Approver, &id, 1));
    let browser = world.browser();
    let to = through_sign_in(&browser, &address, APPROVER).await;
    assert_eq!(to, address);
    let page = browser.get(&to).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("ann@partner.example"));
    assert!(!page.body.contains(CHANGED) && !page.body.contains(NOT_GOOD));
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn a_link_tells_what_happened_since_and_the_form_is_about_what_is_shown() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let address = led(&id, &world.link(Purpose::Approver, &id, 1));
    world.change(&id, Action::Deny, "eve").await;
    world.change(&id, Action::Reopen, "joe").await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.get(&address).await;
    let note = page.body.split("Who applies").next().unwrap();
    for told in [CHANGED, "eve denied it", "joe opened it again"] {
        assert!(note.contains(told), "{note}");
    }
    assert!(!note.contains("made it"), "{note}");
    assert!(page.body.contains("name=\"version\" value=\"3\""));
    browser.decide(&id, "approve", "3", "").await;
    assert_eq!(world.request(&id).await.state, State::Approved);
}

#[tokio::test]
async fn a_link_that_is_not_good_is_ignored_with_a_note() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let other = world.pending(Case::of("bob", "partner.example")).await;
    let own = world.link(Purpose::Approver, &id, 1);
    let links = [
        world.link(Purpose::Approver, &other, 1),
        world.link(Purpose::Applicant, &id, 1),
        own.replacen(".1.", ".2.", 1),
        "%26done%3D1".to_owned(),
        "x".repeat(3000),
        world.link_until(Purpose::Approver, &id, 1, world.clock.now()),
        String::new(),
    ];
    let browser = world.signed_in(APPROVER).await;
    for link in &links {
        let page = browser.get(&led(&id, link)).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.body.contains(NOT_GOOD), "{link}");
        assert!(page.body.contains("ann@partner.example"));
    }
    // It does not keep anybody from signing in either. What is too long for a cookie is forgotten meanwhile.
    for link in &links {
        let browser = world.browser();
        let to = through_sign_in(&browser, &led(&id, link), APPROVER).await;
        let page = browser.get(&to).await;
        assert_eq!(page.body.contains(NOT_GOOD), link.len() < 1000, "{link}");
        assert!(page.body.contains("ann@partner.example"));
    }
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn a_link_opens_no_request_beyond_a_scope() {
    let world = World::new().await;
    let id = world.pending(Case::of("joe", "elsewhere.example")).await;
    let address = led(&id, &world.link(Purpose::Approver, &id, 1));
    let browser = world.signed_in(OF_DOMAIN).await;
    let page = browser.get(&address).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!page.body.contains("joe"));
}
