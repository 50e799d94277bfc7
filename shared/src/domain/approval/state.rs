//! The states of a request and what leads from one to another.

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Somebody has to decide.
    Pending,
    /// The account is to be created.
    Approved,
    /// The account is being created.
    Provisioning,
    /// The account is there.
    Provisioned,
    /// The account could not be created; somebody has to look at it.
    ProvisioningFailed,
    Denied,
    /// Nobody decided in time.
    Expired,
    /// The applicant does not want it any more.
    Withdrawn,
}

impl State {
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Approved,
        Self::Provisioning,
        Self::Provisioned,
        Self::ProvisioningFailed,
        Self::Denied,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// The name in items, logs and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Provisioning => "provisioning",
            Self::Provisioned => "provisioned",
            Self::ProvisioningFailed => "provisioning-failed",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }

    /// Whether something is still to happen. An applicant has one open request at most.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Pending | Self::Approved | Self::Provisioning | Self::ProvisioningFailed
        )
    }

    /// Where an action leads from here; `None` when there is no such way.
    pub const fn after(self, action: Action) -> Option<Self> {
        Some(match (self, action) {
            (Self::Pending, Action::Correct | Action::Endorse)
            | (Self::Denied | Self::Expired, Action::Reopen) => Self::Pending,
            (Self::Pending, Action::Approve) | (Self::ProvisioningFailed, Action::Retry) => {
                Self::Approved
            }
            (Self::Pending | Self::ProvisioningFailed, Action::Deny) => Self::Denied,
            (Self::Pending, Action::Withdraw) => Self::Withdrawn,
            (Self::Pending, Action::Expire) => Self::Expired,
            (Self::Approved | Self::Provisioning, Action::Provision) => Self::Provisioning,
            (Self::Provisioning, Action::Finish) => Self::Provisioned,
            (Self::Provisioning, Action::Fail) => Self::ProvisioningFailed,
            _ => return None,
        })
    }
}

/// What can happen to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// It is made.
    Open,
    /// The applicant applies again with other data.
    Correct,
    /// An approval that needs another one.
    Endorse,
    Approve,
    Deny,
    Withdraw,
    Expire,
    /// A denial or an expiry is undone.
    Reopen,
    /// The creation of the account begins, or begins again after an attempt of which nothing more was heard.
    Provision,
    /// The account is there.
    Finish,
    /// The account cannot be created.
    Fail,
    /// Somebody wants it to be tried once more.
    Retry,
}

impl Action {
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::Correct,
        Self::Endorse,
        Self::Approve,
        Self::Deny,
        Self::Withdraw,
        Self::Expire,
        Self::Reopen,
        Self::Provision,
        Self::Finish,
        Self::Fail,
        Self::Retry,
    ];

    /// The name in items, logs and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Correct => "correct",
            Self::Endorse => "endorse",
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Withdraw => "withdraw",
            Self::Expire => "expire",
            Self::Reopen => "reopen",
            Self::Provision => "provision",
            Self::Finish => "finish",
            Self::Fail => "fail",
            Self::Retry => "retry",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.name() == text)
    }
}
