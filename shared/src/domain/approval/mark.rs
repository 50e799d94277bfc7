//! What is noted beside a request when time has passed.

/// A note beside a request, made once. Whoever has to know learns of it by its being there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The request has waited so many times the days after which approvers are reminded.
    Reminder(u32),
    /// It has waited so long that somebody else is told.
    Escalation,
    /// Its account is not there any more.
    AccountMissing,
}

impl Mark {
    /// The name of the kind, in items.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Reminder(_) => "reminder",
            Self::Escalation => "escalation",
            Self::AccountMissing => "account-missing",
        }
    }
}
