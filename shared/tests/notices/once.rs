//! That everybody gets each notice once, whatever comes twice or fails.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::{
    adapters::dynamodb::happened,
    compose,
    domain::approval::Action,
    ports::{
        Deadline,
        journal::Notice,
        mailer::{MailError, Mailer, Message},
    },
    testkit::{FixedClock, Remembered},
};

use crate::world::{NOW, World, record};

const OPENED: &str = "HISTORY#00000001";

#[tokio::test]
async fn a_message_that_comes_twice_sends_nothing_more() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    // In one batch, and again in another one.
    let twice = [(&id, OPENED), (&id, OPENED)];
    assert_eq!(world.deliver(&twice).await, [true, true]);
    assert_eq!(world.mails(), 3);
    assert_eq!(world.deliver(&[(&id, OPENED)]).await, [true]);
    assert_eq!(world.mails(), 3);
    let before = world.told().split_off(3);
    assert!(before.iter().all(|(_, outcome)| *outcome == "before"));
}

#[tokio::test]
async fn a_mail_that_fails_is_put_back_and_sent_later() {
    let world = World::new().await;
    let (id, other) = (
        world.pending("zoe", &[]).await,
        world.pending("max", &[]).await,
    );
    world.change(&other, Action::Approve, None).await;
    world.refuses_mail(true);
    let items = [(&id, OPENED), (&other, OPENED)];
    assert_eq!(world.deliver(&items).await, [false, true]);
    assert_eq!(world.mails(), 0);
    assert!(world.told().iter().all(|(_, outcome)| *outcome == "later"));
    world.refuses_mail(false);
    assert_eq!(world.deliver(&[(&id, OPENED)]).await, [true]);
    assert_eq!(world.mails(), 3);
}

#[tokio::test]
async fn what_is_recorded_names_nobody_and_goes_by_itself() {
    let world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.deliver(&[(&id, OPENED)]).await;
    let sent = world.sent(&id).await;
    assert_eq!(sent.len(), 3);
    for item in &sent {
        assert_eq!(item["state"], AttributeValue::S("sent".to_owned()));
        let end = NOW.as_second() + 30 * 24 * 60 * 60;
        assert_eq!(item["ttl"], AttributeValue::N(end.to_string()));
        assert!(!format!("{item:?}").contains("contoso.example"));
    }
    let log = format!("{:?}", world.journal.notices());
    for address in ["contoso.example", "partner.example", "zoe"] {
        assert!(!log.contains(address), "{log}");
    }
}

#[tokio::test]
async fn a_message_that_says_nothing_is_put_back() {
    let world = World::new().await;
    let messages = [None, happened("{}")];
    assert_eq!(world.notices.take(&messages).await, [false, false]);
    let told = [("unknown", "unreadable"), ("unknown", "unreadable")];
    assert_eq!(world.told(), told);
}

#[tokio::test]
async fn nothing_is_sent_without_the_key_of_links() {
    let mut world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.notices.settings.link_secret = "missing".to_owned();
    assert_eq!(world.deliver(&[(&id, OPENED)]).await, [false]);
    assert_eq!(world.mails(), 0);
    assert_eq!(world.told(), [("unknown", "later")]);
}

/// Takes no mail, ever.
struct Refusing;

#[async_trait]
impl Mailer for Refusing {
    async fn send(&self, _: &Message, _: Deadline) -> Result<(), MailError> {
        Err(MailError::Rejected("550".to_owned()))
    }
}

#[tokio::test]
async fn what_the_mail_service_refuses_for_good_is_told_and_done_with() {
    let mut world = World::new().await;
    let id = world.pending("zoe", &[]).await;
    world.notices.mailer = Arc::new(Refusing);
    assert_eq!(world.deliver(&[(&id, OPENED)]).await, [true]);
    let told = world.told();
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|(_, outcome)| *outcome == "rejected"));
    let problems = world
        .journal
        .notices()
        .into_iter()
        .filter_map(|notice| match notice {
            Notice::Notified(notified) => notified.problem,
            _ => None,
        });
    assert_eq!(problems.collect::<Vec<_>>(), ["550"; 3]);
    world.deliver(&[(&id, OPENED)]).await;
    assert!(
        world
            .told()
            .split_off(3)
            .iter()
            .all(|(_, one)| *one == "before")
    );
}

#[test]
fn it_does_not_start_without_knowing_where_links_lead() {
    let clock = Arc::new(FixedClock::at(NOW));
    let journal = Arc::new(Remembered::default());
    let problems = compose::notices(&[("AWS_REGION", "local")], clock, journal).unwrap_err();
    for name in ["TABLE_NAME", "REQUESTS_KEY", "MAIL_FROM", "CONSOLE_URL"] {
        assert!(problems.iter().any(|one| one.starts_with(name)), "{name}");
    }
    assert!(
        happened(&record(
            &shared::domain::approval::RequestId::new(NOW, [1; 10]),
            "CURRENT"
        ))
        .is_none()
    );
}
