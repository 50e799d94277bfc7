//! What helps somebody who decides about a request: the policy's ready-made reasons, and what about the applicant should be
//! looked at twice. Hints, never verdicts; whatever cannot be read gives none, and keeps nobody from deciding.

use std::sync::Arc;

use futures_util::future::join;

use super::{
    known_domains::KnownDomains,
    policies::{Active, Policies},
    requests::Dossier,
};
use crate::{
    domain::{
        approval::{Applicant, ApprovalRequest},
        email::EmailDomain,
        lure::holds_lure,
        policy::UserFlow,
    },
    policy::{
        Policy,
        predicate::{
            look_alike::{How, resemblance},
            mixed_script::is_mixed,
        },
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
    /// The address is at a domain that looks like a known one.
    Domain {
        known: String,
        how: How,
        from: Origin,
    },
    /// A name mixes letters that nobody mixes.
    MixedName,
    /// The address does.
    MixedAddress,
    /// A name holds an address or a link, which mails would spread.
    LureInName,
    /// So many other requests of the same address are open.
    Others(usize),
}

/// Where a domain is known from. Of several, the first one is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The policy that decides now.
    Policy,
    /// A list lets it in.
    List,
    /// Somebody who comes from it was approved.
    Approval,
}

pub struct Advisor {
    publications: Arc<dyn PolicyStore>,
    policies: Arc<Policies>,
    known: KnownDomains,
}

impl std::fmt::Debug for Advisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Advisor")
    }
}

impl Advisor {
    pub fn new(
        publications: Arc<dyn PolicyStore>,
        policies: Arc<Policies>,
        known: KnownDomains,
    ) -> Self {
        Self {
            publications,
            policies,
            known,
        }
    }

    /// About a request, by what of it and of others somebody may see.
    pub async fn advise(
        &self,
        dossier: &Dossier,
        may_see: impl Fn(&ApprovalRequest) -> bool + Send,
        deadline: Deadline,
    ) -> Advice {
        let flow = dossier.request.user_flow.as_ref();
        let (active, known) = join(self.deciding(flow, deadline), self.known.known()).await;
        let policy = active.as_ref().map(|active| &active.policy);
        let of_policy = policy.into_iter().flat_map(Policy::known_domains);
        let allowed = known.allowed.iter().map(String::as_str);
        let approved = known.approved.iter().filter(|request| may_see(request));
        let approved = approved.filter_map(|request| request.domain.as_deref());
        let domains: Vec<_> = of_policy
            .map(|domain| (domain, Origin::Policy))
            .chain(allowed.map(|domain| (domain, Origin::List)))
            .chain(approved.map(|domain| (domain, Origin::Approval)))
            .collect();
        Advice {
            reasons: policy.map_or_else(Vec::new, |policy| policy.approval.reasons.clone()),
            hints: hints(dossier, &domains),
        }
    }

    /// The policy that decides now.
    async fn deciding(&self, flow: Option<&UserFlow>, deadline: Deadline) -> Option<Arc<Active>> {
        let current = tokio::time::timeout_at(deadline.0, self.publications.current());
        let version = current.await.ok()?.ok()?.of(flow)?;
        self.policies.get(&version, deadline).await
    }
}

fn hints(dossier: &Dossier, known: &[(&str, Origin)]) -> Vec<Hint> {
    let of_applicant = dossier.applicant.iter().flat_map(of_applicant);
    let open = dossier.of_person.iter();
    let open = open.filter(|other| other.state.is_open()).count();
    let others = (open > 0).then_some(Hint::Others(open));
    let domain = dossier.request.domain.as_deref();
    let domain = domain.and_then(|domain| of_domain(domain, known));
    domain
        .into_iter()
        .chain(of_applicant)
        .chain(others)
        .collect()
}

fn of_domain(domain: &str, known: &[(&str, Origin)]) -> Option<Hint> {
    let domain = EmailDomain::parse(domain).ok()?;
    let found = resemblance(&domain, known.iter().map(|(known, _)| *known))?;
    let (known, from) = known.iter().find(|(known, _)| *known == found.known)?;
    Some(Hint::Domain {
        known: (*known).to_owned(),
        how: found.how,
        from: *from,
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
    fn a_look_alike_of_a_known_domain_is_told_and_a_known_domain_is_none() {
        let known = [
            ("contoso.com", Origin::Policy),
            ("contoso.com", Origin::List),
            ("fabrikam.example", Origin::List),
            ("fabrlkam.example", Origin::Approval),
        ];
        let of = |domain| match of_domain(domain, &known) {
            Some(Hint::Domain { known, how, from }) => Some((known, how, from)),
            _ => None,
        };
        let told = |known: &str, how, from| Some((known.to_owned(), how, from));
        let contoso = told("contoso.com", How::Confusable, Origin::Policy);
        assert_eq!(of("c0ntoso.com"), contoso);
        let fabrikam = told("fabrikam.example", How::Typo, Origin::List);
        assert_eq!(of("fabrikan.example"), fabrikam);
        // Known itself, if only by an approval.
        assert_eq!(of("mail.fabrlkam.example"), None);
        assert_eq!(of("woodgrove.example"), None);
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
