//! Any JSON API: where the outcome stands in its answer, and what its words mean, is configuration.

use serde_json::Value;

use super::{Finding, Problem, json, post_json};
use crate::{
    domain::verification::VerificationOutcome,
    ports::{
        outgoing::{Call, Method},
        verifier::Inquiry,
    },
};

pub(super) fn call(inquiry: &Inquiry) -> Call {
    let mut call = match &inquiry.body {
        Some(body) => post_json(inquiry, body.to_string().into_bytes()),
        None => Call {
            method: Method::Get,
            url: inquiry.url.clone(),
            headers: Vec::new(),
            body: None,
            credentials: inquiry.credentials.clone(),
            once: true,
        },
    };
    call.headers
        .push(("accept".to_owned(), "application/json".to_owned()));
    call
}

/// Where the outcome stands, and what its words mean.
pub(super) struct Words<'a> {
    pub(super) outcome: &'a str,
    pub(super) verified: &'a [String],
    pub(super) failed: &'a [String],
    pub(super) refer: &'a [String],
    pub(super) reference: Option<&'a str>,
}

impl Words<'_> {
    pub(super) fn read(&self, body: &[u8]) -> Result<Finding, Problem> {
        let answer: Value = json(body)?;
        let word = at(&answer, self.outcome).ok_or(Problem::UnknownOutcome)?;
        let reference = self.reference.and_then(|pointer| at(&answer, pointer));
        Ok(Finding::new(self.meaning(&word)?, reference.as_deref()))
    }

    /// The strictest meaning, should a word have two.
    fn meaning(&self, word: &str) -> Result<VerificationOutcome, Problem> {
        let word = word.to_lowercase();
        [
            (self.failed, VerificationOutcome::Failed),
            (self.refer, VerificationOutcome::Refer),
            (self.verified, VerificationOutcome::Verified),
        ]
        .into_iter()
        .find(|(words, _)| words.iter().any(|other| other.to_lowercase() == word))
        .map(|(_, outcome)| outcome)
        .ok_or(Problem::UnknownOutcome)
    }
}

fn at(answer: &Value, pointer: &str) -> Option<String> {
    match answer.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
