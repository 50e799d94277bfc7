//! What a policy says of the requests that its reviews lead to.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};

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
    pub keep_days: Option<KeepDays>,
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

/// How many days a closed request is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum KeepDays {
    /// However it was closed.
    Alike(u32),
    ByState(KeepDaysByState),
}

/// By the state in which it was closed; 365 for one that is not here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct KeepDaysByState {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denied: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioned: Option<u32>,
}

// Serde's own reading of an untagged enum tells neither where a fault is nor which key was meant.
impl<'de> Deserialize<'de> for KeepDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrTable)
    }
}

struct NumberOrTable;

impl<'de> Visitor<'de> for NumberOrTable {
    type Value = KeepDays;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number or a table of them by state")
    }

    fn visit_i64<E: de::Error>(self, days: i64) -> Result<KeepDays, E> {
        u32::deserialize(days.into_deserializer()).map(KeepDays::Alike)
    }

    fn visit_u64<E: de::Error>(self, days: u64) -> Result<KeepDays, E> {
        u32::deserialize(days.into_deserializer()).map(KeepDays::Alike)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<KeepDays, A::Error> {
        let table = MapAccessDeserializer::new(table);
        KeepDaysByState::deserialize(table).map(KeepDays::ByState)
    }
}
