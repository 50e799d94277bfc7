//! A request in words.

use shared::{
    app::requests::{Dossier, told},
    domain::{
        approval::{Applicant, Applied, ApprovalRequest, Grants, State},
        verification::Evidence,
    },
};

use crate::request::{flow, provider};

/// A line for each fact; what belongs to a heading is moved in.
pub(super) fn words(dossier: &Dossier) -> Vec<String> {
    let mut lines = of_request(&dossier.request);
    lines.extend(match &dossier.applicant {
        Some(applicant) => section("applicant", of_applicant(applicant)),
        None => vec!["applicant: erased".to_owned()],
    });
    lines.extend(section("history", dossier.history.iter().map(told)));
    let beside = |beside: &ApprovalRequest| format!("{} {}", beside.id, beside.state.name());
    let of_person = dossier.of_person.iter().map(beside);
    lines.extend(section("other requests of the person", of_person));
    let of_domain = dossier.of_domain.iter().map(beside);
    lines.extend(section("other requests of the domain", of_domain));
    let evidence = dossier.evidence.iter().map(of_evidence);
    lines.extend(section("verifications", evidence));
    lines
}

/// Nothing is said of what is not there.
fn section(heading: &str, lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines = lines.into_iter().map(|line| format!("  {line}"));
    let mut section: Vec<String> = lines.collect();
    if !section.is_empty() {
        section.insert(0, format!("{heading}:"));
    }
    section
}

fn of_request(request: &ApprovalRequest) -> Vec<String> {
    let pending = request.state == State::Pending;
    let facts = [
        ("id", Some(request.id.to_string())),
        ("state", Some(request.state.name().to_owned())),
        ("since", Some(request.changed_at.to_string())),
        ("version", Some(request.version.to_string())),
        ("made", Some(request.created_at.to_string())),
        (
            "to be decided by",
            pending.then(|| request.expires_at.to_string()),
        ),
        (
            "kept until",
            request.kept_until().map(|end| end.to_string()),
        ),
        ("flow", Some(flow(request).to_owned())),
        ("protocol", Some(request.protocol.name().to_owned())),
        ("domain", request.domain.clone()),
        ("provider", Some(provider(request).to_owned())),
        ("asked by", Some(request.asked_by.clone())),
        ("policy", policy(request)),
        ("approvals", Some(approvals(request))),
        ("joins", joined(&groups(&request.grants))),
        ("gets", joined(&app_roles(&request.grants))),
        ("failure", request.failure.clone()),
        ("account", request.account.clone()),
    ];
    let facts = facts.into_iter();
    facts
        .filter_map(|(name, value)| Some(format!("{name}: {}", value?)))
        .collect()
}

fn policy(request: &ApprovalRequest) -> Option<String> {
    let version = request.policy.as_ref()?;
    Some(format!("version {} of `{}`", version.number, version.flow))
}

fn approvals(request: &ApprovalRequest) -> String {
    let (so_far, needed) = (request.approved_by.len(), request.terms.approvals);
    let by = joined(&request.approved_by);
    let by = by.map_or_else(String::new, |by| format!(" ({by})"));
    format!("{so_far} of {needed}{by}")
}

fn groups(grants: &Grants) -> Vec<String> {
    let groups = grants.groups.iter();
    groups.map(|group| format!("group {group}")).collect()
}

fn app_roles(grants: &Grants) -> Vec<String> {
    let roles = grants.app_roles.iter();
    roles
        .map(|role| format!("app role {} of {}", role.role, role.application))
        .collect()
}

fn joined(parts: &[String]) -> Option<String> {
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn of_applicant(applicant: &Applicant) -> Vec<String> {
    let addresses = applicant.addresses.iter();
    let addresses = addresses.map(|address| format!("address: {address}"));
    let identities = applicant.identities.iter().map(|identity| {
        let subject = identity.subject.as_deref();
        let subject = subject.map_or_else(String::new, |subject| format!(" {subject}"));
        format!("identity: {}{subject}", identity.issuer)
    });
    let attributes = applicant.attributes.iter();
    let attributes = attributes.map(|(name, value)| match value {
        Applied::Text(text) => format!("{name}: {text}"),
        Applied::Flag(flag) => format!("{name}: {flag}"),
        Applied::Number(number) => format!("{name}: {number}"),
    });
    let languages = joined(&applicant.languages);
    let languages = languages.map(|languages| format!("languages: {languages}"));
    addresses
        .chain(identities)
        .chain(attributes)
        .chain(languages)
        .collect()
}

fn of_evidence(evidence: &Evidence) -> String {
    let Evidence {
        at,
        verification,
        provider,
        outcome,
        reference,
    } = evidence;
    let reference = reference.as_deref();
    let reference = reference.map_or_else(String::new, |text| format!(", reference {text}"));
    format!(
        "{at}: {verification} by {provider}: {}{reference}",
        outcome.name()
    )
}
