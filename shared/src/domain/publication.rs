//! Published policies: whose they are, which version is current, and what is told of a version.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;

use super::policy::UserFlow;

/// Whose policy it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyFlow {
    /// URLs without a user flow, and user flows without a policy of their own.
    Others,
    Named(UserFlow),
}

impl PolicyFlow {
    const OTHERS: &str = "*";

    pub fn parse(text: &str) -> Option<Self> {
        if text == Self::OTHERS {
            return Some(Self::Others);
        }
        UserFlow::parse(text).map(Self::Named)
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Others => Self::OTHERS,
            Self::Named(flow) => flow.as_str(),
        }
    }
}

impl fmt::Display for PolicyFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One version of one policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyVersion {
    pub flow: PolicyFlow,
    /// Counts up from 1.
    pub number: u32,
}

/// Which version of each policy decides now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CurrentPolicies {
    pub versions: BTreeMap<PolicyFlow, u32>,
    /// Versions that decide nothing yet: each is compared with what decides.
    pub candidates: BTreeMap<PolicyFlow, u32>,
    /// The version of the list of disposable domains in the table; without one the built-in list counts.
    pub disposable: Option<u32>,
    /// Counts up with each change; the condition of the next one. Zero before the first.
    pub revision: u64,
}

impl CurrentPolicies {
    /// The published policy of a URL with or without a user flow.
    pub fn of(&self, flow: Option<&UserFlow>) -> Option<PolicyVersion> {
        let own = flow.and_then(|flow| version(&self.versions, PolicyFlow::Named(flow.clone())));
        own.or_else(|| version(&self.versions, PolicyFlow::Others))
    }

    /// The candidate that would decide for such a URL if every candidate were the current version: a user flow that has a
    /// version or a candidate of its own is never that of the others.
    pub fn candidate_of(&self, flow: Option<&UserFlow>) -> Option<PolicyVersion> {
        let own = flow.map(|flow| PolicyFlow::Named(flow.clone()));
        let has_own =
            |own: &PolicyFlow| self.candidates.contains_key(own) || self.versions.contains_key(own);
        let flow = own.filter(has_own).unwrap_or(PolicyFlow::Others);
        version(&self.candidates, flow)
    }

    /// Makes a version the current one of its user flow. The candidate that it was ends; another one stays.
    pub fn point_to(&mut self, to: &PolicyVersion) {
        self.versions.insert(to.flow.clone(), to.number);
        if self.candidates.get(&to.flow) == Some(&to.number) {
            self.candidates.remove(&to.flow);
        }
    }

    /// Whether a user flow has a policy of its own.
    pub fn names(&self, flow: &UserFlow) -> bool {
        self.versions.contains_key(&PolicyFlow::Named(flow.clone()))
    }

    /// Whether any user flow has a policy of its own.
    pub fn name_any(&self) -> bool {
        self.versions.keys().any(|flow| *flow != PolicyFlow::Others)
    }

    pub fn all(&self) -> impl Iterator<Item = PolicyVersion> {
        all(&self.versions)
    }

    pub fn all_candidates(&self) -> impl Iterator<Item = PolicyVersion> {
        all(&self.candidates)
    }
}

fn version(numbers: &BTreeMap<PolicyFlow, u32>, flow: PolicyFlow) -> Option<PolicyVersion> {
    let number = *numbers.get(&flow)?;
    Some(PolicyVersion { flow, number })
}

fn all(numbers: &BTreeMap<PolicyFlow, u32>) -> impl Iterator<Item = PolicyVersion> {
    numbers.iter().map(|(flow, number)| PolicyVersion {
        flow: flow.clone(),
        number: *number,
    })
}

/// What is told of a published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub version: PolicyVersion,
    /// SHA-256 of the document as it was written, in hexadecimal digits.
    pub sha256: String,
    pub author: String,
    pub note: String,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(name: &str) -> UserFlow {
        UserFlow::parse(name).unwrap()
    }

    #[test]
    fn a_flow_without_a_policy_of_its_own_has_that_of_the_others() {
        let partners = PolicyFlow::parse("partners").unwrap();
        let mut current = CurrentPolicies::default();
        assert_eq!(current.of(Some(&flow("partners"))), None);
        current.versions.insert(partners.clone(), 3);
        assert_eq!(current.of(None), None);
        assert_eq!(current.of(Some(&flow("customers"))), None);
        current.versions.insert(PolicyFlow::Others, 7);
        let number = |flow: Option<&UserFlow>| current.of(flow).map(|version| version.number);
        assert_eq!(number(Some(&flow("partners"))), Some(3));
        assert_eq!(number(Some(&flow("customers"))), Some(7));
        assert_eq!(number(None), Some(7));
    }

    #[test]
    fn a_candidate_is_that_of_the_policy_which_would_decide() {
        let (partners, customers) = (flow("partners"), flow("customers"));
        let of = |current: &CurrentPolicies, flow: Option<&UserFlow>| {
            current.candidate_of(flow).map(|version| version.number)
        };
        let mut current = CurrentPolicies::default();
        assert_eq!(of(&current, Some(&partners)), None);
        current.candidates.insert(PolicyFlow::Others, 7);
        // Also where the settings decide now: a policy for the others would go before them.
        assert_eq!(of(&current, Some(&partners)), Some(7));
        assert_eq!(of(&current, None), Some(7));
        // What decides for partners would stay theirs.
        current
            .versions
            .insert(PolicyFlow::Named(partners.clone()), 3);
        assert_eq!(of(&current, Some(&partners)), None);
        assert_eq!(of(&current, Some(&customers)), Some(7));
        current
            .candidates
            .insert(PolicyFlow::Named(partners.clone()), 4);
        assert_eq!(of(&current, Some(&partners)), Some(4));
        assert_eq!(of(&current, None), Some(7));
    }

    #[test]
    fn a_candidate_ends_when_it_becomes_current_and_stays_otherwise() {
        let version = |number| PolicyVersion {
            flow: PolicyFlow::Others,
            number,
        };
        let mut current = CurrentPolicies::default();
        current.candidates.insert(PolicyFlow::Others, 2);
        current.point_to(&version(1));
        assert_eq!(current.of(None), Some(version(1)));
        assert_eq!(current.candidate_of(None), Some(version(2)));
        current.point_to(&version(2));
        assert_eq!(current.of(None), Some(version(2)));
        assert_eq!(current.candidate_of(None), None);
    }

    #[test]
    fn a_flow_is_a_name_or_a_star() {
        for text in ["*", "B2X_1_partners"] {
            assert_eq!(PolicyFlow::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "**", "a b", "a#b"] {
            assert_eq!(PolicyFlow::parse(text), None, "{text}");
        }
    }
}
