//! The names of the catalogue, and filters of them.

use std::fmt;

/// What an event is about: the `type` of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    SignUpContinued,
    SignUpBlocked,
    SignUpInvalid,
    SignUpReviewed,
    SignUpFailed,
    ClaimsAdded,
    RequestCreated,
    RequestUpdated,
    RequestApproved,
    RequestDenied,
    RequestExpired,
    RequestWithdrawn,
    RequestReopened,
    AccountProvisioned,
    AccountFailed,
    EntryAdded,
    EntryRemoved,
    EntryExpired,
    PolicyPublished,
    PolicyRolledBack,
}

impl EventKind {
    pub const ALL: [Self; 20] = [
        Self::SignUpContinued,
        Self::SignUpBlocked,
        Self::SignUpInvalid,
        Self::SignUpReviewed,
        Self::SignUpFailed,
        Self::ClaimsAdded,
        Self::RequestCreated,
        Self::RequestUpdated,
        Self::RequestApproved,
        Self::RequestDenied,
        Self::RequestExpired,
        Self::RequestWithdrawn,
        Self::RequestReopened,
        Self::AccountProvisioned,
        Self::AccountFailed,
        Self::EntryAdded,
        Self::EntryRemoved,
        Self::EntryExpired,
        Self::PolicyPublished,
        Self::PolicyRolledBack,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUpContinued => "sign_up.continued",
            Self::SignUpBlocked => "sign_up.blocked",
            Self::SignUpInvalid => "sign_up.invalid",
            Self::SignUpReviewed => "sign_up.reviewed",
            Self::SignUpFailed => "sign_up.failed",
            Self::ClaimsAdded => "claims.added_to_token",
            Self::RequestCreated => "approval_request.created",
            Self::RequestUpdated => "approval_request.updated",
            Self::RequestApproved => "approval_request.approved",
            Self::RequestDenied => "approval_request.denied",
            Self::RequestExpired => "approval_request.expired",
            Self::RequestWithdrawn => "approval_request.withdrawn",
            Self::RequestReopened => "approval_request.reopened",
            Self::AccountProvisioned => "account.provisioned",
            Self::AccountFailed => "account.provisioning_failed",
            Self::EntryAdded => "list_entry.added",
            Self::EntryRemoved => "list_entry.removed",
            Self::EntryExpired => "list_entry.expired",
            Self::PolicyPublished => "policy.published",
            Self::PolicyRolledBack => "policy.rolled_back",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// Whether it is about an approval request, which knows who applied.
    pub fn is_of_request(self) -> bool {
        let name = self.name();
        name.starts_with("approval_request.") || name.starts_with("account.")
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which events somebody wants: a kind, all of one subject (`sign_up.*`), or all (`*`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter(String);

impl EventFilter {
    /// `None` for what no event is.
    pub fn parse(text: &str) -> Option<Self> {
        let filter = Self(text.to_owned());
        let has_any = EventKind::ALL.into_iter().any(|kind| filter.includes(kind));
        has_any.then_some(filter)
    }

    pub fn includes(&self, kind: EventKind) -> bool {
        let name = kind.name();
        match self.0.strip_suffix('*') {
            Some("") => true,
            Some(subject) => subject.ends_with('.') && name.starts_with(subject),
            None => self.0 == name,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("*", 20)]
    #[case("sign_up.*", 5)]
    #[case("claims.*", 1)]
    #[case("approval_request.*", 7)]
    #[case("account.provisioned", 1)]
    fn a_filter_includes_a_kind_or_a_subject(#[case] text: &str, #[case] expected: usize) {
        let filter = EventFilter::parse(text).unwrap();
        let included = EventKind::ALL.into_iter();
        let included = included.filter(|kind| filter.includes(*kind));
        assert_eq!(included.count(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("sign_up")]
    #[case("sign_*")]
    #[case("s*")]
    #[case("sign_up.*.*")]
    #[case("sign_up.other")]
    fn nothing_else_is_a_filter(#[case] text: &str) {
        assert_eq!(EventFilter::parse(text), None);
    }

    #[test]
    fn every_name_is_read_as_it_is_written() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.name()), Some(kind));
        }
    }
}
