//! Several requests decided alike.

use axum::http::StatusCode;
use shared::domain::approval::{Action, RequestId, State, Terms};

use crate::world::{ADMINISTRATOR, APPROVER, Answer, Browser, Case, OF_DOMAIN, World};

const PREVIEW: &str = "/console/bulk";
const CONFIRMED: &str = "/console/bulk/confirmed";

impl Browser<'_> {
    /// As the form does in which these are selected.
    async fn bulk(
        &self,
        path: &str,
        action: &str,
        chosen: &[(&RequestId, u64)],
        reason: &str,
    ) -> Answer {
        let token = self.form_token().await;
        let chosen: Vec<String> = chosen
            .iter()
            .map(|(id, version)| format!("{id}:{version}"))
            .collect();
        let mut fields = vec![
            ("token", token.as_str()),
            ("action", action),
            ("reason", reason),
        ];
        fields.extend(chosen.iter().map(|one| ("chosen", one.as_str())));
        self.post(path, &fields).await
    }
}

/// What a page says before and after a heading.
fn parts<'b>(body: &'b str, heading: &str) -> (&'b str, &'b str) {
    body.split_once(heading).unwrap()
}

#[tokio::test]
async fn a_preview_changes_nothing_and_names_what_would_change() {
    let world = World::new().await;
    let ann = world.pending(Case::of("ann", "partner.example")).await;
    let bob = world.pending(Case::of("bob", "partner.example")).await;
    world.change(&bob, Action::Deny, "eve").await;
    let browser = world.signed_in(APPROVER).await;
    let queue = browser.get("/console").await;
    assert!(queue.body.contains(&format!("value=\"{ann}:1\"")));
    let chosen = [(&ann, 1), (&bob, 1)];
    let page = browser.bulk(PREVIEW, "approve", &chosen, "").await;
    assert_eq!(page.status, StatusCode::OK);
    let (not, will) = parts(&page.body, "These will be changed");
    assert!(will.contains("ann</a>: Approved") && !will.contains("bob"));
    assert!(not.contains("bob</a>: Somebody has changed it since you looked."));
    assert!(will.contains("Approve 1"));
    assert_eq!(world.request(&ann).await.version, 1);
}

#[tokio::test]
async fn each_is_decided_by_itself_at_the_version_that_was_seen() {
    let world = World::new().await;
    let ann = world.pending(Case::of("ann", "partner.example")).await;
    let bob = world.pending(Case::of("bob", "partner.example")).await;
    world.change(&bob, Action::Deny, "eve").await;
    let browser = world.signed_in(APPROVER).await;
    // A form may name one twice.
    let chosen = [(&bob, 1), (&ann, 1), (&ann, 1)];
    let page = browser.bulk(CONFIRMED, "approve", &chosen, "known").await;
    assert_eq!(page.status, StatusCode::OK);
    let (done, not_done) = parts(&page.body, "Not changed");
    assert!(done.contains("ann</a>: Approved"));
    assert!(not_done.contains("bob</a>: Somebody has changed it"));
    assert_eq!(world.request(&ann).await.state, State::Approved);
    assert_eq!(world.request(&bob).await.version, 2);
    let history = world.history(&ann).await;
    assert_eq!(history.len(), 2);
    assert_eq!(history[1].reason.as_deref(), Some("known"));
}

#[tokio::test]
async fn terms_hold_for_each() {
    let world = World::new().await;
    let careful = |name, terms| Case {
        terms,
        ..Case::of(name, "partner.example")
    };
    let two = Terms {
        approvals: 2,
        ..Terms::USUAL
    };
    let explained = Terms {
        reason_required: true,
        ..Terms::USUAL
    };
    let ann = world.pending(careful("ann", two)).await;
    let bob = world.pending(careful("bob", explained)).await;
    let browser = world.signed_in(APPROVER).await;
    let page = browser.bulk(PREVIEW, "approve", &[(&ann, 1)], "").await;
    assert!(
        page.body
            .contains("1 of 2 approvals, another person must approve, too")
    );
    browser.bulk(CONFIRMED, "approve", &[(&ann, 1)], "").await;
    let page = browser.bulk(PREVIEW, "approve", &[(&ann, 2)], "").await;
    assert!(
        page.body
            .contains("You have approved this request already.")
    );
    assert!(
        page.body
            .contains("Nothing of what you selected can be changed.")
    );

    let page = browser.bulk(PREVIEW, "deny", &[(&bob, 1)], "").await;
    let (_, will) = parts(&page.body, "These will be changed");
    assert!(will.contains("bob</a>: A denial needs a reason."));
    let page = browser.bulk(CONFIRMED, "deny", &[(&bob, 1)], " ").await;
    assert!(page.body.contains("bob</a>: A denial needs a reason."));
    assert_eq!(world.request(&bob).await.version, 1);
    let other = world.signed_in(ADMINISTRATOR).await;
    other.bulk(CONFIRMED, "deny", &[(&bob, 1)], "unknown").await;
    assert_eq!(world.request(&bob).await.state, State::Denied);
}

#[tokio::test]
async fn nothing_beyond_a_scope_is_told_or_changed() {
    let world = World::new().await;
    let own = world.pending(Case::of("ann", "partner.example")).await;
    let other = world.pending(Case::of("joe", "elsewhere.example")).await;
    let browser = world.signed_in(OF_DOMAIN).await;
    for path in [PREVIEW, CONFIRMED] {
        let chosen = [(&own, 1), (&other, 1)];
        let page = browser.bulk(path, "approve", &chosen, "").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("joe"));
        assert!(page.body.contains("it is not one of yours"));
    }
    assert_eq!(world.request(&own).await.state, State::Approved);
    assert_eq!(world.request(&other).await.version, 1);
}

#[tokio::test]
async fn what_no_form_says_changes_nothing() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    for path in [PREVIEW, CONFIRMED] {
        for action in ["finish", "reopen", "delete"] {
            let answer = browser.bulk(path, action, &[(&id, 1)], "").await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        }
        let many: Vec<RequestId> = (0..26)
            .map(|n| RequestId::new(jiff::Timestamp::UNIX_EPOCH, [n; 10]))
            .collect();
        let many: Vec<_> = many.iter().map(|id| (id, 1)).collect();
        let answer = browser.bulk(path, "approve", &many, "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        let chosen = format!("{id}:1");
        for token in ["", "stolen"] {
            let fields = [("token", token), ("action", "approve"), ("chosen", &chosen)];
            let answer = browser.post(path, &fields).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
        }
        assert_eq!(
            browser.get(path).await.status,
            StatusCode::METHOD_NOT_ALLOWED
        );
    }
    assert_eq!(world.request(&id).await.version, 1);
}
