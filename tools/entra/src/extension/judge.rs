//! What Entra makes of an extension's answer (PROTOCOL 5.3 to 5.7, 5.11).

use serde_json::{Map, Value};

use crate::{
    config::UserFlow,
    exchange::{BodyFault, Outcome, Response, kind, required_text},
    model::{Attribute, Attributes, Step},
    token_claims,
    verdict::{Answer, Judgement, Rejection},
};

/// Names and values of all claims of a token together, in octets: 3 KB.
const MAX_CLAIMS_OCTETS: usize = 3 * 1024;

/// The codes of the sign-in log.
mod code {
    pub(super) const INVALID_STATUS: &str = "1003002 InvalidHTTPStatus";
    pub(super) const INVALID_BODY: &str = "1003003 InvalidResponseBody";
    pub(super) const THROTTLING: &str = "1003004 Throttling";
    pub(super) const TIMED_OUT: &str = "1003005 TimedOut";
    pub(super) const INVALID_CONTENT_TYPE: &str = "1003006 InvalidResponseContentType";
    pub(super) const NULL_CLAIMS: &str = "1003007 NullClaimsResponse";
    pub(super) const EMPTY: &str = "1003009 EmptyResponse";
    pub(super) const NUMBER_OF_ACTIONS: &str = "1003010 InvalidNumberOfActions";
    pub(super) const INVALID_ACTION: &str = "1003012 InvalidActionType";
    pub(super) const SIZE_EXCEEDED: &str = "1003024 ResponseSizeExceeded";
    pub(super) const CLAIMS_SIZE_EXCEEDED: &str = "1003025 ResponseClaimsSizeExceeded";
    pub(super) const EMPTY_CLAIM_KEY: &str = "1003026 NullOrEmptyClaimKey";
    pub(super) const CONNECTION: &str = "1003027 ConnectionError";
}

/// What Entra does with what came back.
pub fn judge(flow: &UserFlow, step: Step, outcome: &Outcome) -> Judgement {
    let mut reading = Reading {
        flow,
        step,
        notes: Vec::new(),
    };
    let verdict = outcome
        .response()
        .map_err(|explanation| rejection(no_answer(outcome), explanation))
        .and_then(|response| reading.answer(response));
    Judgement {
        verdict,
        notes: reading.notes,
    }
}

fn rejection(code: &'static str, explanation: String) -> Rejection {
    Rejection {
        code: Some(code),
        explanation,
    }
}

fn invalid(explanation: String) -> Rejection {
    rejection(code::INVALID_BODY, explanation)
}

const fn no_answer(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::TimedOut { .. } => code::TIMED_OUT,
        Outcome::Answered(_) | Outcome::Unreachable { .. } => code::CONNECTION,
    }
}

fn fault(fault: &BodyFault) -> Rejection {
    let code = match fault {
        BodyFault::TooLong => code::SIZE_EXCEEDED,
        BodyFault::ContentType(_) => code::INVALID_CONTENT_TYPE,
        BodyFault::Empty => code::EMPTY,
        BodyFault::NotUtf8 | BodyFault::NotJson(_) | BodyFault::NotObject(_) => code::INVALID_BODY,
    };
    rejection(code, fault.to_string())
}

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Continue,
    /// Sets the values of the named member.
    SetValues(&'static str),
    Block,
    ValidationError,
    ProvideClaims,
}

/// The names of one event's answers, as the reference spells them.
struct Dialect {
    response_data: &'static str,
    actions: &'static [(&'static str, Action)],
}

const START: Dialect = Dialect {
    response_data: "microsoft.graph.onAttributeCollectionStartResponseData",
    actions: &[
        (
            "microsoft.graph.attributeCollectionStart.continueWithDefaultBehavior",
            Action::Continue,
        ),
        (
            "microsoft.graph.attributeCollectionStart.setPrefillValues",
            Action::SetValues("inputs"),
        ),
        (
            "microsoft.graph.attributeCollectionStart.showBlockPage",
            Action::Block,
        ),
    ],
};

const SUBMIT: Dialect = Dialect {
    response_data: "microsoft.graph.onAttributeCollectionSubmitResponseData",
    actions: &[
        (
            "microsoft.graph.attributeCollectionSubmit.continueWithDefaultBehavior",
            Action::Continue,
        ),
        (
            "microsoft.graph.attributeCollectionSubmit.modifyAttributeValues",
            Action::SetValues("attributes"),
        ),
        (
            "microsoft.graph.attributeCollectionSubmit.showBlockPage",
            Action::Block,
        ),
        (
            "microsoft.graph.attributeCollectionSubmit.showValidationError",
            Action::ValidationError,
        ),
    ],
};

const TOKEN: Dialect = Dialect {
    response_data: "microsoft.graph.onTokenIssuanceStartResponseData",
    actions: &[(
        "microsoft.graph.tokenIssuanceStart.provideClaimsForToken",
        Action::ProvideClaims,
    )],
};

/// The capital letters are the reference's own.
const OTP: Dialect = Dialect {
    response_data: "microsoft.graph.OnOtpSendResponseData",
    actions: &[(
        "microsoft.graph.OtpSend.continueWithDefaultBehavior",
        Action::Continue,
    )],
};

const fn dialect(step: Step) -> &'static Dialect {
    match step {
        Step::AfterFederation => &START,
        Step::BeforeCreatingUser => &SUBMIT,
        Step::BeforeToken => &TOKEN,
        Step::OtpSend => &OTP,
    }
}

/// One answer while it is read.
struct Reading<'r> {
    flow: &'r UserFlow,
    step: Step,
    notes: Vec<String>,
}

impl<'r> Reading<'r> {
    fn answer(&mut self, response: &Response) -> Result<Answer, Rejection> {
        status(response.status)?;
        let body = response.object().map_err(|found| fault(&found))?;
        self.unused(&body, "the answer", &["data"]);
        let data = object(&body, "data")?;
        self.unused(data, "`data`", &["@odata.type", "actions"]);
        self.response_data(data)?;
        let action = only_action(data)?;
        match self.action(action)? {
            Action::Continue => {
                self.unused(action, "the action", &["@odata.type"]);
                Ok(Answer::Continue(Attributes::new()))
            }
            Action::SetValues(member) => {
                self.unused(action, "the action", &["@odata.type", member]);
                self.values(member, object(action, member)?)
            }
            Action::Block => self.block(action),
            Action::ValidationError => self.validation_error(action),
            Action::ProvideClaims => {
                self.unused(action, "the action", &["@odata.type", "claims"]);
                self.claims(action)
            }
        }
    }

    fn response_data(&mut self, data: &Map<String, Value>) -> Result<(), Rejection> {
        let expected = dialect(self.step).response_data;
        let found = required_text(data, "@odata.type").map_err(invalid)?;
        if !self.is_named(&found, expected) {
            return Err(invalid(format!(
                "`@odata.type` of `data`: found `{found}`, expected `{expected}`"
            )));
        }
        Ok(())
    }

    fn action(&mut self, action: &Map<String, Value>) -> Result<Action, Rejection> {
        let found = required_text(action, "@odata.type").map_err(invalid)?;
        let known = dialect(self.step).actions;
        let named = known.iter().find(|(name, _)| self.is_named(&found, name));
        named.map(|(_, action)| *action).ok_or_else(|| {
            let known: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
            let hint = if found.starts_with("graph.") {
                ", whose prefix is obsolete"
            } else {
                ""
            };
            let explanation = format!(
                "found the action `{found}`{hint}; expected {}",
                known.join(" or ")
            );
            rejection(code::INVALID_ACTION, explanation)
        })
    }

    /// Whether it is that type; Microsoft's own samples differ from the reference in case.
    fn is_named(&mut self, found: &str, reference: &str) -> bool {
        let named = found.eq_ignore_ascii_case(reference);
        if named && found != reference {
            self.notes.push(format!(
                "`{found}` is spelled `{reference}` in the reference"
            ));
        }
        named
    }

    fn values(&mut self, of: &str, values: &Map<String, Value>) -> Result<Answer, Rejection> {
        let mut attributes = Attributes::new();
        for (key, value) in values {
            let Some(attribute) = self.attribute(key) else {
                continue;
            };
            if !attribute.value_type.admits(value) {
                let (found, expected) = (kind(value), attribute.value_type.name());
                return Err(invalid(format!(
                    "`{key}` of `{of}`: found {found}, expected {expected}"
                )));
            }
            if value.as_str() == Some("") {
                self.notes.push(format!(
                    "`{key}` is blank, which is a value: it overwrites what was there"
                ));
            }
            if attributes
                .insert(attribute.name.clone(), value.clone())
                .is_some()
            {
                return Err(invalid(format!(
                    "`{key}` of `{of}`: found a second value of `{}`, expected one",
                    attribute.name
                )));
            }
        }
        Ok(Answer::Continue(attributes))
    }

    /// The attribute on the page that a key means; if it means none, a note says so. Nothing documents that the
    /// application id may be left out here, as it may in a connector's answer.
    fn attribute(&mut self, key: &str) -> Option<&'r Attribute> {
        let mut attributes = self.flow.attributes.iter();
        let found = attributes.find(|one| one.name.eq_ignore_ascii_case(key));
        match found {
            None => self.notes.push(format!(
                "`{key}` has no effect as it is not on the attribute page"
            )),
            Some(attribute) if attribute.name != key => self.notes.push(format!(
                "`{key}` was taken for `{}`, although it is spelled differently",
                attribute.name
            )),
            Some(_) => {}
        }
        found
    }

    fn block(&mut self, action: &Map<String, Value>) -> Result<Answer, Rejection> {
        self.unused(action, "the action", &["@odata.type", "title", "message"]);
        let message = required_text(action, "message").map_err(invalid)?;
        let title = match action.get("title") {
            None => None,
            Some(Value::String(title)) => {
                Some(title.clone()).filter(|title| !title.trim().is_empty())
            }
            Some(other) => {
                let found = kind(other);
                return Err(invalid(format!(
                    "`title`: found {found}, expected a string"
                )));
            }
        };
        Ok(Answer::Block { title, message })
    }

    fn validation_error(&mut self, action: &Map<String, Value>) -> Result<Answer, Rejection> {
        let known = ["@odata.type", "message", "attributeErrors"];
        self.unused(action, "the action", &known);
        let message = required_text(action, "message").map_err(invalid)?;
        let mut fields = Vec::new();
        if action.contains_key("attributeErrors") {
            for (key, error) in object(action, "attributeErrors")? {
                let Some(text) = error.as_str() else {
                    let found = kind(error);
                    return Err(invalid(format!(
                        "`{key}` of `attributeErrors`: found {found}, expected a string"
                    )));
                };
                if let Some(attribute) = self.attribute(key) {
                    fields.push((attribute.name.clone(), text.to_owned()));
                }
            }
        }
        Ok(Answer::Invalid { message, fields })
    }

    fn claims(&mut self, action: &Map<String, Value>) -> Result<Answer, Rejection> {
        if action.get("claims") == Some(&Value::Null) {
            return Err(rejection(
                code::NULL_CLAIMS,
                "`claims`: found null, expected an object, which may be empty".to_owned(),
            ));
        }
        let claims = object(action, "claims")?;
        let mut octets = 0;
        for (key, value) in claims {
            if key.is_empty() {
                return Err(rejection(
                    code::EMPTY_CLAIM_KEY,
                    "`claims`: found a claim with an empty name, expected a name".to_owned(),
                ));
            }
            octets += key.len() + value_octets(key, value)?;
        }
        if octets > MAX_CLAIMS_OCTETS {
            return Err(rejection(
                code::CLAIMS_SIZE_EXCEEDED,
                format!(
                    "`claims`: found names and values of {octets} octets, expected at most \
                     {MAX_CLAIMS_OCTETS}"
                ),
            ));
        }
        Ok(Answer::Continue(self.mapped(claims)))
    }

    /// Those that the application has mapped, by their exact names.
    fn mapped(&mut self, claims: &Map<String, Value>) -> Attributes {
        let mut mapped = Attributes::new();
        for (key, value) in claims {
            let name = token_claims::in_token(self.flow, key);
            let known = self.flow.token_claims.as_ref();
            if known.is_none_or(|known| known.contains(&name)) {
                mapped.insert(key.clone(), value.clone());
            } else {
                self.notes.push(format!(
                    "`{key}` has no effect as it is no application claim of the user flow"
                ));
            }
        }
        mapped
    }

    fn unused(&mut self, members: &Map<String, Value>, of: &str, known: &[&str]) {
        let unknown = members.keys().filter(|key| !known.contains(&key.as_str()));
        self.notes
            .extend(unknown.map(|key| format!("`{key}` of {of} has no effect")));
    }
}

/// Every action comes with 200, block pages and validation errors too.
fn status(found: u16) -> Result<(), Rejection> {
    let code = match found {
        200 => return Ok(()),
        429 => code::THROTTLING,
        _ => code::INVALID_STATUS,
    };
    let explanation = format!("found HTTP status {found}, expected 200 whatever the action is");
    Err(rejection(code, explanation))
}

fn only_action(data: &Map<String, Value>) -> Result<&Map<String, Value>, Rejection> {
    let found = match data.get("actions") {
        Some(Value::Array(actions)) => match actions.as_slice() {
            [Value::Object(action)] => return Ok(action),
            [other] => {
                return Err(invalid(format!(
                    "found {} as the action, expected an object",
                    kind(other)
                )));
            }
            _ => {
                let found = actions.len();
                return Err(rejection(
                    code::NUMBER_OF_ACTIONS,
                    format!("`actions`: found {found} actions, expected exactly one"),
                ));
            }
        },
        Some(other) => kind(other),
        None => "none",
    };
    Err(invalid(format!(
        "`actions`: found {found}, expected an array with one action"
    )))
}

fn object<'m>(
    members: &'m Map<String, Value>,
    name: &str,
) -> Result<&'m Map<String, Value>, Rejection> {
    let found = match members.get(name) {
        Some(Value::Object(object)) => return Ok(object),
        Some(other) => kind(other),
        None => "none",
    };
    Err(invalid(format!(
        "`{name}`: found {found}, expected an object"
    )))
}

/// Tokens take strings and lists of strings.
fn value_octets(key: &str, value: &Value) -> Result<usize, Rejection> {
    let found = match value {
        Value::String(text) => return Ok(text.len()),
        Value::Array(items) => {
            let lengths = items.iter().map(|item| item.as_str().map(str::len));
            if let Some(octets) = lengths.sum::<Option<usize>>() {
                return Ok(octets);
            }
            "an array with other values than strings"
        }
        other => kind(other),
    };
    Err(invalid(format!(
        "`{key}` of `claims`: found {found}, expected a string or an array of strings"
    )))
}
