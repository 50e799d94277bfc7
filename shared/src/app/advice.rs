//! What helps somebody who decides about a request: the policy's ready-made reasons, and what about the applicant should be
//! looked at twice. Hints, never verdicts; whatever cannot be read gives none, and keeps nobody from deciding.

use std::sync::Arc;

use super::{
    policies::{Active, Policies},
    requests::Dossier,
};
use crate::{
    domain::{approval::Applicant, email::EmailDomain, lure::holds_lure, policy::UserFlow},
    policy::{
        Policy,
        predicate::{look_alike::How, mixed_script::is_mixed},
    },
    ports::{Deadline, policy_store::PolicyStore},
};

/// What names are made of.
const NAMES: [&str; 3] = ["displayName", "givenName", "surname"];

/// For one request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Advice {
    /// Those of the policy that decides now, for policies learn.
    pub reasons: Vec<String>,
    pub hints: Vec<Hint>,
}

/// Something to be looked at twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// The address is at a domain that looks like one of the policy.
    Domain { known: String, how: How },
    /// A name mixes letters that nobody mixes.
    MixedName,
    /// The address does.
    MixedAddress,
    /// A name holds an address or a link, which mails would spread.
    LureInName,
    /// So many other requests of the same address are open.
    Others(usize),
}

pub struct Advisor {
    publications: Arc<dyn PolicyStore>,
    policies: Arc<Policies>,
}

impl std::fmt::Debug for Advisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Advisor")
    }
}

impl Advisor {
    pub fn new(publications: Arc<dyn PolicyStore>, policies: Arc<Policies>) -> Self {
        Self {
            publications,
            policies,
        }
    }

    /// About a request, by what of it somebody may see.
    pub async fn advise(&self, dossier: &Dossier, deadline: Deadline) -> Advice {
        let flow = dossier.request.user_flow.as_ref();
        let active = self.deciding(flow, deadline).await;
        let policy = active.as_ref().map(|active| &active.policy);
        Advice {
            reasons: policy.map_or_else(Vec::new, |policy| policy.approval.reasons.clone()),
            hints: hints(dossier, policy),
        }
    }

    /// The policy that decides now.
    async fn deciding(&self, flow: Option<&UserFlow>, deadline: Deadline) -> Option<Arc<Active>> {
        let current = tokio::time::timeout_at(deadline.0, self.publications.current());
        let version = current.await.ok()?.ok()?.of(flow)?;
        self.policies.get(&version, deadline).await
    }
}

fn hints(dossier: &Dossier, policy: Option<&Policy>) -> Vec<Hint> {
    let of_applicant = dossier.applicant.iter().flat_map(of_applicant);
    let open = dossier.of_person.iter();
    let open = open.filter(|other| other.state.is_open()).count();
    let others = (open > 0).then_some(Hint::Others(open));
    let domain = dossier.request.domain.as_deref();
    let domain = domain.and_then(|domain| of_domain(domain, policy?));
    domain
        .into_iter()
        .chain(of_applicant)
        .chain(others)
        .collect()
}

fn of_domain(domain: &str, policy: &Policy) -> Option<Hint> {
    let domain = EmailDomain::parse(domain).ok()?;
    let found = policy.resembled_by(&domain)?;
    Some(Hint::Domain {
        known: found.known.to_owned(),
        how: found.how,
    })
}

fn of_applicant(applicant: &Applicant) -> Vec<Hint> {
    let names = || NAMES.iter().filter_map(|name| applicant.text(name));
    let hints = [
        (names().any(is_mixed), Hint::MixedName),
        (
            applicant.addresses.iter().any(|one| is_mixed(one)),
            Hint::MixedAddress,
        ),
        (names().any(holds_lure), Hint::LureInName),
    ];
    let hints = hints.into_iter().filter(|(applies, _)| *applies);
    hints.map(|(_, hint)| hint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::approval::Applied;

    fn applicant(name: &str, address: &str) -> Applicant {
        let name = ("displayName".to_owned(), Applied::Text(name.to_owned()));
        Applicant {
            addresses: vec![address.to_owned()],
            attributes: [name].into(),
            ..Applicant::default()
        }
    }

    #[test]
    fn what_is_odd_about_a_name_or_an_address_is_told() {
        let of = |name, address| of_applicant(&applicant(name, address));
        assert_eq!(of("Zoë O'Hara-Иванова", "zoe@partner.example"), []);
        assert_eq!(of("Аnn", "ann@partner.example"), [Hint::MixedName]);
        assert_eq!(of("Ann", "аnn@partner.example"), [Hint::MixedAddress]);
        assert_eq!(
            of("Win at www.evil.example", "ann@partner.example"),
            [Hint::LureInName]
        );
    }
}
