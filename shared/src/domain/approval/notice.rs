//! Notices: what applicants and approvers are told of a request, and when it still holds.

use std::fmt;

use super::{Action, ApprovalRequest, HistoryEntry, RequestId, State};
use crate::domain::person::PersonKey;

/// What happened that somebody may have to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happening {
    /// The request got this version.
    Change(u64),
    /// A reminder is due, the first, the second, …
    Reminder(u32),
    /// The request has waited for too long.
    Escalation,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(version) => write!(f, "change-{version:08}"),
            Self::Reminder(number) => write!(f, "reminder-{number:05}"),
            Self::Escalation => f.write_str("escalation"),
        }
    }
}

/// What an applicant is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tidings {
    Received,
    Approved,
    Denied,
    Expired,
}

impl Tidings {
    pub const ALL: [Self; 4] = [Self::Received, Self::Approved, Self::Denied, Self::Expired];

    /// The name in logs, and in the codes of its sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }
}

/// Why approvers are asked to look at a request, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    Escalation,
    Reminder,
    New,
}

impl Call {
    pub const ALL: [Self; 3] = [Self::Escalation, Self::Reminder, Self::New];

    /// The name in logs, and in the codes of its sentences.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Escalation => "escalation",
            Self::Reminder => "reminder",
            Self::New => "new",
        }
    }
}

/// What is to be told of something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    pub applicant: Option<Tidings>,
    pub approvers: Option<Call>,
}

/// Whoever gets a mail, without the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    Applicant,
    /// Told apart by the fingerprint of the address.
    Approver(PersonKey),
}

/// Names what one recipient is told of one happening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeId {
    pub request: RequestId,
    pub happening: Happening,
    pub recipient: Recipient,
}

impl ApprovalRequest {
    /// What somebody is to be told of something that happened, unless more has happened since that makes it untrue.
    pub fn due(&self, happening: Happening, history: &[HistoryEntry]) -> Due {
        let version = match happening {
            Happening::Change(version) => version,
            Happening::Reminder(_) => return self.call(Call::Reminder),
            Happening::Escalation => return self.call(Call::Escalation),
        };
        let Some(entry) = history.iter().find(|entry| entry.version == version) else {
            return Due::default();
        };
        let is_latest = version == self.version;
        let mut since = history.iter().filter(|entry| entry.version > version);
        match entry.action {
            Action::Open | Action::Reopen if since.any(|entry| entry.action == Action::Reopen) => {
                Due::default()
            }
            Action::Open => Due {
                applicant: (self.state == State::Pending).then_some(Tidings::Received),
                ..self.call(Call::New)
            },
            Action::Reopen => self.call(Call::New),
            Action::Finish if is_latest => told(Tidings::Approved),
            Action::Deny if is_latest => told(Tidings::Denied),
            Action::Expire if is_latest => told(Tidings::Expired),
            _ => Due::default(),
        }
    }

    fn call(&self, call: Call) -> Due {
        Due {
            applicant: None,
            approvers: (self.state == State::Pending).then_some(call),
        }
    }
}

const fn told(tidings: Tidings) -> Due {
    Due {
        applicant: Some(tidings),
        approvers: None,
    }
}
