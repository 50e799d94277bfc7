//! How long a closed request is kept.

use super::State;

/// In days, by the state in which it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeepDays {
    pub denied: u32,
    pub expired: u32,
    pub withdrawn: u32,
    pub provisioned: u32,
}

impl KeepDays {
    /// The same in every state.
    pub const fn alike(days: u32) -> Self {
        Self {
            denied: days,
            expired: days,
            withdrawn: days,
            provisioned: days,
        }
    }

    /// `None` in a state that is not closed: an open request is kept.
    pub const fn of(self, state: State) -> Option<u32> {
        match state {
            State::Denied => Some(self.denied),
            State::Expired => Some(self.expired),
            State::Withdrawn => Some(self.withdrawn),
            State::Provisioned => Some(self.provisioned),
            State::Pending | State::Approved | State::Provisioning | State::ProvisioningFailed => {
                None
            }
        }
    }

    /// However a request that is open will be closed.
    pub fn longest(self) -> u32 {
        let closed = State::ALL.into_iter().filter_map(|state| self.of(state));
        closed.max().unwrap_or_default()
    }
}
