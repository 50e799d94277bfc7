//! Mail that somebody sent: taken by SMTP or as Amazon SES takes it, shown in an inbox.

mod address;
mod mime;
mod pages;
mod ses;
mod session;
mod smtp;

use std::sync::Arc;

use axum::Router;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

pub use self::smtp::serve_smtp;
use crate::{Simulator, clock, faults::MailFaults, recent::Recent};

/// The largest message, in octets of its source: 1 MiB.
pub const MAX_MESSAGE_OCTETS: usize = 1024 * 1024;

/// How many mails are kept.
const KEPT: usize = 500;

/// All mails that came in, newest first.
#[derive(Debug, Default)]
pub struct Mail(Recent<Message, KEPT>);

/// A mail in the inbox.
#[derive(Debug, Serialize)]
pub struct Message {
    /// What Amazon SES answers as `MessageId`.
    pub id: Uuid,
    pub received: Timestamp,
    #[serde(flatten)]
    pub content: Content,
}

/// What a mail says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    /// As the sender wrote it, with a name or without.
    pub from: String,
    /// The address of everybody who gets it, blind copies too, without names.
    pub to: Vec<String>,
    pub subject: String,
    /// The first text part.
    pub text: Option<String>,
    /// The first HTML part.
    pub html: Option<String>,
    /// Names and values, in their order.
    #[serde(skip)]
    pub headers: Vec<(String, String)>,
    /// The message as it came: MIME, or the JSON of Amazon SES. Mails of the simulator have none.
    #[serde(skip)]
    pub source: Option<String>,
}

/// Why a mail is not taken although nothing is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Unavailable,
    Throttled,
}

impl Mail {
    /// Puts a mail of the simulator itself into the inbox: one-time codes of sign-ups.
    pub fn deliver(&self, from: &str, to: &str, subject: &str, text: &str) {
        self.keep(Content {
            from: from.to_owned(),
            to: vec![to.to_owned()],
            subject: subject.to_owned(),
            text: Some(text.to_owned()),
            ..Content::default()
        });
    }

    /// Those to one address, in any case of its letters, or all.
    pub fn to(&self, address: Option<&str>) -> Vec<Arc<Message>> {
        let mut all = self.0.all();
        if let Some(address) = address {
            all.retain(|message| {
                let mut to = message.content.to.iter();
                to.any(|one| one.eq_ignore_ascii_case(address))
            });
        }
        all
    }

    pub fn find(&self, id: Uuid) -> Option<Arc<Message>> {
        self.0.find(|message| message.id == id)
    }

    pub fn clear(&self) {
        self.0.clear();
    }

    /// Takes a mail from outside, unless that goes wrong on purpose.
    async fn take(&self, content: Content, faults: &MailFaults) -> Result<Uuid, Refusal> {
        tokio::time::sleep(faults.latency).await;
        if faults.refused {
            return Err(Refusal::Unavailable);
        }
        if faults.throttled {
            return Err(Refusal::Throttled);
        }
        Ok(self.keep(content))
    }

    fn keep(&self, content: Content) -> Uuid {
        let id = Uuid::new_v4();
        let received = clock::now();
        self.0.add(|_| Message {
            id,
            received,
            content,
        });
        id
    }
}

/// The inbox, the same as JSON, and Amazon SES.
pub fn router() -> Router<Arc<Simulator>> {
    Router::new().merge(pages::router()).merge(ses::router())
}
