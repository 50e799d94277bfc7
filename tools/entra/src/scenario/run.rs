//! Runs a scenario: the person's way through the user flow, and how it differs from what was expected.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::{
    call::Caller,
    config::{Tenant, UserFlow},
    directory::Directory,
    faults::CallFaults,
    model::{Attribute, Step},
    scenario::{Scenario, Target, Verdict, target, verdict},
    sign_up::{Engine, SignUp, Stage},
    verdict::Answer,
};

/// What sign-ups run through.
#[derive(Debug)]
pub struct Runner<'r> {
    pub caller: &'r Caller,
    pub target: &'r Target,
    pub tenant: &'r Tenant,
}

/// How a sign-up went.
#[derive(Debug, Clone)]
pub struct Trial {
    /// With every call.
    pub sign_up: SignUp,
    /// Sentences about what was not as expected.
    pub differences: Vec<String>,
}

impl Runner<'_> {
    /// Runs one sign-up of somebody whom the tenant does not know. `token` is the bearer of its extension calls.
    pub async fn run(&self, scenario: &Scenario, token: Option<&str>) -> Trial {
        let bearer = || token.map(str::to_owned);
        let engine = Engine {
            tenant: self.tenant,
            caller: self.caller,
            directory: &Directory::default(),
            faults: &CallFaults::default(),
            bearer: &bearer,
        };
        let flow = Arc::new(scenario.user_flow(self.target));
        let mut sign_up = SignUp::new(flow, &scenario.language, scenario.form);
        engine
            .federated(&mut sign_up, scenario.person.clone())
            .await;
        submit(&engine, scenario, &mut sign_up).await;
        if sign_up.flow.endpoints.contains_key(&Step::BeforeToken)
            && matches!(sign_up.stage, Stage::SignedIn { .. })
        {
            engine.token(&mut sign_up).await;
        }
        let differences = scenario.differences(&sign_up);
        Trial {
            sign_up,
            differences,
        }
    }
}

/// Submits the attribute page as it was prefilled and typed over, and again with each correction.
async fn submit(engine: &Engine<'_>, scenario: &Scenario, sign_up: &mut SignUp) {
    for typed in std::iter::once(&scenario.attributes).chain(&scenario.corrections) {
        if !matches!(sign_up.stage, Stage::Attributes { .. }) {
            break;
        }
        let mut page = sign_up.attributes.clone();
        page.extend(typed.clone());
        engine.submitted(sign_up, page).await;
    }
}

impl Scenario {
    fn user_flow(&self, target: &Target) -> UserFlow {
        let steps = target::steps(self.kind).iter();
        UserFlow {
            id: self
                .user_flow
                .clone()
                .unwrap_or_else(|| "sign-up".to_owned()),
            name: self.name.clone(),
            kind: self.kind,
            providers: vec![self.person.provider],
            attributes: self.collected.clone(),
            application: self.application.clone(),
            endpoints: steps
                .map(|step| (*step, target.endpoint(self, *step)))
                .collect(),
            token_claims: None,
            otp_send_fallback: false,
        }
    }

    fn differences(&self, sign_up: &SignUp) -> Vec<String> {
        let mut differences = Vec::new();
        differences.extend(self.steps(sign_up));
        differences.extend(self.corrected(sign_up));
        differences.extend(self.message(sign_up));
        differences.extend(self.claims(sign_up));
        differences
    }

    fn steps(&self, sign_up: &SignUp) -> impl Iterator<Item = String> {
        self.expect.steps.iter().filter_map(|(step, expected)| {
            let last = sign_up.calls.iter().rfind(|call| call.step == *step);
            let found = last.map_or(Verdict::NotCalled, verdict);
            let (step, expected, word) = (step.key(), expected.key(), found.key());
            (expected != word).then(|| format!("{step}: found {word}, expected {expected}"))
        })
    }

    /// A correction that nobody asked for: what it corrects was accepted.
    fn corrected(&self, sign_up: &SignUp) -> Option<String> {
        let calls = sign_up.calls.iter();
        let submitted = calls
            .filter(|call| call.step == Step::BeforeCreatingUser)
            .count();
        let (found, expected) = (submitted.saturating_sub(1), self.corrections.len());
        (found != expected).then(|| {
            format!("corrections: found {found} that the deployment asked for, expected {expected}")
        })
    }

    fn message(&self, sign_up: &SignUp) -> Option<String> {
        let expected = self.expect.message.as_ref()?;
        let seen = last_message(sign_up);
        let met = seen.as_ref().is_some_and(|seen| seen.contains(expected));
        let seen = seen.map_or_else(|| "none".to_owned(), |seen| format!("`{seen}`"));
        (!met).then(|| format!("message: found {seen}, expected one with `{expected}`"))
    }

    fn claims(&self, sign_up: &SignUp) -> impl Iterator<Item = String> {
        self.expect.claims.iter().filter_map(|(key, expected)| {
            let found: Vec<_> = returned(sign_up, key).collect();
            if found.contains(&expected) {
                return None;
            }
            let last = found.last().map_or("none".to_owned(), ToString::to_string);
            Some(format!("claims.{key}: found {last}, expected {expected}"))
        })
    }
}

/// What the person was told last: on a block page, or beside the fields to correct.
fn last_message(sign_up: &SignUp) -> Option<String> {
    let mut calls = sign_up.calls.iter().rev();
    calls.find_map(|call| match &call.judgement.verdict {
        Ok(Answer::Block { title, message }) => {
            Some(lines(title.iter().map(String::as_str), message))
        }
        Ok(Answer::Invalid { message, fields }) => {
            let fields = fields.iter().map(|(_, message)| message.as_str());
            Some(lines(fields, message))
        }
        Ok(Answer::Continue(_)) | Err(_) => None,
    })
}

fn lines<'m>(others: impl Iterator<Item = &'m str>, message: &'m str) -> String {
    let all: Vec<_> = std::iter::once(message).chain(others).collect();
    all.join("\n")
}

/// Every value of a claim that answers returned, oldest first.
fn returned<'s>(sign_up: &'s SignUp, key: &'s str) -> impl Iterator<Item = &'s serde_json::Value> {
    let attribute = sign_up.flow.attribute(key);
    let is_meant = move |name: &str| {
        name == key || attribute.is_some_and(|attribute: &Attribute| attribute.is_called(name))
    };
    let calls = sign_up.calls.iter();
    let claims = calls.filter_map(|call| match &call.judgement.verdict {
        Ok(Answer::Continue(claims)) => Some(claims),
        _ => None,
    });
    claims
        .flatten()
        .filter(move |(name, _)| is_meant(name))
        .map(|(_, value)| value)
}
