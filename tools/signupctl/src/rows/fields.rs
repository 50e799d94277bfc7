//! The fields of a row, each by itself.

use std::fmt;

use jiff::Timestamp;
use shared::domain::{
    directory::{ClaimsSubject, SubjectError},
    list::{Effect, ListEntry, ListName, Matcher, MatcherError},
    value_set::SetValue,
};

use super::write::from_spreadsheet;
use crate::{
    expiry::{Expiry, MOMENT},
    output::quoted,
};

/// What is wrong with one field.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) found: String,
    pub(crate) expected: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.found, self.expected)
    }
}

pub(super) fn mistake(text: &str, expected: &str) -> Mistake {
    Mistake {
        found: quoted(text),
        expected: expected.to_owned(),
    }
}

pub(super) fn matcher(text: &str) -> Result<Matcher, Mistake> {
    Matcher::parse(text).map_err(|error| {
        let expected = "an address, example.com, *.example.com, provider:facebook.com or \
                        identity:PROVIDER#SUBJECT";
        match error {
            MatcherError::Empty => mistake("", expected),
            error => Mistake {
                found: format!("{} ({error})", quoted(text)),
                expected: expected.to_owned(),
            },
        }
    })
}

pub(super) fn effect(text: &str) -> Result<Effect, Mistake> {
    Effect::parse(text.trim()).ok_or_else(|| mistake(text, "allow, deny or review"))
}

pub(super) fn list_name(text: &str, default: &ListName) -> Result<ListName, Mistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(default.clone());
    }
    ListName::parse(text).ok_or_else(|| {
        let most = ListName::MAX;
        mistake(
            text,
            &format!("at most {most} letters, digits, `-`, `_` and `.`"),
        )
    })
}

pub(super) fn note(text: &str) -> Result<String, Mistake> {
    plain_note(from_spreadsheet(text))
}

/// A note that no spreadsheet has been at.
pub(super) fn plain_note(text: &str) -> Result<String, Mistake> {
    let length = text.chars().count();
    if length <= ListEntry::MAX_NOTE {
        return Ok(text.to_owned());
    }
    // A quote that is not closed takes in all rows up to the next quote.
    let found = if text.contains('\n') {
        format!("{length} characters and line breaks (is a quote not closed?)")
    } else {
        format!("{length} characters")
    };
    Err(Mistake {
        found,
        expected: format!("at most {} characters", ListEntry::MAX_NOTE),
    })
}

pub(super) fn expires(text: &str) -> Result<Option<Timestamp>, Mistake> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Expiry::parse_moment(text)
        // No duration can come out of `parse_moment`, so it does not matter from when it would count.
        .and_then(|expiry| expiry.moment(Timestamp::UNIX_EPOCH))
        .map(Some)
        .ok_or_else(|| mistake(text, &format!("nothing, {MOMENT}")))
}

pub(super) fn subject(text: &str) -> Result<ClaimsSubject, Mistake> {
    ClaimsSubject::parse(text).map_err(|error| {
        let expected = "an address, example.com, identity:PROVIDER#SUBJECT or object:OBJECT-ID";
        match error {
            SubjectError::Matcher(MatcherError::Empty) => mistake("", expected),
            error => Mistake {
                found: format!("{} ({error})", quoted(text)),
                expected: expected.to_owned(),
            },
        }
    })
}

pub(super) fn value(text: &str) -> Result<SetValue, Mistake> {
    plain_value(from_spreadsheet(text))
}

/// A value that no spreadsheet has been at.
pub(super) fn plain_value(text: &str) -> Result<SetValue, Mistake> {
    SetValue::parse(text).ok_or_else(|| {
        let most = SetValue::MAX_OCTETS;
        mistake(text.trim(), &format!("a value of 1 to {most} octets"))
    })
}
