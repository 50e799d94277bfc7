//! A request with what surrounds it: how it is read, decided and answered.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use serde_json::Value;
use shared::{
    domain::{
        attribute::{AttributeValue, ClaimValue, Claims},
        decision::Decision,
        list::{Effect, ListEntry, ListName, Matcher},
        sign_up::{Protocol, SignUp, Step},
    },
    http::{Route, read_sign_up},
    policy::{
        Circumstances, Outcome, Patience, Policy, Verdict, compile, document::Document,
        look_up::NOTHING, predicate::disposable::BUILT_IN,
    },
    ports::Deadline,
    wire::{
        api_connector::{self, ConnectorResponse, Scalar},
        auth_extension::{self, ExtensionResponse},
    },
};

use tokio::time::Instant;

use crate::Failure;

/// A person of a domain that no policy here knows, on a list that decides nothing.
pub(crate) struct Scene {
    route: Route,
    body: Vec<u8>,
    sign_up: SignUp,
    entries: Vec<ListEntry>,
    now: Timestamp,
    deadline: Deadline,
}

/// An answer as the wire has it.
pub(crate) enum Answer {
    Connector(ConnectorResponse<'static>),
    Extension(ExtensionResponse),
}

impl Scene {
    pub(crate) fn of(protocol: Protocol, body: &Value) -> Result<Self, Failure> {
        let route = Route {
            step: Step::BeforeCreatingUser,
            protocol,
        };
        let body = serde_json::to_vec(body)?;
        let sign_up = read_sign_up(route, &body)?;
        let address = sign_up.addresses.first().ok_or("found no address")?;
        let entry = ListEntry {
            matcher: Matcher::parse(address.domain().as_str())?,
            list: ListName::parse("newsletter").ok_or("found no name of a list")?,
            effect: Effect::Allow,
            reason: "an entry of ordinary length".to_owned(),
            owner: "operations".to_owned(),
            expires_at: None,
        };
        Ok(Self {
            route,
            body,
            sign_up,
            entries: vec![entry],
            now: "2026-01-15T12:00:00Z".parse()?,
            deadline: Deadline(Instant::now() + Duration::from_hours(1)),
        })
    }

    pub(crate) fn decide(&self, policy: &Policy) -> Verdict {
        // As long as none is late, a function looks at the clock before each expression and finds nothing else.
        let has_time = || !self.deadline.left().is_zero();
        policy.decide(Circumstances {
            sign_up: &self.sign_up,
            entries: &self.entries,
            user_flow: Some("partners"),
            now: self.now,
            patience: Patience::new(&has_time),
            disposable: &BUILT_IN,
            found: &NOTHING,
        })
    }

    /// What a function does for this request besides deciding.
    pub(crate) fn parse_and_serialise(
        &self,
        answer: &Answer,
    ) -> (Result<SignUp, String>, serde_json::Result<Vec<u8>>) {
        let sign_up = read_sign_up(self.route, &self.body);
        let answer = match answer {
            Answer::Connector(response) => serde_json::to_vec(response),
            Answer::Extension(response) => serde_json::to_vec(response),
        };
        (sign_up, answer)
    }

    pub(crate) fn answer(&self, policy: &Policy) -> Answer {
        let claims = match self.decide(policy).decision {
            Decision::Continue(claims) => Some(claims),
            Decision::Block(_) | Decision::Invalid(_) => None,
        };
        match self.route.protocol {
            Protocol::Connector => Answer::Connector(connector_answer(claims)),
            Protocol::Extension => Answer::Extension(extension_answer(self.route, claims)),
        }
    }

    /// Fails unless a decision looks at every rule, can evaluate each, and lets the person in with changed values.
    pub(crate) fn goes_through(&self, policy: &Policy, rules: usize) -> Result<(), Failure> {
        let verdict = self.decide(policy);
        let results = &verdict.trace.rules;
        if let Some(failed) = results
            .iter()
            .find(|one| matches!(one.outcome, Outcome::Failed(_)))
        {
            return Err(format!("the rule `{}` cannot be evaluated", failed.id).into());
        }
        match verdict.decision {
            Decision::Continue(claims) if results.len() == rules && !claims.is_empty() => Ok(()),
            decision => Err(format!("after {} rules: {decision:?}", results.len()).into()),
        }
    }
}

const A_SENTENCE: &str = "You cannot sign up here. If you need help, quote reference 7F3K-9Q2M.";

fn connector_answer(claims: Option<Claims>) -> ConnectorResponse<'static> {
    let scalar = |value| match value {
        ClaimValue::One(AttributeValue::Text(text)) => Scalar::Text(text),
        ClaimValue::One(AttributeValue::Flag(flag)) => Scalar::Flag(flag),
        ClaimValue::One(AttributeValue::Number(number)) => Scalar::Number(number),
        ClaimValue::Many(texts) => Scalar::Text(texts.join(" ")),
    };
    let members = |claims: Claims| {
        let members = claims.into_iter();
        members
            .map(|(name, value)| (name.as_str().to_owned(), scalar(value)))
            .collect()
    };
    let action = claims.map_or_else(
        || api_connector::Action::ShowBlockPage {
            user_message: A_SENTENCE.to_owned(),
        },
        |claims| api_connector::Action::Continue(members(claims)),
    );
    ConnectorResponse {
        version: "1.0.0",
        action,
    }
}

fn extension_answer(route: Route, claims: Option<Claims>) -> ExtensionResponse {
    use auth_extension::{Action, Value};
    let value = |value| match value {
        ClaimValue::One(AttributeValue::Text(text)) => Value::Text(text),
        ClaimValue::One(AttributeValue::Flag(flag)) => Value::Flag(flag),
        ClaimValue::One(AttributeValue::Number(number)) => Value::Number(number),
        ClaimValue::Many(texts) => Value::Text(texts.join(",")),
    };
    let members = |claims: Claims| {
        let members = claims.into_iter();
        members
            .map(|(name, claim)| (name.as_str().to_owned(), value(claim)))
            .collect()
    };
    let action = claims.map_or_else(
        || Action::ShowBlockPage {
            title: "You cannot sign up".to_owned(),
            message: A_SENTENCE.to_owned(),
        },
        |claims| Action::ModifyAttributeValues {
            attributes: members(claims),
        },
    );
    ExtensionResponse::new(route.event(), action)
}

// --- policies and bodies

/// As functions read a published policy.
pub(crate) fn read(json: &str) -> Result<Document, Failure> {
    Ok(serde_json::from_str(json)?)
}

/// As functions compile a published policy.
pub(crate) fn compiled(json: &str) -> Result<Policy, Failure> {
    compile(&read(json)?).map_err(|faults| {
        let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
        told.join("\n").into()
    })
}

/// An example of `examples/policies`, as it is published.
pub(crate) fn example(name: &str) -> Result<String, Failure> {
    let file = repository().join("examples/policies").join(name);
    let document: Document = toml::from_str(&std::fs::read_to_string(file)?)?;
    Ok(serde_json::to_string(&document)?)
}

/// The body of a documented request.
pub(crate) fn golden(protocol: Protocol) -> Result<Value, Failure> {
    let case = match protocol {
        Protocol::Connector => "B11-override-a-collected-claim.json",
        Protocol::Extension => "E08-submit-continue.json",
    };
    let file = repository().join("shared/tests/fixtures/cases").join(case);
    let case: Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let body = case.pointer("/request/body").cloned();
    body.ok_or_else(|| "found no body in the case".into())
}

fn repository() -> &'static Path {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    benches.parent().unwrap_or(benches)
}
