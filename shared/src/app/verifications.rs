//! Verifying who a person is: one question for one attempt, however often Entra asks.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::join;
use jiff::Timestamp;
use tokio::time::Instant;

use super::{
    breakers::{Breakers, OPEN},
    look_ups::credentials,
};
use crate::{
    domain::{
        person::PersonKey,
        source::{Breaker, BreakerState, SourceName},
        verification::{AttemptKey, Evidence, VerificationOutcome},
    },
    policy::{
        document::ProviderKind,
        verify::{Question, Verification},
    },
    ports::{
        Deadline, Lease, StoreError,
        attempts::{Attempt, Attempts},
        clock::Clock,
        journal::VerificationUse,
        verifier::{Inquiry, Provider, Verified, Verifier},
    },
};

/// How often somebody who waits for another one's attempt looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long the table may take to note what came of a question.
const NOTING: Duration = Duration::from_secs(2);

/// How long nobody asks again what a provider may have checked already: longer than Entra takes for two tries of up to 20
/// seconds each.
const HOLD: Duration = Duration::from_mins(1);

/// How long evidence is kept: a year, and the time to notice that it is over.
const KEEP: Duration = Duration::from_hours(400 * 24);

pub struct Verifications {
    pub verifier: Arc<dyn Verifier>,
    pub attempts: Arc<dyn Attempts>,
    pub breakers: Breakers,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Verifications {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifications")
    }
}

/// How it ended.
struct Ended {
    outcome: VerificationOutcome,
    problem: Option<String>,
    /// Whether it is that of an earlier question.
    before: bool,
}

impl Ended {
    fn unavailable(problem: impl Into<String>) -> Self {
        Self {
            outcome: VerificationOutcome::Unavailable,
            problem: Some(problem.into()),
            before: false,
        }
    }
}

impl Verifications {
    /// Asks a question about a person, or finds the answer that there is.
    pub async fn make(
        &self,
        question: &Question<'_>,
        person: &PersonKey,
        user_flow: Option<&str>,
        breakers: &BTreeMap<SourceName, Breaker>,
        deadline: Deadline,
    ) -> (VerificationOutcome, VerificationUse) {
        let started = Instant::now();
        let verification = question.verification;
        let (breaker, state) = self.breakers.of(&verification.name, breakers);
        let lacks_token = verification.provider().is_bot_check() && question.token.is_none();
        let ended = if lacks_token {
            Ended {
                outcome: VerificationOutcome::Failed,
                problem: Some("no-token".to_owned()),
                before: false,
            }
        } else if state == BreakerState::Open {
            Ended::unavailable(OPEN)
        } else {
            let key = attempt(question, user_flow);
            self.attempted(question, person, &key, breaker, deadline)
                .await
        };
        let told = VerificationUse {
            verification: verification.name.to_string(),
            provider: verification.provider().name(),
            outcome: ended.outcome.name(),
            problem: ended.problem,
            before: ended.before,
            breaker: state.name(),
            duration: started.elapsed(),
        };
        (ended.outcome, told)
    }

    async fn attempted(
        &self,
        question: &Question<'_>,
        person: &PersonKey,
        key: &AttemptKey,
        breaker: Breaker,
        deadline: Deadline,
    ) -> Ended {
        let verification = question.verification;
        loop {
            if deadline.left().is_zero() {
                return Ended::unavailable("no-time-left");
            }
            let now = self.clock.now();
            let lease = Lease {
                holder: fastrand::u64(..),
                from: now,
                // Whoever asks may be stopped before it can note anything.
                until: later(now, verification.budget + HOLD),
            };
            let made_since = earlier(now, verification.remember);
            let begun = self
                .attempts
                .begin(person, key, made_since, &lease, deadline);
            match begun.await {
                Ok(Attempt::Yours) => {
                    let asked = self.ask(question, person, key, breaker, lease, deadline);
                    return asked.await;
                }
                Ok(Attempt::Done(evidence)) => {
                    return Ended {
                        outcome: evidence.outcome,
                        problem: None,
                        before: true,
                    };
                }
                Ok(Attempt::Unclear) => {
                    return Ended {
                        before: true,
                        ..Ended::unavailable("asked-before")
                    };
                }
                Ok(Attempt::Running) => {
                    let again = (Instant::now() + LOOK_AGAIN).min(deadline.0);
                    tokio::time::sleep_until(again).await;
                }
                // Nobody is asked twice because the table cannot tell.
                Err(error) => return Ended::unavailable(error.code()),
            }
        }
    }

    /// Asks the provider. When the request has no time left, the question goes on: Entra's retry finds its answer.
    async fn ask(
        &self,
        question: &Question<'_>,
        person: &PersonKey,
        key: &AttemptKey,
        breaker: Breaker,
        lease: Lease,
        deadline: Deadline,
    ) -> Ended {
        let verification = question.verification;
        let allowed = self
            .breakers
            .allow(&verification.name, breaker, deadline)
            .await;
        let Some(breaker) = allowed else {
            // Should it stay taken, it is held for a while, and nothing else.
            let _ = self.attempts.release(person, key, &lease, deadline).await;
            return Ended::unavailable(OPEN);
        };
        let asked = Asked {
            verifier: Arc::clone(&self.verifier),
            attempts: Arc::clone(&self.attempts),
            breakers: self.breakers.clone(),
            clock: Arc::clone(&self.clock),
            breaker,
            lease,
            inquiry: inquiry(question, key),
            person: person.clone(),
            key: key.clone(),
            verification: verification.name.clone(),
            provider: verification.provider().name(),
            deadline: Deadline(Instant::now() + verification.budget),
        };
        let answer = tokio::spawn(asked.answer());
        match tokio::time::timeout_at(deadline.0, answer).await {
            Ok(Ok(verified)) => Ended {
                outcome: verified.outcome,
                problem: verified.problem,
                before: false,
            },
            Ok(Err(_)) => Ended::unavailable("panicked"),
            Err(_) => Ended::unavailable("no-time-left"),
        }
    }
}

/// A question on its way, whoever waits for it.
struct Asked {
    verifier: Arc<dyn Verifier>,
    attempts: Arc<dyn Attempts>,
    breakers: Breakers,
    clock: Arc<dyn Clock>,
    breaker: Breaker,
    lease: Lease,
    inquiry: Inquiry,
    person: PersonKey,
    key: AttemptKey,
    verification: SourceName,
    provider: &'static str,
    deadline: Deadline,
}

impl Asked {
    async fn answer(self) -> Verified {
        let mut verified = self.verifier.verify(&self.inquiry, self.deadline).await;
        let deadline = Deadline(Instant::now() + NOTING);
        let has_failed = verified.outcome == VerificationOutcome::Unavailable;
        let recorded =
            self.breakers
                .record(&self.verification, &self.breaker, has_failed, deadline);
        let (kept, ()) = join(self.keep(&verified, deadline), recorded).await;
        if let Err(error) = kept {
            let problem = format!("not-kept-{}", error.code());
            verified.problem.get_or_insert(problem);
        }
        verified
    }

    async fn keep(&self, verified: &Verified, deadline: Deadline) -> Result<(), StoreError> {
        let now = self.clock.now();
        let Self {
            attempts,
            person,
            key,
            lease,
            ..
        } = self;
        match verified.outcome {
            VerificationOutcome::Unavailable if verified.may_have_happened => {
                let until = later(now, HOLD);
                attempts.hold(person, key, lease, until, deadline).await
            }
            VerificationOutcome::Unavailable => {
                attempts.release(person, key, lease, deadline).await
            }
            outcome => {
                let evidence = Evidence {
                    verification: self.verification.clone(),
                    provider: self.provider.to_owned(),
                    outcome,
                    reference: verified.reference.clone(),
                    at: now,
                };
                let keep_until = later(now, KEEP);
                attempts
                    .finish(person, key, &evidence, keep_until, deadline)
                    .await
            }
        }
    }
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// The same for Entra's retry, another one when the person corrected something that the provider is told.
fn attempt(question: &Question<'_>, user_flow: Option<&str>) -> AttemptKey {
    let verification = question.verification;
    let body = question.body.as_ref().map(serde_json::Value::to_string);
    let mut parts: Vec<&[u8]> = vec![
        verification.name.as_str().as_bytes(),
        verification.fingerprint(),
        user_flow.unwrap_or_default().as_bytes(),
        body.as_deref().unwrap_or_default().as_bytes(),
        question.token.as_deref().unwrap_or_default().as_bytes(),
    ];
    for (name, value) in &question.fields {
        parts.push(name.as_bytes());
        parts.push(value.as_bytes());
    }
    AttemptKey::of(&parts)
}

fn inquiry(question: &Question<'_>, key: &AttemptKey) -> Inquiry {
    let settings = &question.verification.settings;
    Inquiry {
        provider: provider(question.verification),
        url: settings.url.clone(),
        credentials: credentials(
            settings.auth.as_ref(),
            settings.client_certificate.as_deref(),
        ),
        fields: question.fields.clone(),
        body: question.body.clone(),
        token: question.token.clone(),
        attempt: key.as_str().chars().take(32).collect(),
    }
}

fn provider(verification: &Verification) -> Provider {
    let settings = verification.settings.clone();
    let secret = settings.secret.unwrap_or_default();
    match settings.provider {
        ProviderKind::Http => Provider::Http {
            outcome: settings.outcome.unwrap_or_default(),
            verified: settings.verified,
            failed: settings.failed,
            refer: settings.refer,
            reference: settings.reference,
        },
        ProviderKind::Idology => Provider::Idology { secret },
        ProviderKind::Experian => Provider::Experian { secret },
        ProviderKind::Arkose => Provider::Arkose { secret },
        ProviderKind::Recaptcha => Provider::Recaptcha {
            secret,
            minimum_score: settings.minimum_score,
            hostname: settings.hostname,
        },
    }
}
