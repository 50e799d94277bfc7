//! Accounts in the tenant's directory, through Microsoft Graph (PROTOCOL 3.3, 7).

use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::Deadline;
use crate::domain::approval::AppliedIdentity;

/// The object id of an account (Graph `user.id`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountId(pub String);

/// What an account looks like that Graph already has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingAccount {
    pub id: AccountId,
    pub identities: Vec<AppliedIdentity>,
    /// `mail` and `otherMails`.
    pub addresses: Vec<String>,
    /// Whether it is a guest's; else it is of the tenant's own people.
    pub is_guest: bool,
}

/// Why Graph did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Later it may work: throttled (with how long to wait, if Graph said), down, no answer. Whether it was done is not known.
    #[error("Graph cannot be used now: {problem}")]
    Later {
        problem: String,
        after: Option<Duration>,
    },
    /// Something with the same user principal name, address or identity is there.
    #[error("Graph has an object with the same {0} already")]
    Duplicate(String),
    /// The object is not there; right after its creation it may be in a moment.
    #[error("Graph does not have it")]
    NotFound,
    /// Trying again changes nothing; the text is for the approver, and names the cause in Graph's words without an attribute's value.
    #[error("{0}")]
    Refused(String),
}

#[async_trait]
pub trait Accounts: Send + Sync {
    /// `POST /users` with this body. [`AccountError::Duplicate`] when one is there.
    async fn create(
        &self,
        user: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError>;

    /// `POST /invitations`; the id of the invited user.
    async fn invite(
        &self,
        invitation: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<AccountId, AccountError>;

    /// `PATCH /users/{id}`.
    async fn update(
        &self,
        id: &AccountId,
        attributes: &Map<String, Value>,
        deadline: Deadline,
    ) -> Result<(), AccountError>;

    /// Whether the account is there.
    async fn exists(&self, id: &AccountId, deadline: Deadline) -> Result<bool, AccountError>;

    /// The accounts with this identity.
    async fn with_identity(
        &self,
        identity: &AppliedIdentity,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError>;

    /// The accounts with this user principal name or address.
    async fn with_name_or_address(
        &self,
        user_principal_name: Option<&str>,
        address: &str,
        deadline: Deadline,
    ) -> Result<Vec<ExistingAccount>, AccountError>;

    /// Adds an account to a group; once it is a member, nothing happens.
    async fn join(
        &self,
        id: &AccountId,
        group: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError>;

    /// Assigns an app role: the service principal of the application and the role's id. Once it is assigned, nothing happens.
    async fn assign(
        &self,
        id: &AccountId,
        application: &str,
        role: &str,
        deadline: Deadline,
    ) -> Result<(), AccountError>;
}
