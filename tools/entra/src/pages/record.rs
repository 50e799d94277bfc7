//! A sign-up as JSON, for tests that drive a browser.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::wire;
use crate::{
    Simulator,
    exchange::{Exchange, Outcome},
    sign_up::{Call, SignUp, Stage},
    verdict::Rejection,
};

pub(super) async fn show(
    State(simulator): State<Arc<Simulator>>,
    Path(id): Path<String>,
) -> Response {
    let Some(sign_up) = simulator.sign_ups.get(&id) else {
        let error = json!({ "error": "there is no such sign-up" });
        return (StatusCode::NOT_FOUND, Json(error)).into_response();
    };
    Json(record(&*sign_up.lock().await)).into_response()
}

fn record(sign_up: &SignUp) -> Value {
    json!({
        "id": sign_up.id,
        "userFlow": sign_up.flow.id,
        "language": sign_up.language,
        "form": sign_up.form,
        "correlationId": sign_up.correlation_id,
        "person": sign_up.person,
        "attributes": sign_up.attributes,
        "stage": stage(&sign_up.stage),
        "account": sign_up.account,
        "calls": sign_up.calls.iter().map(call).collect::<Vec<_>>(),
    })
}

/// The name of the stage, with what the page of that stage shows. The code of a mail is in the inbox only.
fn stage(stage: &Stage) -> Value {
    let name = stage.key();
    match stage {
        Stage::ChooseProvider => json!({ "name": name }),
        Stage::AtProvider(provider) => json!({ "name": name, "provider": provider }),
        Stage::Code { wrong, .. } => json!({ "name": name, "wrong": wrong }),
        Stage::Attributes { message, fields } => {
            let fields: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, problem)| (name.clone(), json!(problem)))
                .collect();
            json!({ "name": name, "message": message, "fields": fields })
        }
        Stage::Blocked { title, message } => {
            json!({ "name": name, "title": title, "message": message })
        }
        Stage::Failed { step, rejection } => json!({
            "name": name,
            "step": step,
            "code": rejection.code,
            "explanation": rejection.explanation,
        }),
        Stage::SignedIn { created } => json!({ "name": name, "created": created }),
        Stage::Token(issued) => json!({
            "name": name,
            "claims": issued.claims,
            "fromDeployment": issued.from_deployment,
        }),
    }
}

fn call(call: &Call) -> Value {
    let rejection = call.judgement.verdict.as_ref().err();
    let last = call.exchanges.last();
    json!({
        "step": call.step,
        "at": wire::time(call.at),
        "attempts": call.exchanges.iter().map(attempt).collect::<Vec<_>>(),
        "request": last.map(|last| body(&last.request_body)),
        "status": last.and_then(status),
        "verdict": wire::name(&call.judgement).0,
        "code": rejection.and_then(|rejection| rejection.code),
        "explanation": rejection.map(|Rejection { explanation, .. }| explanation),
        "notes": call.judgement.notes,
    })
}

fn attempt(exchange: &Exchange) -> Value {
    let response = match &exchange.outcome {
        Outcome::Answered(response) => Some(body(&response.text())),
        Outcome::TimedOut { .. } | Outcome::Unreachable { .. } => None,
    };
    let problem = match &exchange.outcome {
        Outcome::Answered(_) => None,
        Outcome::TimedOut { after } => Some(format!("no answer within {} ms", after.as_millis())),
        Outcome::Unreachable { problem } => Some(problem.clone()),
    };
    json!({
        "attempt": exchange.attempt,
        "milliseconds": u64::try_from(exchange.elapsed.as_millis()).unwrap_or(u64::MAX),
        "injected": exchange.injected,
        "url": exchange.url,
        "status": status(exchange),
        "response": response,
        "problem": problem,
    })
}

fn status(exchange: &Exchange) -> Option<u16> {
    match &exchange.outcome {
        Outcome::Answered(response) => Some(response.status),
        Outcome::TimedOut { .. } | Outcome::Unreachable { .. } => None,
    }
}

/// JSON as JSON, all else as text.
fn body(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
