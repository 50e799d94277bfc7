//! From what was answered to the event that is kept of it.

use jiff::Timestamp;

use super::{Answer, Call, Notes, Refusal, Service};
use crate::{
    domain::{
        decision::{BlockReason, DecidedBy, Decision},
        event::{DecisionFact, Event, Fact, PolicyNumber},
        publication::PolicyVersion,
        sign_up::Step,
    },
    ports::journal::Notice,
};

impl Service {
    /// Keeps what was decided about somebody. What cannot be kept in time is written to the log instead.
    pub(super) async fn record(
        &self,
        call: &Call,
        notes: &mut Notes,
        answer: &Answer,
        exchanged: Result<&Decision, &Refusal>,
    ) {
        let Some(decisions) = &self.decisions else {
            return;
        };
        let now = self.entrance.clock.now();
        let Some(event) = self.event(call, notes, answer, exchanged, now) else {
            return;
        };
        let personal = std::mem::take(&mut notes.personal);
        if let Err(unrecorded) = decisions.keep(&event, personal, call.deadline).await {
            self.entrance.journal.notice(&Notice::DecisionNotRecorded {
                event: unrecorded.event,
                failure: unrecorded.failure.code(),
                detail: unrecorded.failure.detail(),
            });
        }
    }

    /// `None` when nobody was decided about: the caller is unknown, or got no page.
    fn event(
        &self,
        call: &Call,
        notes: &Notes,
        answer: &Answer,
        exchanged: Result<&Decision, &Refusal>,
        now: Timestamp,
    ) -> Option<Event> {
        notes.caller.as_ref()?;
        answer.json.as_ref()?;
        let fact = self.fact(notes, answer, call, exchanged.ok())?;
        let correlation_id = notes.correlation_id.as_deref();
        let mut parts = call.identity(correlation_id);
        parts.push(answer.outcome.as_bytes());
        // A record of the table counts milliseconds.
        let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Some(Event::new(at, fact, &parts))
    }

    fn fact(
        &self,
        notes: &Notes,
        answer: &Answer,
        call: &Call,
        decision: Option<&Decision>,
    ) -> Option<Fact> {
        let claims = decision.map(claims).unwrap_or_default();
        let has_claims = !claims.is_empty();
        let failed = notes.failure.is_some() || answer.reason == Some(UNAVAILABLE);
        let about = DecisionFact {
            step: self.step,
            outcome: answer.outcome,
            protocol: call.protocol.name(),
            user_flow: call.user_flow.as_ref().map(|flow| flow.as_str().to_owned()),
            reference: notes.reference?.to_string(),
            reason: answer.reason.or(notes.failure),
            decided_by: DecidedBy::told(notes.decided_by.as_ref()),
            policy: notes.policy.as_ref().map(PolicyNumber::from),
            request: notes.approval.as_ref().map(|used| used.request.to_string()),
            claims,
            correlation_id: notes.correlation_id.clone(),
            application: notes.application.clone(),
        };
        Some(match (decision, self.step) {
            _ if failed => Fact::SignUpFailed(about),
            (_, Step::BeforeToken) => Fact::ClaimsAdded(about),
            (Some(Decision::Continue(_)), _) => Fact::SignUpContinued(about),
            (Some(Decision::Invalid(_)), _) => Fact::SignUpInvalid(about),
            (Some(Decision::Block(BlockReason::PendingReview)), _) => Fact::SignUpReviewed(about),
            (Some(Decision::Block(_)) | None, _) => Fact::SignUpBlocked(about),
        })
        // Most tokens need no claims: that is no news.
        .filter(|fact| has_claims || !matches!(fact, Fact::ClaimsAdded(_)))
    }
}

const UNAVAILABLE: &str = BlockReason::Unavailable.code();

/// Names of those that the answer carries or asks for.
fn claims(decision: &Decision) -> Vec<String> {
    let name = |name: &crate::domain::attribute::AttributeName| name.as_str().to_owned();
    match decision {
        Decision::Continue(claims) => claims.iter().map(|(claim, _)| name(claim)).collect(),
        Decision::Invalid(violations) => violations.iter().map(|one| name(&one.field)).collect(),
        Decision::Block(_) => Vec::new(),
    }
}

impl From<&PolicyVersion> for PolicyNumber {
    fn from(version: &PolicyVersion) -> Self {
        Self {
            flow: version.flow.as_str().to_owned(),
            version: version.number,
        }
    }
}
