//! What Entra or B2C makes of a connector's answer (PROTOCOL 1.3, 1.4).
//!
//! As strict as the documentation: what it leaves open is rejected even if some tenant lets it pass, for another one
//! need not.

use serde_json::{Map, Value};

use crate::{
    config::UserFlow,
    exchange::{Outcome, Response, kind, required_text},
    model::{Attribute, Attributes, Step, TenantKind},
    token_claims,
    verdict::{Answer, Judgement, Rejection},
};

/// Longest value of a custom attribute that B2C stores, in characters.
const MAX_STORED_CHARACTERS: usize = 250;

/// What Entra or B2C does with what came back.
pub fn judge(flow: &UserFlow, step: Step, outcome: &Outcome) -> Judgement {
    let mut reading = Reading {
        flow,
        step,
        notes: Vec::new(),
    };
    let verdict = outcome
        .response()
        .and_then(|response| reading.answer(response))
        .map_err(|explanation| Rejection {
            code: code(flow.kind, outcome),
            explanation,
        });
    Judgement {
        verdict,
        notes: reading.notes,
    }
}

/// B2C names two faults by the status; no other is documented, and none of a workforce tenant.
fn code(kind: TenantKind, outcome: &Outcome) -> Option<&'static str> {
    match (kind, outcome) {
        (TenantKind::B2c, Outcome::Answered(response)) => match response.status {
            200 => None,
            401 => Some("AADB2C90027"),
            _ => Some("AADB2C90075"),
        },
        _ => None,
    }
}

/// One answer while it is read. A fault is a sentence with what was found and what was expected.
struct Reading<'r> {
    flow: &'r UserFlow,
    step: Step,
    notes: Vec<String>,
}

impl<'r> Reading<'r> {
    fn answer(&mut self, response: &Response) -> Result<Answer, String> {
        if response.status != 200 && response.status != 400 {
            let found = response.status;
            return Err(format!(
                "found HTTP status {found}, expected 200, or 400 with a validation error"
            ));
        }
        let members = response.object().map_err(|fault| fault.to_string())?;
        if let Some((name, _)) = members.iter().find(|(_, value)| value.is_null()) {
            return Err(format!(
                "`{name}`: found null, expected a value or no such member"
            ));
        }
        required_text(&members, "version")?;
        let action = required_text(&members, "action")?;
        match (action.as_str(), self.step, response.status) {
            ("Continue", _, 200) => self.claims(&members),
            ("ShowBlockPage", Step::BeforeToken, 200) => Ok(self.ignored_block()),
            ("ShowBlockPage", _, 200) => self.block(&members),
            ("ValidationError", Step::BeforeCreatingUser, 400) => self.validation_error(&members),
            ("Continue" | "ShowBlockPage", _, status) => Err(format!(
                "found the action `{action}` with HTTP status {status}, expected it with 200"
            )),
            ("ValidationError", Step::BeforeCreatingUser, status) => Err(format!(
                "found the action `ValidationError` with HTTP status {status}, expected it with 400"
            )),
            _ => Err(self.unknown(&action)),
        }
    }

    fn unknown(&self, action: &str) -> String {
        let expected = match self.step {
            Step::BeforeCreatingUser => "`Continue`, `ShowBlockPage` or `ValidationError`",
            Step::AfterFederation => "`Continue` or `ShowBlockPage`",
            Step::BeforeToken | Step::OtpSend => "`Continue`",
        };
        let hint = match action {
            "Allow" => ", which was the name in the preview of 2020",
            _ => "",
        };
        let name = self.step.name(self.flow.kind);
        format!("found the action `{action}`{hint}; expected at the step \"{name}\": {expected}")
    }

    /// A sign-in goes on, as Microsoft's support confirmed.
    fn ignored_block(&mut self) -> Answer {
        self.notes.push(
            "`ShowBlockPage` has no effect before the token: the sign-in goes on without claims"
                .to_owned(),
        );
        Answer::Continue(Attributes::new())
    }

    fn block(&mut self, members: &Map<String, Value>) -> Result<Answer, String> {
        let message = required_text(members, "userMessage")?;
        self.unused(members, "ShowBlockPage", &["userMessage"]);
        Ok(Answer::Block {
            title: None,
            message,
        })
    }

    fn validation_error(&mut self, members: &Map<String, Value>) -> Result<Answer, String> {
        status(members.get("status"))?;
        let message = required_text(members, "userMessage")?;
        self.unused(members, "ValidationError", &["userMessage", "status"]);
        Ok(Answer::Invalid {
            message,
            fields: Vec::new(),
        })
    }

    fn claims(&mut self, members: &Map<String, Value>) -> Result<Answer, String> {
        let mut claims = Attributes::new();
        for (key, value) in members {
            match key.as_str() {
                "version" | "action" => continue,
                "status" | "userMessage" | "code" => {
                    self.without_effect(key, "with `Continue`");
                    continue;
                }
                _ => scalar(key, value)?,
            }
            let Some(attribute) = self.attribute(key) else {
                continue;
            };
            if !attribute.value_type.admits(value) {
                let (found, expected) = (kind(value), attribute.value_type.name());
                return Err(format!("`{key}`: found {found}, expected {expected}"));
            }
            if claims
                .insert(attribute.name.clone(), value.clone())
                .is_some()
            {
                return Err(format!(
                    "`{key}`: found a second value of `{}`, expected one",
                    attribute.name
                ));
            }
            self.remark(attribute, key, value);
        }
        Ok(Answer::Continue(claims))
    }

    /// The attribute that a claim sets; if it sets none, a note says why.
    fn attribute(&mut self, key: &str) -> Option<&'r Attribute> {
        let token = self.step == Step::BeforeToken;
        if token && key.eq_ignore_ascii_case("email") {
            self.without_effect(key, "before the token, where `email` cannot be returned");
            return None;
        }
        let Some(attribute) = self.flow.attribute(key) else {
            self.without_effect(key, "as it is no attribute of the user flow");
            return None;
        };
        let name = token_claims::in_token(self.flow, &attribute.name);
        let mapped = self.flow.token_claims.as_ref();
        if token && mapped.is_some_and(|mapped| !mapped.contains(&name)) {
            self.without_effect(key, "as it is no application claim of the user flow");
            return None;
        }
        Some(attribute)
    }

    fn remark(&mut self, attribute: &Attribute, key: &str, value: &Value) {
        let short = attribute
            .custom
            .as_ref()
            .map(|name| format!("extension_{name}"));
        if key != attribute.name && short.is_none_or(|short| key != short) {
            self.notes.push(format!(
                "`{key}` was taken for `{}`, although it is spelled differently",
                attribute.name
            ));
        }
        let text = value.as_str();
        if text.is_some_and(str::is_empty) {
            self.notes.push(format!(
                "`{key}` is blank, which is a value: it overwrites what was there"
            ));
        }
        let length = text.map_or(0, |text| text.chars().count());
        let stored = attribute.custom.is_some() && self.step != Step::BeforeToken;
        if stored && length > MAX_STORED_CHARACTERS {
            self.notes.push(format!(
                "`{key}` has {length} characters, and a custom attribute holds {MAX_STORED_CHARACTERS}"
            ));
        }
    }

    /// Notes every member that an answer without claims has no use for.
    fn unused(&mut self, members: &Map<String, Value>, action: &str, used: &[&str]) {
        for key in members.keys() {
            let known = ["version", "action"].contains(&key.as_str());
            if !known && !used.contains(&key.as_str()) {
                self.without_effect(key, &format!("with `{action}`"));
            }
        }
    }

    fn without_effect(&mut self, key: &str, why: &str) {
        self.notes.push(format!("`{key}` has no effect {why}"));
    }
}

/// Claims are flat: lists and objects are no values of attributes.
fn scalar(key: &str, value: &Value) -> Result<(), String> {
    if !value.is_array() && !value.is_object() {
        return Ok(());
    }
    let found = kind(value);
    Err(format!(
        "`{key}`: found {found}, expected a string, a boolean or an integer"
    ))
}

/// A validation error repeats its HTTP status; without it the person reads "Bad Request" instead of the message.
fn status(found: Option<&Value>) -> Result<(), String> {
    let found = match found {
        Some(Value::Number(number)) if number.as_u64() == Some(400) => return Ok(()),
        Some(Value::String(text)) if text == "400" => return Ok(()),
        Some(other) => other.to_string(),
        None => "none".to_owned(),
    };
    Err(format!(
        "`status`: found {found}, expected 400 or \"400\" as the HTTP status is"
    ))
}
