//! Deciding a sign-up: one read, whatever the policy asks of other systems, then pure rules.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::time::Instant;

use super::{
    approvals::{Application, Approvals, considered},
    breakers::Breakers,
    disposable::DisposableLists,
    last_steps::LastSteps,
    look_ups::LookUps,
    policies,
    readiness::Readiness,
    verifications::Verifications,
};
use crate::{
    domain::{
        approval::{ApplicantKey, Standing},
        attribute::Claims,
        decision::{BlockReason, DecidedBy, Decision},
        list::{ListEntry, Matcher},
        policy::{Chosen, FlowPolicy, Policies, UserFlow},
        publication::{CurrentPolicies, PolicyVersion},
        shadow::{Comparison, Disagreement},
        sign_up::{Protocol, SignUp, Step},
    },
    policy::{
        Circumstances, LooksLike, Patience, RuleResult, Trace, Verdict,
        look_up::NOTHING,
        predicate::disposable::{BUILT_IN, DisposableDomains},
    },
    ports::{
        Deadline, StoreError,
        answer_store::AnswerStore,
        attempts::Attempts,
        clock::Clock,
        code_redeemer::CodeRedeemer,
        journal::{ApprovalUse, ReadCost, SourceUse, VerificationUse},
        outgoing::Outgoing,
        sign_up_reader::{CallerRecords, Facts, FoundInTable, LookedUp, SignUpReader, Wanted},
        verifier::Verifier,
    },
};

/// What is to be decided.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub sign_up: &'a SignUp,
    pub protocol: Protocol,
    pub user_flow: Option<&'a UserFlow>,
    /// What the settings say of user flows without a published policy.
    pub settings: &'a Policies,
    /// The versions that decide, as far as they are known.
    pub current: Option<&'a CurrentPolicies>,
    /// Whether to read the callers' records along the way.
    pub caller_records: bool,
}

/// A decision with what led to it.
#[derive(Debug)]
pub struct Decided {
    /// [`BlockReason::Miswired`] for a user flow that is not configured.
    pub decision: Decision,
    /// The policy's own sentence for a block page.
    pub block_text: Option<String>,
    /// The policy's own title of a block page.
    pub block_title: Option<String>,
    /// The code of the sentence that the deciding rule names.
    pub block_code: Option<String>,
    pub decided_by: Option<DecidedBy>,
    /// The published policy that decided.
    pub policy: Option<PolicyVersion>,
    /// What became of its rules, in order.
    pub rules: Vec<RuleResult>,
    /// Which of its known domains the person's looks like.
    pub looks_like: Option<LooksLike>,
    /// What the candidate would have decided, where there is one.
    pub shadow: Option<Comparison>,
    /// The other systems that were asked.
    pub sources: Vec<SourceUse>,
    pub verifications: Vec<VerificationUse>,
    /// What became of an invitation code.
    pub invitation: Option<&'static str>,
    /// What the applicant's latest request was when this was decided.
    pub standing: Option<Standing>,
    /// What became of it.
    pub approval: Option<ApprovalUse>,
    /// Of a review: what the sign-up would go on with.
    pub claims_if_approved: Claims,
    /// Claims for which a token had no room.
    pub claims_left_out: Vec<String>,
    /// The callers' records, when they were asked for and could be read.
    pub caller_records: Option<CallerRecords>,
    pub read: Option<ReadCost>,
    pub failure: Option<StoreError>,
}

impl Decided {
    /// A decision that nothing led to.
    pub fn new(decision: Decision) -> Self {
        Self {
            decision,
            block_text: None,
            block_title: None,
            block_code: None,
            decided_by: None,
            policy: None,
            rules: Vec::new(),
            looks_like: None,
            shadow: None,
            sources: Vec::new(),
            verifications: Vec::new(),
            invitation: None,
            standing: None,
            approval: None,
            claims_if_approved: Vec::new(),
            claims_left_out: Vec::new(),
            caller_records: None,
            read: None,
            failure: None,
        }
    }

    fn miswired() -> Self {
        Self::new(Decision::Block(BlockReason::Miswired))
    }

    fn go_on() -> Self {
        Self::new(Decision::Continue(Vec::new()))
    }

    /// When what the policy looks up could not be read.
    fn unread(active: &policies::Active, is_sign_up: bool) -> Self {
        if !is_sign_up {
            return Self::go_on();
        }
        Self {
            policy: Some(active.version.clone()),
            ..Self::new(active.policy.on_unavailable.decision())
        }
    }

    /// Fails closed: there is no policy to say otherwise.
    fn without_a_policy(version: &PolicyVersion) -> Self {
        let problem = format!(
            "version {} of the policy of `{}`",
            version.number, version.flow
        );
        Self {
            failure: Some(StoreError::Unavailable(problem)),
            ..Self::new(Decision::Block(BlockReason::Unavailable))
        }
    }
}

#[async_trait]
pub trait Decide: Send + Sync {
    /// Decides by the deadline, whatever fails behind it.
    async fn decide(&self, asked: Asked<'_>, deadline: Deadline) -> Decided;
}

/// Decides by the published policy of the user flow, or without one from the allow and deny lists.
pub struct Decider {
    reader: Arc<dyn SignUpReader>,
    policies: Arc<policies::Policies>,
    disposable: Arc<DisposableLists>,
    others: Others,
    clock: Arc<dyn Clock>,
}

/// What a policy reaches beyond the lists.
#[derive(Debug)]
pub struct Others {
    pub readiness: Readiness,
    pub look_ups: LookUps,
    pub last_steps: LastSteps,
    /// Only the function before creating the user makes requests.
    pub approvals: Option<Approvals>,
}

impl Others {
    /// With the table behind all of them.
    pub fn new<T>(
        table: &Arc<T>,
        outgoing: Arc<dyn Outgoing>,
        verifier: Arc<dyn Verifier>,
        readiness: Readiness,
        clock: &Arc<dyn Clock>,
    ) -> Self
    where
        T: SignUpReader + AnswerStore + Attempts + CodeRedeemer + 'static,
    {
        let breakers = Breakers {
            store: Arc::clone(table) as _,
            clock: Arc::clone(clock),
        };
        Self {
            readiness,
            look_ups: LookUps {
                reader: Arc::clone(table) as _,
                outgoing,
                answers: Arc::clone(table) as _,
                breakers: breakers.clone(),
                clock: Arc::clone(clock),
            },
            last_steps: LastSteps {
                verifications: Verifications {
                    verifier,
                    attempts: Arc::clone(table) as _,
                    breakers,
                    clock: Arc::clone(clock),
                },
                codes: Arc::clone(table) as _,
                clock: Arc::clone(clock),
            },
            approvals: None,
        }
    }
}

impl std::fmt::Debug for Decider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decider")
    }
}

/// What the table said, and for which policy it was asked.
struct Read {
    entries: Vec<ListEntry>,
    standing: Option<Standing>,
    found: FoundInTable,
    planned: Option<PolicyVersion>,
}

#[async_trait]
impl Decide for Decider {
    async fn decide(&self, asked: Asked<'_>, deadline: Deadline) -> Decided {
        let decided = self.decide_unsettled(asked, deadline).await;
        self.settle(asked, decided, deadline).await
    }
}

impl Decider {
    /// Decides without regard to requests, but for what need not be asked of somebody who waits.
    async fn decide_unsettled(&self, asked: Asked<'_>, deadline: Deadline) -> Decided {
        // Nobody is kept out at the token step: it comes at every sign-in of an existing account, and
        // the connector's protocol has no way to refuse there (PROTOCOL 1.1).
        let (matchers, applicant) = match asked.sign_up.step {
            Step::BeforeToken => (Vec::new(), None),
            Step::AfterFederation | Step::BeforeCreatingUser => (
                Matcher::of(&asked.sign_up.addresses, &asked.sign_up.identities),
                ApplicantKey::of(asked.sign_up),
            ),
        };
        let planned = self.running(asked);
        let looked_up = planned.as_ref().map(|active| self.plan(active, asked));
        let looked_up = looked_up.unwrap_or_default();
        let nothing_to_read = (matchers.is_empty() && looked_up.is_empty()) || asked.is_miswired();
        let planned = planned.map(|active| active.version.clone());
        if nothing_to_read && !asked.caller_records {
            let read = Read {
                entries: Vec::new(),
                standing: None,
                found: FoundInTable::default(),
                planned,
            };
            return self.decide_from(asked, asked.current, read, deadline).await;
        }
        let started = Instant::now();
        let wanted = Wanted {
            matchers: &matchers,
            applicant: applicant.as_ref(),
            caller_records: asked.caller_records,
            looked_up: &looked_up,
        };
        match self.reader.read(wanted, deadline).await {
            Ok(facts) => {
                self.decide_with(asked, facts, planned, started, deadline)
                    .await
            }
            Err(failure) => Decided {
                failure: Some(failure),
                ..self.decide_blind(asked)
            },
        }
    }

    /// What requests make of a decision: those that wait, those that are denied, and the one that a review leads to.
    async fn settle(&self, asked: Asked<'_>, decided: Decided, deadline: Deadline) -> Decided {
        let standing = decided.standing.clone();
        let version = decided.policy.as_ref();
        let active = version.and_then(|version| self.policies.active(&version.flow));
        let active = active.filter(|active| Some(&active.version) == version);
        let step = asked.sign_up.step;
        let mut decided = considered(step, decided, standing.as_ref(), self.clock.now());
        if let Some(approvals) = &self.others.approvals {
            let application = Application {
                sign_up: asked.sign_up,
                protocol: asked.protocol,
                user_flow: asked.user_flow,
                approval: active.as_ref().map(|active| &active.policy.approval),
            };
            decided = approvals
                .file(application, decided, standing, deadline)
                .await;
        }
        if let (Decision::Block(reason), Some(active)) = (&decided.decision, &active) {
            let (policy, sign_up) = (&active.policy, asked.sign_up);
            if decided.decided_by == Some(DecidedBy::Request) {
                decided.block_text = policy.own_words(*reason, sign_up);
            }
            decided.block_title = policy.own_title(*reason, sign_up);
        }
        decided
    }

    pub fn new(
        reader: Arc<dyn SignUpReader>,
        policies: Arc<policies::Policies>,
        disposable: Arc<DisposableLists>,
        others: Others,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            reader,
            policies,
            disposable,
            others,
            clock,
        }
    }

    /// The policy that will decide, unless the read tells of another version.
    fn running(&self, asked: Asked<'_>) -> Option<Arc<policies::Active>> {
        match asked.choose(asked.current)? {
            Chosen::Settings(_) => None,
            Chosen::Published(version) => self.policies.active(&version.flow),
        }
    }

    fn plan(&self, active: &policies::Active, asked: Asked<'_>) -> LookedUp {
        let circumstances = self.circumstances(asked, &[], Patience::ENDLESS, &BUILT_IN);
        active.policy.looked_up(circumstances)
    }

    async fn decide_with(
        &self,
        asked: Asked<'_>,
        facts: Facts,
        planned: Option<PolicyVersion>,
        started: Instant,
        deadline: Deadline,
    ) -> Decided {
        let cost = ReadCost {
            duration: started.elapsed(),
            units: facts.read_units,
            calls: facts.calls,
        };
        let renewed = facts.caller_records.as_ref();
        let renewed = renewed.map(|records| &records.policies);
        if let Some(renewed) = renewed
            && asked.sign_up.step.is_sign_up()
        {
            self.policies.follow_candidates(renewed);
        }
        let current = renewed.or(asked.current);
        let read = Read {
            entries: facts.entries,
            standing: facts.standing,
            found: facts.found,
            planned,
        };
        let standing = read.standing.clone();
        let decided = self.decide_from(asked, current, read, deadline).await;
        Decided {
            standing,
            read: Some(cost),
            caller_records: facts.caller_records,
            ..decided
        }
    }

    async fn decide_from(
        &self,
        asked: Asked<'_>,
        current: Option<&CurrentPolicies>,
        read: Read,
        deadline: Deadline,
    ) -> Decided {
        let Some(chosen) = asked.choose(current) else {
            return Decided::miswired();
        };
        let is_sign_up = asked.sign_up.step.is_sign_up();
        let candidate = current.filter(|_| is_sign_up);
        let candidate = candidate.and_then(|current| current.candidate_of(asked.user_flow));
        let candidate = candidate.and_then(|version| self.policies.candidate(&version));
        let evaluates = candidate.is_some() || matches!(chosen, Chosen::Published(_));
        // Whoever only gets claims does not wait for a list.
        if let Some(current) = current.filter(|_| evaluates && is_sign_up) {
            self.disposable.follow(current, deadline).await;
        }
        let disposable = self.disposable.published();
        let disposable = disposable.as_deref().unwrap_or(&BUILT_IN);
        let has_time = || !deadline.left().is_zero();
        let patience = Patience::new(&has_time);
        let circumstances = self.circumstances(asked, &read.entries, patience, disposable);
        let active = match chosen {
            Chosen::Settings(_) if !is_sign_up => return Decided::go_on(),
            Chosen::Settings(policy) => {
                let decided = by_lists(policy, circumstances);
                return beside(decided, candidate, circumstances, deadline);
            }
            Chosen::Published(version) => {
                // A token is issued without claims rather than too late.
                let wait = if is_sign_up {
                    deadline
                } else {
                    Deadline(Instant::now() + deadline.left() / 2)
                };
                match self.policies.get(&version, wait).await {
                    Some(active) => active,
                    None if !is_sign_up => return Decided::go_on(),
                    None => return Decided::without_a_policy(&version),
                }
            }
        };
        self.others.readiness.prepare(&active);
        let in_table = self.table_of(&active, asked, read.planned, read.found, deadline);
        let mut in_table = match in_table.await {
            Ok(in_table) => in_table,
            Err(failure) => {
                return Decided {
                    failure: Some(failure),
                    ..Decided::unread(&active, is_sign_up)
                };
            }
        };
        let last_steps = &self.others.last_steps;
        last_steps
            .recall(asked.sign_up, &mut in_table, deadline)
            .await;
        let breakers = in_table.breakers.clone();
        let look_ups = &self.others.look_ups;
        let (found, sources) = look_ups
            .ask(&active.policy, circumstances, in_table, deadline)
            .await;
        let circumstances = Circumstances {
            found: &found,
            ..circumstances
        };
        let decided = by_policy(&active, circumstances);
        let decided = beside(decided, candidate, circumstances, deadline);
        let decided = Decided { sources, ..decided };
        let standing = read.standing.as_ref();
        let decided = considered(asked.sign_up.step, decided, standing, self.clock.now());
        last_steps
            .take(&active.policy, circumstances, &breakers, decided, deadline)
            .await
    }

    /// What the table says for this version of the policy; read again when it was asked for another one.
    async fn table_of(
        &self,
        active: &policies::Active,
        asked: Asked<'_>,
        planned: Option<PolicyVersion>,
        found: FoundInTable,
        deadline: Deadline,
    ) -> Result<FoundInTable, StoreError> {
        if planned.as_ref() == Some(&active.version) {
            return Ok(found);
        }
        let looked_up = self.plan(active, asked);
        if looked_up.is_empty() {
            return Ok(found);
        }
        let wanted = Wanted {
            matchers: &[],
            applicant: None,
            caller_records: false,
            looked_up: &looked_up,
        };
        Ok(self.reader.read(wanted, deadline).await?.found)
    }

    fn circumstances<'c>(
        &self,
        asked: Asked<'c>,
        entries: &'c [ListEntry],
        patience: Patience<'c>,
        disposable: &'c DisposableDomains,
    ) -> Circumstances<'c> {
        Circumstances {
            sign_up: asked.sign_up,
            entries,
            user_flow: asked.user_flow.map(UserFlow::as_str),
            now: self.clock.now(),
            patience,
            disposable,
            found: &NOTHING,
        }
    }

    /// When the table could not be read: what the last known policy says of that.
    fn decide_blind(&self, asked: Asked<'_>) -> Decided {
        let Some(chosen) = asked.choose(asked.current) else {
            return match asked.current {
                Some(_) => Decided::miswired(),
                // It may have a published policy.
                None => Decided::new(Decision::Block(BlockReason::Unavailable)),
            };
        };
        match chosen {
            // Only the callers' records were asked for, and the last known ones stay.
            _ if asked.sign_up.step == Step::BeforeToken => Decided::go_on(),
            Chosen::Settings(policy) => Decided::new(policy.on_unavailable.decision()),
            Chosen::Published(version) => match self.policies.active(&version.flow) {
                Some(active) => Decided::unread(&active, true),
                None => Decided::without_a_policy(&version),
            },
        }
    }
}

/// The decision beside that of the candidate. What is late already is not made later.
fn beside(
    decided: Decided,
    candidate: Option<Arc<policies::Active>>,
    circumstances: Circumstances<'_>,
    deadline: Deadline,
) -> Decided {
    let candidate = candidate.filter(|_| !deadline.left().is_zero());
    Decided {
        shadow: candidate.map(|candidate| compared(&decided, &candidate, circumstances)),
        ..decided
    }
}

fn by_lists(policy: &FlowPolicy, circumstances: Circumstances<'_>) -> Decided {
    let Circumstances {
        sign_up,
        entries,
        now,
        ..
    } = circumstances;
    let (decision, decided_by) = policy.decide(sign_up, entries, now);
    Decided {
        decided_by,
        ..Decided::new(decision)
    }
}

fn by_policy(active: &policies::Active, circumstances: Circumstances<'_>) -> Decided {
    let verdict = active.policy.decide(circumstances);
    Decided {
        block_text: verdict.block_text,
        block_code: verdict.block_code,
        decided_by: verdict.trace.decided_by,
        policy: Some(active.version.clone()),
        rules: verdict.trace.rules,
        looks_like: verdict.trace.looks_like,
        claims_if_approved: verdict.claims_if_approved,
        claims_left_out: verdict.trace.left_out,
        ..Decided::new(verdict.decision)
    }
}

/// The decision beside what the candidate makes of the same circumstances, whatever becomes of the candidate.
fn compared(
    decided: &Decided,
    candidate: &policies::Active,
    circumstances: Circumstances<'_>,
) -> Comparison {
    let version = candidate.version.clone();
    let evaluate = || candidate.policy.decide(circumstances);
    compared_with(&decided.decision, version, evaluate)
}

fn compared_with(
    actual: &Decision,
    candidate: PolicyVersion,
    evaluate: impl FnOnce() -> Verdict,
) -> Comparison {
    // A candidate must not cost anybody the answer.
    let Ok(verdict) = catch_unwind(AssertUnwindSafe(evaluate)) else {
        return Comparison {
            candidate,
            rules_failed: Vec::new(),
            disagreement: Some(Disagreement::failed()),
        };
    };
    let Trace {
        rules, decided_by, ..
    } = &verdict.trace;
    let failed = rules.iter().filter(|rule| rule.has_failed());
    Comparison {
        candidate,
        rules_failed: failed.map(|rule| rule.id.to_string()).collect(),
        disagreement: Disagreement::between(actual, &verdict.decision, decided_by.as_ref()),
    }
}

impl<'a> Asked<'a> {
    fn choose(&self, current: Option<&CurrentPolicies>) -> Option<Chosen<'a>> {
        match current {
            Some(current) => self.settings.choose(self.user_flow, current),
            None => self.settings.of(self.user_flow).map(Chosen::Settings),
        }
    }

    /// Whether it is known without a read.
    fn is_miswired(&self) -> bool {
        self.current.is_some() && self.choose(self.current).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::publication::PolicyFlow;

    #[test]
    fn a_candidate_that_panics_is_a_disagreement_and_nothing_else() {
        let candidate = PolicyVersion {
            flow: PolicyFlow::Others,
            number: 2,
        };
        let go_on = Decision::Continue(Vec::new());
        let compared = compared_with(&go_on, candidate, || panic!("a fault of the program"));
        assert_eq!(compared.disagreement, Some(Disagreement::failed()));
    }
}
