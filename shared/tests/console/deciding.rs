//! What becomes of decisions, and of forms that are not to be trusted.

use axum::http::StatusCode;
use rstest::rstest;
use shared::domain::approval::{Action, Actor, RequestId, State, Terms};

use crate::world::{ADMINISTRATOR, APPROVER, Case, ORIGIN, World};

fn path(id: &RequestId) -> String {
    format!("/console/requests/{id}")
}

#[tokio::test]
async fn an_approval_moves_the_request_and_says_who() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser
        .decide(&id, "approve", "1", " known\r\nsince\u{1b} May ")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location(), format!("/console/requests/{id}?done"));
    assert_eq!(world.request(&id).await.state, State::Approved);
    let history = world.history(&id).await;
    let last = history.last().unwrap();
    let signature = format!("alex@contoso.example ({APPROVER})");
    assert_eq!(last.by, Actor::Person(signature));
    assert_eq!(last.reason.as_deref(), Some("known since May"));
    let page = browser.get(answer.location()).await;
    assert!(page.body.contains("You approved it."));
    assert!(page.body.contains("approved it: known since May"));
}

#[tokio::test]
async fn a_denial_is_undone() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    browser.decide(&id, "deny", "1", "unknown").await;
    assert_eq!(world.request(&id).await.state, State::Denied);
    let answer = browser.decide(&id, "reopen", "2", "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(world.request(&id).await.state, State::Pending);
}

#[tokio::test]
async fn a_decision_about_another_version_is_not_made_and_told_kindly() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    world.change(&id, Action::Deny, "eve").await;
    let answer = browser.decide(&id, "approve", "1", "my reason").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("Somebody was faster"));
    assert!(answer.body.contains("eve denied it"));
    assert!(answer.body.contains("my reason</textarea>"));
    assert_eq!(world.request(&id).await.state, State::Denied);
}

#[tokio::test]
async fn two_approvals_are_of_two_people() {
    let world = World::new().await;
    let terms = Terms {
        approvals: 2,
        ..Terms::USUAL
    };
    let case = Case::of("ann", "partner.example");
    let id = world.pending(Case { terms, ..case }).await;
    let browser = world.signed_in(APPROVER).await;
    browser.decide(&id, "approve", "1", "").await;
    let again = browser.decide(&id, "approve", "2", "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(
        again
            .body
            .contains("You have approved this request already")
    );
    assert_eq!(world.request(&id).await.state, State::Pending);
    let other = world.signed_in(ADMINISTRATOR).await;
    other.decide(&id, "approve", "2", "").await;
    assert_eq!(world.request(&id).await.state, State::Approved);
}

#[tokio::test]
async fn a_new_name_is_no_second_person() {
    let world = World::new().await;
    let terms = Terms {
        approvals: 2,
        ..Terms::USUAL
    };
    let case = Case::of("ann", "partner.example");
    let id = world.pending(Case { terms, ..case }).await;
    let earlier = format!("alexandra@contoso.example ({APPROVER})");
    world.change(&id, Action::Approve, &earlier).await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser.decide(&id, "approve", "2", "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(world.request(&id).await.state, State::Pending);
}

#[tokio::test]
async fn a_denial_without_a_needed_reason_is_not_made() {
    let world = World::new().await;
    let terms = Terms {
        reason_required: true,
        ..Terms::USUAL
    };
    let case = Case::of("ann", "partner.example");
    let id = world.pending(Case { terms, ..case }).await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser.decide(&id, "deny", "1", "  ").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.body.contains("A denial needs a reason."));
    assert_eq!(world.request(&id).await.state, State::Pending);
}

#[tokio::test]
async fn accounts_are_tried_again_by_administrators() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    for action in [Action::Approve, Action::Provision, Action::Fail] {
        world.change(&id, action, "eve").await;
    }
    let approver = world.signed_in(APPROVER).await;
    let page = approver.get(&path(&id)).await;
    assert!(!page.body.contains("value=\"retry\""));
    let answer = approver.decide(&id, "retry", "4", "").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let administrator = world.signed_in(ADMINISTRATOR).await;
    administrator.decide(&id, "retry", "4", "").await;
    assert_eq!(world.request(&id).await.state, State::Approved);
}

#[rstest]
#[case::what_only_the_program_does("finish", "1")]
#[case::no_action("delete", "1")]
#[case::a_version_that_never_was("approve", "7")]
#[case::no_version("approve", "one")]
#[tokio::test]
async fn what_no_form_says_changes_nothing(#[case] action: &str, #[case] version: &str) {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(ADMINISTRATOR).await;
    let answer = browser.decide(&id, action, version, "").await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn a_reason_has_an_end() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let answer = browser.decide(&id, "deny", "1", &"é".repeat(1001)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = browser.decide(&id, "deny", "1", &"é".repeat(20_000)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.request(&id).await.version, 1);
}

#[tokio::test]
async fn a_form_of_somebody_else_changes_nothing() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    let browser = world.signed_in(APPROVER).await;
    let other = world.signed_in(ADMINISTRATOR).await;
    let (own, foreign) = (browser.form_token().await, other.form_token().await);
    let fields = |token| [("token", token), ("action", "approve"), ("version", "1")];
    for token in [foreign.as_str(), ""] {
        let answer = browser.post(&path(&id), &fields(token)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let sites = [
        ("https://evil.example", "cross-site"),
        ("https://evil.example", "same-origin"),
        ("null", "cross-site"),
        (ORIGIN, "same-site"),
    ];
    for site in sites {
        let answer = browser.post_from(site, &path(&id), &fields(&own)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{site:?}");
    }
    assert_eq!(world.request(&id).await.version, 1);
    let answer = browser
        .post_from((ORIGIN, "same-origin"), &path(&id), &fields(&own))
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::script("<script>alert(1)</script>")]
#[case::attribute("\" autofocus onfocus=\"alert(1)")]
#[case::single("' onmouseover='alert(1)")]
#[case::end_of_a_text("</textarea></dd><img src=x onerror=alert(1)>")]
#[case::template("{{ 7 * 7 }} { $who }")]
#[tokio::test]
async fn what_applicants_type_stays_text(#[case] text: &'static str) {
    let world = World::new().await;
    let case = Case {
        text,
        name: text,
        ..Case::of("", "partner.example")
    };
    let id = world.pending(case).await;
    let browser = world.signed_in(APPROVER).await;
    let queue = browser.get("/console").await;
    let shown = browser.get(&path(&id)).await;
    let conflict = browser.decide(&id, "approve", "1", text).await;
    assert_eq!(conflict.status, StatusCode::SEE_OTHER);
    let told = browser.get(&path(&id)).await;
    let again = browser.decide(&id, "deny", "1", text).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    for page in [&queue, &shown, &told, &again] {
        assert!(page.body.contains(&escaped(text)), "{}", page.body);
        for mark in ["<script>", "<img", "\" autofocus", "' onmouseover"] {
            assert!(!page.body.contains(mark), "{}", page.body);
        }
    }
}

fn escaped(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '<' | '>' | '"' | '\'' | '&' => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    });
    escaped.collect()
}

#[tokio::test]
async fn an_erased_applicant_is_told_so() {
    let world = World::new().await;
    let id = world.pending(Case::of("ann", "partner.example")).await;
    shared::ports::request_store::RequestStore::erase(world.store.as_ref(), &id, None)
        .await
        .unwrap();
    let browser = world.signed_in(APPROVER).await;
    for page in ["/console".to_owned(), path(&id)] {
        let page = browser.get(&page).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.body
                .contains("Erased: nobody can read any more who applied.")
        );
    }
}
