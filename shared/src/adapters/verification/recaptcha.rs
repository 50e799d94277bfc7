//! reCAPTCHA, versions 2 and 3: `siteverify`.
//!
//! Written from Google's documentation (`developers.google.com/recaptcha/docs/verify` and `…/docs/v3`).

use serde::Deserialize;

use super::{Finding, Problem, object, post_form, token};
use crate::{
    domain::verification::VerificationOutcome,
    ports::{outgoing::Call, secrets::Secret, verifier::Inquiry},
};

pub(super) fn call(inquiry: &Inquiry, key: &Secret) -> Call {
    post_form(
        inquiry,
        [("secret", key.reveal()), ("response", token(inquiry))],
    )
}

#[derive(Deserialize)]
struct Answer {
    success: bool,
    /// Version 3 only.
    score: Option<f64>,
    hostname: Option<String>,
    #[serde(default, rename = "error-codes")]
    error_codes: Vec<String>,
}

pub(super) fn read(
    body: &[u8],
    minimum_score: Option<f64>,
    hostname: Option<&str>,
) -> Result<Finding, Problem> {
    let answer: Answer = object(body)?;
    for code in &answer.error_codes {
        is_of_the_person(code)?;
    }
    let passed = answer.success
        && answer.error_codes.is_empty()
        && answer.is_of(hostname)
        && answer.reaches(minimum_score)?;
    let outcome = if passed {
        VerificationOutcome::Verified
    } else {
        VerificationOutcome::Failed
    };
    Ok(Finding::new(outcome, None))
}

impl Answer {
    fn is_of(&self, expected: Option<&str>) -> bool {
        expected.is_none_or(|expected| {
            self.hostname
                .as_deref()
                .is_some_and(|hostname| hostname.eq_ignore_ascii_case(expected))
        })
    }

    /// Without a score the key is one of version 2, which is the operator's mistake.
    fn reaches(&self, minimum: Option<f64>) -> Result<bool, Problem> {
        minimum.map_or(Ok(true), |minimum| {
            let score = self.score.ok_or(Problem::Json)?;
            Ok(score >= minimum)
        })
    }
}

/// Fails for the codes that are not the person's fault.
fn is_of_the_person(code: &str) -> Result<(), Problem> {
    match code {
        "missing-input-response" | "invalid-input-response" | "timeout-or-duplicate" => Ok(()),
        "missing-input-secret" | "invalid-input-secret" => Err(Problem::CredentialsRefused),
        "bad-request" => Err(Problem::ProviderError),
        _ => Err(Problem::UnknownOutcome),
    }
}
