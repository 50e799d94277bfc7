//! What applicants get.

use rstest::rstest;
use shared::{app::links::Purpose, domain::approval::Action, ports::request_store::RequestStore};

use crate::world::{CONSOLE, NOW, World, link_key};

const ZOE: &str = "zoe@partner.example";

/// The version that an action makes of a request that was just made, with all that has to come before it.
async fn closed_by(world: &World, action: Action) -> (shared::domain::approval::RequestId, String) {
    let id = world.pending("zoe", &["en"]).await;
    let path: &[Action] = match action {
        Action::Finish => &[Action::Approve, Action::Provision],
        _ => &[],
    };
    for step in path.iter().chain([&action]) {
        world.change(&id, *step, None).await;
    }
    let version = world.request(&id).await.version;
    (id, format!("HISTORY#{version:08}"))
}

#[rstest]
#[case::approved(Action::Finish, "Your account is ready", "approved")]
#[case::denied(Action::Deny, "Your application was not approved", "denied")]
#[case::expired(Action::Expire, "Your application has expired", "expired")]
#[tokio::test]
async fn an_applicant_is_told_what_became_of_it(
    #[case] action: Action,
    #[case] subject: &str,
    #[case] notice: &'static str,
) {
    let world = World::new().await;
    let (id, sk) = closed_by(&world, action).await;
    assert_eq!(world.deliver(&[(&id, &sk)]).await, [true]);
    let inbox = world.inbox(ZOE);
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].content.subject, subject);
    assert_eq!(inbox[0].content.from, "Contoso <no-reply@contoso.example>");
    assert_eq!(world.mails(), 1);
    assert_eq!(world.told(), [(notice, "sent")]);
}

#[rstest]
#[case(&["sv-SE"], "Vi har tagit emot din ansökan")]
#[case(&["fi", "zh-TW", "en"], "我們已收到您的申請")]
#[case(&["de-AT"], "Wir haben Ihren Antrag erhalten")]
#[case(&["fi"], "We have received your application")]
#[tokio::test]
async fn a_new_request_is_confirmed_in_the_language_of_the_applicant(
    #[case] languages: &[&str],
    #[case] subject: &str,
) {
    let world = World::new().await;
    let id = world.pending("zoe", languages).await;
    assert_eq!(world.deliver(&[(&id, "HISTORY#00000001")]).await, [true]);
    let inbox = world.inbox(ZOE);
    assert_eq!(inbox[0].content.subject, subject);
}

#[tokio::test]
async fn a_link_leads_to_the_page_of_the_request() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.deliver(&[(&id, "HISTORY#00000001")]).await;
    let text = world.inbox(ZOE)[0].content.text.clone().unwrap();
    let start = format!("{CONSOLE}/application/");
    let token = text.split(&start).nth(1).unwrap();
    let token = token.split_whitespace().next().unwrap();
    let link = link_key().read(Purpose::Applicant, token, NOW).unwrap();
    assert_eq!((link.request, link.version), (id, 1));
    assert_eq!(link_key().read(Purpose::Approver, token, NOW), None);
}

#[tokio::test]
async fn a_denial_tells_the_message_and_never_the_reason() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    let message = "Use <b>your</b> work address.\n<script>alert(1)</script>";
    world.change(&id, Action::Deny, Some(message)).await;
    world.deliver(&[(&id, "HISTORY#00000002")]).await;
    let content = &world.inbox(ZOE)[0].content;
    let (html, text) = (content.html.clone().unwrap(), content.text.clone().unwrap());
    assert!(
        html.contains("Use &lt;b&gt;your&lt;/b&gt; work address."),
        "{html}"
    );
    assert!(!html.contains("<script"), "{html}");
    assert!(text.contains("> Use <b>your</b> work address."), "{text}");
    assert!(!html.contains("police") && !text.contains("police"));
}

#[tokio::test]
async fn a_policy_has_its_own_words() {
    let policy = r#"
        default = "review"
        [mail]
        from = "Fabrikam <hello@fabrikam.example>"
        [message.notice-received-subject]
        en = "Ahoy"
    "#;
    let world = World::with(policy).await;
    let id = world.pending("zoe", &["en"]).await;
    world.deliver(&[(&id, "HISTORY#00000001")]).await;
    let content = &world.inbox(ZOE)[0].content;
    assert_eq!(content.subject, "Ahoy");
    assert_eq!(content.from, "Fabrikam <hello@fabrikam.example>");
}

#[tokio::test]
async fn a_policy_has_its_own_templates() {
    let policy = r#"
        default = "review"
        [[notice]]
        kinds = ["denied"]
        languages = ["sv"]
        html = "<h1>{subject}</h1><p>{since}</p><p>{message}</p><p><a href='{link}'>{status}</a></p>"
        text = "{message} {link}"
    "#;
    let world = World::with(policy).await;
    let id = world.pending("zoe", &["sv-SE"]).await;
    world
        .change(&id, Action::Deny, Some("Nej & <b>tack</b>"))
        .await;
    world.deliver(&[(&id, "HISTORY#00000002")]).await;
    let content = &world.inbox(ZOE)[0].content;
    let (html, text) = (content.html.clone().unwrap(), content.text.clone().unwrap());
    let start = "<h1>Din ansökan har inte godkänts</h1><p>2026-01-15 12:00 UTC</p>\
                 <p>Nej &amp; &lt;b&gt;tack&lt;/b&gt;</p><p><a href='";
    assert!(html.starts_with(start), "{html}");
    let (_, link) = text.split_once("Nej & <b>tack</b> ").unwrap();
    let end = format!(
        "<a href='{}'>Se hur det går för din ansökan</a></p>",
        link.trim()
    );
    assert!(html.ends_with(&end), "{html}");

    // Another language has none.
    let id = world.pending("max", &["de"]).await;
    world.change(&id, Action::Deny, Some("Nein")).await;
    world.deliver(&[(&id, "HISTORY#00000002")]).await;
    let html = world.inbox("max@partner.example")[0].content.html.clone();
    assert!(html.unwrap().contains("<html lang=\"de\">"));
}

#[tokio::test]
async fn nobody_writes_to_somebody_who_is_erased() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.change(&id, Action::Deny, None).await;
    world.store.erase(&id, None).await.unwrap();
    assert_eq!(world.deliver(&[(&id, "HISTORY#00000002")]).await, [true]);
    assert_eq!(world.mails(), 0);
    assert_eq!(world.told(), [("denied", "erased")]);
}

#[tokio::test]
async fn what_is_no_longer_true_is_not_told() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.change(&id, Action::Deny, None).await;
    world.change(&id, Action::Reopen, None).await;
    world.change(&id, Action::Approve, None).await;
    let all = ["00000001", "00000002", "00000003", "00000004", "00000009"];
    for version in all {
        let sk = format!("HISTORY#{version}");
        assert_eq!(world.deliver(&[(&id, &sk)]).await, [true]);
    }
    assert_eq!(world.mails(), 0);
}
