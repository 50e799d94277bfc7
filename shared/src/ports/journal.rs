//! What is told to operators. Records are typed so that personal data has no place to slip in.

use std::time::Duration;

use super::StoreError;
use crate::domain::{
    approval::{ApprovalRequest, RequestId},
    decision::DecidedBy,
    publication::PolicyVersion,
    reference::ReferenceCode,
    shadow::Comparison,
    sign_up::Protocol,
};

/// One answered request: one line of the log, and the metrics drawn from it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The name of the step or event.
    pub step: &'static str,
    pub protocol: Protocol,
    pub user_flow: Option<String>,
    /// `continue`, `invalid`, `review`, `block` or `refused`; of a one-time code `sent`, `failed` or `refused`.
    pub outcome: &'static str,
    /// The stable code of a block or a refusal.
    pub reason: Option<&'static str>,
    pub status: u16,
    pub decided_by: Option<DecidedBy>,
    /// The published policy that decided.
    pub policy: Option<PolicyVersion>,
    /// Ids of its rules that could not be evaluated.
    pub rules_failed: Vec<String>,
    /// Ids of its rules that hold and are only to be logged.
    pub rules_logged: Vec<String>,
    /// Which of its known domains the person's looks like.
    pub looks_like: Option<Likeness>,
    /// What the candidate would have decided, where there is one.
    pub shadow: Option<Comparison>,
    /// The sources that were asked, in order.
    pub sources: Vec<SourceUse>,
    /// The verifications that were made, in order.
    pub verifications: Vec<VerificationUse>,
    /// What became of an invitation code at the last step.
    pub invitation: Option<&'static str>,
    /// What became of the applicant's approval request.
    pub approval: Option<ApprovalUse>,
    /// Claims for which a token had no room.
    pub claims_left_out: Vec<String>,
    pub reference: Option<ReferenceCode>,
    /// How the caller proved itself.
    pub caller: Option<String>,
    /// Entra's correlation id, when it is a GUID.
    pub correlation_id: Option<String>,
    /// The application signed in to, when it is a GUID.
    pub application: Option<String>,
    /// Kind and path of a fault in the body; never its content.
    pub fault: Option<String>,
    /// Why the table could not be read.
    pub dependency_failure: Option<&'static str>,
    /// See [`StoreError::detail`](super::StoreError::detail).
    pub dependency_detail: Option<String>,
    pub deadline_missed: bool,
    pub duration: Duration,
    pub read: Option<ReadCost>,
    pub cold_start: bool,
}

/// The policy's own domain that somebody's looks like, and the stable name of how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    pub known: String,
    pub how: &'static str,
}

/// One source, asked for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUse {
    pub source: String,
    /// `found`, `absent`, `slow` or `failed`.
    pub outcome: &'static str,
    /// The kind of a fault, such as `status-503`.
    pub problem: Option<String>,
    /// Whether a kept answer was used.
    pub kept: bool,
    /// `closed`, `open` or `half-open`.
    pub breaker: &'static str,
    /// Names of claims that were left out, each with the reason; never a value.
    pub dropped: Vec<(String, &'static str)>,
    pub duration: Duration,
}

/// One verification made for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationUse {
    pub verification: String,
    pub provider: &'static str,
    /// `verified`, `failed`, `refer` or `unavailable`.
    pub outcome: &'static str,
    /// Why it is unavailable: a kind.
    pub problem: Option<String>,
    /// Whether it is what came of an earlier question.
    pub before: bool,
    /// `closed`, `open` or `half-open`.
    pub breaker: &'static str,
    pub duration: Duration,
}

/// What a sign-up did with an approval request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalUse {
    pub request: RequestId,
    /// `opened`, `corrected`, or `stands` when nothing is new.
    pub became: &'static str,
}

impl ApprovalUse {
    pub fn new(request: &RequestId, became: &'static str) -> Self {
        Self {
            request: request.clone(),
            became,
        }
    }
}

/// What the one read of a decision cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReadCost {
    pub duration: Duration,
    pub units: f64,
    pub calls: u32,
}

/// One delivery of an approved request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id; `None` when the message names none.
    pub request: Option<String>,
    /// `provisioned`, `failed`, `later`, `not-due`, `unavailable` or `unreadable`.
    pub outcome: &'static str,
    /// Why there is no account, or the state of a request that is not due.
    pub problem: Option<String>,
    pub duration: Duration,
}

/// One run of the maintenance of approval requests: what it did, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Requests that were read, whatever became of them.
    pub looked_at: usize,
    pub expired: u32,
    pub reminded: u32,
    pub escalated: u32,
    /// Approved requests that were stuck on the way to their accounts.
    pub brought_again: u32,
    pub accounts_looked_for: u32,
    /// The object ids of accounts that are gone.
    pub accounts_missing: Vec<String>,
    pub guests_looked_at: u32,
    /// The object ids of guests that came of no approval, where each has to.
    pub accounts_unapproved: Vec<String>,
    /// What the table did not take or give.
    pub failures: u32,
    /// The first thing that went wrong; nothing of any person.
    pub problem: Option<String>,
    pub duration: Duration,
}

impl Maintained {
    pub fn looked_at(&mut self, page: &[ApprovalRequest]) {
        self.looked_at += page.len();
    }

    pub fn failed(&mut self, error: &StoreError) {
        self.failures += 1;
        let told = error.detail().unwrap_or_else(|| error.code().to_owned());
        self.problem.get_or_insert(told);
    }
}

/// One notice about an approval request to one recipient, who is not named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// Its id; `None` when the message names none.
    pub request: Option<String>,
    /// `received`, `approved`, `denied` or `expired`, of approvers `new`, `reminder` or `escalation`; `unknown` when it could not
    /// be found out.
    pub notice: &'static str,
    /// `sent`, `before`, `erased`, `no-address`, `rejected`, `broken`, `later` or `unreadable`.
    pub outcome: &'static str,
    /// Why it is not sent.
    pub problem: Option<String>,
}

/// What became of one message to an endpoint. Neither its URL nor what it says is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookSent {
    /// The endpoint's id; `None` when the task names none.
    pub endpoint: Option<String>,
    /// Of the event, where there was an attempt.
    pub kind: Option<&'static str>,
    /// Its number.
    pub attempt: Option<u32>,
    /// `delivered`, `retry`, `dead`, `gone`, `dropped`, `later` or `unreadable`.
    pub outcome: &'static str,
    /// The status, or the code of why there is none.
    pub answer: Option<String>,
    /// Why there was no attempt.
    pub problem: Option<String>,
    pub latency: Option<Duration>,
}

/// One batch of records of the table's stream: what became of it, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub records: usize,
    /// Changes that are kept as events now, and were not before.
    pub kept: usize,
    /// Lines of the audit chain.
    pub audited: usize,
    /// Events that the bus has taken.
    pub to_bus: usize,
    /// The same of the topic.
    pub to_topic: usize,
    /// Events that wait for an endpoint, once for each of them.
    pub tasks: usize,
    /// Records that could not be read.
    pub buried: usize,
    /// Records that have to come again.
    pub failures: usize,
    /// The first thing that went wrong; nothing of any person.
    pub problem: Option<String>,
    pub duration: Duration,
}

impl Told {
    /// `what` did not do its part.
    pub fn failed(&mut self, what: &str, error: &dyn std::error::Error) {
        self.problem
            .get_or_insert_with(|| format!("{what}: {error}"));
    }

    pub fn buried(&mut self, reason: String) {
        self.buried += 1;
        self.problem.get_or_insert(reason);
    }

    /// Whether nothing was done, and nothing was left undone.
    pub fn is_idle(&self) -> bool {
        let done = [
            self.kept,
            self.audited,
            self.to_bus,
            self.to_topic,
            self.tasks,
            self.buried,
        ];
        self.failures == 0 && done.into_iter().all(|count| count == 0)
    }
}

/// One request to the approval console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Which page: `queue`, `request`, `sign-in`, …
    pub page: &'static str,
    pub status: u16,
    /// Why it was not shown; nothing of any person.
    pub problem: Option<String>,
    pub duration: Duration,
}

/// What happened beside the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The function serves from now on.
    Started {
        function: &'static str,
        init: Duration,
        credentials: usize,
    },
    /// The function does not start; every problem at once.
    RefusedToStart {
        function: &'static str,
        problems: Vec<String>,
    },
    /// The callers' records could not be read again; the last known ones stay.
    CallerRecordsUnavailable {
        failure: &'static str,
        detail: Option<String>,
    },
    /// This version of a policy decides from now on.
    PolicyActivated {
        version: PolicyVersion,
    },
    /// A published version cannot be used; the one before it stays.
    PolicyRefused {
        version: PolicyVersion,
        problems: Vec<String>,
    },
    /// A published version could not be read; the one before it stays until it can.
    PolicyUnavailable {
        version: PolicyVersion,
        failure: &'static str,
        detail: Option<String>,
    },
    /// This version is compared with what decides from now on.
    CandidateLoaded {
        version: PolicyVersion,
    },
    /// A candidate could not be read or compiled: it is not compared.
    CandidateUnusable {
        version: PolicyVersion,
        failure: &'static str,
        detail: Option<String>,
    },
    /// This version of the list of disposable domains counts from now on.
    DisposableListActivated {
        number: u32,
        domains: usize,
    },
    /// A published list of disposable domains cannot be used; the one before it stays.
    DisposableListUnavailable {
        number: u32,
        failure: &'static str,
        detail: Option<String>,
    },
    /// A source or verification of a published policy that cannot work as it is configured.
    SourceMisconfigured {
        source: String,
        problem: String,
    },
    KeysFetched {
        issuer: String,
        keys: usize,
    },
    KeysUnavailable {
        problem: String,
    },
    CredentialUseNotRecorded {
        failure: &'static str,
        detail: Option<String>,
    },
    /// Whether a one-time code is sent already could not be read or recorded: it may be sent twice.
    OtpDeliveryNotRecorded {
        failure: &'static str,
        detail: Option<String>,
    },
    /// A decision could not be recorded in time. `event` is the record of it, which names nobody.
    DecisionNotRecorded {
        event: String,
        failure: &'static str,
        detail: Option<String>,
    },
    /// Whether a notice is sent already could not be recorded: it may be sent twice.
    NoticeNotRecorded {
        failure: &'static str,
        detail: Option<String>,
    },
    /// Somebody was told of an approval request, or was not.
    Notified(Notified),
    /// An endpoint was told of an event, or was not.
    WebhookSent(WebhookSent),
    /// An attempt to tell an endpoint could not be noted: the log of deliveries lacks it.
    WebhookNotRecorded {
        failure: &'static str,
        detail: Option<String>,
    },
    /// An approved request was delivered, to get its account.
    Delivered(Delivery),
    /// The maintenance of approval requests ran.
    Maintained(Maintained),
    /// Records of the table's stream were taken, and somebody was told of events.
    Told(Told),
    /// Somebody asked the approval console.
    Visited(Visit),
    /// A handler panicked; the person got a block page.
    Panicked {
        step: &'static str,
    },
}

pub trait Journal: Send + Sync {
    fn answered(&self, record: &Answered);
    fn notice(&self, notice: &Notice);
}
