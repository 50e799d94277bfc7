//! Approval requests. Times are in milliseconds since 1970: history is told in the order of things. `ttl` is set while a
//! request is closed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{SCHEMA, corrupt, instant};
use crate::{
    adapters::dynamodb::keys::Key,
    domain::{
        approval::{
            Action, Actor, AppRole, ApplicantKey, ApprovalRequest, ContentKey, Grants,
            HistoryEntry, KeepDays, ObjectId, Reapply, RequestId, Standing, State, Terms,
        },
        person::PersonKey,
        policy::UserFlow,
        publication::{PolicyFlow, PolicyVersion},
        sign_up::Protocol,
    },
    ports::StoreError,
};

/// A `ttl`: when DynamoDB may delete an item.
pub(in crate::adapters::dynamodb) fn seconds(until: Option<Timestamp>) -> Option<i64> {
    until.map(Timestamp::as_second)
}

/// A request as it is now, and its copy in a queue.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct RequestItem {
    schema: u32,
    id: String,
    applicant: String,
    person: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    user_flow: Option<String>,
    protocol: StoredProtocol,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    provider: Option<String>,
    state: String,
    /// The condition of the next change.
    version: u64,
    edition: u32,
    content: String,
    created_at: i64,
    changed_at: i64,
    expires_at: i64,
    terms: StoredTerms,
    /// Object ids of groups.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    groups: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    app_roles: Vec<StoredAppRole>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    policy: Option<StoredPolicy>,
    asked_by: String,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    approved_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredProtocol {
    Connector,
    Extension,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredTerms {
    reapply: StoredReapply,
    expire_after_days: u32,
    approvals: u8,
    reason_required: bool,
    /// The longest of them, all that an earlier version knows.
    keep_days: u32,
    /// Absent when they are all alike.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    keep_days_by_state: Option<StoredKeepDays>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredKeepDays {
    denied: u32,
    expired: u32,
    withdrawn: u32,
    provisioned: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredReapply {
    Never,
    AtOnce,
    AfterDays(u32),
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredPolicy {
    flow: String,
    number: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredAppRole {
    application: String,
    role: String,
}

impl From<&ApprovalRequest> for RequestItem {
    fn from(request: &ApprovalRequest) -> Self {
        let groups = request.grants.groups.iter();
        let roles = request.grants.app_roles.iter();
        Self {
            schema: SCHEMA,
            id: request.id.to_string(),
            applicant: request.applicant.as_str().to_owned(),
            person: request.person.as_str().to_owned(),
            user_flow: request.user_flow.as_ref().map(|f| f.as_str().to_owned()),
            protocol: request.protocol.into(),
            domain: request.domain.clone(),
            provider: request.provider.clone(),
            state: request.state.name().to_owned(),
            version: request.version,
            edition: request.edition,
            content: request.content.as_str().to_owned(),
            created_at: request.created_at.as_millisecond(),
            changed_at: request.changed_at.as_millisecond(),
            expires_at: request.expires_at.as_millisecond(),
            terms: request.terms.into(),
            groups: groups.map(|id| id.as_str().to_owned()).collect(),
            app_roles: roles.map(StoredAppRole::from).collect(),
            policy: request.policy.as_ref().map(StoredPolicy::from),
            asked_by: request.asked_by.clone(),
            approved_by: request.approved_by.clone(),
            failure: request.failure.clone(),
            account: request.account.clone(),
            ttl: seconds(request.kept_until()),
        }
    }
}

impl RequestItem {
    pub(in crate::adapters::dynamodb) fn request(
        self,
        key: &Key,
    ) -> Result<ApprovalRequest, StoreError> {
        let flow = self.user_flow.map(|flow| {
            UserFlow::parse(&flow).ok_or_else(|| corrupt(key, "the name of its user flow"))
        });
        Ok(ApprovalRequest {
            id: request_id(key, &self.id)?,
            applicant: ApplicantKey::parse(&self.applicant)
                .ok_or_else(|| corrupt(key, "its applicant"))?,
            person: PersonKey::parse(&self.person).ok_or_else(|| corrupt(key, "its person"))?,
            user_flow: flow.transpose()?,
            protocol: self.protocol.into(),
            domain: self.domain,
            provider: self.provider,
            state: state(key, &self.state)?,
            version: self.version,
            edition: self.edition,
            content: ContentKey::stored(self.content),
            created_at: instant(key, self.created_at)?,
            changed_at: instant(key, self.changed_at)?,
            expires_at: instant(key, self.expires_at)?,
            terms: self.terms.into(),
            grants: grants(key, &self.groups, &self.app_roles)?,
            policy: self.policy.map(|policy| policy.version(key)).transpose()?,
            asked_by: self.asked_by,
            approved_by: self.approved_by,
            failure: self.failure,
            account: self.account,
        })
    }
}

fn grants(key: &Key, groups: &[String], roles: &[StoredAppRole]) -> Result<Grants, StoreError> {
    let id = |text: &String| ObjectId::parse(text).ok_or_else(|| corrupt(key, "an object id"));
    let role = |stored: &StoredAppRole| {
        Ok(AppRole {
            application: id(&stored.application)?,
            role: id(&stored.role)?,
        })
    };
    Ok(Grants {
        groups: groups.iter().map(id).collect::<Result<_, _>>()?,
        app_roles: roles.iter().map(role).collect::<Result<_, _>>()?,
    })
}

impl From<&AppRole> for StoredAppRole {
    fn from(role: &AppRole) -> Self {
        Self {
            application: role.application.to_string(),
            role: role.role.to_string(),
        }
    }
}

impl From<Protocol> for StoredProtocol {
    fn from(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Connector => Self::Connector,
            Protocol::Extension => Self::Extension,
        }
    }
}

impl From<StoredProtocol> for Protocol {
    fn from(stored: StoredProtocol) -> Self {
        match stored {
            StoredProtocol::Connector => Self::Connector,
            StoredProtocol::Extension => Self::Extension,
        }
    }
}

impl From<Terms> for StoredTerms {
    fn from(terms: Terms) -> Self {
        Self {
            reapply: match terms.reapply {
                Reapply::Never => StoredReapply::Never,
                Reapply::AtOnce => StoredReapply::AtOnce,
                Reapply::AfterDays(days) => StoredReapply::AfterDays(days),
            },
            expire_after_days: terms.expire_after_days,
            approvals: terms.approvals,
            reason_required: terms.reason_required,
            keep_days: terms.keep_days.longest(),
            keep_days_by_state: StoredKeepDays::of(terms.keep_days),
        }
    }
}

impl From<StoredTerms> for Terms {
    fn from(stored: StoredTerms) -> Self {
        Self {
            reapply: match stored.reapply {
                StoredReapply::Never => Reapply::Never,
                StoredReapply::AtOnce => Reapply::AtOnce,
                StoredReapply::AfterDays(days) => Reapply::AfterDays(days),
            },
            expire_after_days: stored.expire_after_days,
            approvals: stored.approvals,
            reason_required: stored.reason_required,
            keep_days: stored
                .keep_days_by_state
                .map_or(KeepDays::alike(stored.keep_days), KeepDays::from),
        }
    }
}

impl StoredKeepDays {
    fn of(days: KeepDays) -> Option<Self> {
        (days != KeepDays::alike(days.longest())).then_some(Self {
            denied: days.denied,
            expired: days.expired,
            withdrawn: days.withdrawn,
            provisioned: days.provisioned,
        })
    }
}

impl From<StoredKeepDays> for KeepDays {
    fn from(stored: StoredKeepDays) -> Self {
        Self {
            denied: stored.denied,
            expired: stored.expired,
            withdrawn: stored.withdrawn,
            provisioned: stored.provisioned,
        }
    }
}

impl From<&PolicyVersion> for StoredPolicy {
    fn from(version: &PolicyVersion) -> Self {
        Self {
            flow: version.flow.to_string(),
            number: version.number,
        }
    }
}

impl StoredPolicy {
    fn version(self, key: &Key) -> Result<PolicyVersion, StoreError> {
        Ok(PolicyVersion {
            flow: PolicyFlow::parse(&self.flow)
                .ok_or_else(|| corrupt(key, "the user flow of its policy"))?,
            number: self.number,
        })
    }
}

/// What a decision must know of an applicant's latest request.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct StandingItem {
    schema: u32,
    request: String,
    state: String,
    version: u64,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    may_reapply_from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl From<&ApprovalRequest> for StandingItem {
    fn from(request: &ApprovalRequest) -> Self {
        let standing = request.standing();
        Self {
            schema: SCHEMA,
            request: standing.request.to_string(),
            state: standing.state.name().to_owned(),
            version: standing.version,
            content: standing.content.as_str().to_owned(),
            may_reapply_from: standing.may_reapply_from.map(Timestamp::as_millisecond),
            ttl: seconds(request.kept_until()),
        }
    }
}

impl StandingItem {
    pub(in crate::adapters::dynamodb) fn standing(self, key: &Key) -> Result<Standing, StoreError> {
        let may_reapply_from = self.may_reapply_from.map(|ms| instant(key, ms));
        Ok(Standing {
            request: request_id(key, &self.request)?,
            state: state(key, &self.state)?,
            version: self.version,
            content: ContentKey::stored(self.content),
            may_reapply_from: may_reapply_from.transpose()?,
        })
    }
}

/// One change of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct HistoryItem {
    schema: u32,
    version: u64,
    at: i64,
    by: StoredActor,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    from: Option<String>,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    message: Option<String>,
    edition: u32,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StoredActor {
    Applicant,
    Person(String),
    System,
}

impl HistoryItem {
    pub(in crate::adapters::dynamodb) fn new(
        entry: &HistoryEntry,
        kept_until: Option<Timestamp>,
    ) -> Self {
        Self {
            schema: SCHEMA,
            version: entry.version,
            at: entry.at.as_millisecond(),
            by: match &entry.by {
                Actor::Applicant => StoredActor::Applicant,
                Actor::Person(name) => StoredActor::Person(name.clone()),
                Actor::System => StoredActor::System,
            },
            action: entry.action.name().to_owned(),
            from: entry.from.map(|state| state.name().to_owned()),
            to: entry.to.name().to_owned(),
            reason: entry.reason.clone(),
            message: entry.message.clone(),
            edition: entry.edition,
            ttl: seconds(kept_until),
        }
    }

    pub(in crate::adapters::dynamodb) fn entry(
        self,
        key: &Key,
    ) -> Result<HistoryEntry, StoreError> {
        Ok(HistoryEntry {
            version: self.version,
            at: instant(key, self.at)?,
            by: match self.by {
                StoredActor::Applicant => Actor::Applicant,
                StoredActor::Person(name) => Actor::Person(name),
                StoredActor::System => Actor::System,
            },
            action: Action::parse(&self.action).ok_or_else(|| corrupt(key, "its action"))?,
            from: self.from.map(|from| state(key, &from)).transpose()?,
            to: state(key, &self.to)?,
            reason: self.reason,
            message: self.message,
            edition: self.edition,
        })
    }
}

/// What was applied with, sealed; or the wrapped key for it.
#[derive(Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct OctetsItem {
    schema: u32,
    #[serde(with = "serde_bytes")]
    pub(in crate::adapters::dynamodb) octets: Vec<u8>,
    /// Set by an update expression.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl OctetsItem {
    pub(in crate::adapters::dynamodb) fn new(octets: &[u8]) -> Self {
        Self {
            schema: SCHEMA,
            octets: octets.to_vec(),
            ttl: None,
        }
    }
}

/// That a request is a person's, or of a domain.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::adapters::dynamodb) struct IndexItem {
    schema: u32,
    request: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    ttl: Option<i64>,
}

impl From<&ApprovalRequest> for IndexItem {
    fn from(request: &ApprovalRequest) -> Self {
        Self {
            schema: SCHEMA,
            request: request.id.to_string(),
            ttl: seconds(request.kept_until()),
        }
    }
}

impl IndexItem {
    pub(in crate::adapters::dynamodb) fn request(self, key: &Key) -> Result<RequestId, StoreError> {
        request_id(key, &self.request)
    }
}

pub(super) fn request_id(key: &Key, text: &str) -> Result<RequestId, StoreError> {
    RequestId::parse(text).ok_or_else(|| corrupt(key, "the id of its request"))
}

pub(super) fn state(key: &Key, text: &str) -> Result<State, StoreError> {
    State::parse(text).ok_or_else(|| corrupt(key, "its state"))
}
