//! Which notices are sent.

use jiff::Timestamp;
use shared::{
    domain::{
        approval::{Happening, NoticeId, Recipient, RequestId},
        person::PersonKey,
    },
    ports::notice_deliveries::{NoticeDeliveries, Turn},
};

use super::{fixture, lease, soon};

fn id(happening: Happening, recipient: Recipient) -> NoticeId {
    NoticeId {
        request: RequestId::new(Timestamp::UNIX_EPOCH, [3; 10]),
        happening,
        recipient,
    }
}

#[tokio::test]
async fn a_notice_has_one_sender_and_stays_sent() {
    let f = fixture("notices").await;
    let table: &dyn NoticeDeliveries = &*f.table;
    let notice = id(Happening::Change(1), Recipient::Applicant);
    let (first, second, later) = (lease(1, 1000), lease(2, 1000), lease(3, 1001));
    let begin = |lease| table.begin(&notice, lease, soon());
    assert_eq!(begin(&first).await.unwrap(), Turn::Ours);
    assert_eq!(begin(&second).await.unwrap(), Turn::SomebodyElses);
    // Its own write, whose answer was lost; then one whose sender is gone.
    assert_eq!(begin(&first).await.unwrap(), Turn::Ours);
    assert_eq!(begin(&later).await.unwrap(), Turn::Ours);
    table.release(&notice, &later, soon()).await.unwrap();
    assert_eq!(begin(&second).await.unwrap(), Turn::Ours);
    table.sent(&notice, soon()).await.unwrap();
    table.release(&notice, &second, soon()).await.unwrap();
    assert_eq!(begin(&lease(4, 9000)).await.unwrap(), Turn::Sent);
}

#[tokio::test]
async fn each_recipient_of_each_happening_is_told_apart() {
    let f = fixture("recipients").await;
    let table: &dyn NoticeDeliveries = &*f.table;
    let approver = |address| Recipient::Approver(PersonKey::of_address(address));
    for notice in [
        id(Happening::Change(1), Recipient::Applicant),
        id(Happening::Change(2), Recipient::Applicant),
        id(Happening::Change(1), approver("a@contoso.com")),
        id(Happening::Change(1), approver("b@contoso.com")),
        id(Happening::Reminder(1), approver("a@contoso.com")),
        id(Happening::Escalation, approver("a@contoso.com")),
    ] {
        let begun = table.begin(&notice, &lease(1, 1000), soon()).await;
        assert_eq!(begun.unwrap(), Turn::Ours, "{notice:?}");
        table.sent(&notice, soon()).await.unwrap();
    }
}
