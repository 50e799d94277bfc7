//! What the queue shows, and whose.

use axum::http::StatusCode;
use jiff::SignedDuration;
use shared::domain::approval::Action;

use crate::world::{APPROVER, Case, OF_DOMAIN, World};

#[tokio::test]
async fn the_queue_names_those_who_wait() {
    let world = World::new().await;
    world.pending(Case::of("ann", "partner.example")).await;
    let decided = world.pending(Case::of("bob", "partner.example")).await;
    world.change(&decided, Action::Deny, "eve").await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.get("/console").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("ann@partner.example"));
    assert!(!page.body.contains("bob@partner.example"));
    assert!(page.body.contains("Waiting <span class=\"count\">1</span>"));
    let denied = browser.get("/console?state=denied").await;
    assert!(denied.body.contains("bob@partner.example"));
}

#[tokio::test]
async fn whoever_has_a_scope_sees_nothing_beyond_it() {
    let world = World::new().await;
    let own = world.pending(Case::of("ann", "partner.example")).await;
    let other = world.pending(Case::of("joe", "elsewhere.example")).await;
    let browser = world.signed_in(OF_DOMAIN).await;
    let queue = browser.get("/console").await;
    assert!(queue.body.contains("ann@partner.example"));
    assert!(!queue.body.contains("joe"));
    // Numbers of everybody's requests are none of theirs.
    assert!(!queue.body.contains("class=\"count\""));
    let filtered = browser.get("/console?domain=elsewhere.example").await;
    assert!(!filtered.body.contains("joe"));

    let page = browser.get(&format!("/console/requests/{own}")).await;
    assert_eq!(page.status, StatusCode::OK);
    let page = browser.get(&format!("/console/requests/{other}")).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    let answer = browser.decide(&other, "approve", "1", "").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(world.request(&other).await.version, 1);
}

#[tokio::test]
async fn filters_leave_a_flow_or_a_domain() {
    let world = World::new().await;
    let of_flow = Case {
        flow: Some("partners"),
        ..Case::of("ann", "partner.example")
    };
    world.pending(of_flow).await;
    world.pending(Case::of("joe", "elsewhere.example")).await;
    let browser = world.signed_in(APPROVER).await;
    for (query, shown, hidden) in [
        ("flow=partners", "ann@", "joe@"),
        ("flow=*", "joe@", "ann@"),
        ("domain=ELSEWHERE.example", "joe@", "ann@"),
    ] {
        let page = browser.get(&format!("/console?{query}")).await;
        assert!(page.body.contains(shown), "{query}");
        assert!(!page.body.contains(hidden), "{query}");
    }
    let page = browser.get("/console?domain=nobody.example").await;
    assert!(page.body.contains("There are no such requests."));
}

#[tokio::test]
async fn a_long_queue_has_pages() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..30 {
        ids.push(world.pending(Case::of("ann", "partner.example")).await);
        world.clock.advance(SignedDuration::from_secs(1));
    }
    let browser = world.signed_in(APPROVER).await;
    for filter in ["", "&domain=partner.example"] {
        let first = browser.get(&format!("/console?order=oldest{filter}")).await;
        let shown = |body: &str| {
            ids.iter()
                .filter(|id| body.contains(&format!("requests/{id}")))
                .count()
        };
        assert_eq!(shown(&first.body), 25);
        let next = first.body.split("rel=\"next\"").next().unwrap();
        let next = next.rsplit("href=\"").next().unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&");
        let second = browser.get(&next).await;
        assert_eq!(shown(&second.body), 5);
        assert!(!second.body.contains("rel=\"next\""));
    }
    let newest = browser.get("/console?order=newest").await;
    assert!(newest.body.contains(&format!("requests/{}", ids[29])));
}

#[tokio::test]
async fn keys_that_cannot_be_had_hide_names_and_no_requests() {
    let world = World::without_keys().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let queue = browser.get("/console").await;
    assert_eq!(queue.status, StatusCode::OK);
    assert!(queue.body.contains("Cannot be read at the moment"));
    let page = browser.get(&format!("/console/requests/{id}")).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
}
