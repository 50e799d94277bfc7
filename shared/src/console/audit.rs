//! What people have changed: administrators see it, and nobody else.

use super::{api::ApiFault, desk::Desk, problem::Problem, roles::Approver};
use crate::{
    app::audit::Wanted,
    ports::{StoreError, audit_store::Page},
};

/// Records on a page.
pub(super) const PAGE: usize = 50;

/// Records of a file.
pub(super) const EXPORTED: usize = 1000;

/// Why somebody does not see what was changed.
#[derive(Debug)]
pub(super) enum Unseen {
    AdministratorsOnly,
    Store(StoreError),
}

impl Desk {
    pub(super) const fn may_look_back(approver: &Approver) -> Result<(), Unseen> {
        if approver.is_administrator() {
            Ok(())
        } else {
            Err(Unseen::AdministratorsOnly)
        }
    }

    /// A part of a day, with at most so many records.
    pub(super) async fn look_back(
        &self,
        approver: &Approver,
        wanted: &Wanted,
        most: usize,
    ) -> Result<Page, Unseen> {
        Self::may_look_back(approver)?;
        let page = self.audit.page(wanted, most).await;
        page.map_err(Unseen::Store)
    }
}

impl From<Unseen> for Problem {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::AdministratorsOnly => Self::AdministratorsOnly,
            Unseen::Store(error) => Self::Unavailable(error.to_string()),
        }
    }
}

impl From<Unseen> for ApiFault {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::AdministratorsOnly => Self::administrators_only(),
            Unseen::Store(error) => Self::unavailable(&error.to_string()),
        }
    }
}
