//! `signupctl policy explain`: how one sign-up is decided, rule by rule.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use shared::{
    domain::{
        decision::{DecidedBy, Decision},
        list::ListEntry,
        sign_up::{Protocol, Step},
    },
    http::{Route, read_sign_up},
    i18n::Catalogue,
    policy::{
        InspectedRule, Inspection, Outcome, Policy,
        case::{Cases, Situation, returned, sentences, shown_value},
        document::RuleEffect,
        look_up::Found,
    },
};

use super::{
    cases::beside,
    source::{self, name},
};
use crate::{
    args::ExplainArguments,
    exit::{Exit, Failure},
    output::{Output, Table, visible},
};

pub(super) fn run(
    arguments: &ExplainArguments,
    now: Timestamp,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let policy = source::read(&arguments.file)?.policy;
    let situation = situation(arguments, now)?;
    policy.inspect(situation.circumstances(), |inspection| {
        explain(&policy, &situation, inspection, output)
    })?;
    Ok(Exit::Done)
}

// --- what is explained

fn situation(arguments: &ExplainArguments, now: Timestamp) -> Result<Situation, Failure> {
    match (&arguments.case, &arguments.request) {
        (Some(case), _) => of_case(arguments, case),
        (None, Some(request)) => of_body(arguments, request, now),
        (None, None) => Err(Failure::Told(
            "found neither --case nor --request, expected one of them".to_owned(),
        )),
    }
}

fn of_case(arguments: &ExplainArguments, wanted: &str) -> Result<Situation, Failure> {
    let file = arguments.cases.clone();
    let file = file.unwrap_or_else(|| beside(&arguments.file));
    let (_, cases): (String, Cases) = source::read_form(&file)?;
    let found = cases.cases.iter().find(|case| case.name == wanted);
    let case = found.ok_or_else(|| {
        let names = cases.cases.iter().map(|case| case.name.as_str());
        let meant = shared::policy::fault::nearest(wanted, names);
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?"));
        let problem = format!("found no case `{wanted}`{}", meant.unwrap_or_default());
        Failure::Told(format!("{}: {}", name(&file), visible(&problem)))
    })?;
    let situation = cases.situation(case);
    situation.map_err(|fault| Failure::Told(format!("{}: {fault}", name(&file))))
}

/// From a body as Entra sends it. List entries are unknown then, they are in the table; and no other system is asked.
fn of_body(
    arguments: &ExplainArguments,
    request: &std::path::Path,
    now: Timestamp,
) -> Result<Situation, Failure> {
    let told = |problem: String| Failure::Told(format!("{}: {problem}", name(request)));
    let body = std::fs::read(request).map_err(|error| told(error.to_string()))?;
    let route = route(&body, arguments.step.map(Step::from));
    let sign_up = read_sign_up(route, &body);
    let sign_up = sign_up.map_err(|problem| told(format!("no request of this step: {problem}")))?;
    Ok(Situation {
        sign_up,
        entries: Vec::new(),
        user_flow: arguments.user_flow.clone(),
        now,
        found: Found::default(),
        verifications: BTreeMap::new(),
    })
}

/// A body says of itself which event or step it belongs to; workforce connectors do not.
fn route(body: &[u8], step: Option<Step>) -> Route {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| {
        let text = body.get(key).and_then(serde_json::Value::as_str);
        text.unwrap_or_default().to_lowercase()
    };
    let extension = body.get("data").is_some_and(serde_json::Value::is_object);
    let named = if extension {
        text("type")
    } else {
        text("step")
    };
    let after_federation = ["attributecollectionstart", "postfederationsignup"];
    let before_token = ["tokenissuancestart", "pretokenissuance"];
    let is_one_of = |names: &[&str]| names.iter().any(|name| named.ends_with(name));
    let said = if is_one_of(&after_federation) {
        Step::AfterFederation
    } else if is_one_of(&before_token) {
        Step::BeforeToken
    } else {
        Step::BeforeCreatingUser
    };
    Route {
        step: step.unwrap_or(said),
        protocol: if extension {
            Protocol::Extension
        } else {
            Protocol::Connector
        },
    }
}

// --- the explanation

fn explain(
    policy: &Policy,
    situation: &Situation,
    inspection: &Inspection<'_, '_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let verdict = inspection.verdict;
    let by = DecidedBy::told(verdict.trace.decided_by.as_ref());
    let (step, outcome) = (situation.sign_up.step.name(), verdict.decision.outcome());
    writeln!(output.results, "step: {step}")?;
    writeln!(output.results, "list entry: {}", entry(inspection.entry))?;
    values(inspection, output)?;
    rules(inspection, output)?;
    if let Some(found) = &verdict.trace.looks_like {
        let (known, how) = (visible(&found.known), found.how.code());
        writeln!(output.results, "\nlooks like: `{known}`, {how}")?;
    }
    writeln!(output.results, "\ndecision: {outcome}, by {by}")?;
    answer(&verdict.decision, output)?;
    let language = policy.language_of(&situation.sign_up);
    for sentence in sentences(verdict, language, &Catalogue::new()) {
        writeln!(
            output.results,
            "message ({language}): {}",
            visible(&sentence)
        )?;
    }
    Ok(())
}

fn entry(entry: Option<&ListEntry>) -> String {
    entry.map_or_else(
        || "none".to_owned(),
        |entry| {
            let matcher = visible(&entry.matcher.to_string());
            format!("`{matcher}` in list `{}`, {}", entry.list, entry.effect)
        },
    )
}

fn values(inspection: &Inspection<'_, '_>, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut table = Table::new(["ATTRIBUTE", "TYPED", "NORMALISED"]);
    for (key, name, value) in inspection.values.iter() {
        let typed = inspection.typed.get(key);
        let changed = typed != Some(value);
        table.push([
            name.as_str().to_owned(),
            typed.map(shown_value).unwrap_or_default(),
            if changed {
                shown_value(value)
            } else {
                "the same".to_owned()
            },
        ]);
    }
    writeln!(output.results)?;
    table.write(output.results)?;
    Ok(())
}

fn rules(inspection: &Inspection<'_, '_>, output: &mut Output<'_>) -> Result<(), Failure> {
    let mut table = Table::new(["RULE", "EFFECT", "OUTCOME", "TIME", ""]);
    for rule in &inspection.rules {
        let (outcome, took) = timed(rule);
        table.push([
            rule.id().to_owned(),
            effect(rule.effect()).to_owned(),
            told(outcome),
            format!("{} µs", took.as_micros()),
            role(rule, inspection).to_owned(),
        ]);
    }
    writeln!(output.results)?;
    table.write(output.results)?;
    Ok(())
}

fn timed(rule: &InspectedRule<'_, '_>) -> (Outcome, Duration) {
    let started = Instant::now();
    let outcome = rule.evaluate();
    (outcome, started.elapsed())
}

fn told(outcome: Outcome) -> String {
    match outcome {
        Outcome::Holds => "holds".to_owned(),
        Outcome::DoesNotHold => "does not hold".to_owned(),
        Outcome::Failed(failure) => format!("failed: {failure}"),
    }
}

/// What a rule did in this decision, beside its outcome.
fn role(rule: &InspectedRule<'_, '_>, inspection: &Inspection<'_, '_>) -> &'static str {
    let trace = &inspection.verdict.trace;
    let decides = matches!(&trace.decided_by, Some(DecidedBy::Rule(id)) if id == rule.id());
    let reached = trace.rules.iter().any(|result| *result.id == *rule.id());
    match (rule.counts, reached, decides) {
        (false, ..) => "not at this step",
        (_, _, true) => "decides",
        (_, false, _) => "not reached",
        _ => "",
    }
}

const fn effect(effect: RuleEffect) -> &'static str {
    match effect {
        RuleEffect::Allow => "allow",
        RuleEffect::Deny => "deny",
        RuleEffect::Review => "review",
        RuleEffect::Invalid => "invalid",
        RuleEffect::Log => "log",
    }
}

fn answer(decision: &Decision, output: &mut Output<'_>) -> Result<(), Failure> {
    for (name, value) in returned(decision) {
        writeln!(output.results, "returned: {name} = {}", visible(&value))?;
    }
    if let Decision::Invalid(violations) = decision {
        for violation in violations {
            let (field, code) = (violation.field.as_str(), &violation.code);
            writeln!(output.results, "violation: {} = {code}", visible(field))?;
        }
    }
    Ok(())
}
