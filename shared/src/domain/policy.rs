//! What one user flow decides from the lists, and the precedence between entries.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    decision::{BlockReason, DecidedBy, Decision},
    email::EmailAddress,
    list::{Effect, ListEntry, ListName, Matcher},
    publication::{CurrentPolicies, PolicyVersion},
    sign_up::SignUp,
};

/// What happens when the lists cannot be read within the deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnUnavailable {
    Block,
    Continue,
    Review,
}

impl OnUnavailable {
    pub fn decision(self) -> Decision {
        match self {
            Self::Block => Decision::Block(BlockReason::Unavailable),
            Self::Continue => Decision::Continue(Vec::new()),
            Self::Review => Decision::Block(BlockReason::PendingReview),
        }
    }
}

/// The policy of one user flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowPolicy {
    /// The effect when no entry matches.
    pub default: Effect,
    /// The lists that count; `None` is all of them.
    pub lists: Option<Vec<ListName>>,
    pub on_unavailable: OnUnavailable,
}

/// The name of a user flow in a connector URL: letters, digits, `_` and `-`, as Entra names its flows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserFlow(String);

impl UserFlow {
    pub const MAX: usize = 64;

    pub fn parse(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        (!text.is_empty() && text.len() <= Self::MAX && text.chars().all(allowed))
            .then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Every policy of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    pub default: FlowPolicy,
    pub flows: BTreeMap<UserFlow, FlowPolicy>,
}

impl Policies {
    /// The policy for a URL with or without a user flow.
    ///
    /// As soon as user flows are configured, a name that is not among them is a wiring mistake
    /// (`None`): deciding it by the default could let in whom its own policy would not.
    pub fn of(&self, flow: Option<&UserFlow>) -> Option<&FlowPolicy> {
        match flow {
            Some(flow) if !self.flows.is_empty() => self.flows.get(flow),
            _ => Some(&self.default),
        }
    }

    /// The same with the published policies: a user flow that has one counts as configured, and a published policy goes
    /// before the settings.
    pub fn choose(&self, flow: Option<&UserFlow>, current: &CurrentPolicies) -> Option<Chosen<'_>> {
        if flow.is_some_and(|flow| !self.knows(flow, current)) {
            return None;
        }
        match current.of(flow) {
            Some(version) => Some(Chosen::Published(version)),
            None => self.of(flow).map(Chosen::Settings),
        }
    }

    /// Without names in the settings, a published policy for the others takes in every other name.
    fn knows(&self, flow: &UserFlow, current: &CurrentPolicies) -> bool {
        if !self.flows.is_empty() {
            return self.flows.contains_key(flow) || current.names(flow);
        }
        !current.name_any() || current.of(Some(flow)).is_some()
    }
}

/// What decides the sign-ups of one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen<'p> {
    Published(PolicyVersion),
    /// The lists, as the settings say.
    Settings(&'p FlowPolicy),
}

impl FlowPolicy {
    /// Decides from the entries found for [`Matcher::of`] the sign-up.
    pub fn decide(
        &self,
        sign_up: &SignUp,
        entries: &[ListEntry],
        now: Timestamp,
    ) -> (Decision, Option<DecidedBy>) {
        let (effect, entry) = self.verdict(sign_up, entries, now);
        let decided_by = entry.map(DecidedBy::entry);
        (decision(effect, decided_by.is_some()), decided_by)
    }

    /// The effect that stands, and the entry that it comes from; `None` where the default did.
    ///
    /// Each address that the request asserts is decided by itself and the strictest verdict stands:
    /// an allowed address beside a denied one does not help.
    pub fn verdict<'e>(
        &self,
        sign_up: &SignUp,
        entries: &'e [ListEntry],
        now: Timestamp,
    ) -> (Effect, Option<&'e ListEntry>) {
        let verdict = |address: Option<&EmailAddress>| {
            let matchers = Matcher::of_person(address, &sign_up.identities);
            self.strongest(entries, &matchers, now)
        };
        if sign_up.addresses.is_empty() {
            return verdict(None);
        }
        sign_up
            .addresses
            .iter()
            .map(|address| verdict(Some(address)))
            .max_by_key(|(effect, _)| *effect)
            .unwrap_or((self.default, None))
    }

    /// Precedence: the most specific matcher; at the same specificity deny, then review, then allow.
    fn strongest<'e>(
        &self,
        entries: &'e [ListEntry],
        matchers: &[Matcher],
        now: Timestamp,
    ) -> (Effect, Option<&'e ListEntry>) {
        entries
            .iter()
            .filter(|entry| entry.is_active(now) && self.counts(&entry.list))
            .filter(|entry| matchers.contains(&entry.matcher))
            .max_by_key(|entry| (entry.matcher.specificity(), entry.effect))
            .map_or((self.default, None), |entry| (entry.effect, Some(entry)))
    }

    fn counts(&self, list: &ListName) -> bool {
        self.lists.as_ref().is_none_or(|lists| lists.contains(list))
    }
}

fn decision(effect: Effect, by_entry: bool) -> Decision {
    match effect {
        Effect::Allow => Decision::Continue(Vec::new()),
        Effect::Review => Decision::Block(BlockReason::PendingReview),
        Effect::Deny if by_entry => Decision::Block(BlockReason::Denied),
        Effect::Deny => Decision::Block(BlockReason::NotAllowed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{
        identity::{Identity, IdentityProvider, Subject},
        language::LanguageWishes,
        publication::PolicyFlow,
        sign_up::Step,
    };

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn entry(matcher: &str, effect: Effect, list: &str) -> ListEntry {
        ListEntry {
            matcher: Matcher::parse(matcher).unwrap(),
            list: ListName::parse(list).unwrap(),
            effect,
            reason: String::new(),
            owner: String::new(),
            expires_at: None,
        }
    }

    fn sign_up(addresses: &[&str]) -> SignUp {
        SignUp {
            step: Step::AfterFederation,
            addresses: addresses
                .iter()
                .map(|a| EmailAddress::parse(a).unwrap())
                .collect(),
            identities: vec![Identity {
                provider: IdentityProvider::parse("facebook.com").unwrap(),
                subject: Some(Subject::parse("0123").unwrap()),
            }],
            attributes: Vec::new(),
            languages: LanguageWishes::default(),
            application: None,
            client: None,
            object_id: None,
        }
    }

    fn policy(default: Effect) -> FlowPolicy {
        FlowPolicy {
            default,
            lists: None,
            on_unavailable: OnUnavailable::Block,
        }
    }

    fn outcome(policy: &FlowPolicy, entries: &[ListEntry], addresses: &[&str]) -> Decision {
        policy.decide(&sign_up(addresses), entries, NOW).0
    }

    const DENIED: Decision = Decision::Block(BlockReason::Denied);

    #[test]
    fn the_most_specific_matcher_wins() {
        let entries = [
            entry("provider:facebook.com", Effect::Deny, "a"),
            entry("*.example.com", Effect::Allow, "a"),
            entry("*.eu.example.com", Effect::Deny, "a"),
            entry("mail.eu.example.com", Effect::Allow, "a"),
            entry("john@mail.eu.example.com", Effect::Deny, "a"),
        ];
        let policy = policy(Effect::Allow);
        let go = Decision::Continue(Vec::new());
        assert_eq!(outcome(&policy, &entries, &["x@other.example"]), DENIED);
        assert_eq!(outcome(&policy, &entries, &["x@us.example.com"]), go);
        assert_eq!(
            outcome(&policy, &entries, &["x@www.eu.example.com"]),
            DENIED
        );
        assert_eq!(outcome(&policy, &entries, &["x@mail.eu.example.com"]), go);
        assert_eq!(
            outcome(&policy, &entries, &["John+1@mail.eu.example.com"]),
            DENIED
        );
    }

    #[test]
    fn at_the_same_specificity_deny_beats_review_beats_allow() {
        let allow = entry("example.com", Effect::Allow, "a");
        let review = entry("example.com", Effect::Review, "b");
        let deny = entry("example.com", Effect::Deny, "c");
        let policy = policy(Effect::Allow);
        let pending = Decision::Block(BlockReason::PendingReview);
        assert_eq!(
            outcome(
                &policy,
                &[allow.clone(), review.clone()],
                &["x@example.com"]
            ),
            pending
        );
        assert_eq!(
            outcome(&policy, &[deny, allow, review], &["x@example.com"]),
            DENIED
        );
    }

    #[test]
    fn an_allowed_address_does_not_help_a_denied_one() {
        let entries = [
            entry("good@example.com", Effect::Allow, "a"),
            entry("evil.example", Effect::Deny, "a"),
        ];
        let policy = policy(Effect::Allow);
        assert_eq!(
            outcome(&policy, &entries, &["good@example.com", "x@evil.example"]),
            DENIED
        );
    }

    #[test]
    fn an_entry_counts_until_the_second_it_expires() {
        let mut deny = entry("example.com", Effect::Deny, "a");
        deny.expires_at = Some(NOW);
        let policy = policy(Effect::Allow);
        let second = jiff::SignedDuration::from_secs(1);
        let at = |now| {
            policy
                .decide(&sign_up(&["x@example.com"]), &[deny.clone()], now)
                .0
        };
        assert_eq!(at(NOW - second), DENIED);
        assert_eq!(at(NOW), Decision::Continue(Vec::new()));
    }

    #[test]
    fn a_flow_counts_only_its_own_lists() {
        let entries = [entry("example.com", Effect::Allow, "partners")];
        let mut policy = policy(Effect::Deny);
        policy.lists = Some(vec![ListName::parse("customers").unwrap()]);
        assert_eq!(
            outcome(&policy, &entries, &["x@example.com"]),
            Decision::Block(BlockReason::NotAllowed)
        );
    }

    #[test]
    fn an_unknown_flow_is_a_wiring_mistake_once_flows_are_configured() {
        let flow = UserFlow::parse("B2X_1_partners").unwrap();
        let mut policies = Policies {
            default: policy(Effect::Allow),
            flows: BTreeMap::new(),
        };
        assert!(policies.of(Some(&flow)).is_some());
        policies
            .flows
            .insert(UserFlow::parse("customers").unwrap(), policy(Effect::Deny));
        assert_eq!(policies.of(Some(&flow)), None);
        assert!(policies.of(None).is_some());
    }

    #[test]
    fn a_flow_with_a_published_policy_counts_as_configured() {
        let flow = |name| UserFlow::parse(name).unwrap();
        let (partners, shop) = (flow("partners"), flow("shop"));
        let mut policies = Policies {
            default: policy(Effect::Allow),
            flows: BTreeMap::new(),
        };
        let mut current = CurrentPolicies::default();
        let settings = policy(Effect::Allow);
        let chosen = policies.choose(Some(&partners), &current);
        assert_eq!(chosen, Some(Chosen::Settings(&settings)));

        current
            .versions
            .insert(PolicyFlow::Named(partners.clone()), 4);
        let chosen = policies.choose(Some(&partners), &current);
        assert!(matches!(chosen, Some(Chosen::Published(version)) if version.number == 4));
        assert_eq!(policies.choose(Some(&shop), &current), None);
        let chosen = policies.choose(None, &current);
        assert_eq!(chosen, Some(Chosen::Settings(&settings)));
        let mut with_others = current.clone();
        with_others.versions.insert(PolicyFlow::Others, 1);
        let chosen = policies.choose(Some(&shop), &with_others);
        assert!(matches!(chosen, Some(Chosen::Published(version)) if version.number == 1));

        policies.flows.insert(shop.clone(), policy(Effect::Deny));
        let strict = policy(Effect::Deny);
        let chosen = policies.choose(Some(&shop), &current);
        assert_eq!(chosen, Some(Chosen::Settings(&strict)));
        current.versions.insert(PolicyFlow::Others, 2);
        let chosen = policies.choose(Some(&shop), &current);
        assert!(matches!(chosen, Some(Chosen::Published(version)) if version.number == 2));
        assert_eq!(policies.choose(Some(&flow("misspelt")), &current), None);
    }

    /// The precedence of DESIGN section 4 written the slow and obvious way, on plain texts.
    fn naive(entries: &[ListEntry], local: &str, domain: &str, default: Effect) -> Effect {
        let labels: Vec<&str> = domain.split('.').collect();
        let mut tiers: Vec<Vec<String>> = vec![vec![
            format!("{local}@{domain}"),
            "identity:facebook.com#0123".to_owned(),
        ]];
        tiers.push(vec![domain.to_owned()]);
        for start in 1..labels.len() {
            tiers.push(vec![format!("*.{}", labels[start..].join("."))]);
        }
        tiers.push(vec!["provider:facebook.com".to_owned()]);
        for tier in tiers {
            for effect in [Effect::Deny, Effect::Review, Effect::Allow] {
                if entries
                    .iter()
                    .any(|e| e.effect == effect && tier.contains(&e.matcher.to_string()))
                {
                    return effect;
                }
            }
        }
        default
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn precedence_equals_the_naive_model(
            picks in prop::collection::vec((0_usize..9, 0_usize..3), 0..9),
            domain in prop::sample::select(vec!["example.com", "a.example.com", "b.a.example.com", "other.net"]),
            default in 0_usize..3,
        ) {
            let matchers = [
                "john@example.com", "john@a.example.com", "example.com", "a.example.com",
                "*.example.com", "*.a.example.com", "*.com", "provider:facebook.com",
                "identity:facebook.com#0123",
            ];
            let effects = [Effect::Allow, Effect::Review, Effect::Deny];
            let entries: Vec<_> = picks
                .iter()
                .map(|(matcher, effect)| entry(matchers[*matcher], effects[*effect], "a"))
                .collect();
            let expected = naive(&entries, "john", domain, effects[default]);
            let (found, by) = policy(effects[default])
                .decide(&sign_up(&[&format!("john@{domain}")]), &entries, NOW);
            prop_assert_eq!(found, decision(expected, by.is_some()));
        }
    }
}
