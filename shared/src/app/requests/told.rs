//! What happened to a request, in words.

use crate::domain::approval::{Action, Actor, HistoryEntry, Refused, RequestId, State};

/// A change: its version, when, who, what and why, and what the applicant is told of it.
pub fn told(entry: &HistoryEntry) -> String {
    let HistoryEntry {
        version,
        at,
        by,
        action,
        reason,
        message,
        edition,
        ..
    } = entry;
    let who = match by {
        Actor::Applicant => "the applicant",
        Actor::Person(name) => name,
        Actor::System => "the program",
    };
    let what = match action {
        Action::Open => "made it".to_owned(),
        Action::Correct => format!("applied with other data (edition {edition})"),
        Action::Endorse => "approved it, and another person must".to_owned(),
        Action::Approve => "approved it".to_owned(),
        Action::Deny => "denied it".to_owned(),
        Action::Withdraw => "withdrew it".to_owned(),
        Action::Expire => "closed it, for nobody decided in time".to_owned(),
        Action::Reopen => "opened it again".to_owned(),
        Action::Provision => "began to create the account".to_owned(),
        Action::Finish => "created the account".to_owned(),
        Action::Fail => "could not create the account".to_owned(),
        Action::Retry => "wanted the account to be tried again".to_owned(),
    };
    let reason = reason.as_deref();
    let why = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    let message = message.as_deref();
    let message = message.map_or_else(String::new, |text| format!(" (to the applicant: {text})"));
    format!("version {version}, {at}: {who} {what}{why}{message}")
}

pub(super) fn all(entries: &[HistoryEntry]) -> String {
    let told: Vec<String> = entries.iter().map(told).collect();
    told.join("; ")
}

/// With the states in which the action would have been possible.
pub(super) fn refused(refused: &Refused) -> String {
    let Refused::State { action, .. } = refused else {
        return refused.to_string();
    };
    let states = State::ALL.into_iter();
    let states: Vec<&str> = states
        .filter(|state| state.after(*action).is_some())
        .map(State::name)
        .collect();
    format!("{refused}; expected one that is {}", states.join(" or "))
}

pub(super) fn in_the_way(newer: Option<&RequestId>) -> String {
    match newer {
        Some(id) => format!("its applicant has made another one, {id}"),
        None => "its applicant has made another one, or the time for which it is kept is over"
            .to_owned(),
    }
}
