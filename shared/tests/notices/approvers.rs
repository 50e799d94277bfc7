//! What approvers get.

use shared::{app::links::Purpose, domain::approval::Action};

use crate::world::{CONSOLE, NOW, World, link_key};

const ANN: &str = "ann@contoso.example";
const BOB: &str = "bob@contoso.example";
const CHIEF: &str = "chief@contoso.example";
const SUBJECT: &str = "Applications wait for your decision";
const OPENED: &str = "HISTORY#00000001";

#[tokio::test]
async fn all_of_a_batch_is_one_mail_to_each_approver() {
    let world = World::new().await;
    let (one, other) = (
        world.pending("zoe", &[]).await,
        world.pending("max", &[]).await,
    );
    let items = [
        (&one, OPENED),
        (&other, OPENED),
        (&other, "NOTICE#reminder#00001"),
    ];
    assert_eq!(world.deliver(&items).await, [true, true, true]);
    for approver in [ANN, BOB] {
        let inbox = world.inbox(approver);
        assert_eq!(inbox.len(), 1);
        assert_eq!(inbox[0].content.subject, SUBJECT);
        let html = inbox[0].content.html.clone().unwrap();
        assert_eq!(html.matches("<a href=").count(), 3, "{html}");
        assert!(html.contains(">New applications</h2>"), "{html}");
        assert!(html.contains(">Applications that are still waiting</h2>"));
    }
    assert!(world.inbox(CHIEF).is_empty());
}

#[tokio::test]
async fn a_request_is_told_without_its_applicant() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.deliver(&[(&id, OPENED)]).await;
    let content = &world.inbox(ANN)[0].content;
    let (html, text) = (content.html.clone().unwrap(), content.text.clone().unwrap());
    for fact in [
        "partner.example",
        "partners",
        "google.com",
        "rule free-mail",
        "2026-01-15 12:00 UTC",
    ] {
        assert!(html.contains(fact) && text.contains(fact), "{fact}: {text}");
    }
    assert!(!html.contains("zoe") && !text.contains("zoe"));
    let start = format!("{CONSOLE}/console/requests/{id}?link=");
    let token = text.split(&start).nth(1).unwrap();
    let token = token.split_whitespace().next().unwrap();
    let link = link_key().read(Purpose::Approver, token, NOW).unwrap();
    assert_eq!((link.request, link.version), (id, 1));
}

#[tokio::test]
async fn what_waits_too_long_goes_to_somebody_else() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    assert_eq!(world.deliver(&[(&id, "NOTICE#escalation")]).await, [true]);
    assert_eq!(world.inbox(CHIEF).len(), 1);
    assert_eq!(world.mails(), 1);
    assert_eq!(world.told(), [("escalation", "sent")]);
}

#[tokio::test]
async fn a_reopened_request_is_new_again_and_a_decided_one_is_not_told() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.change(&id, Action::Deny, None).await;
    for sk in [OPENED, "NOTICE#reminder#00001", "NOTICE#escalation"] {
        assert_eq!(world.deliver(&[(&id, sk)]).await, [true]);
    }
    assert_eq!(world.mails(), 0);
    world.change(&id, Action::Reopen, None).await;
    world.deliver(&[(&id, "HISTORY#00000003")]).await;
    assert_eq!(world.inbox(ANN).len(), 1);
    assert!(world.inbox("zoe@partner.example").is_empty());
}

#[tokio::test]
async fn the_policy_of_now_says_who_is_told() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    let policy = r#"
        default = "review"
        [approval]
        notify = ["new@contoso.example", "New@contoso.example"]
    "#;
    crate::publishing::publish(&world.store, policy).await;
    let items = [(&id, OPENED), (&id, "NOTICE#escalation")];
    world.deliver(&items).await;
    let inbox = world.inbox("new@contoso.example");
    assert_eq!(inbox.len(), 1);
    let html = inbox[0].content.html.clone().unwrap();
    // New, and waiting for too long; neither twice.
    assert_eq!(html.matches("<a href=").count(), 2, "{html}");
    assert!(world.inbox(ANN).is_empty() && world.inbox(CHIEF).is_empty());
}

#[tokio::test]
async fn a_policy_has_its_own_template() {
    let policy = r#"
        default = "review"
        [approval]
        notify = ["ann@contoso.example"]
        [[notice]]
        kinds = ["approvers"]
        html = "<main>{body}</main>"
    "#;
    let world = World::with(policy).await;
    let (one, other) = (
        world.pending("zoe", &[]).await,
        world.pending("max", &[]).await,
    );
    world.deliver(&[(&one, OPENED), (&other, OPENED)]).await;
    let content = &world.inbox(ANN)[0].content;
    let (html, text) = (content.html.clone().unwrap(), content.text.clone().unwrap());
    assert!(html.trim().starts_with("<main><h2 "), "{html}");
    for id in [&one, &other] {
        let link = format!("<a href=\"{CONSOLE}/console/requests/{id}?link=");
        assert!(html.contains(&link), "{html}");
    }
    assert!(html.trim().ends_with("</main>"), "{html}");
    assert!(text.starts_with("Contoso"), "{text}");
}
