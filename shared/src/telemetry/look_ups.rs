//! One line for each other system that was asked for a request, beside the line of the request: each has its own metrics.

use serde_json::{Map, Value, json};

use super::{NAMESPACE, metric, milliseconds};
use crate::ports::journal::{Answered, SourceUse, VerificationUse};

/// The lines of a request's sources and verifications.
pub(super) fn lines(record: &Answered, at: i64) -> Vec<Map<String, Value>> {
    let sources = record.sources.iter().map(|told| source(record, told, at));
    let verifications = record.verifications.iter();
    sources
        .chain(verifications.map(|told| verification(record, told, at)))
        .collect()
}

fn source(record: &Answered, told: &SourceUse, at: i64) -> Map<String, Value> {
    let is_fault = matches!(told.outcome, "slow" | "failed");
    let dropped = told
        .dropped
        .iter()
        .map(|(claim, why)| format!("{claim} {why}"));
    let dropped: Vec<String> = dropped.collect();
    let mut fields = shared(record, is_fault || !dropped.is_empty());
    let message = format!("source {}: {}", told.source, told.outcome);
    fields.insert("message".to_owned(), json!(message));
    fields.insert("source".to_owned(), json!(told.source));
    fields.insert("source_outcome".to_owned(), json!(told.outcome));
    fields.extend(breaker(told.breaker));
    fields.insert("kept".to_owned(), json!(told.kept));
    if let Some(problem) = &told.problem {
        fields.insert("problem".to_owned(), json!(problem));
    }
    if !dropped.is_empty() {
        fields.insert("dropped".to_owned(), json!(dropped));
    }
    fields.insert("look_ups".to_owned(), json!(1));
    fields.insert("look_up_ms".to_owned(), milliseconds(told.duration));
    fields.insert("claims_dropped".to_owned(), json!(told.dropped.len()));
    let of_source = [
        metric("look_up_ms", "Milliseconds"),
        metric("breaker_not_closed", "Count"),
        metric("claims_dropped", "Count"),
    ];
    let directives = json!([
        { "Namespace": NAMESPACE, "Dimensions": [["source", "source_outcome"]], "Metrics": [metric("look_ups", "Count")] },
        { "Namespace": NAMESPACE, "Dimensions": [["source"]], "Metrics": of_source },
    ]);
    with(fields, &directives, at)
}

fn verification(record: &Answered, told: &VerificationUse, at: i64) -> Map<String, Value> {
    let mut fields = shared(record, told.problem.is_some());
    let message = format!("verification {}: {}", told.verification, told.outcome);
    fields.insert("message".to_owned(), json!(message));
    fields.insert("verification".to_owned(), json!(told.verification));
    fields.insert("provider".to_owned(), json!(told.provider));
    fields.insert("verification_outcome".to_owned(), json!(told.outcome));
    fields.extend(breaker(told.breaker));
    fields.insert("before".to_owned(), json!(told.before));
    if let Some(problem) = &told.problem {
        fields.insert("problem".to_owned(), json!(problem));
    }
    fields.insert("verifications".to_owned(), json!(1));
    fields.insert("verification_ms".to_owned(), milliseconds(told.duration));
    let of_verification = [
        metric("verification_ms", "Milliseconds"),
        metric("breaker_not_closed", "Count"),
    ];
    let directives = json!([
        { "Namespace": NAMESPACE, "Dimensions": [["verification", "verification_outcome"]], "Metrics": [metric("verifications", "Count")] },
        { "Namespace": NAMESPACE, "Dimensions": [["verification"]], "Metrics": of_verification },
    ]);
    with(fields, &directives, at)
}

fn breaker(state: &str) -> [(String, Value); 2] {
    let not_closed = usize::from(state != "closed");
    [
        ("breaker".to_owned(), json!(state)),
        ("breaker_not_closed".to_owned(), json!(not_closed)),
    ]
}

/// What ties the line to the one of the request.
fn shared(record: &Answered, warns: bool) -> Map<String, Value> {
    let level = if warns { "WARN" } else { "INFO" };
    let mut fields = Map::from_iter([
        ("level".to_owned(), json!(level)),
        ("step".to_owned(), json!(record.step)),
    ]);
    let reference = record.reference.map(|code| code.to_string());
    for (name, value) in [
        ("reference", reference.as_ref()),
        ("correlation_id", record.correlation_id.as_ref()),
        ("user_flow", record.user_flow.as_ref()),
    ] {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    }
    fields
}

fn with(mut fields: Map<String, Value>, directives: &Value, at: i64) -> Map<String, Value> {
    let metrics = json!({ "Timestamp": at, "CloudWatchMetrics": directives });
    fields.insert("_aws".to_owned(), metrics);
    fields
}
