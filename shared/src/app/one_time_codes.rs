//! Mailing the codes with which people prove their addresses.
//!
//! A mail is handed over before the request is answered, for the answer claims it. A request and its retry send one mail
//! between them, on whatever instances they run. Where only one can be had, a doubled mail is better than none.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    callers::Callers,
    lease::lease,
    policies::{Active, Policies},
};
use crate::{
    domain::{
        language::{Language, LanguageWishes},
        mail::{Address, Mailbox},
        one_time_code::{DeliveryId, OneTimeCode},
        policy::UserFlow,
        publication::PolicyVersion,
    },
    policy::mail::{Occasion, Writer},
    ports::{
        Deadline, StoreError,
        clock::Clock,
        journal::{Journal, Notice},
        mailer::{MailError, Mailer, Message},
        otp_deliveries::{Delivery, Lease, OtpDeliveries},
    },
};

/// Between two looks at what somebody else is sending.
const PAUSE: Duration = Duration::from_millis(50);

/// Of the time for a request, the part that the table may take before the mail is sent without it.
const PREPARING: u32 = 3;

/// What mails of user flows whose policy says nothing else have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub default_language: Language,
}

/// A code that is to be mailed.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub id: &'a DeliveryId,
    pub code: &'a OneTimeCode,
    pub to: &'a Address,
    /// What the application is called.
    pub application: Option<&'a str>,
    pub languages: &'a LanguageWishes,
    pub user_flow: Option<&'a UserFlow>,
}

/// What became of a code.
#[derive(Debug)]
pub struct Report {
    pub result: Result<Handed, NotHanded>,
    /// The policy whose words were used.
    pub policy: Option<PolicyVersion>,
}

/// The mail service has the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    Now,
    /// An earlier attempt of the same request has seen to it.
    Before,
}

/// Nobody may claim that the mail was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotHanded {
    Failed(MailError),
    /// An earlier attempt of the same request is still at it.
    Unfinished,
}

pub struct OneTimeCodes {
    sender: Sender,
    writer: Writer,
    deliveries: Arc<dyn OtpDeliveries>,
    mailer: Arc<dyn Mailer>,
    callers: Arc<Callers>,
    policies: Arc<Policies>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
}

impl std::fmt::Debug for OneTimeCodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OneTimeCodes")
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// Who is to send a mail.
enum Turn {
    Ours(Lease),
    /// Ours as far as is known: the table cannot say.
    Unrecorded,
    Done,
    SomebodyElses,
}

impl OneTimeCodes {
    pub fn new(
        sender: Sender,
        deliveries: Arc<dyn OtpDeliveries>,
        mailer: Arc<dyn Mailer>,
        callers: Arc<Callers>,
        policies: Arc<Policies>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        Self {
            sender,
            writer: Writer::default(),
            deliveries,
            mailer,
            callers,
            policies,
            clock,
            journal,
        }
    }

    /// Sends a code, unless that is done; returns by the deadline.
    pub async fn send(&self, asked: Asked<'_>, deadline: Deadline) -> Report {
        let prepared = Deadline(Instant::now() + deadline.left() / PREPARING);
        let (turn, policy) = tokio::join!(
            self.turn(asked.id, prepared, deadline),
            self.policy(asked.user_flow, prepared)
        );
        let result = match turn {
            Turn::Done => Ok(Handed::Before),
            Turn::SomebodyElses => Err(NotHanded::Unfinished),
            Turn::Unrecorded => self.hand_over(asked, policy.as_deref(), deadline).await,
            Turn::Ours(lease) => {
                let handed = self.hand_over(asked, policy.as_deref(), deadline).await;
                self.note(asked.id, &lease, handed.is_ok(), deadline).await;
                handed
            }
        };
        Report {
            result,
            policy: policy.map(|active| active.version.clone()),
        }
    }

    /// Waits for whoever sends the same code already.
    async fn turn(&self, id: &DeliveryId, prepared: Deadline, deadline: Deadline) -> Turn {
        match self.take_turn(id, prepared, deadline).await {
            Ok(turn) => turn,
            Err(failure) => {
                self.not_recorded(&failure);
                Turn::Unrecorded
            }
        }
    }

    async fn take_turn(
        &self,
        id: &DeliveryId,
        prepared: Deadline,
        deadline: Deadline,
    ) -> Result<Turn, StoreError> {
        let mut wait = prepared;
        loop {
            let lease = lease(self.clock.as_ref(), deadline);
            if self.deliveries.begin(id, &lease, wait).await? {
                return Ok(Turn::Ours(lease));
            }
            wait = deadline;
            loop {
                match self.deliveries.delivery(id, wait).await {
                    Ok(Some(Delivery::Sent)) => return Ok(Turn::Done),
                    Ok(Some(Delivery::Sending { until })) if until > self.clock.now() => {}
                    Ok(_) => break,
                    // Its own deadline has come, and the other one may well have sent it.
                    Err(StoreError::TimedOut) => return Ok(Turn::SomebodyElses),
                    Err(failure) => return Err(failure),
                }
                if deadline.left() <= PAUSE {
                    return Ok(Turn::SomebodyElses);
                }
                sleep_until(Instant::now() + PAUSE).await;
            }
        }
    }

    /// The policy whose words the mail has. A mail in the built-in words is better than none.
    async fn policy(&self, flow: Option<&UserFlow>, deadline: Deadline) -> Option<Arc<Active>> {
        if self.callers.are_stale() {
            // The last known records stay when they cannot be read.
            let _ = self.callers.renew(deadline).await;
        }
        let version = self.callers.records()?.policies.of(flow)?;
        self.policies.get(&version, deadline).await
    }

    async fn hand_over(
        &self,
        asked: Asked<'_>,
        policy: Option<&Active>,
        deadline: Deadline,
    ) -> Result<Handed, NotHanded> {
        let letter = self.writer.write(
            policy.map(|active| &active.policy),
            Occasion {
                code: asked.code,
                language: asked.languages.best(self.sender.default_language),
                application: asked.application,
                from: &self.sender.from,
                reply_to: self.sender.reply_to.as_ref(),
            },
        );
        let message = Message {
            from: letter.from,
            reply_to: letter.reply_to,
            to: asked.to.clone(),
            subject: letter.subject,
            html: letter.html,
            text: letter.text,
        };
        let sent = timeout_at(deadline.0, self.mailer.send(&message, deadline)).await;
        match sent.unwrap_or(Err(MailError::TimedOut)) {
            Ok(()) => Ok(Handed::Now),
            Err(error) => Err(NotHanded::Failed(error)),
        }
    }

    /// What was not handed over may be sent by the retry at once.
    async fn note(&self, id: &DeliveryId, lease: &Lease, handed: bool, deadline: Deadline) {
        let noted = if handed {
            self.deliveries.sent(id, deadline).await
        } else {
            self.deliveries.release(id, lease, deadline).await
        };
        if let Err(failure) = noted {
            self.not_recorded(&failure);
        }
    }

    fn not_recorded(&self, failure: &StoreError) {
        self.journal.notice(&Notice::OtpDeliveryNotRecorded {
            failure: failure.code(),
            detail: failure.detail(),
        });
    }
}
