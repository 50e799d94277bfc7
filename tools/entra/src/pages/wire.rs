//! The wire beside a page: each call of the sign-up exactly as it was, and what came of it.

use jiff::Timestamp;

use super::{stages::shown, steps};
use crate::{
    exchange::{Exchange, Outcome, Response},
    json_text::indented,
    model::TenantKind,
    sign_up::{Call, SignUp, Stage},
    verdict::{Answer, Judgement, Rejection},
};

/// Of an `Authorization` header, how many characters after the scheme are shown.
const SHOWN_OF_CREDENTIAL: usize = 12;

pub(super) struct Wire {
    /// Whether nothing was sent so far.
    pub(super) is_silent: bool,
    /// What is called next.
    pub(super) next: Option<String>,
    /// Why the person sees an error page, and what is known of it.
    pub(super) ended: Vec<String>,
    /// Newest first.
    pub(super) calls: Vec<ShownCall>,
}

pub(super) struct ShownCall {
    pub(super) name: &'static str,
    pub(super) at: String,
    pub(super) attempts: Vec<Attempt>,
    pub(super) verdict: Verdict,
}

pub(super) struct Attempt {
    pub(super) number: u8,
    pub(super) milliseconds: u128,
    pub(super) injected: Option<String>,
    pub(super) url: String,
    pub(super) request_headers: String,
    pub(super) request: Body,
    pub(super) answer: ShownAnswer,
}

pub(super) enum ShownAnswer {
    Came {
        status: u16,
        headers: String,
        body: Body,
        note: Option<&'static str>,
    },
    /// Why there is none.
    None(String),
}

/// A body to be read, and as it was where that differs.
pub(super) struct Body {
    pub(super) readable: String,
    pub(super) exact: Option<String>,
}

pub(super) struct Verdict {
    /// Part of a class in the style sheet.
    pub(super) kind: &'static str,
    pub(super) words: &'static str,
    pub(super) code: Option<&'static str>,
    pub(super) sentences: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Wire {
    pub(super) fn of(sign_up: &SignUp) -> Self {
        let kind = sign_up.flow.kind;
        Self {
            is_silent: sign_up.calls.is_empty(),
            next: steps::next(sign_up),
            ended: ended(sign_up),
            calls: sign_up
                .calls
                .iter()
                .rev()
                .map(|call| shown_call(call, kind))
                .collect(),
        }
    }
}

fn ended(sign_up: &SignUp) -> Vec<String> {
    let Stage::Failed { step, rejection } = &sign_up.stage else {
        return Vec::new();
    };
    let kind = sign_up.flow.kind;
    let explanation = &rejection.explanation;
    let cause = format!("It ended at “{}”: {explanation}.", step.name(kind));
    let code = rejection
        .code
        .map(|code| format!("The documented code is {code}."));
    let page = error_page(kind, rejection).to_owned();
    [cause].into_iter().chain(code).chain([page]).collect()
}

/// To the millisecond.
pub(super) fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// What is known of the page that the person sees.
const fn error_page(kind: TenantKind, rejection: &Rejection) -> &'static str {
    match kind {
        TenantKind::External => "The person sees AADSTS1100001, as others have reported.",
        TenantKind::B2c if rejection.code.is_some() => "The person sees that code.",
        TenantKind::B2c | TenantKind::Workforce => {
            "The person sees an error page; its wording is not documented."
        }
    }
}

fn shown_call(call: &Call, kind: TenantKind) -> ShownCall {
    ShownCall {
        name: call.step.name(kind),
        at: time(call.at),
        attempts: call.exchanges.iter().map(attempt).collect(),
        verdict: verdict(&call.judgement),
    }
}

fn attempt(exchange: &Exchange) -> Attempt {
    Attempt {
        number: exchange.attempt,
        milliseconds: exchange.elapsed.as_millis(),
        injected: exchange.injected.clone(),
        url: exchange.url.clone(),
        request_headers: headers(&exchange.request_headers),
        request: body(&exchange.request_body),
        answer: match &exchange.outcome {
            Outcome::Answered(response) => came(response),
            Outcome::TimedOut { after } => {
                ShownAnswer::None(format!("No answer within {} ms.", after.as_millis()))
            }
            Outcome::Unreachable { problem } => {
                ShownAnswer::None(format!("No connection: {problem}"))
            }
        },
    }
}

fn came(response: &Response) -> ShownAnswer {
    let is_text = std::str::from_utf8(&response.body).is_ok();
    ShownAnswer::Came {
        status: response.status,
        headers: headers(&response.headers),
        body: body(&response.text()),
        note: match (response.truncated, is_text) {
            (true, _) => Some("The body was longer; the rest was not read."),
            (false, false) => Some("The body is no UTF-8: � stands for what could not be read."),
            (false, true) => None,
        },
    }
}

fn headers(all: &[(String, String)]) -> String {
    let lines: Vec<_> = all
        .iter()
        .map(|(name, value)| header(name, value))
        .collect();
    lines.join("\n")
}

/// A credential is only shown as far as one needs to recognise it.
fn header(name: &str, value: &str) -> String {
    if !name.eq_ignore_ascii_case("authorization") {
        return format!("{name}: {value}");
    }
    let (scheme, credential) = value.split_once(' ').unwrap_or(("", value));
    let start: String = credential.chars().take(SHOWN_OF_CREDENTIAL).collect();
    format!("{name}: {scheme} {start}…")
}

fn body(text: &str) -> Body {
    let readable = indented(text).filter(|readable| readable != text);
    match readable {
        Some(readable) => Body {
            readable,
            exact: Some(text.to_owned()),
        },
        None => Body {
            readable: text.to_owned(),
            exact: None,
        },
    }
}

fn verdict(judgement: &Judgement) -> Verdict {
    let (kind, words) = name(judgement);
    Verdict {
        kind,
        words,
        code: match &judgement.verdict {
            Err(rejection) => rejection.code,
            Ok(_) => None,
        },
        sentences: sentences(judgement),
        notes: judgement.notes.clone(),
    }
}

/// The kind of a verdict, for programs and for people.
pub(super) const fn name(judgement: &Judgement) -> (&'static str, &'static str) {
    match &judgement.verdict {
        Ok(Answer::Continue(_)) => ("continue", "Continue"),
        Ok(Answer::Block { .. }) => ("block", "Block"),
        Ok(Answer::Invalid { .. }) => ("validation-error", "Validation error"),
        Err(_) => ("rejected", "Rejected"),
    }
}

fn sentences(judgement: &Judgement) -> Vec<String> {
    match &judgement.verdict {
        Ok(Answer::Continue(claims)) => claims
            .iter()
            .map(|(name, value)| format!("{name} is now: {}", shown(value)))
            .collect(),
        Ok(Answer::Block { title, message }) => {
            let title = title.as_ref().map(|title| format!("Title: {title}"));
            title
                .into_iter()
                .chain([format!("Message: {message}")])
                .collect()
        }
        Ok(Answer::Invalid { message, fields }) => {
            let fields = fields
                .iter()
                .map(|(name, problem)| format!("{name}: {problem}"));
            [format!("Message: {message}")]
                .into_iter()
                .chain(fields)
                .collect()
        }
        Err(rejection) => vec![rejection.explanation.clone()],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_json_is_shown_as_it_came() {
        for text in ["", "<html>", "{\"a\":1,}", "{} {}"] {
            let body = body(text);
            assert_eq!((body.readable.as_str(), body.exact), (text, None));
        }
    }

    #[test]
    fn credentials_are_shown_in_part() {
        let shown = header("authorization", "Bearer abcdefghijklmnopqrstuvwxyz");
        assert_eq!(shown, "authorization: Bearer abcdefghijkl…");
        assert_eq!(
            header("Authorization", "secretsecretsecret"),
            "Authorization:  secretsecret…"
        );
        assert_eq!(header("accept", "a b"), "accept: a b");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,40}") {
            let _ = body(&text);
        }
    }
}
