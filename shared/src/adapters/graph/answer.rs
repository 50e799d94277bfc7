//! What Graph's answers mean (PROTOCOL 7), in words that show nothing of a person.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::ports::{
    accounts::{AccountError, AccountId},
    outgoing::{OutgoingError, Reply},
};

/// Longest message that is passed on.
const MAX_MESSAGE_CHARS: usize = 300;

/// Members of a body whose values are words of the protocol, not a person's.
const PROTOCOL: &[&str] = &["issuer", "signInType", "userType", "inviteRedirectUrl"];

/// The body of a write.
#[derive(Clone, Copy)]
pub(super) struct Body<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Body<'a> {
    pub(super) fn octets(self) -> Result<Vec<u8>, AccountError> {
        serde_json::to_vec(self.0).map_err(|error| AccountError::Refused(error.to_string()))
    }

    /// Every text in it that is somebody's.
    pub(super) fn values(self) -> Vec<&'a str> {
        let mut values = Vec::new();
        collect(self.0, &mut values);
        values
    }
}

fn collect<'a>(object: &'a Map<String, Value>, values: &mut Vec<&'a str>) {
    let own = object.iter();
    for (_, value) in own.filter(|(name, _)| !PROTOCOL.contains(&name.as_str())) {
        match value {
            Value::String(text) => values.push(text),
            Value::Array(items) => {
                for item in items {
                    collect_item(item, values);
                }
            }
            Value::Object(inner) => collect(inner, values),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

fn collect_item<'a>(item: &'a Value, values: &mut Vec<&'a str>) {
    match item {
        Value::String(text) => values.push(text),
        Value::Object(inner) => collect(inner, values),
        _ => {}
    }
}

#[derive(Deserialize)]
struct Answer {
    error: Fault,
}

#[derive(Default, Deserialize)]
struct Fault {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    code: String,
    #[serde(default)]
    target: String,
}

/// Why a call was not answered: nothing is known of what became of it.
pub(super) fn no_answer(error: &OutgoingError) -> AccountError {
    AccountError::Later {
        problem: error.to_string(),
        after: None,
    }
}

/// What an answer means that is no success. `values` are texts of a person that it may not show.
pub(super) fn fault(reply: &Reply, values: &[&str]) -> AccountError {
    let fault = fault_of(reply);
    let problem = told(reply.status, &fault, values);
    match reply.status {
        404 => AccountError::NotFound,
        500.. if is_about_the_address(&fault) => AccountError::Refused(problem),
        // Of 401 no request is the cause, but what this program proves itself with.
        401 | 408 | 429 | 500.. => AccountError::Later {
            problem,
            after: reply.retry_after,
        },
        _ => conflict(&fault).unwrap_or(AccountError::Refused(problem)),
    }
}

/// Observed of addresses that no mail reaches: a fault of the server by its status, but one that stays.
fn is_about_the_address(fault: &Fault) -> bool {
    fault.message.contains("Unable to find target address")
}

fn conflict(fault: &Fault) -> Option<AccountError> {
    let mut details = fault.details.iter();
    let conflict = details.find(|detail| detail.code == "ObjectConflict")?;
    let is_name = conflict.target.chars().all(char::is_alphanumeric) && !conflict.target.is_empty();
    let target = if is_name { &conflict.target } else { "value" };
    Some(AccountError::Duplicate(target.to_owned()))
}

/// Whether an answer says that what was to be given is given already.
pub(super) fn is_there_already(reply: &Reply, refusal: &str) -> bool {
    reply.status == 400 && fault_of(reply).message.contains(refusal)
}

/// The id of an account in the answer to its creation. Without one it is not known what was created.
pub(super) fn created(reply: &Reply, pointer: &str) -> Result<AccountId, AccountError> {
    let answer: Value = object(reply)?;
    let id = answer.pointer(pointer).and_then(Value::as_str);
    let id = id.filter(|id| !id.is_empty());
    id.map(|id| AccountId(id.to_owned())).ok_or_else(unreadable)
}

pub(super) fn object<T: DeserializeOwned>(reply: &Reply) -> Result<T, AccountError> {
    serde_json::from_slice(&reply.body).map_err(|_| unreadable())
}

fn unreadable() -> AccountError {
    AccountError::Later {
        problem: "the answer is not what Graph documents".to_owned(),
        after: None,
    }
}

fn fault_of(reply: &Reply) -> Fault {
    let answer = serde_json::from_slice::<Answer>(&reply.body);
    answer.map(|answer| answer.error).unwrap_or_default()
}

fn told(status: u16, fault: &Fault, values: &[&str]) -> String {
    let code = masked(&fault.code, values);
    let message = masked(&fault.message, values);
    match (code.as_str(), message.as_str()) {
        ("", "") => format!("HTTP status {status}"),
        (code, "") => format!("HTTP status {status}, {code}"),
        (code, message) => format!("{code}: {message}"),
    }
}

/// Without the values, and without whatever else looks like an address.
fn masked(text: &str, values: &[&str]) -> String {
    let mut values: Vec<_> = values.iter().filter(|value| value.len() > 1).collect();
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let text = values
        .into_iter()
        .fold(text.to_owned(), |text, value| text.replace(value, "…"));
    let words = text.split_whitespace();
    let words: Vec<_> = words
        .map(|word| if word.contains('@') { "…" } else { word })
        .collect();
    words.join(" ").chars().take(MAX_MESSAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn reply(status: u16, code: &str, message: &str) -> Reply {
        let error = json!({ "error": { "code": code, "message": message } });
        Reply {
            status,
            retry_after: None,
            body: error.to_string().into_bytes(),
        }
    }

    #[rstest]
    #[case::throttled(429)]
    #[case::unavailable(503)]
    #[case::gateway(504)]
    #[case::bad_gateway(502)]
    #[case::any_other_fault(500)]
    #[case::our_own_token(401)]
    #[case::slow(408)]
    fn may_work_later(#[case] status: u16) {
        let mut reply = reply(status, "c", "m");
        reply.retry_after = Some(Duration::from_secs(7));
        let expected = AccountError::Later {
            problem: "c: m".to_owned(),
            after: Some(Duration::from_secs(7)),
        };
        assert_eq!(fault(&reply, &[]), expected);
    }

    #[rstest]
    #[case::no_permission(403, "Authorization_RequestDenied")]
    #[case::blocked(412, "PreconditionFailed")]
    #[case::bad(400, "Request_BadRequest")]
    #[case::odd_address(500, "Unable to find target address")]
    fn stays_refused(#[case] status: u16, #[case] message: &str) {
        let refused = fault(&reply(status, "c", message), &[]);
        assert_eq!(refused, AccountError::Refused(format!("c: {message}")));
    }

    #[test]
    fn a_conflict_names_its_property() {
        let mut conflict = reply(400, "Request_BadRequest", "Another object …");
        let details = json!({ "error": { "details": [
            { "code": "Other", "target": "x" },
            { "code": "ObjectConflict", "target": "proxyAddresses" },
        ] } });
        conflict.body = details.to_string().into_bytes();
        let expected = AccountError::Duplicate("proxyAddresses".to_owned());
        assert_eq!(fault(&conflict, &[]), expected);
    }

    #[test]
    fn a_fault_without_a_body_is_told_by_its_status() {
        let mut gateway = reply(502, "", "");
        gateway.body = b"<html>".to_vec();
        assert!(
            matches!(fault(&gateway, &[]), AccountError::Later { problem, .. } if problem == "HTTP status 502")
        );
    }

    #[test]
    fn a_message_shows_nothing_of_a_person() {
        let user = json!({
            "mail": "john@x.example",
            "city": "Redmond",
            "userType": "Guest",
            "identities": [{ "issuer": "mail", "issuerAssignedId": "0123456789" }],
            "businessPhones": ["+1 425"],
        });
        let Value::Object(user) = user else {
            unreachable!()
        };
        let message = "Redmond, 0123456789 and +1 425 of (JOHN@x.example) are no values of the property 'mail' of a Guest";
        let said = fault(&reply(400, "c", message), &Body(&user).values());
        let expected = "c: …, … and … of … are no values of the property 'mail' of a Guest";
        assert_eq!(said, AccountError::Refused(expected.to_owned()));
    }

    #[test]
    fn an_answer_without_an_id_leaves_it_open() {
        let empty = reply(201, "", "");
        assert!(matches!(
            created(&empty, "/id"),
            Err(AccountError::Later { .. })
        ));
    }
}
