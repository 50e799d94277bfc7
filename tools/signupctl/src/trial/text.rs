//! A sign-up as text for people.

use std::{
    io::{self, Write},
    time::Duration,
};

use local_entra::{
    exchange::{Exchange, Outcome},
    json_text::indented,
    scenario::{Verdict, verdict},
    sign_up::Call,
    verdict::Answer,
};

use super::{Tally, Tried};
use crate::output::visible;

pub(super) fn write(tried: &Tried<'_>, out: &mut dyn Write) -> io::Result<()> {
    heading(tried, out)?;
    let sign_up = &tried.trial.sign_up;
    for step in sign_up.flow.endpoints.keys() {
        let mut calls = sign_up
            .calls
            .iter()
            .filter(|call| call.step == *step)
            .peekable();
        if calls.peek().is_none() {
            writeln!(out, "  {:<22}{}", step.key(), Verdict::NotCalled.key())?;
        }
        for call in calls {
            write_call(call, out)?;
        }
    }
    for difference in &tried.trial.differences {
        writeln!(out, "  NOT AS EXPECTED: {}", visible(difference))?;
    }
    writeln!(out)
}

pub(super) fn summary(tally: Tally, out: &mut dyn Write) -> io::Result<()> {
    let Tally { tried, unexpected } = tally;
    let sign_ups = if tried == 1 { "sign-up" } else { "sign-ups" };
    match unexpected {
        0 => writeln!(out, "{tried} {sign_ups}, as expected"),
        _ => writeln!(out, "{tried} {sign_ups}, {unexpected} not as expected"),
    }
}

fn heading(tried: &Tried<'_>, out: &mut dyn Write) -> io::Result<()> {
    let scenario = tried.scenario;
    let user_flow = scenario.user_flow.as_ref();
    let user_flow = user_flow
        .map(|name| format!(", {name}"))
        .unwrap_or_default();
    writeln!(
        out,
        "{} ({}{user_flow}, {}; {}:{})",
        visible(&scenario.name),
        scenario.kind.name(),
        scenario.person.provider.key(),
        visible(&tried.path.display().to_string()),
        scenario.line,
    )
}

fn write_call(call: &Call, out: &mut dyn Write) -> io::Result<()> {
    let step = call.step.key();
    let word = verdict(call).key();
    let outcome = call.exchanges.last().map(|last| outcome(&last.outcome));
    let elapsed: Duration = call.exchanges.iter().map(|one| one.elapsed).sum();
    let attempts = match call.exchanges.len() {
        1 => String::new(),
        several => format!(" in {several} attempts"),
    };
    writeln!(
        out,
        "  {step:<22}{word:<10}{}, {} ms{attempts}{}",
        outcome.unwrap_or_default(),
        elapsed.as_millis(),
        visible(&told(call)),
    )?;
    for detail in details(call) {
        writeln!(out, "    {}", visible(&detail))?;
    }
    if let Some(first) = call.exchanges.first() {
        body(
            &format!("POST {}\n{}", first.url, laid_out(&first.request_body)),
            '>',
            out,
        )?;
    }
    for exchange in &call.exchanges {
        body(&answer(exchange), '<', out)?;
    }
    Ok(())
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Answered(response) => format!("HTTP {}", response.status),
        Outcome::TimedOut { .. } => "no answer".to_owned(),
        Outcome::Unreachable { .. } => "no connection".to_owned(),
    }
}

/// What the person is told, or why the answer is not understood.
fn told(call: &Call) -> String {
    match &call.judgement.verdict {
        Ok(Answer::Continue(_)) => String::new(),
        Ok(Answer::Block { message, .. } | Answer::Invalid { message, .. }) => {
            format!(": {message}")
        }
        Err(rejection) => {
            let code = rejection
                .code
                .map(|code| format!(" {code}:"))
                .unwrap_or_default();
            format!(":{code} {}", rejection.explanation)
        }
    }
}

fn details(call: &Call) -> Vec<String> {
    let mut details = Vec::new();
    match &call.judgement.verdict {
        Ok(Answer::Block { title, .. }) => {
            details.extend(title.iter().map(|title| format!("title: {title}")));
        }
        Ok(Answer::Invalid { fields, .. }) => {
            details.extend(
                fields
                    .iter()
                    .map(|(name, message)| format!("{name}: {message}")),
            );
        }
        Ok(Answer::Continue(_)) | Err(_) => {}
    }
    details.extend(
        call.judgement
            .notes
            .iter()
            .map(|note| format!("note: {note}")),
    );
    details
}

/// Longest body that is shown, in characters. A deployment's are far shorter; what answers in its place may not be.
const MAX_SHOWN: usize = 8_000;

fn answer(exchange: &Exchange) -> String {
    let response = match &exchange.outcome {
        Outcome::Answered(response) => response,
        Outcome::TimedOut { after } => return format!("nothing within {} ms", after.as_millis()),
        Outcome::Unreachable { problem } => return problem.clone(),
    };
    let content_type = response.header("content-type").unwrap_or("no content type");
    let text = response.text();
    let mut shown: String = text.chars().take(MAX_SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("{} {content_type}\n{}", response.status, laid_out(&shown))
}

fn body(text: &str, mark: char, out: &mut dyn Write) -> io::Result<()> {
    for line in text.lines() {
        writeln!(out, "    {mark} {}", visible(line))?;
    }
    Ok(())
}

/// As long as this, a body stays in one line.
const ONE_LINE: usize = 100;

/// A long JSON text has a line for each member.
fn laid_out(text: &str) -> String {
    if text.chars().count() <= ONE_LINE {
        return text.to_owned();
    }
    indented(text).unwrap_or_else(|| text.to_owned())
}
