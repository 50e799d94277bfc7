//! A request as a JSON object.

use jiff::Timestamp;
use serde::Serialize;
use shared::{
    app::requests::Dossier,
    domain::approval::{Actor, AppRole, Applicant, ApprovalRequest, HistoryEntry, ObjectId, State},
};

use crate::{
    evidence,
    request::{flow, provider},
};

#[derive(Serialize)]
pub(super) struct Line<'d> {
    id: &'d str,
    state: &'static str,
    since: Timestamp,
    version: u64,
    edition: u32,
    made: Timestamp,
    expires: Timestamp,
    kept_until: Option<Timestamp>,
    flow: &'d str,
    protocol: &'static str,
    domain: Option<&'d str>,
    provider: &'d str,
    asked_by: &'d str,
    policy: Option<PolicyLine<'d>>,
    approvals_needed: u8,
    approved_by: &'d [String],
    groups: Vec<&'d str>,
    app_roles: Vec<AppRoleLine<'d>>,
    failure: Option<&'d str>,
    account: Option<&'d str>,
    /// `null` once it is erased.
    applicant: Option<&'d Applicant>,
    history: Vec<EntryLine<'d>>,
    of_person: Vec<BesideLine<'d>>,
    of_domain: Vec<BesideLine<'d>>,
    verifications: Vec<evidence::Line<'d>>,
}

#[derive(Serialize)]
struct PolicyLine<'d> {
    flow: &'d str,
    version: u32,
}

#[derive(Serialize)]
struct AppRoleLine<'d> {
    application: &'d str,
    role: &'d str,
}

#[derive(Serialize)]
struct EntryLine<'d> {
    version: u64,
    at: Timestamp,
    /// `applicant`, `person` or `system`.
    kind: &'static str,
    by: Option<&'d str>,
    action: &'static str,
    from: Option<&'static str>,
    to: &'static str,
    reason: Option<&'d str>,
    /// What the applicant is told.
    message: Option<&'d str>,
    edition: u32,
}

#[derive(Serialize)]
struct BesideLine<'d> {
    id: &'d str,
    state: &'static str,
}

pub(super) fn line(dossier: &Dossier) -> Line<'_> {
    let request = &dossier.request;
    let policy = request.policy.as_ref();
    Line {
        id: request.id.as_str(),
        state: request.state.name(),
        since: request.changed_at,
        version: request.version,
        edition: request.edition,
        made: request.created_at,
        expires: request.expires_at,
        kept_until: request.kept_until(),
        flow: flow(request),
        protocol: request.protocol.name(),
        domain: request.domain.as_deref(),
        provider: provider(request),
        asked_by: &request.asked_by,
        policy: policy.map(|policy| PolicyLine {
            flow: policy.flow.as_str(),
            version: policy.number,
        }),
        approvals_needed: request.terms.approvals,
        approved_by: &request.approved_by,
        groups: request.grants.groups.iter().map(ObjectId::as_str).collect(),
        app_roles: request.grants.app_roles.iter().map(app_role).collect(),
        failure: request.failure.as_deref(),
        account: request.account.as_deref(),
        applicant: dossier.applicant.as_ref(),
        history: dossier.history.iter().map(entry).collect(),
        of_person: dossier.of_person.iter().map(beside).collect(),
        of_domain: dossier.of_domain.iter().map(beside).collect(),
        verifications: dossier.evidence.iter().map(evidence::line).collect(),
    }
}

fn app_role(role: &AppRole) -> AppRoleLine<'_> {
    AppRoleLine {
        application: role.application.as_str(),
        role: role.role.as_str(),
    }
}

fn entry(entry: &HistoryEntry) -> EntryLine<'_> {
    EntryLine {
        version: entry.version,
        at: entry.at,
        kind: entry.by.kind(),
        by: match &entry.by {
            Actor::Person(name) => Some(name),
            Actor::Applicant | Actor::System => None,
        },
        action: entry.action.name(),
        from: entry.from.map(State::name),
        to: entry.to.name(),
        reason: entry.reason.as_deref(),
        message: entry.message.as_deref(),
        edition: entry.edition,
    }
}

fn beside(beside: &ApprovalRequest) -> BesideLine<'_> {
    BesideLine {
        id: beside.id.as_str(),
        state: beside.state.name(),
    }
}
