//! Arkose Labs: the token of a challenge, and whether it was solved.
//!
//! Written from the vendor's documentation (`developer.arkoselabs.com`: Calling Verify API, Verify API Response Fields and
//! Examples, Enhanced Error Codes), and for version 3 of the API from
//! `Azure-Samples/active-directory-b2c-node-sign-up-user-flow-arkose`.

use serde::Deserialize;
use serde_json::json;

use super::{Finding, Problem, object, post_json, token};
use crate::{
    domain::verification::VerificationOutcome,
    ports::{
        outgoing::{Call, Reply},
        secrets::Secret,
        verifier::Inquiry,
    },
    wire::Object,
};

pub(super) fn call(inquiry: &Inquiry, key: &Secret) -> Call {
    let body = json!({"private_key": key.reveal(), "session_token": token(inquiry)});
    post_json(inquiry, body.to_string().into_bytes())
}

/// Tokens that it does not take are answered with 400, too.
pub(super) fn accepted(reply: &Reply) -> Result<&[u8], Problem> {
    match reply.status {
        400 => Ok(&reply.body),
        _ => super::accepted(reply),
    }
}

/// Version 4 has `session_details`; version 3 has the same at the top.
#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    session_details: Option<Object<SessionDetails>>,
    session: Option<String>,
    solved: Option<Flag>,
    session_is_legit: Option<Flag>,
}

#[derive(Deserialize)]
struct SessionDetails {
    solved: bool,
    session: Option<String>,
}

/// Version 3 has numbers as well.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Flag {
    Truth(bool),
    Number(f64),
}

impl Flag {
    fn is_set(self) -> bool {
        match self {
            Self::Truth(truth) => truth,
            Self::Number(number) => number > 0.0,
        }
    }
}

pub(super) fn read(body: &[u8]) -> Result<Finding, Problem> {
    let answer: Answer = object(body)?;
    if let Some(error) = &answer.error {
        return refused(error);
    }
    if let Some(Object(details)) = &answer.session_details {
        return Ok(finding(details.solved, details.session.as_deref()));
    }
    let is_legit = answer.session_is_legit.ok_or(Problem::Json)?.is_set();
    let is_solved = answer.solved.is_none_or(Flag::is_set);
    Ok(finding(is_legit && is_solved, answer.session.as_deref()))
}

fn finding(passed: bool, session: Option<&str>) -> Finding {
    let outcome = if passed {
        VerificationOutcome::Verified
    } else {
        VerificationOutcome::Failed
    };
    Finding::new(outcome, session)
}

/// `DENIED ACCESS` is all that it says by default, of a wrong key as well: were it an outage, whoever makes up a token could
/// pass.
fn refused(error: &str) -> Result<Finding, Problem> {
    let error = error.to_lowercase();
    if error == "denied access" || error.contains("token") {
        Ok(Finding::new(VerificationOutcome::Failed, None))
    } else {
        Err(Problem::ProviderError)
    }
}
