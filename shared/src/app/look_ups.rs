//! Asking other systems about a sign-up, all within its deadline.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use serde_json::Value;
use tokio::time::Instant;

use super::breakers::{Breakers, OPEN};
use crate::{
    domain::{
        look_up::{FoundInTable, LookedUp},
        policy::OnUnavailable,
        sign_up::Step,
        source::{Breaker, BreakerState, KeptAnswer, SourceOutcome},
    },
    policy::{
        Circumstances, Policy,
        document::{Auth, HttpMethod},
        look_up::{Answer, Ask, Dropped, Found, Read, Request, Source},
    },
    ports::{
        Deadline,
        answer_store::AnswerStore,
        clock::Clock,
        journal::SourceUse,
        outgoing::{Call, Credential, Method, Outgoing},
        sign_up_reader::{SignUpReader, Wanted},
    },
};

/// What is left of the time for the answer after a decision's look-ups.
const TO_ANSWER: Duration = Duration::from_millis(60);

/// The same where the decision may have to store a request first, which is a call of KMS and a transaction.
const TO_STORE: Duration = Duration::from_millis(150);

pub struct LookUps {
    pub reader: Arc<dyn SignUpReader>,
    pub outgoing: Arc<dyn Outgoing>,
    pub answers: Arc<dyn AnswerStore>,
    pub breakers: Breakers,
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for LookUps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookUps")
    }
}

/// How asking one source went.
struct Asked<'p> {
    source: &'p Source,
    answer: Answer,
    told: SourceUse,
}

/// What came of a call.
struct Ended {
    outcome: SourceOutcome,
    read: Read,
    /// A kind, such as `status-503`.
    problem: Option<String>,
}

impl Ended {
    fn fault(outcome: SourceOutcome, problem: impl Into<String>) -> Self {
        Self {
            outcome,
            read: Read::default(),
            problem: Some(problem.into()),
        }
    }

    fn of(read: Read) -> Self {
        Self {
            outcome: if read.found {
                SourceOutcome::Found
            } else {
                SourceOutcome::Absent
            },
            read,
            problem: None,
        }
    }
}

/// The deadline of everything that a decision waits for.
pub(super) fn before_answering(step: Step, deadline: Deadline) -> Deadline {
    let reserve = match step {
        Step::BeforeCreatingUser => TO_STORE,
        Step::AfterFederation | Step::BeforeToken => TO_ANSWER,
    };
    Deadline(deadline.0.checked_sub(reserve).unwrap_or(deadline.0))
}

impl LookUps {
    /// Asks every source that the policy asks about this sign-up: those that need nothing of each other side by side.
    pub async fn ask(
        &self,
        policy: &Policy,
        circumstances: Circumstances<'_>,
        mut in_table: FoundInTable,
        deadline: Deadline,
    ) -> (Found, Vec<SourceUse>) {
        let mut found = Found {
            members: std::mem::take(&mut in_table.members),
            codes: std::mem::take(&mut in_table.codes),
            redeemed: std::mem::take(&mut in_table.redeemed),
            ..Found::default()
        };
        let mut told = Vec::new();
        if policy.is_denied_by_a_list(circumstances) {
            return (found, told);
        }
        let deadline = before_answering(circumstances.sign_up.step, deadline);
        for level in 0..policy.levels() {
            let asks = policy.asks(
                level,
                Circumstances {
                    found: &found,
                    ..circumstances
                },
            );
            if level > 0 {
                self.add_kept(&asks, &mut in_table, deadline).await;
            }
            let asked = asks
                .into_iter()
                .map(|ask| self.ask_one(ask, &in_table, deadline));
            let asked = join_all(asked).await;
            let blocks = asked.iter().any(|one| {
                circumstances.sign_up.step != Step::BeforeToken
                    && one.source.on(one.answer.outcome) == OnUnavailable::Block
            });
            for one in asked {
                found.answers.insert(one.source.name.clone(), one.answer);
                told.push(one.told);
            }
            // Nothing that others say helps this sign-up any more.
            if blocks {
                break;
            }
        }
        (found, told)
    }

    /// The kept answers of a level whose requests were not known before.
    async fn add_kept(&self, asks: &[Ask<'_>], in_table: &mut FoundInTable, deadline: Deadline) {
        let kept = asks.iter().filter(|ask| ask.source.cache.is_some());
        let keys = kept.filter_map(|ask| Some(ask.request.as_ref()?.key.clone()));
        let looked_up = LookedUp {
            answers: keys.collect(),
            ..LookedUp::default()
        };
        if looked_up.is_empty() {
            return;
        }
        let wanted = Wanted {
            matchers: &[],
            applicant: None,
            caller_records: false,
            looked_up: &looked_up,
        };
        if let Ok(facts) = self.reader.read(wanted, deadline).await {
            in_table.answers.extend(facts.found.answers);
        }
    }

    async fn ask_one<'p>(
        &self,
        ask: Ask<'p>,
        in_table: &FoundInTable,
        deadline: Deadline,
    ) -> Asked<'p> {
        let started = Instant::now();
        let source = ask.source;
        let Some(request) = ask.request else {
            let read = source.read_records(&in_table.records);
            return asked(
                source,
                Ended::of(read),
                BreakerState::Closed,
                false,
                started,
            );
        };
        let now = self.clock.now();
        let kept = in_table.answers.get(&request.key);
        if let Some(kept) = kept.filter(|kept| now < kept.expires_at && source.cache.is_some()) {
            let read = Read {
                found: kept.found,
                extract: kept.extract.clone(),
                dropped: Vec::new(),
            };
            return asked(source, Ended::of(read), BreakerState::Closed, true, started);
        }
        let (breaker, state) = self.breakers.of(&source.name, &in_table.breakers);
        let outcome = self.call_through(source, &request, breaker, deadline).await;
        if let (Some(cache), false) = (source.cache, outcome.outcome.is_fault()) {
            self.keep(&request, &outcome, cache, deadline).await;
        }
        asked(source, outcome, state, false, started)
    }

    /// A call, unless the breaker spares the source.
    async fn call_through(
        &self,
        source: &Source,
        request: &Request<'_>,
        breaker: Breaker,
        deadline: Deadline,
    ) -> Ended {
        let allowed = self.breakers.allow(&source.name, breaker, deadline).await;
        let Some(breaker) = allowed else {
            return Ended::fault(SourceOutcome::Failed, OPEN);
        };
        let budget = Instant::now() + source.budget;
        let had_its_time = budget <= deadline.0;
        let outcome = self
            .call(source, request, Deadline(budget.min(deadline.0)))
            .await;
        // Whoever was asked too late has not failed.
        let counts = had_its_time || outcome.outcome != SourceOutcome::Slow;
        if counts {
            let has_failed = outcome.outcome.is_fault();
            let recorded = self
                .breakers
                .record(&source.name, &breaker, has_failed, deadline);
            recorded.await;
        }
        outcome
    }

    async fn call(&self, source: &Source, request: &Request<'_>, deadline: Deadline) -> Ended {
        if deadline.left().is_zero() {
            return Ended::fault(SourceOutcome::Slow, "no-time-left");
        }
        let reply = match self.outgoing.call(&call(request), deadline).await {
            Ok(reply) => reply,
            Err(error) => {
                let outcome = if error.code() == "timed-out" {
                    SourceOutcome::Slow
                } else {
                    SourceOutcome::Failed
                };
                return Ended::fault(outcome, error.code());
            }
        };
        match reply.status {
            204 | 404 | 410 => Ended::of(Read::default()),
            200..=299 => source.read(&reply.body).map_or_else(
                || Ended::fault(SourceOutcome::Failed, "not-json"),
                Ended::of,
            ),
            status => Ended::fault(SourceOutcome::Failed, format!("status-{status}")),
        }
    }

    async fn keep(
        &self,
        request: &Request<'_>,
        outcome: &Ended,
        cache: Duration,
        deadline: Deadline,
    ) {
        let Ok(expires_at) = self.clock.now().checked_add(cache) else {
            return;
        };
        let answer = KeptAnswer {
            found: outcome.read.found,
            extract: outcome.read.extract.clone(),
            expires_at,
        };
        // Without it the next one asks again.
        let _ = self.answers.keep(&request.key, &answer, deadline).await;
    }
}

fn asked(
    source: &Source,
    ended: Ended,
    breaker: BreakerState,
    kept: bool,
    started: Instant,
) -> Asked<'_> {
    let Ended {
        outcome,
        read,
        problem,
    } = ended;
    let dropped = |one: &Dropped| (one.claim.clone(), one.why.name());
    let told = SourceUse {
        source: source.name.to_string(),
        outcome: outcome.name(),
        problem,
        kept,
        breaker: breaker.name(),
        dropped: read.dropped.iter().map(dropped).collect(),
        duration: started.elapsed(),
    };
    Asked {
        source,
        answer: Answer {
            outcome,
            extract: read.extract,
        },
        told,
    }
}

fn call(request: &Request<'_>) -> Call {
    let mut headers = request.headers.clone();
    headers.push(("accept".to_owned(), "application/json".to_owned()));
    if request.body.is_some() {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Call {
        method: match request.method {
            HttpMethod::Get => Method::Get,
            HttpMethod::Post => Method::Post,
        },
        url: request.url.clone(),
        headers,
        body: request
            .body
            .as_ref()
            .map(Value::to_string)
            .map(String::into_bytes),
        credentials: credentials(request.auth, request.client_certificate),
        once: false,
    }
}

/// How a policy says that a call proves itself, in the words of the port.
pub(super) fn credentials(
    auth: Option<&Auth>,
    client_certificate: Option<&str>,
) -> Vec<Credential> {
    let auth = auth.map(|auth| match auth.clone() {
        Auth::ApiKey { header, secret } => Credential::ApiKey { header, secret },
        Auth::Basic { secret } => Credential::Basic { secret },
        Auth::Oauth2 {
            token_url,
            scope,
            secret,
        } => Credential::ClientCredentials {
            token_url,
            scope,
            secret,
        },
    });
    let certificate = client_certificate.map(|secret| Credential::ClientCertificate {
        secret: secret.to_owned(),
    });
    auth.into_iter().chain(certificate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_may_store_a_request_keeps_time_for_it() {
        let deadline = Deadline(Instant::now() + Duration::from_secs(1));
        let kept = |step| deadline.0 - before_answering(step, deadline).0;
        assert_eq!(kept(Step::BeforeCreatingUser), TO_STORE);
        for step in [Step::AfterFederation, Step::BeforeToken] {
            assert_eq!(kept(step), TO_ANSWER);
        }
    }
}
