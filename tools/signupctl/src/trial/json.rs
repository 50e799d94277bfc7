//! A sign-up as one JSON object in one line. `docs/scenarios.md` documents it: members may be added, and none changes.

use std::{collections::BTreeMap, io::Write};

use local_entra::{
    exchange::{Exchange, Outcome},
    model::{Attributes, Provider, TenantKind},
    scenario::verdict,
    sign_up::Call,
    verdict::Answer,
};
use serde::Serialize;

use super::Tried;
use crate::exit::Failure;

#[derive(Serialize)]
struct SignUp<'t> {
    file: String,
    line: usize,
    name: &'t str,
    tenant: TenantKind,
    user_flow: Option<&'t str>,
    provider: Provider,
    as_expected: bool,
    differences: &'t [String],
    calls: Vec<CallOut<'t>>,
}

#[derive(Serialize)]
struct CallOut<'t> {
    step: &'static str,
    verdict: &'static str,
    #[serde(flatten)]
    answer: AnswerOut<'t>,
    notes: &'t [String],
    attempts: Vec<Attempt<'t>>,
}

/// Each is null unless the verdict has it.
#[derive(Default, Serialize)]
struct AnswerOut<'t> {
    title: Option<&'t str>,
    message: Option<&'t str>,
    fields: Option<BTreeMap<&'t str, &'t str>>,
    claims: Option<&'t Attributes>,
    code: Option<&'t str>,
    explanation: Option<&'t str>,
}

#[derive(Serialize)]
struct Attempt<'t> {
    number: u8,
    url: &'t str,
    request: &'t str,
    status: Option<u16>,
    content_type: Option<&'t str>,
    answer: Option<String>,
    problem: Option<String>,
    duration_ms: u128,
}

pub(super) fn write(tried: &Tried<'_>, out: &mut dyn Write) -> Result<(), Failure> {
    let scenario = tried.scenario;
    let sign_up = SignUp {
        file: tried.path.display().to_string(),
        line: scenario.line,
        name: &scenario.name,
        tenant: scenario.kind,
        user_flow: scenario.user_flow.as_deref(),
        provider: scenario.person.provider,
        as_expected: tried.as_expected(),
        differences: &tried.trial.differences,
        calls: tried.trial.sign_up.calls.iter().map(call).collect(),
    };
    let line = serde_json::to_string(&sign_up);
    let line = line.map_err(|error| Failure::Told(format!("{}: {error}", scenario.name)))?;
    Ok(writeln!(out, "{line}")?)
}

fn call(call: &Call) -> CallOut<'_> {
    CallOut {
        step: call.step.key(),
        verdict: verdict(call).key(),
        answer: answer(call),
        notes: &call.judgement.notes,
        attempts: call.exchanges.iter().map(attempt).collect(),
    }
}

fn answer(call: &Call) -> AnswerOut<'_> {
    let nothing = AnswerOut::default();
    match &call.judgement.verdict {
        Ok(Answer::Continue(claims)) => AnswerOut {
            claims: Some(claims),
            ..nothing
        },
        Ok(Answer::Block { title, message }) => AnswerOut {
            title: title.as_deref(),
            message: Some(message),
            ..nothing
        },
        Ok(Answer::Invalid { message, fields }) => AnswerOut {
            message: Some(message),
            fields: Some(
                fields
                    .iter()
                    .map(|(name, text)| (name.as_str(), text.as_str()))
                    .collect(),
            ),
            ..nothing
        },
        Err(rejection) => AnswerOut {
            code: rejection.code,
            explanation: Some(&rejection.explanation),
            ..nothing
        },
    }
}

/// Without the headers: they hold the credential.
fn attempt(exchange: &Exchange) -> Attempt<'_> {
    let response = match &exchange.outcome {
        Outcome::Answered(response) => Some(response),
        Outcome::TimedOut { .. } | Outcome::Unreachable { .. } => None,
    };
    Attempt {
        number: exchange.attempt,
        url: &exchange.url,
        request: &exchange.request_body,
        status: response.map(|response| response.status),
        content_type: response.and_then(|response| response.header("content-type")),
        answer: response.map(local_entra::exchange::Response::text),
        problem: exchange.outcome.response().err(),
        duration_ms: exchange.elapsed.as_millis(),
    }
}
