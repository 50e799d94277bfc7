//! What a policy says of the requests that its reviews lead to.

use serde::{Deserialize, Serialize};

/// Requests: who may ask again, who decides, how long, and what an approved person gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Approval {
    /// After how many days somebody who was denied may ask again; `0` is at once. Without it never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reapply_after_days: Option<u32>,
    /// How many days there are to decide; 30 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_after_days: Option<u32>,
    /// How many different people must approve: 1 or 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approvals: Option<u8>,
    /// Whether a denial needs a reason.
    pub reason_required: bool,
    /// How many days a closed request is kept; 365 without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// Object ids of the groups that an approved person joins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// App roles that an approved person gets.
    #[serde(rename = "app-role", skip_serializing_if = "Vec::is_empty")]
    pub app_roles: Vec<AppRole>,
    /// E-mail addresses that are told of new requests and reminded of those that wait.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
    /// After how many days without a decision they are reminded, again and again. Without it never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remind_after_days: Option<u32>,
    /// After how many days without a decision somebody else is told, once. Without it never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_after_days: Option<u32>,
    /// E-mail addresses that are told then; those of `notify` without it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub escalate_to: Vec<String>,
    /// Ready-made reasons that approvers choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A role of an application.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AppRole {
    /// The object id of the application's service principal (enterprise application).
    pub application: String,
    /// The id of the role.
    pub role: String,
}
