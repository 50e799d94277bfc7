//! The way of a request, once for every function: authenticate, parse, decide, render.

mod authenticate;
mod basic;
mod bearer;
mod one_time_codes;
mod read;
mod record;
mod render;
mod route;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    body::HttpBody,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    response::Response,
};
use futures_util::FutureExt;
use tokio::time::Instant;

#[cfg(feature = "console")]
pub(crate) use self::bearer::{Expected, bearer_token, verified};
pub use self::{
    authenticate::Trust,
    basic::parse_basic,
    bearer::UnverifiedToken,
    one_time_codes::{OTP_SEND, OneTimeCodeService},
    read::sign_up as read_sign_up,
    route::Route,
};
use crate::{
    app::{
        callers::Callers,
        decide::{Asked, Decide, Decided},
        decisions::Decisions,
    },
    domain::{
        approval::Applicant,
        caller::{Caller, ClientCertificate},
        decision::{BlockReason, DecidedBy, Decision},
        event::Personal,
        language::{Language, LanguageWishes},
        policy::{Policies, UserFlow},
        publication::PolicyVersion,
        reference::ReferenceCode,
        shadow::Comparison,
        sign_up::{Protocol, SignUp, Step},
    },
    i18n::Catalogue,
    policy::{Outcome, RuleResult, document::RuleEffect},
    ports::{
        Deadline, StoreError,
        clock::Clock,
        journal::{
            Answered, ApprovalUse, Journal, Likeness, Notice, ReadCost, SourceUse, VerificationUse,
        },
    },
    wire::Fault,
};

/// Largest body that is read.
pub const MAX_BODY_OCTETS: usize = 256 * 1024;

/// The certificate that the TLS layer verified, put beside the request by whoever runs the router.
/// Nothing that a caller can write into a header becomes one.
#[derive(Debug, Clone)]
pub struct VerifiedCertificate(pub ClientCertificate);

/// The moment at which the platform gives the request up.
#[derive(Debug, Clone, Copy)]
pub struct PlatformDeadline(pub Instant);

/// How long an answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    pub connector: Duration,
    pub extension: Duration,
}

/// What a function needs to serve one step.
#[derive(Debug)]
pub struct Settings {
    pub step: Step,
    pub trust: Trust,
    pub policies: Policies,
    pub budgets: Budgets,
    pub default_language: Language,
    /// The `version` in a connector's answer.
    pub api_version: String,
    /// Where decisions are recorded; `None` where they are not.
    pub decisions: Option<Decisions>,
}

/// What requests of every kind come in by: who may call, how long an answer may take, and the line of the log.
pub struct Entrance {
    trust: Trust,
    budgets: Budgets,
    callers: Arc<Callers>,
    clock: Arc<dyn Clock>,
    journal: Arc<dyn Journal>,
    cold: std::sync::atomic::AtomicBool,
}

impl std::fmt::Debug for Entrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entrance")
            .field("trust", &self.trust)
            .field("budgets", &self.budgets)
            .finish_non_exhaustive()
    }
}

/// Serves both protocols at one step.
pub struct Service {
    entrance: Entrance,
    step: Step,
    policies: Policies,
    default_language: Language,
    api_version: String,
    decisions: Option<Decisions>,
    decide: Arc<dyn Decide>,
    catalogue: Catalogue,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("step", &self.step)
            .field("entrance", &self.entrance)
            .field("policies", &self.policies)
            .finish_non_exhaustive()
    }
}

/// One request as far as it has come.
struct Call {
    /// The name of what was called, in the log.
    step: &'static str,
    protocol: Protocol,
    user_flow: Option<UserFlow>,
    method: Method,
    authorization: Option<Vec<u8>>,
    content_type: Option<String>,
    certificate: Option<ClientCertificate>,
    body: Option<Bytes>,
    started: Instant,
    deadline: Deadline,
}

/// Why a request gets no decision.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refusal {
    MethodNotAllowed,
    Unauthenticated(&'static str),
    TooLarge,
    UnsupportedMediaType,
    /// The body names nobody, cannot be read, or belongs to another step.
    Body {
        reason: BlockReason,
        fault: Option<Fault>,
        languages: LanguageWishes,
    },
    /// The caller cannot be checked now.
    Unavailable,
    /// The program failed.
    Panicked,
}

/// What is told of a request, gathered along its way.
#[derive(Default)]
struct Notes {
    caller: Option<Caller>,
    reference: Option<ReferenceCode>,
    correlation_id: Option<String>,
    application: Option<String>,
    languages: LanguageWishes,
    decided_by: Option<DecidedBy>,
    /// What the record is to say of the person.
    personal: Personal,
    /// The policy's own sentence for a block page.
    block_text: Option<String>,
    /// The policy's own title of a block page.
    block_title: Option<String>,
    /// The code of the sentence that the deciding rule names.
    block_code: Option<String>,
    policy: Option<PolicyVersion>,
    rules_failed: Vec<String>,
    rules_logged: Vec<String>,
    looks_like: Option<Likeness>,
    shadow: Option<Comparison>,
    sources: Vec<SourceUse>,
    verifications: Vec<VerificationUse>,
    invitation: Option<&'static str>,
    approval: Option<ApprovalUse>,
    claims_left_out: Vec<String>,
    read: Option<ReadCost>,
    failure: Option<&'static str>,
    failure_detail: Option<String>,
}

/// The status, the body of an answer, and what to call it in the log.
struct Answer {
    status: StatusCode,
    json: Option<Vec<u8>>,
    outcome: &'static str,
    reason: Option<&'static str>,
    fault: Option<Fault>,
}

impl Service {
    pub fn new(
        settings: Settings,
        callers: Arc<Callers>,
        decide: Arc<dyn Decide>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Arc<Self> {
        let Settings {
            step,
            trust,
            policies,
            budgets,
            default_language,
            api_version,
            decisions,
        } = settings;
        Arc::new(Self {
            entrance: Entrance::new(trust, budgets, callers, clock, journal),
            step,
            policies,
            default_language,
            api_version,
            decisions,
            decide,
            catalogue: Catalogue::new(),
        })
    }

    /// The routes of the step, with and without a user flow.
    pub fn router(self: &Arc<Self>) -> Router {
        route::router(self)
    }

    /// Answers one request; nothing that fails behind it keeps it from answering in protocol.
    async fn handle(
        self: Arc<Self>,
        route: Route,
        user_flow: Option<UserFlow>,
        request: Request,
    ) -> Response {
        let entrance = &self.entrance;
        let call = entrance
            .receive(route.step.name(), route.protocol, user_flow, request)
            .await;
        let mut notes = Notes::default();
        let exchanged = entrance
            .unless_it_panics(&call, self.exchange(route, &call, &mut notes))
            .await;
        let answer = match &exchanged {
            Ok(decision) => self.render(route, &notes, decision),
            Err(refusal) => {
                if *refusal == Refusal::Unavailable {
                    // The read may have failed before, at the start; this request fails for it.
                    notes.failure.get_or_insert(BlockReason::Unavailable.code());
                }
                self.refuse(route, &notes, refusal)
            }
        };
        self.record(&call, &mut notes, &answer, exchanged.as_ref())
            .await;
        entrance.tell(&call, &notes, &answer);
        response(route.protocol, answer)
    }

    /// The whole of what happens to a request.
    async fn exchange(
        &self,
        route: Route,
        call: &Call,
        notes: &mut Notes,
    ) -> Result<Decision, Refusal> {
        notes.reference = Some(call.reference(None));
        let (caller, body) = self.entrance.admit(call, notes).await?;
        let body = read::body(route, body, &caller)?;
        notes.correlation_id = body.correlation_id.clone().filter(|id| is_guid(id));
        notes.application = body.sign_up.application.clone().filter(|id| is_guid(id));
        notes.languages = body.sign_up.languages.clone();
        notes.reference = Some(call.reference(body.correlation_id.as_deref()));
        if let Some(decisions) = &self.decisions {
            notes.personal = decisions.personal(&Applicant::of(&body.sign_up));
        }
        self.decide(call, &caller, &body.sign_up, notes).await
    }

    async fn decide(
        &self,
        call: &Call,
        caller: &Caller,
        sign_up: &SignUp,
        notes: &mut Notes,
    ) -> Result<Decision, Refusal> {
        let callers = &self.entrance.callers;
        let known = callers.records();
        let asked = Asked {
            sign_up,
            protocol: call.protocol,
            user_flow: call.user_flow.as_ref(),
            settings: &self.policies,
            current: known.as_ref().map(|records| &records.policies),
            caller_records: callers.are_stale(),
        };
        let decided = self.decide.decide(asked, call.deadline).await;
        notes.take(&decided);
        if let Some(records) = decided.caller_records {
            callers.renewed(records);
            if !callers.still_accepts(caller) {
                return Err(Refusal::Unauthenticated("retired-credential"));
            }
        }
        match decided.decision {
            Decision::Block(BlockReason::Miswired) => {
                Err(Refusal::miswired(sign_up.languages.clone()))
            }
            decision => Ok(decision),
        }
    }
}

impl Entrance {
    pub fn new(
        trust: Trust,
        budgets: Budgets,
        callers: Arc<Callers>,
        clock: Arc<dyn Clock>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        Self {
            trust,
            budgets,
            callers,
            clock,
            journal,
            cold: true.into(),
        }
    }

    async fn receive(
        &self,
        step: &'static str,
        protocol: Protocol,
        user_flow: Option<UserFlow>,
        request: Request,
    ) -> Call {
        let started = Instant::now();
        let budget = match protocol {
            Protocol::Connector => self.budgets.connector,
            Protocol::Extension => self.budgets.extension,
        };
        let (parts, body) = request.into_parts();
        let platform = parts
            .extensions
            .get::<PlatformDeadline>()
            .map(|deadline| deadline.0);
        let end = platform.map_or(started + budget, |platform| platform.min(started + budget));
        let octets = |name| {
            parts
                .headers
                .get(name)
                .map(|value| value.as_bytes().to_vec())
        };
        let authorization = octets(header::AUTHORIZATION);
        let content_type =
            octets(header::CONTENT_TYPE).and_then(|value| String::from_utf8(value).ok());
        let certificate = parts
            .extensions
            .get::<VerifiedCertificate>()
            .map(|verified| verified.0.clone());
        let body = axum::body::to_bytes(body, MAX_BODY_OCTETS).await.ok();
        Call {
            step,
            protocol,
            user_flow,
            method: parts.method,
            authorization,
            content_type,
            certificate,
            body,
            started,
            deadline: Deadline(end),
        }
    }

    /// The caller, and the body when it may be read at all.
    async fn admit<'c>(
        &self,
        call: &'c Call,
        notes: &mut Notes,
    ) -> Result<(Caller, &'c Bytes), Refusal> {
        if call.method != Method::POST {
            return Err(Refusal::MethodNotAllowed);
        }
        let caller = self.authenticate(call).await?;
        notes.caller = Some(caller.clone());
        Ok((caller, accept(call)?))
    }

    /// What comes of an exchange; a panic in it is a fault of ours, and no reason to leave a caller without an answer.
    async fn unless_it_panics<T>(
        &self,
        call: &Call,
        exchange: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let exchanged = AssertUnwindSafe(exchange).catch_unwind().await;
        exchanged.unwrap_or_else(|_| {
            self.journal.notice(&Notice::Panicked { step: call.step });
            Err(Refusal::Panicked)
        })
    }

    /// One line for each request, whatever became of it.
    fn tell(&self, call: &Call, notes: &Notes, answer: &Answer) {
        self.journal.answered(&Answered {
            step: call.step,
            protocol: call.protocol,
            user_flow: call.user_flow.as_ref().map(|flow| flow.as_str().to_owned()),
            outcome: answer.outcome,
            reason: answer.reason,
            status: answer.status.as_u16(),
            decided_by: notes.decided_by.clone(),
            policy: notes.policy.clone(),
            rules_failed: notes.rules_failed.clone(),
            rules_logged: notes.rules_logged.clone(),
            looks_like: notes.looks_like.clone(),
            shadow: notes.shadow.clone(),
            sources: notes.sources.clone(),
            verifications: notes.verifications.clone(),
            invitation: notes.invitation,
            approval: notes.approval.clone(),
            claims_left_out: notes.claims_left_out.clone(),
            // Nobody was shown one without a page.
            reference: notes.reference.filter(|_| answer.json.is_some()),
            caller: notes.caller.as_ref().map(Caller::label),
            correlation_id: notes.correlation_id.clone(),
            application: notes.application.clone(),
            fault: answer.fault.as_ref().map(ToString::to_string),
            dependency_failure: notes.failure,
            dependency_detail: notes.failure_detail.clone(),
            deadline_missed: notes.failure == Some("timed-out")
                || call.deadline.left() == Duration::ZERO,
            duration: call.started.elapsed(),
            read: notes.read,
            cold_start: self.cold.swap(false, std::sync::atomic::Ordering::Relaxed),
        });
    }
}

impl Call {
    /// The same for the retry of the same request: from Entra's correlation id where there is one,
    /// else from the content, together with the credential, which no reader of the log knows.
    fn reference(&self, correlation_id: Option<&str>) -> ReferenceCode {
        ReferenceCode::derive(&self.identity(correlation_id))
    }

    fn identity<'c>(&'c self, correlation_id: Option<&'c str>) -> Vec<&'c [u8]> {
        let step = self.step.as_bytes();
        if let Some(id) = correlation_id {
            return vec![step, id.as_bytes()];
        }
        let proof = match (&self.authorization, &self.certificate) {
            (Some(authorization), _) => authorization.as_slice(),
            (None, Some(certificate)) => certificate.sha256.as_bytes(),
            (None, None) => &[],
        };
        vec![step, proof, self.body.as_deref().unwrap_or_default()]
    }
}

impl Notes {
    fn take(&mut self, decided: &Decided) {
        self.decided_by.clone_from(&decided.decided_by);
        self.block_text.clone_from(&decided.block_text);
        self.block_title.clone_from(&decided.block_title);
        self.block_code.clone_from(&decided.block_code);
        self.policy.clone_from(&decided.policy);
        self.rules_failed = ids(&decided.rules, RuleResult::has_failed);
        self.rules_logged = ids(&decided.rules, |rule| {
            rule.effect == RuleEffect::Log && rule.outcome == Outcome::Holds
        });
        self.looks_like = decided.looks_like.as_ref().map(|found| Likeness {
            known: found.known.clone(),
            how: found.how.code(),
        });
        self.shadow.clone_from(&decided.shadow);
        self.sources.clone_from(&decided.sources);
        self.verifications.clone_from(&decided.verifications);
        self.invitation = decided.invitation;
        self.approval.clone_from(&decided.approval);
        self.claims_left_out.clone_from(&decided.claims_left_out);
        self.read = decided.read;
        self.failure = decided.failure.as_ref().map(StoreError::code);
        self.failure_detail = decided.failure.as_ref().and_then(StoreError::detail);
    }
}

fn ids(rules: &[RuleResult], wanted: impl Fn(&RuleResult) -> bool) -> Vec<String> {
    let wanted = rules.iter().filter(|rule| wanted(rule));
    wanted.map(|rule| rule.id.to_string()).collect()
}

impl Refusal {
    fn miswired(languages: LanguageWishes) -> Self {
        Self::Body {
            reason: BlockReason::Miswired,
            fault: None,
            languages,
        }
    }
}

/// The body, when it may be read at all.
fn accept(call: &Call) -> Result<&Bytes, Refusal> {
    let body = call.body.as_ref().ok_or(Refusal::TooLarge)?;
    if call.content_type.as_deref().is_some_and(is_json) {
        Ok(body)
    } else {
        Err(Refusal::UnsupportedMediaType)
    }
}

/// `application/json`, in UTF-8 if it says so.
fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    media_type.eq_ignore_ascii_case("application/json")
        && parts
            .filter_map(|part| part.split_once('='))
            .all(|(name, value)| {
                !name.trim().eq_ignore_ascii_case("charset")
                    || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
}

/// Only what has the form of a GUID is logged from a body: it cannot be personal data.
fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(position, byte)| match position {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
}

/// Nothing but these headers leaves the function.
fn response(protocol: Protocol, answer: Answer) -> Response {
    let mut response = Response::new(answer.json.map_or_else(Body::empty, Body::from));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if response.body().size_hint().exact() != Some(0) {
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
    }
    match answer.status {
        StatusCode::UNAUTHORIZED => {
            let challenge = match protocol {
                Protocol::Connector => r#"Basic realm="signup-connectors", charset="UTF-8""#,
                Protocol::Extension => "Bearer",
            };
            let challenge = HeaderValue::from_static(challenge);
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            response
                .headers_mut()
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        _ => {}
    }
    response
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("application/json", true)]
    #[case("Application/JSON; charset=UTF-8", true)]
    #[case("application/json;charset=\"utf-8\"; odata=x", true)]
    #[case("application/json; charset=utf-16", false)]
    #[case("text/json", false)]
    #[case("application/jsonp", false)]
    #[case("", false)]
    fn only_json_is_read(#[case] content_type: &str, #[case] expected: bool) {
        assert_eq!(is_json(content_type), expected);
    }

    #[test]
    fn only_a_guid_is_logged() {
        assert!(is_guid("0c83d76c-b8da-45bb-ac7a-f9bb5e0db340"));
        assert!(!is_guid("john.smith@example.com-aaaaaaaaaaaaa"));
    }
}
