//! What identity providers answer.

use serde_json::Value;
use shared::{
    adapters::verification::{Finding, read},
    domain::verification::VerificationOutcome,
    ports::{outgoing::Reply, verifier::Provider},
};

/// Whatever a provider answers: only its documented success verifies somebody, and what is kept of it is short and plain.
pub fn provider_answer(body: &[u8]) {
    let reply = Reply {
        status: 200,
        retry_after: None,
        body: body.to_vec(),
    };
    for (provider, is_success) in providers() {
        match read(&provider, &reply) {
            Ok(finding) => holds(&finding, is_success(body)),
            Err(problem) => assert!(is_kind(&problem.to_string()), "{problem}"),
        }
    }
}

fn holds(finding: &Finding, is_success: bool) {
    assert_ne!(finding.outcome, VerificationOutcome::Unavailable);
    assert!(finding.outcome != VerificationOutcome::Verified || is_success);
    if let Some(reference) = &finding.reference {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        assert!((1..=100).contains(&reference.len()) && reference.chars().all(allowed));
    }
}

fn is_kind(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(allowed)
}

/// Whether an answer is a provider's documented success, read in another way.
type IsSuccess = fn(&[u8]) -> bool;

fn providers() -> [(Provider, IsSuccess); 5] {
    let secret = || "name".to_owned();
    [
        (
            Provider::Http {
                outcome: "/decision".to_owned(),
                verified: vec!["PASS".to_owned()],
                failed: vec!["FAIL".to_owned()],
                refer: Vec::new(),
                reference: Some("/id".to_owned()),
            },
            |body| {
                json(body).is_none_or(|answer| text(&answer, "/decision").to_lowercase() == "pass")
            },
        ),
        (Provider::Idology { secret: secret() }, located),
        (Provider::Experian { secret: secret() }, |body| {
            json(body).is_none_or(|answer| accepted(&answer))
        }),
        (Provider::Arkose { secret: secret() }, |body| {
            json(body).is_none_or(|answer| solved(&answer))
        }),
        (
            Provider::Recaptcha {
                secret: secret(),
                minimum_score: Some(0.5),
                hostname: Some("login.example.com".to_owned()),
            },
            |body| json(body).is_none_or(|answer| human(&answer)),
        ),
    ]
}

fn accepted(answer: &Value) -> bool {
    let decision = text(answer, "/responseHeader/overallResponse/decision");
    text(answer, "/responseHeader/responseType") == "INFO"
        && ["ACCEPT", "CONTINUE"].contains(&decision)
}

fn solved(answer: &Value) -> bool {
    let is_set = |pointer| {
        answer
            .pointer(pointer)
            .is_some_and(|value| value == true || value.as_f64().is_some_and(|number| number > 0.0))
    };
    answer.pointer("/error").is_none_or(Value::is_null)
        && (is_set("/session_details/solved") || is_set("/session_is_legit"))
}

fn human(answer: &Value) -> bool {
    let score = answer.pointer("/score").and_then(Value::as_f64);
    answer.pointer("/success") == Some(&Value::Bool(true))
        && score.is_some_and(|score| score >= 0.5)
        && text(answer, "/hostname").eq_ignore_ascii_case("login.example.com")
}

/// An octet of a key may be written as a reference to its character.
fn located(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let has_key = ["id.success", "result.match", "&#"]
        .iter()
        .any(|key| text.contains(key));
    has_key && text.contains("response") && !text.contains("<!DOCTYPE")
}

/// Nothing for what `serde_json` skips and cannot build: half of a surrogate pair, a number beyond all bounds.
fn json(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok()
}

fn text<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}
