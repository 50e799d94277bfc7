//! What happens only to a sign-up that everything else lets through: the person is verified, and the invitation is used up.

use std::{collections::BTreeMap, sync::Arc};

use super::{decide::Decided, look_ups::before_answering, verifications::Verifications};
use crate::{
    domain::{
        code::{InvitationCode, Unusable},
        decision::{BlockReason, DecidedBy, Decision},
        look_up::FoundInTable,
        person::PersonKey,
        sign_up::SignUp,
        source::{Breaker, SourceName},
    },
    policy::{Circumstances, Policy, Verdict},
    ports::{
        Deadline,
        clock::Clock,
        code_redeemer::{CodeRedeemer, Redeemed},
    },
};

pub struct LastSteps {
    pub verifications: Verifications,
    pub codes: Arc<dyn CodeRedeemer>,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for LastSteps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LastSteps")
    }
}

impl LastSteps {
    /// The code comes last: nothing after it can keep the person out, so nobody loses a use for nothing.
    pub async fn take(
        &self,
        policy: &Policy,
        circumstances: Circumstances<'_>,
        breakers: &BTreeMap<SourceName, Breaker>,
        decided: Decided,
        deadline: Deadline,
    ) -> Decided {
        let goes_on = |decided: &Decided| matches!(decided.decision, Decision::Continue(_));
        if !goes_on(&decided) {
            return decided;
        }
        let decided = self.verify(policy, circumstances, breakers, decided, deadline);
        let decided = decided.await;
        if !goes_on(&decided) {
            return decided;
        }
        self.redeem(policy, circumstances, decided, deadline).await
    }

    /// Whoever had the last use of a code and comes again may be ahead of the copy that was read: the table itself is asked.
    /// A code that is used up is not used by that.
    pub async fn recall(&self, sign_up: &SignUp, found: &mut FoundInTable, deadline: Deadline) {
        let now = self.clock.now();
        let used_up = |code: &&InvitationCode| {
            !found.redeemed.contains(&code.digest)
                && code.usable(sign_up, false, now) == Err(Unusable::UsedUp)
        };
        let Some(code) = found.codes.iter().find(used_up) else {
            return;
        };
        let Some(person) = PersonKey::of(sign_up) else {
            return;
        };
        let deadline = before_answering(sign_up.step, deadline);
        let redeemed = self.codes.redeem(&code.digest, &person, now, deadline);
        if let Ok(Redeemed::Yes) = redeemed.await {
            let digest = code.digest.clone();
            found.redeemed.push(digest);
        }
    }

    async fn verify(
        &self,
        policy: &Policy,
        circumstances: Circumstances<'_>,
        breakers: &BTreeMap<SourceName, Breaker>,
        mut decided: Decided,
        deadline: Deadline,
    ) -> Decided {
        let questions = policy.questions(circumstances);
        if questions.is_empty() {
            return decided;
        }
        let Some(person) = PersonKey::of(circumstances.sign_up) else {
            return unavailable(decided, None);
        };
        for question in &questions {
            let user_flow = circumstances.user_flow;
            let deadline = before_answering(circumstances.sign_up.step, deadline);
            let made = self
                .verifications
                .make(question, &person, user_flow, breakers, deadline);
            let (outcome, told) = made.await;
            decided.verifications.push(told);
            if let Some(verdict) = policy.after(question.verification, outcome, circumstances) {
                return ended(decided, verdict);
            }
        }
        decided
    }

    async fn redeem(
        &self,
        policy: &Policy,
        circumstances: Circumstances<'_>,
        mut decided: Decided,
        deadline: Deadline,
    ) -> Decided {
        let Some((code, attribute)) = policy.invitation(circumstances) else {
            return decided;
        };
        let Some(person) = PersonKey::of(circumstances.sign_up) else {
            return unavailable(decided, Some(DecidedBy::Code));
        };
        let deadline = before_answering(circumstances.sign_up.step, deadline);
        let redeemed = self
            .codes
            .redeem(&code, &person, self.clock.now(), deadline);
        match redeemed.await {
            Ok(Redeemed::Yes) => {
                decided.invitation = Some("redeemed");
                decided
            }
            Ok(Redeemed::No) => {
                decided.invitation = Some("used-up");
                let verdict = policy.code_used_up(&attribute, circumstances);
                ended(decided, verdict)
            }
            // Whether it was used is not known; the same person's next try finds out.
            Err(error) => {
                decided.invitation = Some(error.code());
                decided.failure = Some(error);
                unavailable(decided, Some(DecidedBy::Code))
            }
        }
    }
}

fn ended(mut decided: Decided, verdict: Verdict) -> Decided {
    // A review comes back to them.
    if let Decision::Continue(claims) = &mut decided.decision {
        decided.claims_if_approved = std::mem::take(claims);
    }
    Decided {
        decision: verdict.decision,
        block_text: verdict.block_text,
        block_code: verdict.block_code,
        decided_by: verdict.trace.decided_by,
        ..decided
    }
}

fn unavailable(decided: Decided, decided_by: Option<DecidedBy>) -> Decided {
    Decided {
        decision: Decision::Block(BlockReason::Unavailable),
        decided_by,
        ..decided
    }
}
