//! What somebody may see and decide, by the app roles that the ID token names.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{
    approval::{Action, ApprovalRequest},
    email::EmailDomain,
};

const ADMINISTRATOR: &str = "Administrator";
const APPROVER: &str = "Approver";
/// Before a scope.
const SCOPED: &str = "Approver.";
const DOMAIN: &str = "domain:";
const FLOW: &str = "flow:";

/// Somebody who has a role. Whatever reads or decides takes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Approver {
    /// The object id in the tenant, which is never given to anybody else.
    pub(super) id: String,
    pub(super) name: String,
    rights: Rights,
}

impl Approver {
    /// `None` without a role.
    pub(super) fn new(id: &str, name: &str, roles: &[String]) -> Option<Self> {
        Some(Self {
            id: id.to_owned(),
            name: name.to_owned(),
            rights: Rights::of(roles)?,
        })
    }

    /// In the history: a name for people, and the id, which stays when the name changes.
    pub(super) fn signature(&self) -> String {
        format!("{} ({})", self.name, self.id)
    }

    /// Whether a name in the history is theirs, whatever they were called then.
    pub(super) fn has_signed(&self, author: &str) -> bool {
        author.ends_with(&format!(" ({})", self.id))
    }

    pub(super) fn covers(&self, request: &ApprovalRequest) -> bool {
        self.rights.cover(request)
    }

    pub(super) fn covers_all(&self) -> bool {
        self.rights.only.is_none()
    }

    /// Whether the lists and the audit are theirs, too.
    pub(super) const fn is_administrator(&self) -> bool {
        self.rights.is_administrator
    }

    pub(super) const fn may(&self, action: Action) -> bool {
        match action {
            Action::Approve | Action::Deny | Action::Reopen => true,
            Action::Retry => self.is_administrator(),
            _ => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rights {
    is_administrator: bool,
    /// `None`: every request.
    only: Option<Scope>,
}

/// Requests of one of the domains or one of the user flows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Scope {
    domains: BTreeSet<String>,
    flows: BTreeSet<String>,
}

impl Rights {
    /// A scope narrows `Approver` down, also one that is not understood: then to nothing.
    fn of(roles: &[String]) -> Option<Self> {
        let has = |name: &str| roles.iter().any(|role| role.eq_ignore_ascii_case(name));
        let is_administrator = has(ADMINISTRATOR);
        let mut scopes = roles
            .iter()
            .filter_map(|role| after(role, SCOPED))
            .peekable();
        let only = (!is_administrator && scopes.peek().is_some()).then(|| Scope::of(scopes));
        (is_administrator || only.is_some() || has(APPROVER)).then_some(Self {
            is_administrator,
            only,
        })
    }

    fn cover(&self, request: &ApprovalRequest) -> bool {
        let Some(only) = &self.only else {
            return true;
        };
        let domain = request.domain.as_ref();
        domain.is_some_and(|domain| only.domains.contains(domain))
            || only.flows.contains(flow(request))
    }
}

impl Scope {
    fn of<'r>(scopes: impl Iterator<Item = &'r str>) -> Self {
        let mut scope = Self::default();
        for text in scopes {
            if let Some(domain) = after(text, DOMAIN) {
                let domain = EmailDomain::parse(domain).ok();
                scope
                    .domains
                    .extend(domain.map(|domain| domain.as_str().to_owned()));
            } else if let Some(flow) = after(text, FLOW) {
                scope.flows.insert(flow.to_owned());
            }
        }
        scope
    }
}

/// The user flow of a request; `*` for URLs without one.
pub(super) fn flow(request: &ApprovalRequest) -> &str {
    let flow = request.user_flow.as_ref();
    flow.map_or("*", |flow| flow.as_str())
}

/// What follows a prefix in whatever case.
fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn of(roles: &[&str]) -> Option<Approver> {
        let roles: Vec<String> = roles.iter().map(|role| (*role).to_owned()).collect();
        Approver::new("1", "ann", &roles)
    }

    #[rstest]
    #[case::none(&[])]
    #[case::another(&["Reader", "Approvers", "Administrator2"])]
    fn without_a_role_nobody_is_an_approver(#[case] roles: &[&str]) {
        assert_eq!(of(roles), None);
    }

    #[rstest]
    #[case::approver(&["approver"], true, false)]
    #[case::administrator(&["Administrator", "Approver.flow:a"], true, true)]
    #[case::scoped(&["Approver", "Approver.domain:partner.example"], false, false)]
    #[case::scope_alone(&["Approver.flow:partners"], false, false)]
    #[case::not_understood(&["Approver", "Approver.region:eu"], false, false)]
    fn roles_say_what_somebody_may(#[case] roles: &[&str], #[case] all: bool, #[case] retry: bool) {
        let approver = of(roles).unwrap();
        assert_eq!(approver.covers_all(), all);
        assert_eq!(approver.may(Action::Retry), retry);
        assert_eq!(approver.is_administrator(), retry);
        assert!(approver.may(Action::Approve));
        assert!(!approver.may(Action::Finish));
    }

    #[test]
    fn a_scope_names_domains_and_flows() {
        let roles = ["Approver.domain:Bücher.example", "Approver.flow:Partners"];
        let only = of(&roles).unwrap().rights.only.unwrap();
        assert!(only.domains.contains("xn--bcher-kva.example"));
        assert!(only.flows.contains("Partners"));
    }

    #[test]
    fn somebody_is_known_again_by_the_id() {
        let ann = of(&["Approver"]).unwrap();
        assert!(ann.has_signed("Ann Other (1)"));
        assert!(!ann.has_signed("ann (11)"));
        assert_eq!(ann.signature(), "ann (1)");
    }
}
