//! What programs send and get. `docs/openapi.json` is made from these types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    app::{
        audit::{Told, Wanted, told},
        requests::Dossier,
    },
    console::roles::flow,
    domain::{
        approval::{Actor, Applicant, Applied, ApprovalRequest, HistoryEntry, State},
        audit::{Record, RecordId},
    },
    ports::audit_store::Page,
};

/// A page of requests.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Requests")
)]
pub(super) struct Listed {
    pub(super) requests: Vec<Summary>,
    /// The `after` of the next page; `null` at the end.
    pub(super) next: Option<String>,
}

/// A request, without who applies.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Request")
)]
pub(super) struct Summary {
    id: String,
    /// `pending`, `approved`, `provisioning`, `provisioned`, `provisioning-failed`, `denied`, `expired` or `withdrawn`.
    state: &'static str,
    /// What a decision names.
    version: u64,
    /// When the state changed; all times as in RFC 3339.
    since: String,
    made: String,
    /// Until when somebody has to decide.
    expires: String,
    /// `*` for URLs without a user flow.
    flow: String,
    domain: Option<String>,
    /// `null` for Microsoft Entra and Microsoft accounts, which name none.
    provider: Option<String>,
    /// What asked for the review.
    asked_by: String,
    approvals: usize,
    approvals_needed: u8,
    /// Whether a denial needs a reason.
    reason_required: bool,
    /// Why there is no account.
    failure: Option<String>,
    /// The object id of the account.
    account: Option<String>,
}

/// Everything about a request.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Details {
    request: Summary,
    /// `null` once it is erased.
    applicant: Option<Person>,
    /// The oldest first.
    history: Vec<Entry>,
    /// Other requests of the person, the newest first.
    of_person: Vec<Summary>,
    /// Other requests of the domain, the newest first.
    of_domain: Vec<Summary>,
}

/// Who applies.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Applicant")
)]
struct Person {
    addresses: Vec<String>,
    /// The providers that the person signs in with.
    identities: Vec<String>,
    /// By their names in Entra.
    attributes: BTreeMap<String, Value>,
}

#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Attribute")
)]
#[serde(untagged)]
enum Value {
    Text(String),
    Flag(bool),
    Number(i64),
}

/// A change of a request.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "HistoryEntry")
)]
struct Entry {
    version: u64,
    at: String,
    /// `applicant`, `person` or `system`.
    kind: &'static str,
    by: Option<String>,
    action: &'static str,
    to: &'static str,
    reason: Option<String>,
    /// What the applicant was told.
    message: Option<String>,
}

/// How many requests there are in each state; counting ends at 1,000.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) struct Counts(BTreeMap<&'static str, u32>);

/// What people changed on a day, the newest first.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Audit")
)]
pub(super) struct Audited<'r> {
    /// In UTC.
    day: String,
    records: Vec<Recorded<'r>>,
    /// The `after` of the next page; `null` at the end.
    next: Option<&'r str>,
}

/// What a person changed at once.
#[derive(Serialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Record")
)]
struct Recorded<'r> {
    id: &'r str,
    at: String,
    by: &'r str,
    changes: Vec<Told<'r>>,
}

/// A decision.
#[derive(Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Decision")
)]
#[serde(deny_unknown_fields)]
pub(super) struct Decided {
    /// `approve`, `deny`, `reopen` or `retry`.
    pub(super) action: String,
    /// The version that it is about: nothing is changed when there is another one by now.
    pub(super) version: u64,
    /// For the history.
    pub(super) reason: Option<String>,
    /// For the applicant.
    pub(super) message: Option<String>,
}

impl Summary {
    pub(super) fn of(request: &ApprovalRequest) -> Self {
        Self {
            id: request.id.to_string(),
            state: request.state.name(),
            version: request.version,
            since: request.changed_at.to_string(),
            made: request.created_at.to_string(),
            expires: request.expires_at.to_string(),
            flow: flow(request).to_owned(),
            domain: request.domain.clone(),
            provider: request.provider.clone(),
            asked_by: request.asked_by.clone(),
            approvals: request.approved_by.len(),
            approvals_needed: request.terms.approvals,
            reason_required: request.terms.reason_required,
            failure: request.failure.clone(),
            account: request.account.clone(),
        }
    }
}

impl Details {
    pub(super) fn of(dossier: &Dossier) -> Self {
        Self {
            request: Summary::of(&dossier.request),
            applicant: dossier.applicant.as_ref().map(Person::of),
            history: dossier.history.iter().map(Entry::of).collect(),
            of_person: dossier.of_person.iter().map(Summary::of).collect(),
            of_domain: dossier.of_domain.iter().map(Summary::of).collect(),
        }
    }
}

impl Person {
    fn of(applicant: &Applicant) -> Self {
        let identities = applicant.identities.iter();
        let attributes = applicant.attributes.iter();
        Self {
            addresses: applicant.addresses.clone(),
            identities: identities.map(|one| one.issuer.clone()).collect(),
            attributes: attributes
                .map(|(name, value)| (name.clone(), Value::of(value)))
                .collect(),
        }
    }
}

impl Value {
    fn of(value: &Applied) -> Self {
        match value {
            Applied::Text(text) => Self::Text(text.clone()),
            Applied::Flag(flag) => Self::Flag(*flag),
            Applied::Number(number) => Self::Number(*number),
        }
    }
}

impl Entry {
    fn of(entry: &HistoryEntry) -> Self {
        Self {
            version: entry.version,
            at: entry.at.to_string(),
            kind: entry.by.kind(),
            by: match &entry.by {
                Actor::Person(name) => Some(name.clone()),
                Actor::Applicant | Actor::System => None,
            },
            action: entry.action.name(),
            to: entry.to.name(),
            reason: entry.reason.clone(),
            message: entry.message.clone(),
        }
    }
}

impl<'r> Audited<'r> {
    pub(super) fn of(wanted: &Wanted, page: &'r Page) -> Self {
        Self {
            day: wanted.day.to_string(),
            records: page.records.iter().map(Recorded::of).collect(),
            next: page.next.as_ref().map(RecordId::as_str),
        }
    }
}

impl<'r> Recorded<'r> {
    fn of(record: &'r Record) -> Self {
        Self {
            id: record.id.as_str(),
            at: record.signature.at.to_string(),
            by: &record.signature.by,
            changes: told(record),
        }
    }
}

impl Counts {
    pub(super) fn of(counts: &[(State, u32)]) -> Self {
        let counts = counts.iter();
        Self(
            counts
                .map(|(state, count)| (state.name(), *count))
                .collect(),
        )
    }
}
