//! What a policy has in place of the built-in mails about approval requests.

use serde::{Deserialize, Serialize};

/// The layout of mails about requests; a part that is not here is built in.
///
/// Templates have the places `{subject}`, `{body}`, `{why}`, `{application}` and `{language}`; those for applicants alone also
/// `{text}`, `{since}`, `{message-title}`, `{message}`, `{status}` and `{link}`. The sentences are messages:
/// `[message.notice-denied-text]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Notice {
    /// Without it all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<NoticeKind>,
    /// Tags of languages; without it all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<String>,
    /// The template in HTML. Values are escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The template in plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A mail about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// To the applicant: the request was made.
    Received,
    /// To the applicant: the account is there.
    Approved,
    /// To the applicant: the request was denied.
    Denied,
    /// To the applicant: nobody decided in time.
    Expired,
    /// To approvers: requests wait.
    Approvers,
}

impl NoticeKind {
    pub const ALL: [Self; 5] = [
        Self::Received,
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::Approvers,
    ];
}
