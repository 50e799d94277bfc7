//! The answer of the product before it is put in Entra's words.

use super::{
    attribute::{AttributeName, Claims},
    list::{ListEntry, ListName, MatcherKind},
};

/// What happens to the sign-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Go on, with claims that prefill, overwrite or enrich, depending on the step.
    Continue(Claims),
    /// The person corrects the form and sends it again.
    Invalid(Vec<Violation>),
    /// The sign-up ends on a block page.
    Block(BlockReason),
}

/// One field that must be corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    pub field: AttributeName,
    /// What the person's form calls it, when the policy says so.
    pub label: Option<String>,
    /// The stable code of the sentence: one of the catalogue, or of the policy.
    pub code: String,
    /// What the sentence names, such as a largest length; never what the person typed.
    pub arguments: Vec<(&'static str, String)>,
    /// The policy's own words, in the person's language.
    pub text: Option<String>,
}

/// Why a block page is shown. Each reason has one message in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockReason {
    /// A deny entry matched.
    Denied,
    /// Nothing matched, and the user flow lets in only what is listed.
    NotAllowed,
    /// A person must look at this sign-up first; at the second step a request has been made.
    PendingReview,
    /// The request is there, and nobody has decided yet.
    AlreadyPending,
    /// The request is approved, and the account is not there yet.
    BeingCreated,
    /// Somebody has denied the request.
    RequestDenied,
    /// Something that the decision needs is slow or down.
    Unavailable,
    /// The request names nobody: no usable address and no usable identity.
    Unidentified,
    /// The request could not be read.
    Malformed,
    /// The connector or extension is attached to the wrong step, or to an unknown user flow.
    Miswired,
}

impl BlockReason {
    pub const ALL: [Self; 10] = [
        Self::Denied,
        Self::NotAllowed,
        Self::PendingReview,
        Self::AlreadyPending,
        Self::BeingCreated,
        Self::RequestDenied,
        Self::Unavailable,
        Self::Unidentified,
        Self::Malformed,
        Self::Miswired,
    ];

    /// The stable code in logs, metrics and the message catalogue.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotAllowed => "not-allowed",
            Self::PendingReview => "pending",
            Self::AlreadyPending => "already-pending",
            Self::BeingCreated => "being-created",
            Self::RequestDenied => "request-denied",
            Self::Unavailable => "unavailable",
            Self::Unidentified => "unidentified",
            Self::Malformed => "malformed",
            Self::Miswired => "miswired",
        }
    }

    /// The stable code of the page's title in the message catalogue.
    pub const fn title_code(self) -> &'static str {
        match self {
            Self::Denied | Self::NotAllowed | Self::RequestDenied => "title-blocked",
            Self::PendingReview | Self::AlreadyPending | Self::BeingCreated => "title-pending",
            Self::Unavailable | Self::Unidentified | Self::Malformed | Self::Miswired => {
                "title-problem"
            }
        }
    }
}

impl Decision {
    /// The stable name of the outcome in logs and metrics.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Continue(_) => "continue",
            Self::Invalid(_) => "invalid",
            Self::Block(BlockReason::PendingReview) => "review",
            Self::Block(_) => "block",
        }
    }
}

/// What decided, where it was not the default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedBy {
    Entry {
        list: ListName,
        /// The kind alone: the matcher of an address is personal data.
        matcher: MatcherKind,
    },
    /// The rule of that id.
    Rule(String),
    /// The outcome of asking that source.
    Source(String),
    /// The outcome of that verification.
    Verification(String),
    /// An invitation code.
    Code,
    /// The applicant's own approval request.
    Request,
}

impl DecidedBy {
    /// `default`, `list NAME`, `rule ID`, `source NAME`, `verification NAME`, `code` or `request`.
    pub fn told(decided_by: Option<&Self>) -> String {
        match decided_by {
            None => "default".to_owned(),
            Some(Self::Entry { list, .. }) => format!("list {list}"),
            Some(Self::Rule(id)) => format!("rule {id}"),
            Some(Self::Source(name)) => format!("source {name}"),
            Some(Self::Verification(name)) => format!("verification {name}"),
            Some(Self::Code) => "code".to_owned(),
            Some(Self::Request) => "request".to_owned(),
        }
    }

    pub fn entry(entry: &ListEntry) -> Self {
        Self::Entry {
            list: entry.list.clone(),
            matcher: entry.matcher.kind(),
        }
    }
}
