//! Making and correcting requests during a sign-up. Nothing of it reads who an applicant is.

use async_trait::async_trait;

use super::{Deadline, StoreError};
use crate::domain::approval::{
    ApplicantKey, ApprovalRequest, HistoryEntry, RequestId, Sealed, Standing,
};

/// What became of an attempt to make or correct a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filed {
    Yes,
    /// Another request or another version stands there by now; `None` when there is none any more.
    Overtaken(Option<Standing>),
}

#[async_trait]
pub trait ApprovalRequests: Send + Sync {
    /// Makes a request in one transaction, on condition that the applicant's latest one is still `seen`.
    async fn open(
        &self,
        request: &ApprovalRequest,
        applicant: &Sealed,
        seen: Option<&Standing>,
        deadline: Deadline,
    ) -> Result<Filed, StoreError>;

    /// A pending request to be corrected. Consistent.
    async fn find(
        &self,
        id: &RequestId,
        deadline: Deadline,
    ) -> Result<Option<ApprovalRequest>, StoreError>;

    /// Stores another edition of what an applicant applied with, in one transaction, on condition that the request is still at
    /// the version before `next`. The earlier edition stays.
    async fn correct(
        &self,
        next: &ApprovalRequest,
        entry: &HistoryEntry,
        applicant: &Sealed,
        deadline: Deadline,
    ) -> Result<Filed, StoreError>;

    /// The applicant's latest request. Consistent.
    async fn standing(
        &self,
        applicant: &ApplicantKey,
        deadline: Deadline,
    ) -> Result<Option<Standing>, StoreError>;
}
