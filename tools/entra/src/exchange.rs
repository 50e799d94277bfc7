//! One request to the deployment and what came of it, exactly as it was on the wire.

mod json;

use std::{fmt, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::Step;

/// One attempt of a call. A retry is another exchange with the same content.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub step: Step,
    /// 1 or 2 (PROTOCOL 1.4, 5.11).
    pub attempt: u8,
    pub url: String,
    /// In the order in which they are sent.
    pub request_headers: Vec<(String, String)>,
    pub request_body: String,
    pub outcome: Outcome,
    /// From the first octet sent to the last one read, or to giving up.
    pub elapsed: Duration,
    /// What the simulator did to this attempt on purpose.
    pub injected: Option<String>,
}

/// What one attempt brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Answered(Response),
    /// Nothing complete within the time-out.
    TimedOut {
        after: Duration,
    },
    /// No connection, or one that broke.
    Unreachable {
        problem: String,
    },
}

impl Outcome {
    /// The answer, or why there is none.
    pub fn response(&self) -> Result<&Response, String> {
        match self {
            Self::Answered(response) => Ok(response),
            Self::TimedOut { after } => Err(format!(
                "found no complete answer after {} ms, expected one by then",
                after.as_millis()
            )),
            Self::Unreachable { problem } => {
                Err(format!("found no answer ({problem}), expected one"))
            }
        }
    }
}

/// An answer as it came, with at most [`crate::call::MAX_ANSWER_OCTETS`] of its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether the body was longer than what is read.
    pub truncated: bool,
}

impl Response {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The JSON object of the body, read as strictly as its media type promises.
    pub fn object(&self) -> Result<Map<String, Value>, BodyFault> {
        if self.truncated {
            return Err(BodyFault::TooLong);
        }
        if self.body.is_empty() {
            return Err(BodyFault::Empty);
        }
        let content_type = self.header("content-type");
        if !content_type.is_some_and(is_json) {
            return Err(BodyFault::ContentType(content_type.map(str::to_owned)));
        }
        let text = std::str::from_utf8(&self.body).map_err(|_| BodyFault::NotUtf8)?;
        match json::parse(text).map_err(|error| BodyFault::NotJson(error.to_string()))? {
            Value::Object(object) => Ok(object),
            other => Err(BodyFault::NotObject(kind(&other))),
        }
    }

    /// The body as text, for people.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no JSON object in an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    #[error(
        "found a body of more than {} octets, expected a short one",
        crate::call::MAX_ANSWER_OCTETS
    )]
    TooLong,
    #[error("found {}, expected the content type `application/json`", content_type(.0.as_deref()))]
    ContentType(Option<String>),
    #[error("found an empty body, expected a JSON object")]
    Empty,
    #[error("found octets that are no UTF-8, expected a JSON object")]
    NotUtf8,
    /// Also with text after it, or a key that stands in an object twice.
    #[error("found a body that is no well-formed JSON ({0}), expected a JSON object")]
    NotJson(String),
    #[error("found {0}, expected a JSON object")]
    NotObject(&'static str),
}

fn content_type(found: Option<&str>) -> String {
    found.map_or_else(
        || "no content type".to_owned(),
        |found| format!("the content type `{found}`"),
    )
}

/// Whether the media type is JSON's; parameters such as `charset` may follow.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// The type of a value, in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a number that is no integer",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The text of a required member, which is more than white space.
pub fn required_text(object: &Map<String, Value>, name: &str) -> Result<String, String> {
    let found = match object.get(name) {
        Some(Value::String(text)) if !text.trim().is_empty() => return Ok(text.clone()),
        Some(Value::String(_)) => "a blank one",
        Some(other) => kind(other),
        None => "none",
    };
    Err(format!(
        "`{name}`: found {found}, expected a string with text"
    ))
}

/// Members of a JSON object in the order of the wire, which a map would lose. Shown as compact JSON.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members(pub Vec<(String, Member)>);

/// What a member holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Member {
    /// No object: in one, the order would be lost.
    Value(Value),
    Object(Members),
    Objects(Vec<Members>),
}

/// Whether there is a value that is sent: null and blank text are none (PROTOCOL 1.2).
pub fn has_content(value: &Value) -> bool {
    !value.is_null() && value.as_str() != Some("")
}

impl Members {
    /// Adds a member unless it has no value.
    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        if has_content(&value) {
            self.0.push((name.to_owned(), Member::Value(value)));
        }
    }

    /// Adds an object, with or without members.
    pub fn push_object(&mut self, name: &str, object: Self) {
        self.0.push((name.to_owned(), Member::Object(object)));
    }

    /// Adds an array, unless there is nothing in it.
    pub fn push_objects(&mut self, name: &str, objects: Vec<Self>) {
        if !objects.is_empty() {
            self.0.push((name.to_owned(), Member::Objects(objects)));
        }
    }
}

impl Serialize for Members {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, member)| (name, member)))
    }
}

impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        f.write_str(&json)
    }
}
