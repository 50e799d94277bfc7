//! One line of JSON for each request and for each notice. What every request counts, CloudWatch takes from plain fields, by
//! metric filters of the template; what is rare has its embedded metric (EMF) with it. `docs/operations.md` lists the fields.

mod look_ups;

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value, json};

use crate::{
    domain::{
        decision::DecidedBy,
        publication::PolicyVersion,
        shadow::{Comparison, Disagreement},
    },
    ports::{
        clock::Clock,
        journal::{
            Answered, Delivery, Journal, Maintained, Notice, Notified, Told, Visit, WebhookSent,
        },
    },
};

/// The CloudWatch namespace of the metrics.
pub const NAMESPACE: &str = "SignUpConnectors";

/// Writes records as lines of JSON.
pub struct JsonJournal<W> {
    out: Mutex<W>,
    clock: Arc<dyn Clock>,
}

impl<W> std::fmt::Debug for JsonJournal<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JsonJournal")
    }
}

impl<W: Write + Send> JsonJournal<W> {
    pub fn new(out: W, clock: Arc<dyn Clock>) -> Self {
        Self {
            out: Mutex::new(out),
            clock,
        }
    }

    fn write(&self, mut fields: Map<String, Value>) {
        // Lambda reads it, and would take a line without one for `INFO`.
        let now = format!("{:.3}", self.clock.now());
        fields.insert("timestamp".to_owned(), json!(now));
        let mut line = Value::Object(fields).to_string();
        line.push('\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody is left to tell when the log itself cannot be written.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

impl<W: Write + Send> Journal for JsonJournal<W> {
    fn answered(&self, record: &Answered) {
        let at = self.clock.now().as_millisecond();
        self.write(answered(record, at));
        for line in look_ups::lines(record, at) {
            self.write(line);
        }
    }

    fn notice(&self, record: &Notice) {
        let at = self.clock.now().as_millisecond();
        self.write(notice(record, at));
    }
}

fn answered(record: &Answered, at: i64) -> Map<String, Value> {
    let mut fields = policy_fields(record);
    fields.extend(record.shadow.iter().flat_map(shadow_fields));
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    let level = level(record);
    set("level", Some(json!(level)));
    // It says what other fields say. Where nothing is wrong nobody reads it, and it is paid for.
    set("message", (level != "INFO").then(|| json!(message(record))));
    set("step", Some(json!(record.step)));
    set("protocol", Some(json!(record.protocol.name())));
    set(
        "user_flow",
        record.user_flow.as_ref().map(|flow| json!(flow)),
    );
    set("outcome", Some(json!(record.outcome)));
    set("reason", record.reason.map(|reason| json!(reason)));
    set("status", Some(json!(record.status)));
    match &record.decided_by {
        Some(DecidedBy::Entry { list, matcher }) => {
            set("list", Some(json!(list.as_str())));
            set("matcher", Some(json!(matcher.name())));
        }
        Some(DecidedBy::Rule(id)) => set("rule", Some(json!(id))),
        Some(DecidedBy::Source(name)) => set("source", Some(json!(name))),
        Some(DecidedBy::Verification(name)) => set("verification", Some(json!(name))),
        Some(DecidedBy::Code) => set("decided_by", Some(json!("code"))),
        Some(DecidedBy::Request) => set("decided_by", Some(json!("request"))),
        None => {}
    }
    set("invitation", record.invitation.map(|became| json!(became)));
    let approval = record.approval.as_ref();
    set("approval", approval.map(|told| json!(told.became)));
    set("request", approval.map(|told| json!(told.request.as_str())));
    let left_out = &record.claims_left_out;
    set(
        "claims_left_out",
        (!left_out.is_empty()).then(|| json!(left_out)),
    );
    set(
        "reference",
        record.reference.map(|code| json!(code.to_string())),
    );
    set("caller", record.caller.as_ref().map(|caller| json!(caller)));
    set(
        "correlation_id",
        record.correlation_id.as_ref().map(|id| json!(id)),
    );
    set(
        "application",
        record.application.as_ref().map(|id| json!(id)),
    );
    set("fault", record.fault.as_ref().map(|fault| json!(fault)));
    set(
        "dependency_failure",
        record.dependency_failure.map(|code| json!(code)),
    );
    set(
        "dependency_detail",
        record
            .dependency_detail
            .as_ref()
            .map(|detail| json!(detail)),
    );
    set("duration_ms", Some(milliseconds(record.duration)));
    set(
        "read_ms",
        record.read.map(|read| milliseconds(read.duration)),
    );
    set("read_units", record.read.map(|read| json!(read.units)));
    set("read_calls", record.read.map(|read| json!(read.calls)));
    set("cold_start", record.cold_start.then_some(Value::Bool(true)));

    let counts = counts(record);
    if !counts.is_empty() {
        let names: Vec<_> = counts.iter().map(|(name, _)| *name).collect();
        set("_aws", Some(counted(at, &["step"], &names)));
    }
    for (name, count) in counts {
        set(name, Some(json!(count)));
    }
    fields
}

fn level(record: &Answered) -> &'static str {
    match (record.outcome, record.reason) {
        _ if record.dependency_failure.is_some() => "ERROR",
        (_, Some("miswired")) => "ERROR",
        ("refused" | "failed", _) | (_, Some("malformed")) => "WARN",
        _ => "INFO",
    }
}

/// What is counted beside the decision itself and how long it took.
fn counts(record: &Answered) -> Vec<(&'static str, usize)> {
    let happened = [
        ("authentication_failures", usize::from(record.status == 401)),
        (
            "dependency_failures",
            usize::from(record.dependency_failure.is_some()),
        ),
        ("deadline_misses", usize::from(record.deadline_missed)),
        ("rule_failures", record.rules_failed.len()),
        ("logged_rule_hits", record.rules_logged.len()),
        ("claims_left_out_count", record.claims_left_out.len()),
    ];
    let mut counts: Vec<_> = happened
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .collect();
    if let Some(shadow) = &record.shadow {
        let disagreements = usize::from(shadow.disagreement.is_some());
        counts.push(("shadow_comparisons", 1));
        counts.push(("shadow_disagreements", disagreements));
    }
    counts
}

/// The published policy that decided, and its rules that an operator watches.
fn policy_fields(record: &Answered) -> Map<String, Value> {
    let mut fields = record.policy.as_ref().map(named).unwrap_or_default();
    for (name, rules) in [
        ("rules_failed", &record.rules_failed),
        ("rules_logged", &record.rules_logged),
    ] {
        if !rules.is_empty() {
            fields.insert(name.to_owned(), json!(rules));
        }
    }
    if let Some(found) = &record.looks_like {
        fields.insert("looks_like".to_owned(), json!(found.known));
        fields.insert("looks_like_how".to_owned(), json!(found.how));
    }
    fields
}

/// The candidate, and how it would have decided differently.
fn shadow_fields(comparison: &Comparison) -> Map<String, Value> {
    let candidate = &comparison.candidate;
    let mut fields = Map::from_iter([
        ("shadow_policy".to_owned(), json!(candidate.flow.as_str())),
        ("shadow_version".to_owned(), json!(candidate.number)),
    ]);
    if !comparison.rules_failed.is_empty() {
        let failed = json!(comparison.rules_failed);
        fields.insert("shadow_rules_failed".to_owned(), failed);
    }
    fields.extend(comparison.disagreement.iter().flat_map(disagreement_fields));
    fields
}

fn disagreement_fields(disagreement: &Disagreement) -> Map<String, Value> {
    let outcome = json!(disagreement.outcome);
    let mut fields = Map::from_iter([("shadow_outcome".to_owned(), outcome)]);
    if let Some(decided_by) = &disagreement.decided_by {
        fields.insert("shadow_decided_by".to_owned(), json!(decided_by));
    }
    let violations = disagreement.violations.iter();
    let violations = violations.map(|(field, code)| format!("{field} {code}"));
    for (name, told) in [
        ("shadow_violations", violations.collect()),
        ("shadow_returned", disagreement.returned.clone()),
        ("shadow_not_returned", disagreement.not_returned.clone()),
    ] {
        let told: Vec<String> = told;
        if !told.is_empty() {
            fields.insert(name.to_owned(), json!(told));
        }
    }
    fields
}

fn named(version: &PolicyVersion) -> Map<String, Value> {
    let flow = json!(version.flow.as_str());
    let fields = [("policy", flow), ("policy_version", json!(version.number))];
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Readable alone, without the fields.
fn message(record: &Answered) -> String {
    let step = record.step;
    match record.reason {
        Some("miswired") => format!(
            "wiring mistake: a request of another step or of an unknown user flow came to {step}"
        ),
        Some(reason) => format!("{step}: {} ({reason})", record.outcome),
        None => format!("{step}: {}", record.outcome),
    }
}

/// Level, message and fields of a notice.
fn parts(record: &Notice) -> (&'static str, String, Value) {
    match record {
        Notice::Started {
            function,
            init,
            credentials,
        } => started(function, *init, *credentials),
        Notice::RefusedToStart { function, problems } => (
            "ERROR",
            format!("{function} does not start: {}", problems.join("; ")),
            json!({ "function": function, "problems": problems }),
        ),
        Notice::CallerRecordsUnavailable { failure, detail } => (
            "ERROR",
            "the callers' records could not be read; the last known ones stay".to_owned(),
            json!({ "dependency_failure": failure, "dependency_detail": detail, "dependency": "table" }),
        ),
        Notice::PolicyActivated { version } => (
            "INFO",
            format!("{} decides", told(version)),
            Value::Object(named(version)),
        ),
        Notice::PolicyRefused { version, problems } => policy_refused(version, problems),
        Notice::PolicyUnavailable {
            version,
            failure,
            detail,
        } => policy_unavailable(version, failure, detail.as_deref()),
        Notice::CandidateLoaded { version } => (
            "INFO",
            format!("{} is compared and decides nothing", told(version)),
            Value::Object(named(version)),
        ),
        Notice::CandidateUnusable {
            version,
            failure,
            detail,
        } => (
            "WARN",
            format!("{}, a candidate, is not compared", told(version)),
            candidate_failure(version, failure, detail.as_deref()),
        ),
        Notice::DisposableListActivated { number, domains } => (
            "INFO",
            format!("version {number} of the list of disposable domains counts"),
            json!({ "disposable_version": number, "domains": domains }),
        ),
        Notice::DisposableListUnavailable {
            number,
            failure,
            detail,
        } => (
            "ERROR",
            format!(
                "version {number} of the list of disposable domains cannot be used; the one before it stays"
            ),
            disposable_failure(*number, failure, detail.as_deref()),
        ),
        Notice::SourceMisconfigured { source, problem } => misconfigured(source, problem),
        Notice::KeysFetched { issuer, keys } => (
            "INFO",
            format!("fetched the signing keys of {issuer}"),
            json!({ "issuer": issuer, "keys": keys }),
        ),
        Notice::KeysUnavailable { problem } => (
            "ERROR",
            problem.clone(),
            json!({ "dependency_failure": "unavailable", "dependency": "entra-keys" }),
        ),
        Notice::CredentialUseNotRecorded { failure, detail } => (
            "WARN",
            "the last use of a credential could not be recorded; the next use will be".to_owned(),
            json!({ "failure": failure, "detail": detail }),
        ),
        Notice::OtpDeliveryNotRecorded { failure, detail } => delivery_not_recorded(
            ("one-time code", "otp-deliveries"),
            failure,
            detail.as_deref(),
        ),
        Notice::DecisionNotRecorded {
            event,
            failure,
            detail,
        } => decision_not_recorded(event, failure, detail.as_deref()),
        Notice::NoticeNotRecorded { failure, detail } => {
            delivery_not_recorded(("notice", "notice-deliveries"), failure, detail.as_deref())
        }
        Notice::Notified(notified) => told_somebody(notified),
        Notice::WebhookSent(sent) => webhook_sent(sent),
        Notice::WebhookNotRecorded { failure, detail } => {
            webhook_not_recorded(failure, detail.as_deref())
        }
        Notice::Delivered(delivery) => delivered(delivery),
        Notice::Maintained(run) => maintained(run),
        Notice::Told(batch) => told_of_events(batch),
        Notice::Visited(visit) => visited(visit),
        Notice::Panicked { step } => panicked(step),
    }
}

/// Its line takes the place of the record.
fn decision_not_recorded(
    event: &str,
    failure: &str,
    detail: Option<&str>,
) -> (&'static str, String, Value) {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    (
        "ERROR",
        "a decision could not be recorded in time; this line is its record".to_owned(),
        json!({
            "dependency": "decision-records",
            "dependency_failure": failure,
            "dependency_detail": detail,
            "event": event,
        }),
    )
}

fn started(
    function: &str,
    init: std::time::Duration,
    credentials: usize,
) -> (&'static str, String, Value) {
    let fields = json!({
        "function": function,
        "init_ms": milliseconds(init),
        "credentials": credentials,
    });
    ("INFO", format!("{function} serves"), fields)
}

fn policy_unavailable(
    version: &PolicyVersion,
    failure: &str,
    detail: Option<&str>,
) -> (&'static str, String, Value) {
    (
        "ERROR",
        format!(
            "{} could not be read; the one before it stays until it can",
            told(version)
        ),
        policy_failure(version, failure, detail),
    )
}

fn policy_refused(version: &PolicyVersion, problems: &[String]) -> (&'static str, String, Value) {
    (
        "ERROR",
        format!(
            "{} cannot be used; the one before it stays: {}",
            told(version),
            problems.join("; ")
        ),
        policy_failure(version, "refused", None),
    )
}

fn misconfigured(source: &str, problem: &str) -> (&'static str, String, Value) {
    (
        "ERROR",
        format!("`{source}` of the policy cannot work: {problem}"),
        json!({ "source": source, "dependency": source, "dependency_failure": "misconfigured" }),
    )
}

fn delivered(delivery: &Delivery) -> (&'static str, String, Value) {
    let level = match delivery.outcome {
        "failed" | "unavailable" | "unreadable" => "ERROR",
        "later" | "throttled" => "WARN",
        _ => "INFO",
    };
    let fields = json!({
        "request": delivery.request,
        "outcome": delivery.outcome,
        "problem": delivery.problem,
        "duration_ms": milliseconds(delivery.duration),
        "provisionings": 1,
    });
    (level, format!("provisioning: {}", delivery.outcome), fields)
}

/// What is counted of each run of the maintenance.
const MAINTENANCE_METRICS: &[&str] = &[
    "requests_looked_at",
    "requests_expired",
    "requests_reminded",
    "requests_escalated",
    "requests_brought_again",
    "accounts_looked_for",
    "accounts_missing_count",
    "guests_looked_at",
    "accounts_unapproved_count",
    "maintenance_failures",
];

fn maintained(run: &Maintained) -> (&'static str, String, Value) {
    let level = if run.failures > 0 {
        "ERROR"
    } else if run.problem.is_some() || has_findings(run) {
        "WARN"
    } else {
        "INFO"
    };
    let fields = json!({
        "requests_looked_at": run.looked_at,
        "requests_expired": run.expired,
        "requests_reminded": run.reminded,
        "requests_escalated": run.escalated,
        "requests_brought_again": run.brought_again,
        "accounts_looked_for": run.accounts_looked_for,
        "accounts_missing": run.accounts_missing,
        "accounts_missing_count": run.accounts_missing.len(),
        "guests_looked_at": run.guests_looked_at,
        "accounts_unapproved": run.accounts_unapproved,
        "accounts_unapproved_count": run.accounts_unapproved.len(),
        "maintenance_failures": run.failures,
        "problem": run.problem,
        "duration_ms": milliseconds(run.duration),
    });
    (level, "maintenance: run".to_owned(), fields)
}

fn has_findings(run: &Maintained) -> bool {
    !(run.accounts_missing.is_empty() && run.accounts_unapproved.is_empty())
}

fn told_somebody(notified: &Notified) -> (&'static str, String, Value) {
    let level = match notified.outcome {
        "rejected" | "broken" | "unreadable" => "ERROR",
        "later" => "WARN",
        _ => "INFO",
    };
    let fields = json!({
        "request": notified.request,
        "notice": notified.notice,
        "outcome": notified.outcome,
        "problem": notified.problem,
        "notices": 1,
    });
    let message = format!("notice: {} ({})", notified.outcome, notified.notice);
    (level, message, fields)
}

fn webhook_sent(sent: &WebhookSent) -> (&'static str, String, Value) {
    let level = match sent.outcome {
        "dead" | "gone" | "unreadable" => "ERROR",
        "retry" | "later" => "WARN",
        _ => "INFO",
    };
    let mut fields = json!({
        "endpoint": sent.endpoint,
        "kind": sent.kind,
        "attempt": sent.attempt,
        "outcome": sent.outcome,
        "answer": sent.answer,
        "problem": sent.problem,
        "webhook_deliveries": 1,
    });
    if let (Some(latency), Some(fields)) = (sent.latency, fields.as_object_mut()) {
        fields.insert("latency_ms".to_owned(), milliseconds(latency));
    }
    (level, format!("webhook: {}", sent.outcome), fields)
}

fn webhook_not_recorded(failure: &str, detail: Option<&str>) -> (&'static str, String, Value) {
    (
        "ERROR",
        "an attempt to tell an endpoint could not be noted; the log of deliveries lacks it"
            .to_owned(),
        json!({
            "dependency": "delivery-log",
            "dependency_failure": failure,
            "dependency_detail": detail,
        }),
    )
}

/// What is counted of each batch of the stream.
const EVENTS_METRICS: &[&str] = &[
    "events_kept",
    "events_audited",
    "events_to_bus",
    "events_to_topic",
    "webhook_tasks",
    "records_buried",
    "records_failed",
];

fn told_of_events(batch: &Told) -> (&'static str, String, Value) {
    let is_whole = batch.failures == 0 && batch.buried == 0;
    let level = if is_whole { "INFO" } else { "ERROR" };
    let fields = json!({
        "records": batch.records,
        "events_kept": batch.kept,
        "events_audited": batch.audited,
        "events_to_bus": batch.to_bus,
        "events_to_topic": batch.to_topic,
        "webhook_tasks": batch.tasks,
        "records_buried": batch.buried,
        "records_failed": batch.failures,
        "problem": batch.problem,
        "duration_ms": milliseconds(batch.duration),
    });
    (level, "events: told".to_owned(), fields)
}

fn visited(visit: &Visit) -> (&'static str, String, Value) {
    let level = match visit.status {
        500.. => "ERROR",
        400.. => "WARN",
        _ => "INFO",
    };
    let mut fields = Map::from_iter([
        ("page".to_owned(), json!(visit.page)),
        ("status".to_owned(), json!(visit.status)),
        ("problem".to_owned(), json!(visit.problem)),
        ("duration_ms".to_owned(), milliseconds(visit.duration)),
    ]);
    if visit.status >= 500 {
        fields.insert("dependency".to_owned(), json!("console"));
        fields.insert("dependency_failure".to_owned(), json!("unavailable"));
    }
    let message = format!("console: {}", visit.page);
    (level, message, Value::Object(fields))
}

fn panicked(step: &str) -> (&'static str, String, Value) {
    (
        "ERROR",
        format!("{step}: the program failed while deciding; a block page was shown"),
        json!({ "step": step, "dependency_failure": "panic", "dependency": "program" }),
    )
}

fn notice(record: &Notice, at: i64) -> Map<String, Value> {
    let (level, message, details) = parts(record);
    let mut fields = match details {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    if fields.contains_key("dependency_failure") {
        fields.insert("dependency_failures".to_owned(), json!(1));
        let counts = counted(at, &["dependency"], &["dependency_failures"]);
        fields.insert("_aws".to_owned(), counts);
    }
    for counter in ["provisionings", "notices", "webhook_deliveries"] {
        if fields.contains_key(counter) {
            let counts = counted(at, &["outcome"], &[counter]);
            fields.insert("_aws".to_owned(), counts);
        }
    }
    let counted_alone = match record {
        Notice::Maintained(_) => Some(MAINTENANCE_METRICS),
        Notice::Told(_) => Some(EVENTS_METRICS),
        _ => None,
    };
    if let Some(names) = counted_alone {
        fields.insert("_aws".to_owned(), counted(at, &[], names));
    }
    fields.insert("level".to_owned(), json!(level));
    fields.insert("message".to_owned(), json!(message));
    fields
}

/// The directive that makes metrics of fields.
fn counted(at: i64, dimensions: &[&str], names: &[&str]) -> Value {
    let metrics: Vec<_> = names.iter().map(|name| metric(name, "Count")).collect();
    let directive = json!([{
        "Namespace": NAMESPACE,
        "Dimensions": [dimensions],
        "Metrics": metrics,
    }]);
    json!({ "Timestamp": at, "CloudWatchMetrics": directive })
}

fn told(version: &PolicyVersion) -> String {
    format!(
        "version {} of the policy of {}",
        version.number, version.flow
    )
}

fn disposable_failure(number: u32, failure: &str, detail: Option<&str>) -> Value {
    json!({
        "disposable_version": number,
        "dependency": "disposable-list",
        "dependency_failure": failure,
        "dependency_detail": detail,
    })
}

fn delivery_not_recorded(
    (what, dependency): (&str, &str),
    failure: &str,
    detail: Option<&str>,
) -> (&'static str, String, Value) {
    (
        "ERROR",
        format!("the sending of a {what} could not be recorded; it may be sent twice"),
        json!({
            "dependency": dependency,
            "dependency_failure": failure,
            "dependency_detail": detail,
        }),
    )
}

fn policy_failure(version: &PolicyVersion, failure: &str, detail: Option<&str>) -> Value {
    let mut fields = named(version);
    fields.insert("dependency".to_owned(), json!("policy"));
    fields.insert("dependency_failure".to_owned(), json!(failure));
    if let Some(detail) = detail {
        fields.insert("dependency_detail".to_owned(), json!(detail));
    }
    Value::Object(fields)
}

/// Not a failure of a dependency, for nobody depends on a candidate.
fn candidate_failure(version: &PolicyVersion, failure: &str, detail: Option<&str>) -> Value {
    let mut fields = named(version);
    fields.insert("failure".to_owned(), json!(failure));
    if let Some(detail) = detail {
        fields.insert("detail".to_owned(), json!(detail));
    }
    Value::Object(fields)
}

fn metric(name: &str, unit: &str) -> Value {
    json!({ "Name": name, "Unit": unit })
}

/// With microseconds, as a number.
fn milliseconds(duration: std::time::Duration) -> Value {
    let microseconds = u32::try_from(duration.as_micros()).unwrap_or(u32::MAX);
    json!(f64::from(microseconds) / 1000.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        domain::{
            list::{ListName, MatcherKind},
            publication::PolicyFlow,
            reference::ReferenceCode,
            sign_up::Protocol,
        },
        ports::{
            StoreError,
            journal::{Likeness, ReadCost, SourceUse, VerificationUse},
        },
    };

    fn record() -> Answered {
        Answered {
            step: "before-creating-user",
            protocol: Protocol::Connector,
            user_flow: Some("partners".to_owned()),
            outcome: "block",
            reason: Some("denied"),
            status: 200,
            decided_by: Some(DecidedBy::Entry {
                list: ListName::parse("people").unwrap(),
                matcher: MatcherKind::Address,
            }),
            policy: None,
            rules_failed: Vec::new(),
            rules_logged: Vec::new(),
            looks_like: None,
            shadow: None,
            sources: Vec::new(),
            verifications: Vec::new(),
            invitation: None,
            approval: None,
            claims_left_out: Vec::new(),
            reference: Some(ReferenceCode::derive(&[b"x"])),
            caller: Some("credential:ab".to_owned()),
            correlation_id: None,
            application: None,
            fault: None,
            dependency_failure: None,
            dependency_detail: None,
            deadline_missed: false,
            duration: Duration::from_micros(1500),
            read: Some(ReadCost {
                duration: Duration::from_millis(1),
                units: 3.0,
                calls: 1,
            }),
            cold_start: false,
        }
    }

    fn version() -> PolicyVersion {
        PolicyVersion {
            flow: PolicyFlow::Others,
            number: 3,
        }
    }

    fn source(breaker: &'static str) -> SourceUse {
        SourceUse {
            source: "crm".to_owned(),
            outcome: "failed",
            problem: None,
            kept: false,
            breaker,
            dropped: Vec::new(),
            duration: Duration::from_millis(1),
        }
    }

    fn verification(breaker: &'static str) -> VerificationUse {
        VerificationUse {
            verification: "identity".to_owned(),
            provider: "http",
            outcome: "unavailable",
            problem: None,
            before: false,
            breaker,
            duration: Duration::from_millis(1),
        }
    }

    #[test]
    fn a_line_tells_the_policy_and_its_rules() {
        let mut record = record();
        record.policy = Some(version());
        record.decided_by = Some(DecidedBy::Rule("no-free-mail".to_owned()));
        record.rules_logged = vec!["shadow".to_owned()];
        record.looks_like = Some(Likeness {
            known: "contoso.com".to_owned(),
            how: "typo",
        });
        let fields = answered(&record, 1);
        assert_eq!(fields["policy"], "*");
        assert_eq!(fields["policy_version"], 3);
        assert_eq!(fields["rule"], "no-free-mail");
        assert_eq!(fields["rules_logged"], json!(["shadow"]));
        assert_eq!(fields["looks_like"], "contoso.com");
        assert_eq!(fields["looks_like_how"], "typo");
        assert!(!fields.contains_key("rules_failed"));
        assert_eq!(fields["logged_rule_hits"], 1);
        assert_eq!(metrics(&fields), ["logged_rule_hits"]);
    }

    #[test]
    fn a_system_tells_its_breaker() {
        for (state, not_closed) in [("closed", 0), ("open", 1), ("half-open", 1)] {
            let mut record = record();
            record.sources.push(source(state));
            record.verifications.push(verification(state));
            for fields in look_ups::lines(&record, 1) {
                assert_eq!(fields["breaker"], state);
                assert_eq!(fields["breaker_not_closed"], not_closed);
                let directives = fields["_aws"].to_string();
                assert!(directives.contains("breaker_not_closed"), "{directives}");
            }
        }
    }

    #[test]
    fn every_rule_that_failed_is_counted() {
        let mut record = record();
        record.rules_failed = vec!["one".to_owned(), "other".to_owned()];
        let fields = answered(&record, 1);
        assert_eq!(fields["rule_failures"], 2);
        assert_eq!(metrics(&fields), ["rule_failures"]);
    }

    /// CloudWatch drops a line whose directives name a field that is missing or of another type.
    fn metrics(fields: &Map<String, Value>) -> Vec<String> {
        let directives = fields["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        assert!(fields["_aws"]["Timestamp"].is_i64());
        let mut names = Vec::new();
        for directive in directives {
            for dimension in directive["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|set| set.as_array().unwrap())
            {
                assert!(
                    fields[dimension.as_str().unwrap()].is_string(),
                    "{dimension}"
                );
            }
            for metric in directive["Metrics"].as_array().unwrap() {
                let name = metric["Name"].as_str().unwrap();
                assert!(fields[name].is_number(), "{name}");
                names.push(name.to_owned());
            }
        }
        names.sort();
        names
    }

    /// The fields that each metric filter of the template asks for, which are its dimensions and its value as well.
    fn filtered() -> Vec<Vec<String>> {
        let template = include_str!("../../template.yaml").lines();
        let patterns = template.filter_map(|line| line.trim().strip_prefix("FilterPattern: "));
        let fields = patterns.map(|pattern| {
            let terms = pattern.trim_matches(['"', '{', '}', ' ']).split(" && ");
            let field = |term: &str| {
                term.strip_prefix("$.")?
                    .strip_suffix(" = *")
                    .map(str::to_owned)
            };
            terms.map(|term| field(term).unwrap()).collect()
        });
        fields.collect()
    }

    #[test]
    fn the_metric_filters_find_the_lines_of_requests_and_no_others() {
        let filtered = filtered();
        assert!(!filtered.is_empty());
        let mut record = record();
        record.sources.push(source("closed"));
        record.verifications.push(verification("closed"));
        let others = look_ups::lines(&record, 1).into_iter();
        let panicked = Notice::Panicked { step: record.step };
        let others: Vec<_> = others.chain([notice(&panicked, 1)]).collect();
        let line = answered(&record, 1);
        for names in filtered {
            for name in &names {
                let is_number = name == "duration_ms";
                assert_eq!(line[name].is_number(), is_number, "{name}");
                assert_eq!(line[name].is_string(), !is_number, "{name}");
            }
            for other in &others {
                let found = names.iter().all(|name| other.contains_key(name));
                assert!(!found, "{other:?}");
            }
        }
    }

    #[test]
    fn a_line_of_a_decision_says_nothing_twice() {
        let line = Value::Object(answered(&record(), 1)).to_string();
        let names = [
            "caller",
            "duration_ms",
            "level",
            "list",
            "matcher",
            "outcome",
            "protocol",
            "read_calls",
            "read_ms",
            "read_units",
            "reason",
            "reference",
            "status",
            "step",
            "user_flow",
        ];
        let fields: Map<String, Value> = serde_json::from_str(&line).unwrap();
        assert_eq!(fields.keys().collect::<Vec<_>>(), names);
        // Beside it the time: 39 octets. Each hundred of them cost 10 cents for a million sign-ups.
        assert!(line.len() <= 300, "{} octets: {line}", line.len());
    }

    #[test]
    fn a_line_has_a_message_where_something_is_wrong() {
        let mut record = record();
        assert!(!answered(&record, 1).contains_key("message"));
        record.outcome = "refused";
        record.reason = Some("wrong-credential");
        let fields = answered(&record, 1);
        assert_eq!(fields["level"], "WARN");
        assert_eq!(
            fields["message"],
            "before-creating-user: refused (wrong-credential)"
        );
    }

    #[test]
    fn a_comparison_is_counted_and_told_by_rule() {
        let mut compared = record();
        let mut comparison = Comparison {
            candidate: version(),
            rules_failed: Vec::new(),
            disagreement: None,
        };
        compared.shadow = Some(comparison.clone());
        let counted = ["shadow_comparisons", "shadow_disagreements"];
        let fields = answered(&compared, 1);
        assert_eq!(metrics(&fields), counted);
        assert_eq!(fields["shadow_version"], 3);
        assert_eq!(fields["shadow_disagreements"], 0);
        assert!(!fields.contains_key("shadow_outcome"));

        comparison.disagreement = Some(Disagreement {
            outcome: "review",
            decided_by: Some("rule no-free-mail".to_owned()),
            ..Disagreement::default()
        });
        compared.shadow = Some(comparison.clone());
        let fields = answered(&compared, 1);
        assert_eq!(metrics(&fields), counted);
        assert_eq!(fields["shadow_disagreements"], 1);
        assert_eq!(fields["shadow_outcome"], "review");
        assert_eq!(fields["shadow_decided_by"], "rule no-free-mail");
        assert!(!fields.contains_key("shadow_violations"));

        comparison.disagreement = Some(Disagreement::failed());
        compared.shadow = Some(comparison);
        let fields = answered(&compared, 1);
        assert_eq!(fields["shadow_outcome"], "failed");
        assert!(!fields.contains_key("shadow_decided_by"));
    }

    #[test]
    fn a_candidate_that_cannot_be_used_is_no_failure_of_a_dependency() {
        let unusable = Notice::CandidateUnusable {
            version: version(),
            failure: "refused",
            detail: Some("rule[1].when: found nothing".to_owned()),
        };
        let fields = notice(&unusable, 1);
        assert_eq!(fields["level"], "WARN");
        assert_eq!(fields["failure"], "refused");
        assert_eq!(fields["detail"], "rule[1].when: found nothing");
        assert!(!fields.contains_key("_aws"));
    }

    #[test]
    fn every_failure_is_counted() {
        let mut failed = record();
        failed.status = 401;
        failed.dependency_failure = Some("timed-out");
        failed.deadline_missed = true;
        assert_eq!(
            metrics(&answered(&failed, 1)),
            [
                "authentication_failures",
                "deadline_misses",
                "dependency_failures"
            ]
        );
        let notices = [
            Notice::CallerRecordsUnavailable {
                failure: "unavailable",
                detail: Some("AccessDeniedException".to_owned()),
            },
            Notice::KeysUnavailable {
                problem: "x".to_owned(),
            },
            Notice::OtpDeliveryNotRecorded {
                failure: "throttled",
                detail: None,
            },
            Notice::Panicked {
                step: "before-token",
            },
            Notice::PolicyRefused {
                version: version(),
                problems: vec!["rule[1].when: found nothing".to_owned()],
            },
            Notice::PolicyUnavailable {
                version: version(),
                failure: "absent",
                detail: None,
            },
            Notice::DisposableListUnavailable {
                number: 3,
                failure: "absent",
                detail: None,
            },
        ];
        for failed in notices {
            assert_eq!(
                metrics(&notice(&failed, 1)),
                ["dependency_failures"],
                "{failed:?}"
            );
        }
    }

    #[test]
    fn notices_are_counted_by_what_became_of_them() {
        let of = |outcome| {
            let notified = Notified {
                request: Some("01kf0j2r3s4t5v6w7x8y9zabcd".to_owned()),
                notice: "denied",
                outcome,
                problem: None,
            };
            notice(&Notice::Notified(notified), 1)
        };
        let levels = ["sent", "before", "later", "rejected"].map(|one| of(one)["level"].clone());
        assert_eq!(levels, ["INFO", "INFO", "WARN", "ERROR"]);
        assert_eq!(metrics(&of("rejected")), ["notices"]);
        assert_eq!(of("sent")["message"], "notice: sent (denied)");
    }

    #[test]
    fn webhooks_are_counted_by_what_became_of_them() {
        let of = |outcome, latency| {
            let sent = WebhookSent {
                endpoint: Some("ep_0123456789abcdef".to_owned()),
                kind: Some("sign_up.blocked"),
                attempt: Some(3),
                outcome,
                answer: Some("503".to_owned()),
                problem: None,
                latency,
            };
            notice(&Notice::WebhookSent(sent), 1)
        };
        let levels = ["delivered", "retry", "dead"].map(|one| of(one, None)["level"].clone());
        assert_eq!(levels, ["INFO", "WARN", "ERROR"]);
        let slow = of("retry", Some(Duration::from_millis(1500)));
        assert_eq!(slow["latency_ms"], 1500.0);
        assert_eq!(metrics(&slow), ["webhook_deliveries"]);
        assert!(!of("dropped", None).contains_key("latency_ms"));
    }

    #[test]
    fn a_visit_of_the_console_counts_as_a_failure_when_nothing_works() {
        let visit = |status| {
            let visit = Visit {
                page: "queue",
                status,
                problem: None,
                duration: Duration::ZERO,
            };
            notice(&Notice::Visited(visit), 1)
        };
        let levels = [200, 303, 403, 503].map(|status| visit(status)["level"].clone());
        assert_eq!(levels, ["INFO", "INFO", "WARN", "ERROR"]);
        assert_eq!(metrics(&visit(503)), ["dependency_failures"]);
        assert!(!visit(403).contains_key("_aws"));
    }

    #[test]
    fn a_run_of_the_maintenance_is_told_in_numbers_and_findings() {
        let told = |run: Maintained| notice(&Notice::Maintained(run), 1);
        let mut run = Maintained {
            expired: 3,
            ..Maintained::default()
        };
        assert_eq!(told(run.clone())["level"], "INFO");
        run.accounts_missing.push("object-id".to_owned());
        let found = told(run.clone());
        assert_eq!(found["level"], "WARN");
        assert_eq!(found["accounts_missing"], json!(["object-id"]));
        let mut expected = MAINTENANCE_METRICS.to_vec();
        expected.sort_unstable();
        assert_eq!(metrics(&found), expected);
        let numbers = MAINTENANCE_METRICS.iter().map(|name| &found[*name]);
        let numbers: Vec<_> = numbers.map(|number| number.as_u64().unwrap()).collect();
        assert_eq!(numbers, [0, 3, 0, 0, 0, 0, 1, 0, 0, 0]);
        let unapproved = told(Maintained {
            accounts_unapproved: vec!["other-id".to_owned()],
            ..Maintained::default()
        });
        assert_eq!(unapproved["level"], "WARN");
        assert_eq!(unapproved["accounts_unapproved"], json!(["other-id"]));
        assert_eq!(unapproved["accounts_unapproved_count"], 1);
        run.failed(&StoreError::Throttled);
        let failed = told(run);
        assert_eq!(
            (&failed["level"], &failed["problem"]),
            (&json!("ERROR"), &json!("throttled"))
        );
    }

    #[test]
    fn a_batch_of_the_stream_is_told_in_numbers() {
        let line = |batch: Told| notice(&Notice::Told(batch), 1);
        let mut batch = Told {
            records: 3,
            to_bus: 2,
            ..Told::default()
        };
        let fields = line(batch.clone());
        assert_eq!(fields["level"], "INFO");
        assert_eq!(fields["events_to_bus"], 2);
        let mut expected = EVENTS_METRICS.to_vec();
        expected.sort_unstable();
        assert_eq!(metrics(&fields), expected);
        batch.buried("the item `ENTRY#01/address` comes without what it says now".to_owned());
        batch.failed("the bus", &StoreError::Throttled);
        let fields = line(batch);
        assert_eq!(
            (&fields["level"], &fields["records_buried"]),
            (&json!("ERROR"), &json!(1))
        );
        let problem = fields["problem"].as_str().unwrap();
        assert!(problem.contains("ENTRY#01/address"), "{problem}");
    }

    #[test]
    fn a_record_is_one_line() {
        let clock: Arc<dyn Clock> =
            Arc::new(crate::testkit::FixedClock::at(jiff::Timestamp::UNIX_EPOCH));
        let journal = JsonJournal::new(Vec::new(), clock);
        journal.answered(&record());
        journal.notice(&Notice::Panicked {
            step: "before-token",
        });
        let written = String::from_utf8(journal.out.into_inner().unwrap()).unwrap();
        assert_eq!(written.lines().count(), 2);
        for line in written.lines() {
            let fields: Value = serde_json::from_str(line).unwrap();
            assert_eq!(fields["timestamp"], "1970-01-01T00:00:00.000Z");
        }
    }
}
